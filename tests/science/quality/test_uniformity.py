"""<905>: every decision against exact fractions, without a square root."""

from __future__ import annotations

import itertools
import random
from decimal import Decimal
from fractions import Fraction

import pytest

from crdmo.science.method import MethodError, call
from crdmo.science.quality.dissolution_stages import StageOutcome
from crdmo.science.quality.uniformity import (
    DosageForm,
    UniformityTest,
    content_uniformity,
    uniformity_test_required,
    weight_variation,
)


def _within_l1(tenths: list[int], target: Fraction) -> bool:
    """Say whether the acceptance value, rounded half up to one place, is at most 15.0: |M − x̄| + k s < 15.05."""
    x = [Fraction(t, 10) for t in tenths]
    n = len(x)
    mean = sum(x) / n
    variance = sum((v - mean) ** 2 for v in x) / (n - 1)
    top = Fraction(203, 2) if target <= Fraction(203, 2) else target
    m = max(Fraction(197, 2), min(mean, top))
    room = Fraction(301, 20) - abs(m - mean)
    k = Fraction(12, 5) if n == 10 else Fraction(2)
    return room > 0 and k * k * variance < room * room


def _all_inside(tenths: list[int], target: Fraction) -> bool:
    x = [Fraction(t, 10) for t in tenths]
    mean = sum(x) / len(x)
    top = max(Fraction(203, 2), target)
    m = max(Fraction(197, 2), min(mean, top))
    return all(Fraction(3, 4) * m <= v <= Fraction(5, 4) * m for v in x)


def _decide(tenths: list[int], target: str = "100.0") -> StageOutcome:
    return content_uniformity(contents=[Decimal(t) / 10 for t in tenths], target=Decimal(target)).outcome


@pytest.mark.parametrize("target", ["100.0", "101.5", "105.0"])
def test_stage_1_over_a_grid_of_means_and_spreads(target: str) -> None:
    outcomes = set()
    for centre, spread, bend in itertools.product(range(880, 1130, 5), range(0, 80, 4), (0, 3)):
        tenths = [centre + spread, centre - spread] * 5
        tenths[0] += bend
        expected = StageOutcome.CONFORMS if _within_l1(tenths, Fraction(target)) else StageOutcome.NEXT_STAGE
        assert _decide(tenths, target) is expected, tenths
        outcomes.add(expected)
    assert len(outcomes) == 2


def test_stage_1_at_the_last_tenth_that_passes() -> None:
    """Ten equal units: the acceptance value is their distance from 98.5 or 101.5; 15.04 passes and 15.05 does not."""
    for text, outcome in [
        ("83.46", StageOutcome.CONFORMS),
        ("83.45", StageOutcome.NEXT_STAGE),
        ("116.54", StageOutcome.CONFORMS),
        ("116.55", StageOutcome.NEXT_STAGE),
    ]:
        assert content_uniformity(contents=[Decimal(text)] * 10).outcome is outcome


@pytest.mark.clause("USP <905>")
def test_stage_2_over_random_batches() -> None:
    rng = random.Random(9)
    seen = set()
    for _ in range(3000):
        centre, sd = rng.choice((950, 1000, 1030, 1060)), rng.choice((40, 60, 75, 90))
        tenths = [round(rng.gauss(centre, sd)) for _ in range(30)]
        if rng.random() < 0.3:
            tenths[29] = rng.choice((739, 740, 750, 1230, 1250, 1268, 1269))
        if _within_l1(tenths[:10], Fraction(100)):
            with pytest.raises(MethodError, match="stage 1 was met"):
                _decide(tenths)
            continue
        within, inside = _within_l1(tenths, Fraction(100)), _all_inside(tenths, Fraction(100))
        seen.add((within, inside))
        assert _decide(tenths) is (StageOutcome.CONFORMS if within and inside else StageOutcome.FAILS)
    assert len(seen) == 4


def test_a_unit_exactly_on_the_individual_limit_is_inside() -> None:
    """M is 100: the limits are 75 and 125, and one tenth beyond either fails."""
    wide = [75, 125, *[100] * 8]
    units = [Decimal(u) for u in [*wide, *[100] * 20]]
    assert content_uniformity(contents=units).outcome is StageOutcome.CONFORMS
    beyond = [Decimal("74.9"), Decimal("125.1"), *units[2:]]
    found = content_uniformity(contents=beyond)
    assert found.outcome is StageOutcome.FAILS
    assert found.units_outside == (1, 2)


def test_the_individual_limit_does_not_count_at_stage_1() -> None:
    """One unit of 73 among nine of 100, M = 98.5: outside 73.875, but the acceptance value decides alone."""
    found = content_uniformity(contents=[Decimal("73"), *[Decimal(100)] * 9])
    assert found.units_outside == (1,)
    assert found.outcome is StageOutcome.NEXT_STAGE
    allowed = content_uniformity(contents=[Decimal("73"), *[Decimal(100)] * 9], l1=Decimal("25.0"))
    assert allowed.outcome is StageOutcome.CONFORMS


def test_weight_variation_equals_content_uniformity_of_the_estimated_contents() -> None:
    weights = [Decimal(w) for w in ("101", "99", "100", "102", "98", "100", "103", "97", "100", "100")]
    found = weight_variation(weights=weights, assay=Decimal("98.0"))
    direct = content_uniformity(contents=[w * Decimal("98.0") / 100 for w in weights])
    assert found.acceptance_value == direct.acceptance_value
    assert found.test is UniformityTest.WEIGHT_VARIATION
    assert found.mean == Decimal("98")


def test_thirty_weights_after_a_met_first_stage_are_refused() -> None:
    """By their own mean the first ten are uniform; against the mean of thirty they would not be."""
    weights = [Decimal(120)] * 10 + [Decimal(90)] * 20
    with pytest.raises(MethodError, match="stage 1 was met"):
        weight_variation(weights=weights, assay=Decimal(100))


def test_a_weight_of_zero_is_refused() -> None:
    with pytest.raises(MethodError, match="weights and assay must be greater than zero"):
        weight_variation(weights=[Decimal(0), *[Decimal(1)] * 9], assay=Decimal(100))


def test_eleven_units_belong_to_no_stage() -> None:
    with pytest.raises(MethodError, match=r"the number of units belongs to no stage.*11"):
        content_uniformity(contents=[Decimal(100)] * 11)


@pytest.mark.parametrize(
    ("form", "mg", "percent", "expected"),
    [
        (DosageForm.UNCOATED_TABLET, "25", "25", UniformityTest.WEIGHT_VARIATION),
        (DosageForm.UNCOATED_TABLET, "24.9", "80", UniformityTest.CONTENT_UNIFORMITY),
        (DosageForm.FILM_COATED_TABLET, "100", "24.9", UniformityTest.CONTENT_UNIFORMITY),
        (DosageForm.OTHER_COATED_TABLET, "500", "90", UniformityTest.CONTENT_UNIFORMITY),
        (DosageForm.SOLUTION, "1", "1", UniformityTest.WEIGHT_VARIATION),
        (DosageForm.SOFT_CAPSULE_SUSPENSION, "500", "90", UniformityTest.CONTENT_UNIFORMITY),
        (DosageForm.SOLID_LYOPHILISED, "1", "1", UniformityTest.WEIGHT_VARIATION),
    ],
)
def test_table_1_chooses_the_test(form: DosageForm, mg: str, percent: str, expected: UniformityTest) -> None:
    found = uniformity_test_required(form=form, content_mg=Decimal(mg), percent_of_unit=Decimal(percent))
    assert found is expected


def test_it_runs_from_the_text_of_the_results() -> None:
    found = call("quality.content_uniformity", {"contents": ["99.8"] * 10}, {"target": "100.0"})
    assert found.outcome is StageOutcome.CONFORMS
