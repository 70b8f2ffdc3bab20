"""Ames, micronucleus and hERG: a failing control blocks, toxicity hides no rise, ">" stays ">" (traps 15 and 16)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from crdmo.science.method import MethodError, call, to_json
from crdmo.science.preclinical.ames import BATTERY, FOLD, ames_battery, ames_condition
from crdmo.science.preclinical.assay_validity import Call, Validity
from crdmo.science.preclinical.herg import herg_block
from crdmo.science.preclinical.micronucleus import Unit, micronucleus

AMES: dict[str, Any] = {
    "strain": "TA98", "with_s9": False, "doses": [0, 50, 150, 500, 1500, 5000], "positive_control": [250, 240, 260],
    "counts": [[20, 22, 24], [21, 20, 25], [24, 26, 22], [35, 38, 33], [60, 66, 58], [95, 90, 99]],
    "negative_range": (12.0, 35.0),
}  # fmt: skip
FLAT = [[20, 22, 24], [21, 20, 25], [24, 19, 22], [21, 25, 20], [20, 23, 25], [22, 21, 24]]


def test_a_rise_with_dose_beyond_history_is_positive_and_none_is_negative() -> None:
    assert ames_condition(**AMES).call is Call.POSITIVE
    assert ames_condition(**AMES | {"counts": FLAT}).call is Call.NEGATIVE


@pytest.mark.parametrize(("strain", "expected"), [("TA98", Call.POSITIVE), ("TA1535", Call.EQUIVOCAL)])
def test_the_fold_is_that_of_the_strain(strain: str, expected: Call) -> None:
    # 2.5-fold at the top: enough for TA98, not for TA1535 with its low counts.
    counts = [[20, 20, 20], [22, 20, 21], [25, 24, 26], [30, 31, 32], [40, 41, 39], [50, 49, 51]]
    found = ames_condition(**AMES | {"strain": strain, "counts": counts})
    assert (found.fold_needed, found.call) == (FOLD[strain], expected)


def test_toxicity_at_the_top_hides_no_rise() -> None:
    counts = [*AMES["counts"][:5], [3, 0, 2]]
    found = ames_condition(**AMES | {"counts": counts})
    assert found.call is Call.POSITIVE and [one.left_out for one in found.doses][-1] == "count falls"
    assert ames_condition(**AMES | {"counts": counts, "toxic": [False] * 5 + [True]}).doses[-1].left_out == "toxic"
    ranks = np.repeat(np.arange(6), 3)
    naive = np.corrcoef(ranks, np.concatenate(counts))[0, 1]
    assert found.trend_p_greater < 1e-4 and naive < 0.3


@pytest.mark.parametrize(
    "change",
    [
        {"positive_control": [30, 28, 33]},
        {"negative_range": (30.0, 60.0)},
        {"doses": AMES["doses"][:4], "counts": AMES["counts"][:4]},
        {"positive_range": (400.0, 800.0)},
    ],
)
def test_a_failing_control_blocks_the_result(change: dict[str, Any]) -> None:
    found = ames_condition(**AMES | change)
    assert found.call is Call.BLOCKED and found.validity is Validity.INVALID


def test_without_history_validity_is_not_judged() -> None:
    assert ames_condition(**AMES | {"negative_range": None}).validity is Validity.NOT_JUDGED


def battery(**changes: Any) -> list[Any]:
    made = {(row[0], s9): FLAT for row in BATTERY for s9 in (False, True)}
    return [
        ames_condition(**AMES | {"strain": strain, "with_s9": s9, "counts": counts} | changes.get(f"{strain}{s9}", {}))
        for (strain, s9), counts in made.items()
    ]


def test_negative_needs_every_strain_with_and_without_activation() -> None:
    whole = battery()
    assert ames_battery(conditions=whole).call is Call.NEGATIVE
    part = ames_battery(conditions=[one for one in whole if not one.with_s9])
    assert part.call is Call.BLOCKED and len(part.missing) == 5 and part.missing[0] == "TA98 with S9"
    failed = ames_battery(conditions=battery(TA100True={"positive_control": [20, 20]}))
    assert failed.call is Call.BLOCKED and failed.missing == ("TA100 with S9",)
    found = ames_battery(conditions=battery(TA98True={"counts": AMES["counts"]}))
    assert (found.call, found.positive) == (Call.POSITIVE, ("TA98 with S9",))
    with pytest.raises(MethodError):
        ames_battery(conditions=[whole[0], whole[0]])


@pytest.mark.parametrize(
    "change",
    [
        {"strain": "TA99"},
        {"doses": [10, 50, 150, 500, 1500, 5000]},
        {"doses": [0, 50, 50, 500, 1500, 5000]},
        {"counts": AMES["counts"][:5]},
        {"counts": [[20], *AMES["counts"][1:]]},
        {"counts": [[20, -1], *AMES["counts"][1:]]},
        {"positive_control": [250.5, 240]},
        {"negative_range": (35.0, 12.0)},
        {"toxic": [False]},
        {"alpha": 5.0},
    ],
)
def test_ames_refuses(change: dict[str, Any]) -> None:
    with pytest.raises(MethodError):
        ames_condition(**AMES | change)


MN: dict[str, Any] = {
    "unit": Unit.CULTURE, "doses": [0, 10, 20, 40], "affected": [[6, 8], [9, 7], [15, 17], [30, 34]],
    "scored": [[1000, 1000]] * 4, "positive_affected": [40, 45], "positive_scored": [1000, 1000],
    "negative_range": (0.2, 1.4),
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, Call.POSITIVE),
        ({"affected": [[6, 8], [9, 7], [6, 7], [8, 7]]}, Call.NEGATIVE),
        ({"negative_range": (0.2, 4.0)}, Call.EQUIVOCAL),
        ({"negative_range": None}, Call.EQUIVOCAL),
        ({"positive_affected": [7, 8]}, Call.BLOCKED),
        ({"negative_range": (1.0, 2.0)}, Call.BLOCKED),
        ({"scored": [[900, 900]] * 4}, Call.BLOCKED),
        ({"cytotoxicity": [0, 20, 40, 75]}, Call.BLOCKED),
    ],
)
def test_micronuclei_in_cultures(change: dict[str, Any], expected: Call) -> None:
    assert micronucleus(**MN | change).call is expected


def test_a_concentration_that_kills_is_not_read() -> None:
    more = {
        "doses": [0, 5, 10, 20, 80], "affected": [[6, 8], [7, 7], [9, 7], [8, 7], [40, 44]],
        "scored": [[1000, 1000]] * 5, "cytotoxicity": [0, 5, 20, 50, 75],
    }  # fmt: skip
    found = micronucleus(**MN | more)
    assert (
        found.call is Call.NEGATIVE
        and found.doses[-1].left_out == "toxicity 75 %"
        and found.doses[-1].p_greater is None
    )


def test_in_animals_the_animal_is_the_unit() -> None:
    # One animal with many micronuclei: all cells of the group together look raised, the group's animals are not.
    rest = [[8, 9, 10, 8, 9], [9, 8, 10, 9, 8], [10, 9, 8, 9, 8], [8, 9, 8, 10, 60]]
    cells = [[4000] * 5] * 4
    animals = MN | {
        "unit": Unit.ANIMAL, "affected": rest, "scored": cells, "positive_affected": [60, 70, 65, 80, 75],
        "positive_scored": [4000] * 5, "negative_range": (0.05, 0.4),
    }  # fmt: skip
    found = micronucleus(**animals)
    pooled = micronucleus(**animals | {"unit": Unit.CULTURE})
    assert pooled.is_raised and not found.is_raised and found.validity is Validity.VALID
    assert found.trend_p_greater > 0.05 > pooled.trend_p_greater


@pytest.mark.parametrize(
    "change",
    [
        {"affected": [[6, 8]]},
        {"affected": [[1001, 8], [9, 7], [15, 17], [30, 34]]},
        {"cytotoxicity": [0, 1]},
        {"doses": [0, 10, 5, 40]},
        {"affected": [[0, 0]] * 4, "positive_affected": [0, 0]},
    ],
)
def test_micronucleus_refuses(change: dict[str, Any]) -> None:
    with pytest.raises(MethodError):
        micronucleus(**MN | change)


def cells(ic50: float, hill: float, seed: int = 3, noise: float = 4.0) -> dict[str, list[float]]:
    rng = np.random.default_rng(seed)
    c = np.repeat([1.0, 3.0, 10.0, 30.0, 100.0], 5)
    block = 100 / (1 + (ic50 / c) ** hill) + rng.normal(0, noise, c.size)
    return {"concentration": c.tolist(), "block": np.minimum(block, 100).tolist()}


def test_half_block_that_is_not_reached_is_a_bound_and_so_is_the_margin() -> None:
    found = herg_block(**cells(800, 1), cmax_total=20, fraction_unbound=0.05)
    assert (found.qualifier, found.ic50, found.margin, found.lower) == (">", 100.0, 100.0, None)
    assert found.is_margin_safe is True
    # A bound below the margin shows nothing: it is neither safe nor unsafe.
    assert herg_block(**cells(800, 1), cmax_total=20, fraction_unbound=0.5).is_margin_safe is None


def test_half_block_at_the_lowest_concentration_is_a_bound_from_above() -> None:
    data = cells(0.02, 1.0, noise=1.0)
    found = herg_block(**data, cmax_total=1.0, fraction_unbound=0.1)
    assert (found.qualifier, found.ic50, found.is_margin_safe) == ("<", 1.0, False)
    # A margin of less than 100 may be one of less than 30.
    assert herg_block(**data, cmax_total=0.1, fraction_unbound=0.1).is_margin_safe is None


def test_negative_block_is_not_cut() -> None:
    data = cells(30, 1.3, noise=8.0)
    assert min(data["block"]) < 0
    cut = data | {"block": [max(0.0, one) for one in data["block"]]}
    found, clipped = herg_block(**data), herg_block(**cut)
    assert found.blocks[0].mean < clipped.blocks[0].mean and found.hill > clipped.hill


def test_the_margin_is_over_the_free_concentration() -> None:
    one = herg_block(**cells(10, 1), cmax_total=100, fraction_unbound=0.01)
    assert one.margin == pytest.approx(one.ic50, rel=1e-12)
    for bad in ({"cmax_total": 100}, {"fraction_unbound": 0.1}, {"cmax_total": 100, "fraction_unbound": 1.2}):
        with pytest.raises(MethodError, match=r"unbound|free"):
            herg_block(**cells(10, 1), **bad)


def test_the_unit_of_the_concentration_changes_nothing() -> None:
    data = cells(12, 0.9)
    other = data | {"concentration": [one / 1000 for one in data["concentration"]]}
    a, b = herg_block(**data), herg_block(**other)
    assert b.ic50 * 1000 == pytest.approx(a.ic50, rel=1e-6) and b.hill == pytest.approx(a.hill, rel=1e-6)


@pytest.mark.parametrize(
    "given",
    [
        {"positive_control": [20, 25, 22], "positive_range": (60.0, 95.0)},
        {"vehicle_block": [15, 18, 20], "vehicle_range": (-5.0, 10.0)},
        {"least_cells": 6},
    ],
)
def test_a_failing_herg_assay_gives_no_ic50(given: dict[str, Any]) -> None:
    found = herg_block(**cells(10, 1), **given, cmax_total=10, fraction_unbound=0.1)
    assert found.validity is Validity.INVALID and found.ic50 is None and found.margin is None and found.reason


@pytest.mark.parametrize(
    "change",
    [
        {"block": [101.0, *cells(10, 1)["block"][1:]]},
        {"block": [float("nan"), *cells(10, 1)["block"][1:]]},
        {"concentration": [0.0, *cells(10, 1)["concentration"][1:]]},
        {"block": [50.0]},
        {"concentration": cells(10, 1)["concentration"][::-1]},
        {"concentration": [1, 1, 1, 10, 10, 10], "block": [10, 12, 11, 60, 62, 58]},
    ],
)
def test_herg_refuses(change: dict[str, Any]) -> None:
    with pytest.raises(MethodError):
        herg_block(**cells(10, 1) | change)


def test_they_run_from_plain_json() -> None:
    found = to_json(call("preclinical.ames", AMES | {"negative_range": [12.0, 35.0]}, {}))
    assert to_json(call("preclinical.ames_battery", {"conditions": [found]}, {}))["call"] == "positive"
    cultures = MN | {"unit": "culture", "negative_range": [0.2, 1.4]}
    assert to_json(call("preclinical.micronucleus", cultures, {}))["call"] == "positive"
