"""Curves side by side, what the report says of them, and their pictures."""

from __future__ import annotations

import json
import math
from xml.etree import ElementTree

import numpy as np
import pytest

from crdmo.science.discovery import logistic
from crdmo.science.discovery.curve_figure import curve_figure, curve_line, thumbnail, written
from crdmo.science.discovery.curve_fit import CurveData, fit_curve, fit_curves
from crdmo.science.method import MethodError, call, from_json, to_json

DOSE = [0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0]
FULL = [2.0, 1.0, 9.0, 24.0, 51.0, 74.0, 92.0, 96.0]
PARTIAL = [2.0, 1.0, 3.0, 2.0, 5.0, 9.0, 18.0, 33.0]
FLAT = [2.0, -1.0, 3.0, -2.0, 5.0, 1.0, -1.0, 3.0]


def test_a_curve_is_the_same_alone_and_among_others_and_a_bad_one_stops_none() -> None:
    curves = [
        CurveData("full", DOSE, FULL),
        CurveData("longer", [0.0, *DOSE, *DOSE], [1.0, *PARTIAL, *[v + 1 for v in PARTIAL]]),
        CurveData("saturated", DOSE, [4.0] * 8),
    ]
    made = fit_curves(curves=curves)
    assert list(made.curves) == ["full", "longer"] and "all responses are the same" in made.refused["saturated"]
    for name, data in (("full", curves[0]), ("longer", curves[1])):
        alone, among = fit_curve(dose=data.dose, response=data.response), made.curves[name]
        assert among.values == pytest.approx(alone.values, rel=1e-8)
        for one, other in ((among.lower, alone.lower), (among.upper, alone.upper)):
            assert (one is None) == (other is None) and (one or 0.0) == pytest.approx(other or 0.0, rel=1e-6)
        assert among.flags == alone.flags
    with pytest.raises(MethodError, match="names of their own"):
        fit_curves(curves=[curves[0], curves[0]])


def test_a_partial_curve_is_a_bound_with_an_open_interval() -> None:
    """The minimum lies at 83; what the data say is more than 13, and what is reported is > 30."""
    fit = fit_curve(dose=DOSE, response=PARTIAL)
    assert (fit.qualifier, fit.reported) == (">", 30.0) and written(fit) == ">30"
    assert fit.ec50 is not None and fit.ec50 > 60 and fit.upper is None
    assert fit.lower is not None and 5 < fit.lower < 30


def test_no_response_is_said_and_gives_no_potency() -> None:
    fit = fit_curve(dose=DOSE, response=FLAT)
    assert fit.no_response_p > 0.05 and (fit.qualifier, fit.reported) == (">", 30.0)
    assert any(flag.startswith("No response") for flag in fit.flags)
    assert fit_curve(dose=DOSE, response=FULL).no_response_p < 1e-4


def test_a_parameter_on_its_limit_is_no_estimate() -> None:
    """A step between two doses has no slope: any steep one fits."""
    step = [0.0, 1.0, 0.5, 0.2, 100.0, 99.0, 100.4, 99.8]
    fit = fit_curve(dose=DOSE, response=step)
    slope = fit.parameters[logistic.SLOPE]
    assert any("slope" in flag.lower() for flag in fit.flags)
    assert slope.standard_error is None or slope.standard_error > 1
    assert fit.lower is not None and fit.upper is not None and 0.25 < fit.lower < fit.upper < 1.1


def test_the_interval_of_a_small_curve_is_that_of_t() -> None:
    """At four degrees of freedom z would give an interval that is a third too short; and it is never below zero."""
    fit = fit_curve(dose=DOSE, response=FULL)
    error = fit.parameters[logistic.EC50].standard_error
    assert fit.wald_lower and fit.wald_upper and error
    assert math.log(fit.wald_upper / fit.wald_lower) / 2 / error == pytest.approx(2.776445, abs=1e-6)
    assert fit.wald_lower > 0


def test_replicates_show_a_lack_of_fit_that_r_squared_hides() -> None:
    means = [0, 2, 10, 35, 75, 98, 93, 80]
    fit = fit_curve(dose=[v for v in DOSE for _ in range(3)], response=[m + e for m in means for e in (-1.0, 0.0, 1.0)])
    assert fit.r_squared > 0.9 and fit.lack_of_fit is not None and fit.lack_of_fit.p < 1e-6
    assert any(flag.startswith("Lack of fit") for flag in fit.flags)


def test_an_absolute_ic50_has_the_interval_of_the_relative_one_where_the_plateaus_are_known_and_a_wider_one_else() -> (
    None
):
    held = fit_curve(dose=DOSE, response=FULL, fixed={"bottom": 0.0, "top": 100.0}, absolute_level=50)
    assert held.absolute == pytest.approx(held.ec50, rel=1e-12)
    assert (held.absolute_lower, held.absolute_upper) == pytest.approx((held.wald_lower, held.wald_upper), rel=1e-6)
    low_top = [v * 0.62 for v in FULL]
    near_top = fit_curve(dose=DOSE, response=low_top, absolute_level=58)
    assert near_top.absolute_lower is not None and near_top.absolute_upper is not None
    assert near_top.wald_lower is not None and near_top.wald_upper is not None
    assert near_top.absolute_upper / near_top.absolute_lower > near_top.wald_upper / near_top.wald_lower
    never = fit_curve(dose=DOSE, response=[v * 0.4 for v in FULL], absolute_level=50)
    assert (never.absolute, never.absolute_lower, never.absolute_upper) == (None, None, None)


def test_a_replicate_is_a_weight_of_two() -> None:
    twice = fit_curve(dose=[*DOSE, DOSE[3]], response=[*FULL, FULL[3]])
    heavy = fit_curve(dose=DOSE, response=FULL, weights=[1, 1, 1, 2, 1, 1, 1, 1])
    assert heavy.ec50 == pytest.approx(twice.ec50, rel=1e-8) and heavy.rss == pytest.approx(twice.rss, rel=1e-9)


def test_turning_the_response_over_turns_only_the_slope() -> None:
    up, down = fit_curve(dose=DOSE, response=FULL), fit_curve(dose=DOSE[::-1], response=[100 - v for v in FULL][::-1])
    assert down.values[0] == pytest.approx(-up.values[0], rel=1e-7)
    assert (down.lower, down.upper) == pytest.approx((up.lower, up.upper), rel=1e-5)


@pytest.mark.parametrize("f", [0.4, 1.0, 2.5])
@pytest.mark.parametrize("slope", [-1.3, 2.3])
def test_derivatives_are_those_of_the_curve(slope: float, f: float) -> None:
    p = np.array([slope, 0.1, 0.9, 0.3, f])
    x = np.array([-np.inf, -3, -1, 0, 0.3, 1, 4.0])
    slopes = logistic.derivatives(x, p)
    for k in range(5):
        step = np.zeros(5)
        step[k] = 1e-6
        numeric = (logistic.response(x, p + step) - logistic.response(x, p - step)) / 2e-6
        assert slopes[:, k] == pytest.approx(numeric, abs=1e-8)
    assert logistic.derivatives(x[None], p[None, None]) == pytest.approx(slopes[None])


def test_results_survive_their_json() -> None:
    made = call("discovery.curve_fits", {"curves": [{"name": "a", "dose": DOSE, "response": FULL}]}, {"parameters": 4})
    stored = json.loads(json.dumps(to_json(made)))
    assert to_json(from_json("discovery.curve_fits", stored)) == stored


def test_the_band_of_the_figure_lies_around_the_curve_and_the_thumbnail_is_small() -> None:
    fit = fit_curve(dose=DOSE, response=FULL)
    middle, low, high = curve_line(fit, np.geomspace(0.01, 30, 50))
    assert np.all(low < middle) and np.all(middle < high) and np.all(np.diff(middle) > 0)
    drawn = curve_figure(fit, dose=DOSE, response=FULL)
    assert "95 % confidence" in drawn.desc and ElementTree.fromstring(drawn.svg).tag.endswith("svg")
    small = thumbnail(fit, dose=[0.0, *DOSE], response=[0.0, *FULL], low=0, high=100, left_out=[3])
    assert ElementTree.fromstring(small).tag.endswith("svg") and len(small) < 4000 and written(fit) in small
    assert small.count("<circle") == 8 and small.count("hollow") == 1
    with pytest.raises(ValueError, match="low to high"):
        thumbnail(fit, dose=DOSE, response=FULL, low=1, high=1)


def test_more_parameters_never_fit_worse() -> None:
    """A search that stops in a false minimum is caught here: the smaller curve is one of the larger."""
    rng = np.random.default_rng(12)
    curves = []
    for n in range(12):
        p = np.array([-rng.uniform(0.5, 3), 0.0, 100.0, rng.uniform(-3, 2), rng.uniform(0.2, 4)])
        y = logistic.response(np.log(DOSE), p) + rng.normal(0, 4, 8)
        curves.append(CurveData(str(n), DOSE, y.tolist()))
    rss = [{k: f.rss for k, f in fit_curves(curves=curves, parameters=q, parts=()).curves.items()} for q in (3, 4, 5)]
    for name in rss[0]:
        assert rss[2][name] <= rss[1][name] * (1 + 1e-9) <= rss[0][name] * (1 + 1e-8)
