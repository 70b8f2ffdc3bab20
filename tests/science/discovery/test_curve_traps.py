"""Curves that mislead: what is shared, resampled, classed, left out; and the fast search beside the general one."""

from __future__ import annotations

import math

import numpy as np
import pytest

from crdmo.science.discovery import logistic
from crdmo.science.discovery.curve_bootstrap import Resampling, bootstrap_curve
from crdmo.science.discovery.curve_class import ClassRules, Kind, classify_curve
from crdmo.science.discovery.curve_fit import CurveData, fit_curve
from crdmo.science.discovery.curve_search import fit_rows, profile_rows
from crdmo.science.discovery.curve_shared import fit_shared
from crdmo.science.discovery.plateau_search import Known, Series, search
from crdmo.science.discovery.potency import mean_potency
from crdmo.science.discovery.relative_potency import fieller
from crdmo.science.least_squares import solve
from crdmo.science.method import MethodError, call, from_json, to_json
from crdmo.science.profile_likelihood import profile_intervals

DOSE = [0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0]
FULL = [2.0, 1.0, 9.0, 24.0, 51.0, 74.0, 92.0, 96.0]
PARTIAL = [2.0, 1.0, 3.0, 2.0, 5.0, 9.0, 18.0, 33.0]


def rows(count: int, seed: int = 21, sd: float = 5.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return logarithms of doses with a control at dose 0, responses, and weights of which some are 0: no observation."""
    rng = np.random.default_rng(seed)
    x = np.append(-np.inf, np.log(np.geomspace(0.01, 100, 9)))
    p = np.column_stack(
        [
            rng.choice([-1, 1], count) * rng.uniform(0.7, 3, count), rng.normal(0, 3, count), rng.normal(100, 4, count),
            rng.uniform(-3, 3, count), np.ones(count),
        ]
    )  # fmt: skip
    y = logistic.response(np.tile(x, (count, 1)), p[:, None]) + rng.normal(0, sd, (count, x.size))
    w = rng.choice([0.5, 1.0, 2.0], (count, x.size))
    w[rng.random((count, x.size)) < 0.05] = 0.0
    return np.tile(x, (count, 1)), y, w


@pytest.mark.parametrize("known", [{}, {1: 0.0}, {2: 100.0}, {1: 0.0, 2: 100.0}, {4: 0.4}, {0: -1.0}])
def test_the_fast_search_ends_where_the_general_one_does(known: dict[int, float]) -> None:
    known = {4: 1.0, **known}
    x, y, w = rows(40)
    fitted = fit_rows(x, y, w, known)
    again = solve(fitted.problems, fitted.solutions.theta, most=200)
    assert fitted.solutions.converged.all()
    # Where the general search finds a way down from there, it is in the last digits of the sum of squares.
    assert (again.rss >= fitted.solutions.rss * (1 - 1e-9)).all()
    inside = again.converged & ~again.on_bound.any(axis=1) & (np.abs(again.theta[:, 0]) < 6)
    assert inside.sum() > 25
    assert np.abs(again.theta - fitted.solutions.theta)[inside].max() < 1e-4
    if known == {4: 1.0}:
        errors = np.full(40, 0.3)
        fast = profile_rows(fitted, 0.95, errors)
        reach = np.full(40, -12.0), np.full(40, 12.0)
        slow = profile_intervals(
            fitted.problems, fitted.solutions, 3, confidence=0.95, standard_errors=errors, reach=reach
        )
        both = inside & np.isfinite(fast[0]) & np.isfinite(slow[0]) & np.isfinite(fast[1]) & np.isfinite(slow[1])
        assert both.sum() > 25
        for one, other in zip(fast, slow, strict=True):
            assert np.abs(one - other)[both].max() < 1e-5


def test_the_second_derivatives_of_the_fast_search_are_right() -> None:
    """A Newton step from near the end lands at it: the error is squared, which wrong derivatives cannot do."""
    x, y, w = rows(20, sd=2.0)
    fitted = fit_rows(x, y, w, {4: 1.0})
    good = np.flatnonzero(np.abs(fitted.solutions.theta[:, 0]) < 4)
    start = fitted.solutions.theta[good]
    start[:, 0] *= 1.01
    start[:, 3] += 0.01
    wide = np.full(start.shape, 30.0)
    theta, rss, ended, bound = search(
        Series.of(x[good], y[good], w[good]), Known(1.0, None, None), start, (-wide, wide)
    )
    assert ended.all() and not bound.any()
    assert np.abs(theta - fitted.solutions.theta[good]).max() < 1e-7
    assert rss == pytest.approx(fitted.solutions.rss[good], rel=1e-12)


def test_a_curve_is_the_same_alone_and_among_hundreds() -> None:
    x, y, w = rows(200)
    among = fit_rows(x, y, w, {4: 1.0}).solutions.theta
    for i in (0, 77, 199):
        alone = fit_rows(x[i : i + 1], y[i : i + 1], w[i : i + 1], {4: 1.0}).solutions.theta[0]
        assert alone == pytest.approx(among[i], rel=1e-6, abs=1e-6)


@pytest.fixture(scope="module")
def pair() -> list[CurveData]:
    rng = np.random.default_rng(6)
    doses = np.repeat(DOSE, 2)
    return [
        CurveData(name, doses.tolist(), (logistic.response(np.log(doses), np.array([-1.1, 0.0, 100.0, place, 1.0]))
                                         + rng.normal(0, 3, doses.size)).tolist())
        for name, place in (("a", 0.0), ("b", 1.5))
    ]  # fmt: skip


def test_shared_plateaus_give_a_partial_curve_its_ec50(pair: list[CurveData]) -> None:
    weak = CurveData("weak", DOSE, PARTIAL)
    alone = fit_curve(dose=DOSE, response=PARTIAL)
    assert alone.upper is None
    found = fit_shared(curves=[*pair, weak], shared=["slope", "bottom", "top"])
    last = found.curves[2]
    assert last.upper is not None and last.lower is not None and 40 < last.lower < last.ec50 < last.upper < 90
    assert any("weak" in flag for flag in found.flags)
    assert found.degrees_of_freedom == 40 - 6 and (found.numerator, found.denominator) == (6, 28)
    assert len({one.parameters[0].estimate for one in found.curves}) == 1


def test_sharing_is_an_equality_that_can_be_undone(pair: list[CurveData]) -> None:
    """Sharing the asymmetry alone leaves slopes free; two copies of a curve share everything at no cost."""
    twin = CurveData("twin", pair[0].dose, pair[0].response)
    found = fit_shared(curves=[pair[0], twin], shared=["slope", "top"])
    alone = fit_curve(dose=pair[0].dose, response=pair[0].response)
    assert found.f == pytest.approx(0, abs=1e-8) and found.rss == pytest.approx(2 * alone.rss, rel=1e-9)
    assert [one.ec50 for one in found.curves] == pytest.approx([alone.ec50] * 2, rel=1e-6)
    parted = fit_shared(curves=[pair[0], CurveData("x", DOSE, [v / 2 for v in FULL])], shared=["slope", "top"])
    assert parted.p < 1e-5 and parted.aicc is not None and parted.aicc_apart is not None
    assert parted.aicc > parted.aicc_apart
    five = fit_shared(curves=pair, shared=["asymmetry", "bottom", "top"], parameters=5)
    assert five.curves[0].parameters[4] == five.curves[1].parameters[4] and not five.curves[0].parameters[4].fixed


def test_what_cannot_be_shared_is_refused(pair: list[CurveData]) -> None:
    falling = CurveData("down", DOSE, FULL[::-1])
    for curves, shared, more in (
        (pair[:1], ["top"], {}), (pair, [], {}), (pair, ["ec50"], {}), (pair, ["asymmetry"], {}), (pair, ["top", "top"], {}),
        (pair, ["bottom"], {"parameters": 3}), (pair, ["top"], {"fixed": {"top": 100.0}}), ([pair[0], falling], ["slope"], {}),
    ):  # fmt: skip
        with pytest.raises(MethodError):
            fit_shared(curves=curves, shared=shared, **more)


def test_fiellers_interval_is_where_the_difference_is_not_significant() -> None:
    low, high = fieller(12.0, 10.0, (1.0, 0.5), 2.0)
    assert low is not None and high is not None
    for end in (low, high):
        assert abs(12.0 - end * 10.0) == pytest.approx(2.0 * math.sqrt(1.0 + end**2 * 0.5))
    assert fieller(12.0, 1.0, (1.0, 0.5), 2.0) == (None, None)


def test_a_bootstrap_is_the_same_at_every_call_and_near_the_profile() -> None:
    fit = fit_curve(dose=DOSE, response=FULL)
    one = bootstrap_curve(dose=DOSE, response=FULL, seed=4)
    assert one == bootstrap_curve(dose=DOSE, response=FULL, seed=4)
    assert one.ec50 != bootstrap_curve(dose=DOSE, response=FULL, seed=5).ec50
    assert one.ec50.lower and one.ec50.upper and fit.wald_lower and fit.wald_upper
    # Percentiles know nothing of t: at four degrees of freedom they are shorter by 1.96/2.776.
    short = math.log(one.ec50.upper / one.ec50.lower) / math.log(fit.wald_upper / fit.wald_lower)
    assert short == pytest.approx(1.96 / 2.776, rel=0.08)
    drawn = bootstrap_curve(dose=DOSE, response=FULL, seed=4, resampling=Resampling.RESIDUALS)
    assert drawn.ec50.lower is not None and drawn.ec50.lower == pytest.approx(one.ec50.lower, rel=0.1)
    half = bootstrap_curve(dose=DOSE, response=PARTIAL, seed=4, resamples=500)
    assert half.ec50.upper is None and half.beyond > 0.5
    for wrong in ({"seed": -1}, {"seed": 1, "resamples": 20}, {"seed": 1, "resamples": 10**6}):
        with pytest.raises(MethodError):
            bootstrap_curve(dose=DOSE, response=FULL, **wrong)


def test_kinds_of_curves_by_the_rules_of_racas() -> None:
    assert classify_curve(dose=DOSE, response=FULL).kind is Kind.ACTIVE
    # One dose at 20 % or more is not two.
    inactive = classify_curve(dose=DOSE, response=PARTIAL)
    assert inactive.kind is Kind.INACTIVE and inactive.fit is None and inactive.reason.startswith("1 of 8")
    assert classify_curve(dose=DOSE, response=PARTIAL, rules=ClassRules(active_response=18.0)).kind is Kind.ACTIVE
    # The last response at 90 % of the largest is not below it.
    for last, kind in ((82.8, Kind.ACTIVE), (82.7, Kind.BIPHASIC)):
        assert classify_curve(dose=DOSE, response=[*FULL[:-1], last]).kind is kind


def test_standard_errors_and_places_are_flagged() -> None:
    far = classify_curve(dose=DOSE, response=[0.0, 6, -5, 4, -3, 9, 21, 41]).flags
    assert any("standard error of the top" in flag for flag in far)
    early = logistic.response(np.log(DOSE), np.array([-1.0, 0.0, 100.0, math.log(0.003), 1.0]))
    low = classify_curve(dose=DOSE, response=early.tolist()).flags
    assert any("below the lowest dose" in flag for flag in low)
    above = classify_curve(
        dose=DOSE, response=[0.0, 0.4, 0.9, 2, 4, 8, 15, 27], rules=ClassRules(active_response=10)
    ).flags
    assert any("0.5 decades above the highest dose" in flag for flag in above)


def test_exchanged_controls_are_seen() -> None:
    """100 less per cent inhibition: an inhibitor that falls from 98 to 4 % is no biphasic curve but exchanged controls."""
    found = classify_curve(dose=DOSE, response=[100 - v for v in FULL])
    assert found.kind is not Kind.BIPHASIC and any("exchanged" in flag for flag in found.flags)
    beyond = classify_curve(dose=DOSE, response=[1.6 * v for v in FULL])
    assert any("beyond the controls" in flag for flag in beyond.flags)
    assert not classify_curve(dose=DOSE, response=FULL).flags


def test_responses_are_left_out_with_a_reason_and_not_more_than_a_tenth() -> None:
    doses, values = DOSE * 2, [*FULL, *[v + 1 for v in FULL]]
    values[12] = -60.0
    found = classify_curve(dose=doses, response=values, left_out=[12], left_out_reasons=["bubble in the well"])
    assert (
        found.left_out == ((12, "bubble in the well"),) and found.fit is not None and found.fit.degrees_of_freedom == 11
    )
    for out, reasons in (([12, 13], ["a", "b"]), ([12], [" "]), ([12], []), ([16], ["x"]), ([-1], ["x"])):
        with pytest.raises(MethodError):
            classify_curve(dose=doses, response=values, left_out=out, left_out_reasons=reasons)
    with pytest.raises(MethodError):
        classify_curve(dose=DOSE, response=FULL, left_out=[0], left_out_reasons=["one of eight is more than a tenth"])


def test_a_mean_of_potencies_is_geometric_and_keeps_its_bounds() -> None:
    """Arithmetic would say 50.5; >30 as a number would say 30."""
    assert mean_potency(values=[1, 100], qualifiers=["", ""]).value == pytest.approx(10)
    found = mean_potency(values=[30, 30], qualifiers=[">", ">"])
    assert (found.qualifier, found.value, found.lower) == (">", 30, None)


def test_the_dose_scale_gives_no_negative_bound_where_the_linear_scale_would() -> None:
    """A noisy curve: on the dose the Wald interval reaches below 0, on its logarithm and by the profile it cannot."""
    y = [10.0, -12, 14, 8, 35, 60, 88, 95]
    fit = fit_curve(dose=DOSE, response=y, parts=(0.5,))
    on_dose = fit.effective[0]
    assert on_dose.lower is not None and on_dose.lower < 0
    assert fit.wald_lower is not None and fit.wald_lower > 0 and (fit.lower is None or fit.lower > 0)


def test_a_fixed_parameter_is_said_and_not_hidden() -> None:
    fit = fit_curve(dose=DOSE, response=FULL, fixed={"slope": -1.0, "bottom": 0.0})
    assert [one.name for one in fit.parameters if one.fixed] == ["slope", "bottom", "asymmetry"]
    assert all(one.standard_error is None for one in fit.parameters if one.fixed) and fit.degrees_of_freedom == 6


def test_results_survive_their_json() -> None:
    data = {"dose": DOSE, "response": FULL}
    two = [{"name": "a", **data}, {"name": "b", "dose": DOSE, "response": PARTIAL}]
    for name, inputs, settings in (
        ("discovery.curve_class", data, {"rules": {"active_doses": 3}}),
        ("discovery.curve_bootstrap", data, {"seed": 1, "resamples": 200, "resampling": "residuals"}),
        ("discovery.curve_shared", {"curves": two}, {"shared": ["top"]}),
    ):
        made = to_json(call(name, inputs, settings))
        assert to_json(from_json(name, made)) == made
