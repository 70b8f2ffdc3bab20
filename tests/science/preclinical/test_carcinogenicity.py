"""Tumour and survival tests: what must hold for any data, and what is refused (traps 10 to 12 of the field)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from crdmo.science.clinical.survival import log_rank
from crdmo.science.method import MethodError, call, to_json
from crdmo.science.preclinical.incidence import incidence_tests
from crdmo.science.preclinical.permutation import sums_of_scores, upper_tail, whole_scores
from crdmo.science.preclinical.peto import Context, peto_trend
from crdmo.science.preclinical.poly_k import RateVariance, poly_k
from crdmo.science.preclinical.survival_trend import survival_trend
from crdmo.science.preclinical.tumour_decision import tumour_decision

GROUPS = {"groups": ["0", "1", "2"], "scores": [0, 1, 2]}
TINY = GROUPS | {
    "group": ["0", "0", "1", "1", "2", "2"], "time": [104, 104, 90, 104, 60, 80],
    "died": [False, False, True, False, True, True],
}  # fmt: skip


def study(seed: int = 5) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    group = [name for name in "012" for _ in range(40)]
    time = np.minimum(104.0, np.ceil(rng.weibull(4, 120) * 110))
    return {"group": group, "time": time.tolist(), "died": (time < 104).tolist()}


def test_tarones_trend_by_hand() -> None:
    # Deaths at 60, 80 and 90: mean scores of those at risk 1, 0.8, 0.5; variances 2/3, 0.56, 0.25.
    found = survival_trend(**TINY)
    assert found.z == pytest.approx((1 + 1.2 + 0.5) / math.sqrt(2 / 3 + 0.56 + 0.25), rel=1e-12)
    assert found.groups[2].expected == pytest.approx(2 / 6 + 1 / 5, rel=1e-12)


def test_with_two_groups_the_trend_is_the_log_rank_test_and_scores_have_no_unit() -> None:
    data = study()
    two = [i for i, name in enumerate(data["group"]) if name != "1"]
    own = {key: [value[i] for i in two] for key, value in data.items()}
    found = survival_trend(groups=["0", "2"], scores=[0, 7], **own)
    test = log_rank(time=own["time"], event=own["died"], group=own["group"])
    assert found.z**2 == pytest.approx(test.chi_square, rel=1e-10)
    assert found.groups[1].p_two_sided == pytest.approx(test.p_value, rel=1e-10)
    one, other = survival_trend(**GROUPS, **data), survival_trend(groups=["0", "1", "2"], scores=[5, 8, 11], **data)
    assert one.z == pytest.approx(other.z, rel=1e-9) and one.departure_chi_square >= 0


def test_no_animal_dies_early_then_poly_k_is_the_unadjusted_test() -> None:
    tumour = [i < n for n in (2, 5, 9) for i in range(40)]
    data = {"group": study()["group"], "time": [104.0] * 120, "tumour": tumour}
    found = poly_k(**GROUPS, **data)
    plain = incidence_tests(affected=[2, 5, 9], examined=[40] * 3, scores=[0, 1, 2])
    assert found.bailer_portier_z**2 == pytest.approx(plain.trend_chi_square, rel=1e-10)
    assert [one.adjusted_animals for one in found.groups] == pytest.approx([40, 40, 40])
    assert found.bailer_portier_z == pytest.approx(poly_k(**GROUPS, **data, k=6).bailer_portier_z)


def test_early_deaths_without_tumour_count_less_and_time_has_no_unit() -> None:
    data = study()
    tumour = [i % 7 == 0 for i in range(120)]
    weeks = poly_k(**GROUPS, group=data["group"], time=data["time"], tumour=tumour)
    days = poly_k(**GROUPS, group=data["group"], time=[7 * t for t in data["time"]], tumour=tumour)
    assert weeks.bieler_williams_z == pytest.approx(days.bieler_williams_z, rel=1e-10)
    assert all(one.tumours <= one.adjusted_animals < one.animals for one in weeks.groups)
    higher = poly_k(**GROUPS, group=data["group"], time=data["time"], tumour=tumour, k=6)
    assert all(b.adjusted_animals < a.adjusted_animals for a, b in zip(weeks.groups, higher.groups, strict=True))


def test_a_group_without_tumours_is_compared_by_adding_one() -> None:
    data = {"group": study()["group"], "time": study()["time"], "tumour": [i in (3, 7) for i in range(120)]}
    assert poly_k(**GROUPS, **data).groups[1].p_simultaneous is None
    added = poly_k(**GROUPS, **data, variance=RateVariance.ADD_ONE).groups
    assert added[1].rate == 0.0 and 0 < added[1].p_simultaneous < 1


def test_poly3_keeps_its_level_when_a_toxic_dose_kills_early() -> None:
    # No carcinogen: tumours rise with age alike in all groups, but the high dose dies early. The raw incidence falls with it.
    rng = np.random.default_rng(21)
    z, hits = [], 0
    for _ in range(300):
        life = np.minimum(104, np.concatenate([rng.uniform(80, 160, 100), rng.uniform(40, 120, 50)]))
        tumour = rng.random(150) < 0.25 * (life / 104) ** 3
        found = poly_k(**GROUPS, group=["0"] * 50 + ["1"] * 50 + ["2"] * 50, time=life.tolist(), tumour=tumour.tolist())
        z.append(found.bieler_williams_z)
        hits += found.bieler_williams_p_greater < 0.05
    assert abs(float(np.mean(z))) < 0.2 and 0.8 < float(np.std(z)) < 1.2 and hits / 300 < 0.09


def test_the_cause_of_death_changes_petos_test() -> None:
    # As many tumours in both groups; in the treated one they are seen early.
    base = {"group": ["0"] * 4 + ["1"] * 4, "time": [90, 100, 101, 104, 60, 70, 80, 104]}

    def p(context: Context) -> float:
        kinds = [context if i not in (3, 7) else Context.NONE for i in range(8)]
        return peto_trend(groups=["0", "1"], scores=[0, 1], context=kinds, interval_ends=[104], **base).p_greater

    # Fatal ones came sooner; of incidental ones only the prevalence counts, which is the same.
    gap = 1 / 2 + 4 / 7 + 2 / 3 - 1 / 5 - 1 / 4 - 1 / 3
    variance = 1 / 4 + 12 / 49 + 2 / 9 + 4 / 25 + 3 / 16 + 2 / 9
    assert p(Context.FATAL) == pytest.approx(float(stats.norm.sf(gap / math.sqrt(variance))), rel=1e-10)
    assert p(Context.INCIDENTAL) == 0.5
    assert p(Context.FATAL) == p(Context.PALPABLE)


def test_exact_distributions_are_whole_and_decimal_scores_stay_equal() -> None:
    assert whole_scores([0, 0.1, 0.3]) == (0, 1, 3) and whole_scores([0, 150, 600]) == (0, 1, 4)
    found = sums_of_scores([5, 6, 7], 4, [0, 1, 3])
    assert math.fsum(found[1]) == pytest.approx(1, abs=1e-12) and (found[0][0], found[0][-1]) == (0, 12)
    assert upper_tail([((0, 1, 2), (5, 5, 5))], [0, 0.1, 0.3]) == upper_tail([((0, 1, 2), (5, 5, 5))], [0, 1, 3])
    # More sums than can be kept: none is given, rather than a wrong or a late one.
    huge = [0, 1.37, 10.111, 100.7, 1000.93, 10000.77]
    assert upper_tail([((50,) * 6, (100,) * 6)], huge) is None


@pytest.mark.parametrize(
    ("affected", "examined", "rare"), [(5, 500, True), (6, 500, False), (0, 50, True), (1, 99, False)]
)
def test_the_level_follows_the_historical_rate_and_is_not_5_percent(affected: int, examined: int, rare: bool) -> None:
    found = tumour_decision(
        trend_p_greater=0.02, pairwise_p_greater={"mid": 0.2, "high": 0.04},
        historical_affected=affected, historical_examined=examined,
    )  # fmt: skip
    assert (found.is_rare, found.is_trend_significant, found.significant_groups) == (
        rare,
        rare,
        ("high",) if rare else (),
    )
    assert (found.trend_level, found.pairwise_level) == ((0.025, 0.05) if rare else (0.005, 0.01))


@pytest.mark.parametrize(
    ("function", "change"),
    [
        (survival_trend, {"died": [False] * 6}),
        (survival_trend, {"scores": [0, 2, 1]}),
        (survival_trend, {"group": ["0", "0", "1", "1", "2", "TK"]}),
        (survival_trend, {"group": ["0", "0", "0", "1", "1", "1"]}),
        (survival_trend, {"time": [104, 104, 90, 104, -1, 80]}),
        (survival_trend, {"time": [104, 104, 90, 104, float("nan"), 80]}),
        (survival_trend, {"group": ["0"]}),
        (poly_k, {"tumour": [True] * 6}),
        (poly_k, {"tumour": [True]}),
        (poly_k, {"tumour": [False] * 4 + [True] * 2, "time": [104] * 6}),
        (poly_k, {"time": [104, 104, 0, 104, 60, 80]}),
        (poly_k, {"end": 90.0}),
        (poly_k, {"k": 0.0}),
        (peto_trend, {"context": [Context.NONE] * 6}),
        (peto_trend, {"interval_ends": [90, 80]}),
        (peto_trend, {"context": [Context.FATAL] + [Context.NONE] * 5, "killed_at_end": [True] * 6}),
    ],
)
def test_what_cannot_be_tested_is_refused(function: Any, change: dict[str, Any]) -> None:
    good: dict[Any, dict[str, Any]] = {
        survival_trend: TINY,
        poly_k: {k: v for k, v in TINY.items() if k != "died"} | {"tumour": [False, False, True, False, True, False]},
        peto_trend: {k: v for k, v in TINY.items() if k != "died"}
        | {"interval_ends": [85], "context": [Context.NONE] * 3 + [Context.INCIDENTAL] * 3},
    }
    assert function(**good[function])
    with pytest.raises(MethodError):
        function(**good[function] | change)


@pytest.mark.parametrize("change", [{"historical_affected": 51}, {"trend_p_greater": 1.2}, {"historical_examined": 0}])
def test_an_impossible_history_is_refused(change: dict[str, Any]) -> None:
    good = {
        "trend_p_greater": 0.02, "pairwise_p_greater": {"a": 0.1}, "historical_affected": 1, "historical_examined": 50
    }  # fmt: skip
    with pytest.raises(MethodError):
        tumour_decision(**good | change)


def test_they_run_from_plain_json() -> None:
    inputs = {key: value for key, value in TINY.items() if key != "died"}
    contexts = ["none"] * 3 + ["incidental"] * 3
    found = to_json(call("preclinical.peto", inputs | {"context": contexts}, {"interval_ends": [85.0]}))
    assert found["strata"][0]["context"] == "incidental"
    assert to_json(call("preclinical.survival_trend", TINY, {}))["groups"][0]["deaths"] == 0
