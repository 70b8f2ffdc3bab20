"""Dose proportionality: Smith BP et al., Pharm Res 2000;17:1278, table 2 and text (Cmax, 25 to 250 mg, power model)."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from crdmo.science.method import MethodError, call, to_json
from crdmo.science.preclinical.dose_proportionality import Proportionality, dose_proportionality, smith_criterion
from crdmo.science.preclinical.exposure_ratio import accumulation, sex_difference


def test_the_criterion_of_smith() -> None:
    found = smith_criterion(slope=0.7615, lower=0.679, upper=0.844, dose_ratio=10)
    assert (round(found.critical_lower, 3), round(found.critical_upper, 3)) == (0.903, 1.097)
    assert (round(found.proportional_to, 1), round(found.not_proportional_from, 1)) == (2.0, 4.2)
    assert round(found.ratio, 3) == 0.577
    # Printed (0.477, 0.698); the limits here are those of the slope as printed to three digits.
    assert (found.ratio_lower, found.ratio_upper) == pytest.approx((0.477, 0.698), abs=1e-3)
    assert found.verdict is Proportionality.NOT_PROPORTIONAL
    # The unrounded slope limits of the same fit give the printed ones.
    exact = smith_criterion(slope=0.7615, lower=0.6789, upper=0.8441, dose_ratio=10)
    assert (round(exact.ratio_lower, 3), round(exact.ratio_upper, 3)) == (0.477, 0.698)


def test_the_verdict_turns_at_the_critical_slopes() -> None:
    low = 1 + math.log(0.8) / math.log(10)
    inside = smith_criterion(slope=1, lower=low, upper=1.05, dose_ratio=10)
    assert inside.verdict is Proportionality.PROPORTIONAL and inside.not_proportional_from is None
    assert inside.proportional_to == pytest.approx(10)
    over = smith_criterion(slope=1, lower=low - 1e-9, upper=1.05, dose_ratio=10)
    assert over.verdict is Proportionality.INCONCLUSIVE
    above = smith_criterion(slope=1.3, lower=1.2, upper=1.4, dose_ratio=10)
    assert above.verdict is Proportionality.NOT_PROPORTIONAL
    assert above.not_proportional_from == pytest.approx(1.25 ** (1 / 0.2))
    assert smith_criterion(slope=1, lower=1, upper=1, dose_ratio=3).proportional_to is None
    for bad in ({"lower": 1.1}, {"dose_ratio": 1}, {"lower_bound": 1.2}, {"slope": math.nan}, {"lower": -50}):
        with pytest.raises(MethodError):
            smith_criterion(**({"slope": 1, "lower": 0.9, "upper": 1.1, "dose_ratio": 10} | bad))


def test_the_power_model_is_the_regression_of_logarithms() -> None:
    rng = np.random.default_rng(6)
    dose = np.repeat([5.0, 20, 80], 5)
    exposure = 3 * dose**1.2 * rng.lognormal(0, 0.2, 15)
    found = dose_proportionality(dose=dose.tolist(), exposure=exposure.tolist())
    line = stats.linregress(np.log(dose), np.log(exposure))
    t = stats.t.ppf(0.95, 13)
    assert (found.slope, found.intercept) == pytest.approx((line.slope, line.intercept), rel=1e-12)
    assert (found.lower, found.upper) == pytest.approx(
        (line.slope - t * line.stderr, line.slope + t * line.stderr), rel=1e-12
    )
    assert found.criterion.dose_ratio == pytest.approx(16) and [one.n for one in found.levels] == [5, 5, 5]
    assert found.levels[0].per_dose == pytest.approx(math.exp(np.log(exposure[:5]).mean()) / 5)
    assert to_json(
        call("preclinical.dose_proportionality", {"dose": dose.tolist(), "exposure": exposure.tolist()}, {})
    ) == to_json(found)
    scaled = dose_proportionality(dose=(1000 * dose).tolist(), exposure=(7 * exposure).tolist())
    assert scaled.slope == pytest.approx(found.slope) and scaled.criterion.ratio == pytest.approx(found.criterion.ratio)


def test_a_curve_that_bends_is_told() -> None:
    dose = [1, 1, 10, 10, 100, 100]
    found = dose_proportionality(dose=dose, exposure=[10, 11, 100, 105, 200, 210])
    assert found.lack_of_fit_p is not None and found.lack_of_fit_p < 0.05 and "one line" in found.flags[0]
    assert dose_proportionality(dose=dose[:4], exposure=[1, 2, 3, 4]).lack_of_fit_p is None
    for bad in ({"dose": [0, 1, 2], "exposure": [1, 2, 3]}, {"dose": [1, 1, 1], "exposure": [1, 2, 3]},
                {"dose": [1, 2], "exposure": [1, 2]}, {"dose": [1, 2, 3], "exposure": [1, 2]}):  # fmt: skip
        with pytest.raises(MethodError):
            dose_proportionality(**bad)


def test_the_interval_of_the_slope_covers() -> None:
    rng, inside = np.random.default_rng(1), 0
    dose = np.repeat([1.0, 3, 10], 4)
    for _ in range(300):
        found = dose_proportionality(dose=dose.tolist(), exposure=(dose**0.9 * rng.lognormal(0, 0.3, 12)).tolist())
        inside += found.lower <= 0.9 <= found.upper
    assert 0.86 < inside / 300 < 0.94


def test_accumulation_of_the_same_animals_is_paired_and_of_others_is_not() -> None:
    first, later = {"a": 10.0, "b": 22.0, "c": 15.0, "d": 9.0}, {"d": 17.0, "a": 21.0, "b": 40.0, "c": 33.0}
    paired = accumulation(first=first, later=later)
    t = stats.ttest_rel(np.log([later[k] for k in first]), np.log(list(first.values()))).confidence_interval(0.90)
    assert (paired.lower, paired.upper) == pytest.approx(
        (math.exp(t.low), math.exp(t.high)), rel=1e-12
    ) and paired.paired
    other = accumulation(first=first, later={f"x{k}": v for k, v in later.items()})
    w = stats.ttest_ind(
        np.log(list(later.values())), np.log(list(first.values())), equal_var=False
    ).confidence_interval(0.90)
    assert (other.lower, other.upper) == pytest.approx(
        (math.exp(w.low), math.exp(w.high)), rel=1e-9
    ) and not other.paired
    assert other.ratio == pytest.approx(paired.ratio) and other.upper - other.lower > paired.upper - paired.lower
    for bad, word in (({"later": {"a": 1.0, "x": 2.0}}, "some do not"), ({"later": {"x": 1.0}}, "at least two"),
                      ({"later": {"x": 0.0, "y": 1.0}}, "not above 0")):  # fmt: skip
        with pytest.raises(MethodError, match=word):
            accumulation(**({"first": first} | bad))


def test_the_sex_difference_is_that_of_the_analysis_of_variance() -> None:
    rng = np.random.default_rng(4)
    dose = np.repeat([1.0, 5, 25], [4, 5, 6])
    sex = np.array(list("FFMM") + list("FFFMM") + list("FFFMMM"))
    y = dose * np.where(sex == "F", 1.8, 1.0) * rng.lognormal(0, 0.25, 15)
    found = sex_difference(dose=dose.tolist(), sex=sex.tolist(), exposure=y.tolist())
    cell = np.array([dose == d for d in (1, 5, 25)], dtype=float).T
    f = (sex == "F").astype(float)[:, None]
    main, full = np.hstack([cell, f]), np.hstack([cell, cell * f])
    theta, rest_main = np.linalg.lstsq(main, np.log(y))[:2]
    rest = float(np.linalg.lstsq(full, np.log(y))[1][0])
    assert math.log(found.ratio) == pytest.approx(theta[3], rel=1e-10)
    assert found.degrees_of_freedom == 15 - 6 and found.residual_sd == pytest.approx(math.sqrt(rest / 9), rel=1e-10)
    ratio = (float(rest_main[0]) - rest) / 2 / (rest / 9)
    assert found.interaction_p == pytest.approx(stats.f.sf(ratio, 2, 9), rel=1e-9)
    assert [one.females for one in found.doses] == [2, 3, 3]
    swapped = sex_difference(dose=dose.tolist(), sex=["M" if s == "F" else "F" for s in sex], exposure=y.tolist())
    assert swapped.ratio == pytest.approx(1 / found.ratio) and swapped.lower == pytest.approx(1 / found.upper)


def test_a_sex_difference_that_cannot_be_said() -> None:
    one = sex_difference(dose=[1, 1, 1, 1, 5], sex=list("FFMMF"), exposure=[2, 3, 1, 1.2, 9])
    assert one.doses[1].ratio is None and one.interaction_p is None
    for bad, word in (({"sex": list("FFMX")}, "F or M"), ({"sex": list("FFFF")}, "both sexes"),
                      ({"exposure": [1, 2, 3, 0]}, "not above 0"), ({"dose": [1, 2, 3, 4]}, "both sexes")):  # fmt: skip
        with pytest.raises(MethodError, match=word):
            sex_difference(**({"dose": [1] * 4, "sex": list("FFMM"), "exposure": [1, 2, 3, 4]} | bad))
