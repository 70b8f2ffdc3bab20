"""Dose-response curves: ryegrass in R's drc, NIST's nonlinear regressions, averages of bounded values.

Sources: Inderjit, Streibig JC, Olofsdotter M, Physiol Plant 2002;114:422 (data); Ritz C et al., PLoS ONE 2015;10:e0146021
(drc 3.0-1, LL.3 to LL.5); NIST StRD nonlinear regression; CDD Vault help, averages of modified values; Boersma/GraphPad rules.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import numpy as np
import pytest

from crdmo.science.discovery import logistic
from crdmo.science.discovery.curve_figure import curve_figure, written
from crdmo.science.discovery.curve_fit import Curvature, CurveData, CurveFit, fit_curve, fit_curves
from crdmo.science.discovery.potency import mean_potency
from crdmo.science.least_squares import Problems, covariances, solve_from_afar
from crdmo.science.method import MethodError
from tests import shared_data

RYEGRASS = {
    0: [7.58, 8, 8.328571429, 7.25, 7.375, 7.9625], 0.94: [8.355555556, 6.914285714, 7.75],
    1.88: [6.871428571, 6.45, 5.922222222], 3.75: [1.925, 2.885714286, 4.233333333], 7.5: [1.1875, 0.857142857, 1.057142857],
    15: [0.6875, 0.525, 0.825], 30: [0.25, 0.22, 0.44],
}  # fmt: skip
DOSE = [float(dose) for dose, row in RYEGRASS.items() for _ in row]
RESPONSE = [value for row in RYEGRASS.values() for value in row]


def estimates(fit: CurveFit) -> dict[str, float]:
    return {one.name: one.estimate for one in fit.parameters}


def errors(fit: CurveFit) -> dict[str, float | None]:
    return {one.name: one.standard_error for one in fit.parameters}


def test_four_parameters_of_ryegrass() -> None:
    fit = fit_curve(dose=DOSE, response=RESPONSE, curvature=Curvature.OBSERVED)
    assert fit.ec50 == pytest.approx(3.05795497, rel=1e-6)
    found = estimates(fit)
    for name, value in (("slope", 2.98221907), ("bottom", 0.48141319), ("top", 7.79295829)):
        assert found[name] == pytest.approx(value, rel=1e-5)
    for name, value in (("slope", 0.46506233), ("bottom", 0.21219244), ("top", 0.18856721)):
        assert errors(fit)[name] == pytest.approx(value, rel=1e-3)
    assert fit.residual_sd == pytest.approx(0.5196255685, abs=5e-10) and fit.degrees_of_freedom == 20
    assert fit.rss == pytest.approx(5.400214628, abs=5e-10)
    assert fit.log_likelihood == pytest.approx(-16.15514322, abs=5e-9) and fit.aic == pytest.approx(
        42.31028644, abs=1e-8
    )
    wald = {one.name: (one.lower, one.upper) for one in fit.parameters}
    assert wald["slope"] == pytest.approx((2.01211605924, 3.9523220833), rel=1e-3)
    assert wald["bottom"] == pytest.approx((0.03878751827, 0.9240388586), rel=2e-3)
    assert wald["top"] == pytest.approx((7.39961398265, 8.1863026047), rel=1e-3)


def test_lack_of_fit_of_ryegrass() -> None:
    lack = fit_curve(dose=DOSE, response=RESPONSE).lack_of_fit
    assert lack is not None and (lack.numerator, lack.denominator) == (3, 17)
    assert (round(lack.f, 5), round(lack.p, 5)) == (0.24106, 0.86648)


def test_effective_doses_and_three_intervals_of_the_ed50() -> None:
    fit = fit_curve(dose=DOSE, response=RESPONSE, curvature=Curvature.OBSERVED)
    printed = {0.1: (1.46370566, 1.07410936, 1.85330196), 0.5: (3.05795497, 2.67052621, 3.44538373),
               0.9: (6.38864005, 4.62579788, 8.15148222)}  # fmt: skip
    for one in fit.effective:
        dose, lower, upper = printed[one.part]
        assert one.dose == pytest.approx(dose, rel=1e-5)
        assert (one.lower, one.upper) == pytest.approx((lower, upper), rel=1e-3)
    assert (fit.wald_lower, fit.wald_upper) == pytest.approx((2.69406446, 3.47099660), rel=1e-4)
    # R's profile interpolates between steps by a spline; ours ends at the crossing itself.
    assert (fit.lower, fit.upper) == pytest.approx((2.691097145, 3.475402355), rel=1e-5)


def test_gauss_newton_errors_are_those_of_rs_nls() -> None:
    fit = fit_curve(dose=DOSE, response=RESPONSE)
    assert estimates(fit)["ln_ec50"] == pytest.approx(1.11774752, abs=2e-6)
    assert errors(fit)["ln_ec50"] == pytest.approx(0.06076911, rel=1e-5)


def test_five_parameters_of_ryegrass_report_the_ed50_and_not_e() -> None:
    """drc stops short on this flat ridge: its printed sum of squares is above ours, and its parameters are near, not at, the end."""
    fit = fit_curve(dose=DOSE, response=RESPONSE, parameters=5)
    assert fit.rss < 5.277047402 and fit.rss == pytest.approx(5.277047402, abs=2e-7)
    assert fit.aic == pytest.approx(43.75655936, abs=1e-6)
    assert fit.ec50 == pytest.approx(3.02354923, rel=3e-5)
    found = estimates(fit)
    for name, value in (("slope", 3.92869979), ("top", 7.76054465), ("asymmetry", 0.46830672)):
        assert found[name] == pytest.approx(value, rel=1e-3)
    e = math.exp(found["ln_ec50"]) * (2 ** (1 / found["asymmetry"]) - 1) ** (-1 / found["slope"])
    assert e == pytest.approx(2.21538519, rel=1e-3) and abs(e - fit.ec50) > 0.8


def test_three_parameters_of_ryegrass() -> None:
    fit = fit_curve(dose=DOSE, response=RESPONSE, parameters=3)
    assert fit.rss == pytest.approx(6.622819819, abs=5e-9)
    assert fit.ec50 == pytest.approx(3.263358195, rel=1e-5)
    assert estimates(fit)["slope"] == pytest.approx(2.470326797, rel=1e-5)
    assert estimates(fit)["top"] == pytest.approx(7.855425951, rel=1e-5)


NIST: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "Rat43": lambda b, x: b[0] / (1 + np.exp(b[1] - b[2] * x)) ** (1 / b[3]),
    "Rat42": lambda b, x: b[0] / (1 + np.exp(b[1] - b[2] * x)),
    "BoxBOD": lambda b, x: b[0] * (1 - np.exp(-b[1] * x)),
    "Chwirut2": lambda b, x: np.exp(-b[0] * x) / (b[1] + b[2] * x),
    "DanWood": lambda b, x: b[0] * x ** b[1],
    "Eckerle4": lambda b, x: b[0] / b[1] * np.exp(-0.5 * ((x - b[2]) / b[1]) ** 2),
    "Hahn1": lambda b, x: (b[0] + b[1] * x + b[2] * x**2 + b[3] * x**3) / (1 + b[4] * x + b[5] * x**2 + b[6] * x**3),
    "Misra1a": lambda b, x: b[0] * (1 - np.exp(-b[1] * x)),
}


@pytest.mark.parametrize("name", sorted(NIST))
@pytest.mark.parametrize("start", [0, 1])
def test_nist_certified_values_from_both_starts(name: str, start: int) -> None:
    text = shared_data.path(f"discovery/nist_strd/{name}.dat").read_text()
    rows = re.findall(r"^\s*b\d =\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)", text, re.M)
    starts, certified, deviations = ([float(r[i]) for r in rows] for i in (start, 2, 3))
    lines = re.split(r"^Data:\s+y\s+x.*$", text, flags=re.M)[1].splitlines()
    data = np.array([[float(v) for v in line.split()] for line in lines if line.strip()])
    y, x = data[:, 0], data[:, 1]

    def model(theta: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return values and derivatives by complex steps: exact to the last digit."""
        unit = np.eye(theta.shape[1])
        slopes = [np.column_stack([NIST[name](b + 1e-30j * e, x).imag / 1e-30 for e in unit]) for b in theta]
        return np.array([NIST[name](b, x) for b in theta]), np.array(slopes)

    first = np.array([starts])
    wide = np.full_like(first, np.inf)
    problems = Problems(model, y[None], np.ones((1, y.size)), np.ones(first.shape, bool), -wide, wide)
    found = solve_from_afar(problems, first)
    assert found.converged[0] and found.theta[0] == pytest.approx(certified, rel=1e-7)
    stated = re.search(r"Residual Sum of Squares:\s+(\S+)", text)
    assert stated is not None and found.rss[0] == pytest.approx(float(stated.group(1)), rel=1e-9)
    square = found.rss[0] / (len(y) - len(starts))
    assert np.sqrt(np.diag(covariances(problems, found)[0]) * square) == pytest.approx(deviations, rel=1e-6)


@pytest.mark.parametrize(
    ("values", "qualifiers", "answer"),
    [
        ([1, 10], "<<", ("<", 1)),
        ([20, 30, 100], ["", "", "<"], ("", 25)),
        ([80, 100, 150], ["", "<", ""], ("", 115)),
        ([2, 8], ["<", ""], ("<", 5)),
    ],
)
def test_averages_of_bounded_values(values: list[float], qualifiers: list[str], answer: tuple[str, float]) -> None:
    found = mean_potency(values=values, qualifiers=list(qualifiers), geometric=False)
    assert (found.qualifier, found.value) == answer


def test_the_geometric_mean_of_a_reference_compound() -> None:
    """Assay Guidance Manual: IC50 12 15 10.5 13.2 18 11.1 14.9."""
    found = mean_potency(values=[12, 15, 10.5, 13.2, 18, 11.1, 14.9], qualifiers=[""] * 7)
    assert found.value == pytest.approx(13.3168803666, abs=5e-11)
    assert found.sd_log10 == pytest.approx(0.0828097190, abs=5e-11)
    assert found.lower is not None and found.upper is not None and found.lower < found.value < found.upper


def test_bounds_that_contradict_and_unknown_qualifiers_are_refused() -> None:
    for values, qualifiers in (([1, 10], ["<", ">"]), ([1.0], ["~"]), ([0.0], [""]), ([1, 2], [""])):
        with pytest.raises(MethodError):
            mean_potency(values=values, qualifiers=qualifiers)


def true(doses: np.ndarray, ec50: float, slope: float = -1.2, bottom: float = 2, top: float = 98) -> np.ndarray:
    return logistic.response(np.log(doses), np.array([slope, bottom, top, math.log(ec50), 1.0]))


TESTED = np.geomspace(0.001, 30, 10)


@pytest.mark.parametrize("slope", [-1.2, 1.2])
def test_a_curve_without_noise_is_found_again_whichever_way_it_goes(slope: float) -> None:
    fit = fit_curve(dose=TESTED.tolist(), response=true(TESTED, 0.4, slope).tolist())
    assert fit.ec50 == pytest.approx(0.4, rel=1e-9)
    assert estimates(fit)["slope"] == pytest.approx(slope, rel=1e-7)
    assert estimates(fit)["bottom"] < estimates(fit)["top"]


def test_a_unit_of_dose_shifts_the_ec50_and_a_unit_of_response_nothing() -> None:
    y = true(TESTED, 0.4) + np.random.default_rng(2).normal(0, 3, 10)
    micro, nano = (fit_curve(dose=(TESTED * f).tolist(), response=(y * g).tolist()) for f, g in ((1, 1), (1000, 0.01)))
    assert nano.ec50 == pytest.approx(1000 * micro.ec50, rel=1e-8)
    assert (nano.lower, nano.upper) == pytest.approx((1000 * micro.lower, 1000 * micro.upper), rel=1e-6)


def test_profile_intervals_cover_the_true_value_as_often_as_stated() -> None:
    rng, trials = np.random.default_rng(8), 500
    doses = np.repeat(np.geomspace(0.003, 30, 9), 2)
    curves = [
        CurveData(str(i), doses.tolist(), (true(doses, 0.4) + rng.normal(0, 8, 18)).tolist()) for i in range(trials)
    ]
    fits = fit_curves(curves=curves, parts=()).curves.values()
    hits = sum((f.lower is None or f.lower <= 0.4) and (f.upper is None or f.upper >= 0.4) for f in fits)
    assert 0.93 <= hits / trials <= 0.97


def test_an_ec50_beyond_the_doses_is_a_bound_and_its_interval_open() -> None:
    noise = np.random.default_rng(4).normal(0, 2, 10)
    fit = fit_curve(dose=TESTED.tolist(), response=(true(TESTED, 500) + noise).tolist())
    assert (fit.qualifier, fit.reported) == (">", 30.0) and fit.upper is None
    assert any("above the highest dose" in flag for flag in fit.flags) and written(fit, "uM") == ">30 uM"


def test_a_curve_with_a_low_top_has_no_absolute_ic50() -> None:
    y = true(TESTED, 0.4, top=40)
    fit = fit_curve(dose=TESTED.tolist(), response=y.tolist(), absolute_level=50)
    assert fit.ec50 == pytest.approx(0.4, rel=1e-6) and fit.absolute is None
    assert any("never crosses" in flag for flag in fit.flags)
    full = fit_curve(dose=TESTED.tolist(), response=true(TESTED, 0.4).tolist(), absolute_level=50)
    assert full.absolute == pytest.approx(0.4, rel=1e-3)


def test_a_dose_of_zero_is_a_control_and_is_kept() -> None:
    doses = np.array([0, 0, *TESTED])
    y = np.array([2.5, 1.5, *true(TESTED, 0.4)])
    fit = fit_curve(dose=doses.tolist(), response=y.tolist())
    assert fit.ec50 == pytest.approx(0.4, rel=1e-3) and fit.degrees_of_freedom == 8


def test_what_cannot_be_fitted_is_refused() -> None:
    for wrong in (
        {"dose": [1, 2, 3], "response": [1, 2, 3]}, {"dose": [1, 2, 3, 4], "response": [1, 2, 3]},
        {"dose": [-1, 1, 2, 3, 4], "response": [1, 2, 3, 4, 5]}, {"dose": [1, 2, 3, 4, 5], "response": [5, 5, 5, 5, 5]},
        {"dose": [1, 2, 3, 4, 5], "response": [1, 2, float("nan"), 4, 5]}, {"dose": [1, 1, 1, 2, 2], "response": [1, 2, 3, 4, 5]},
        {"dose": [1, 2, 3, 4], "response": [1, 2, 3, 4]},
        {"dose": [1, 2, 3, 4, 5], "response": [1, 2, 3, 4, 5], "parameters": 6},
        {"dose": [1, 2, 3, 4, 5], "response": [1, 2, 3, 4, 5], "fixed": {"hill": 1}},
        {"dose": [1, 2, 3, 4, 5], "response": [1, 2, 3, 4, 5], "weights": [1, 1, 0, 1, 1]},
    ):  # fmt: skip
        with pytest.raises(MethodError):
            fit_curve(**wrong)


def test_the_figure_holds_points_curve_and_what_is_found() -> None:
    fit = fit_curve(dose=DOSE, response=RESPONSE)
    drawn = curve_figure(fit, dose=DOSE, response=RESPONSE, title="Ryegrass", dose_unit="mM")
    assert "3.06 mM (2.69 to 3.48)" in drawn.desc and "dose 0" in drawn.desc
    assert sum(row[0] == "measured" for row in drawn.table) == len(DOSE)
