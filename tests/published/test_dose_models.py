"""Weibull curves of ryegrass in R's drc, and the model race of tcplFit2 with its hit call.

Sources: Ritz C et al., PLoS ONE 2015;10:e0146021 (drc 3.0-1, W1.4); Sheffield T et al., Bioinformatics 2022;38:1157 and the
values that the package states for its own data set `signatures` (USEPA/CompTox-ToxCast-tcplFit2, tests/testthat, MIT).
"""

from __future__ import annotations

import csv
import math

import numpy as np
import pytest

from crdmo.science.discovery.curve_choice import choose_curve
from crdmo.science.discovery.curve_fit import fit_curve
from crdmo.science.discovery.dose_models import MODELS
from crdmo.science.discovery.hit_call import HitCall, hit_call
from crdmo.science.discovery.model_fit import Errors, ModelFit, fit_model, observed, task_of
from tests import shared_data
from tests.published.test_curves import DOSE, RESPONSE

# Doses of the package's tests.
NOISE_FREE = [0.01, 0.1, 0.5, 1.0, 3.0, 10.0, 30.0]


def free_of_noise(model: str, *p: float) -> ModelFit:
    y = MODELS[model].function(np.array(NOISE_FREE), np.array(p))
    return fit_model(dose=NOISE_FREE, response=y.tolist(), model=model, errors=Errors.T4)


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    text = shared_data.path("discovery/dose_response/tcplfit2_signatures.csv").read_text()
    return list(csv.DictReader(text.splitlines()))


@pytest.fixture(scope="module")
def calls(rows: list[dict[str, str]]) -> list[HitCall]:
    return [
        hit_call(
            dose=[float(v) for v in row["conc"].split("|")],
            response=[float(v) for v in row["resp"].split("|")],
            cutoff=float(row["cutoff"]),
        )
        for row in rows
    ]


def test_weibull_1_of_ryegrass() -> None:
    """drc's search ends a little above the minimum, in the fifth digit of the slope; the flat directions show it most."""
    fit = fit_model(dose=DOSE, response=RESPONSE, model="weibull1")
    printed = {"slope": 2.393406868, "bottom": 0.660451721, "top": 7.805858375}
    for name, value in printed.items():
        assert fit.estimates[name] == pytest.approx(value, rel=3e-5)
    assert fit.e == pytest.approx(3.600130159, rel=1e-6)
    assert fit.ec50 == pytest.approx(3.600130159 * math.log(2) ** (1 / 2.393406868), rel=1e-5)
    x = np.array(DOSE)
    drc = printed["bottom"] + (printed["top"] - printed["bottom"]) * np.exp(-((x / 3.600130159) ** printed["slope"]))
    at_printed = float(np.sum((np.array(RESPONSE) - drc) ** 2))
    assert fit.rss < at_printed == pytest.approx(fit.rss, rel=1e-8)


def test_the_logistic_is_the_same_by_likelihood_and_by_least_squares() -> None:
    """R drc and R nls, ryegrass: 4 and 5 parameters, the interval of the ED50 by profile likelihood."""
    four = fit_model(dose=DOSE, response=RESPONSE, model="logistic5", fixed={"asymmetry": 1.0}, profiled=["ec50"])
    assert four.log_likelihood == pytest.approx(-16.15514322, abs=5e-9) and four.aic == pytest.approx(
        42.31028644, abs=1e-8
    )
    ed50 = four.parameters[3]
    assert (ed50.profile_lower, ed50.profile_upper) == pytest.approx((2.691097145, 3.475402355), rel=1e-5)
    fast = fit_curve(dose=DOSE, response=RESPONSE)
    assert (ed50.profile_lower, ed50.profile_upper) == pytest.approx((fast.lower, fast.upper), rel=1e-7)
    five = fit_model(dose=DOSE, response=RESPONSE, model="logistic5")
    assert five.aic == pytest.approx(43.75655936, abs=1e-6) and five.ec50 == pytest.approx(3.02354923, rel=3e-5)
    assert five.e == pytest.approx(2.21538519, rel=1e-3)
    assert five.rss == pytest.approx(fit_curve(dose=DOSE, response=RESPONSE, parameters=5).rss, rel=1e-9)


def test_the_choice_of_a_curve_of_ryegrass() -> None:
    """R drc 3.0-1, `mselect` of ryegrass: log-likelihood, AIC, residual variance; the order of its table is ours."""
    found = choose_curve(dose=DOSE, response=RESPONSE)
    for model, likelihood, aic, variance in (
        ("weibull2", -15.91352, 41.82703, 0.2646283), ("logistic4", -16.15514, 42.31029, 0.2700107),
        ("logistic5", -15.87828, 43.75656, 0.2777393),
    ):  # fmt: skip
        one = found.of(model)
        assert (one.log_likelihood, one.aic) == (pytest.approx(likelihood, abs=6e-6), pytest.approx(aic, abs=6e-6))
        assert one.rss / one.degrees_of_freedom == pytest.approx(variance, abs=6e-8)
    assert found.of("weibull1").log_likelihood == pytest.approx(-17.4672, abs=6e-5)
    assert found.best == "weibull2" and sum(one.weight for one in found.candidates) == pytest.approx(1)
    assert found.of("logistic3").rss == pytest.approx(6.622819819, abs=1e-8)
    four, five = found.of("logistic4"), found.of("logistic5")
    assert four.f == pytest.approx((6.622819819 - 5.400214628) / (5.400214628 / 20), rel=1e-6)
    assert four.p is not None and four.p < 0.05 and five.p is not None and five.p > 0.3
    # What holds another curve as a special case never fits worse.
    assert found.of("biphasic").rss <= four.rss and found.of("bell").rss <= four.rss * (1 + 1e-9)


@pytest.mark.parametrize(
    ("model", "p"),
    [
        ("hill", {"tp": 750, "ga": 5, "p": 1.76}), ("exp2", {"a": 0.45, "b": 13.5}), ("pow", {"a": 1.5, "p": 1.34}),
        ("poly1", {"a": 3.5}), ("poly2", {"a": 0.13, "b": 2}), ("exp5", {"tp": 793, "ga": 6.25, "p": 1.25}),
    ],
)  # fmt: skip
def test_curves_without_noise_are_recovered(model: str, p: dict[str, float]) -> None:
    fit = free_of_noise(model, *[math.log(v) if k in ("ga", "b") else v for k, v in p.items()])
    assert fit.estimates == pytest.approx(p, rel=1e-6)
    assert fit.flags == ("The curve passes through every response: there is no scatter to judge it by",)


def test_a_top_beyond_its_bound_is_said_to_be_on_the_bound() -> None:
    """exp4 with a top of 895 of which the doses reach 671: the answer is 1.2 times the largest response, and no estimate."""
    fit = free_of_noise("exp4", 895, math.log(15))
    top, place = fit.parameters
    assert top.estimate == pytest.approx(805.5) and top.on_bound and top.standard_error is None
    assert place.estimate == pytest.approx(13.11, rel=1e-3)
    assert fit.flags[0] == "tp lies on the bound of its search: it is no estimate"
    gnls = free_of_noise("gnls", 750, math.log(15), 1.45, math.log(50 / 15), 1.34)
    # Gain and loss 3.3-fold apart are beyond what the model may have: 31.6-fold is printed, la/ga = 273.86/8.66.
    assert gnls.estimates["la"] / gnls.estimates["ga"] == pytest.approx(273.86 / 8.66, rel=1e-3)
    assert {one.name for one in gnls.parameters if one.on_bound} == {"tp", "la"}
    assert gnls.estimates == pytest.approx({"tp": 435, "ga": 8.66, "p": 1.63, "la": 273.86, "q": 1.32}, rel=0.04)


PRINTED = {
    "hill": {"tp": 0.6795, "ga": 8.3549, "p": 2.6533},
    "gnls": {"tp": 0.7883, "ga": 9.0696, "p": 2.5650, "la": 286.8063, "q": 0.8523},
    "poly1": {"a": 0.02295},
    "pow": {"a": 0.0687, "p": 0.6722},
    "exp4": {"tp": 0.7491, "ga": 9.5911},
    "exp5": {"tp": 0.6572, "ga": 8.4072, "p": 2.2023},
}
RIDGES = {
    "poly2": {"a": 274.2645, "b": 11976.98},
    "exp2": {"a": 201.6733, "b": 8800.5},
    "exp3": {"a": 2.7861, "b": 269.5222, "p": 0.6895},
}


def test_the_race_over_the_first_signature(calls: list[HitCall]) -> None:
    found = {one.model: one for one in calls[0].runners}
    for model, printed in PRINTED.items():
        assert found[model].estimates == pytest.approx(printed, rel=1.5e-3), model
    assert found["gnls"].on_bound == ("tp", "la")
    assert calls[0].winner == "exp4" and calls[0].best.top == pytest.approx(0.7491, rel=1e-3)
    assert calls[0].hit_call == pytest.approx(0.99, abs=1e-2)
    assert sum(one.weight for one in calls[0].runners) == pytest.approx(1)


def test_where_the_likelihood_is_a_ridge_the_printed_place_is_where_the_peer_stopped(
    rows: list[dict[str, str]], calls: list[HitCall]
) -> None:
    """poly2 and exp2 run into poly1, exp3 into pow: their likelihood has no maximum, and ours is above the printed place."""
    dose, response = ([float(v) for v in rows[0][key].split("|")] for key in ("conc", "resp"))
    found = {one.model: one for one in calls[0].runners}
    for model, printed in {**RIDGES, **PRINTED}.items():
        task = task_of(model, observed(dose, response, None, None, Errors.T4, 1), {})
        place = [math.log(v) if k in ("b", "ga") else v for k, v in printed.items()]
        if model == "gnls":
            place[3] = math.log(printed["la"] / printed["ga"])
        scales = np.linspace(-3.5, -1.5, 801)
        theirs = task.scores(np.tile(place, (scales.size, 1)), scales)[0].max()
        assert theirs <= found[model].log_likelihood + 1e-7, model
    for model in RIDGES:
        assert not found[model].converged
    for model, limit in (("poly2", "poly1"), ("exp2", "poly1"), ("exp3", "pow")):
        assert found[model].log_likelihood == pytest.approx(found[limit].log_likelihood, abs=2e-4)
    assert found["poly2"].estimates["a"] / found["poly2"].estimates["b"] == pytest.approx(274.2645 / 11976.98, rel=3e-3)


def test_all_signatures_are_hits_in_their_direction(rows: list[dict[str, str]], calls: list[HitCall]) -> None:
    for row, call in zip(rows, calls, strict=True):
        response = [float(v) for v in row["resp"].split("|")]
        assert call.hit_call > 0.99 and call.top_over_cutoff > 1
        assert call.best.top * max(response, key=abs) > 0
        assert call.hit_call == pytest.approx(call.not_constant * call.beyond * call.top_beyond)
        nested = {one.model: one.log_likelihood for one in call.runners}
        assert nested["hill"] <= nested["gnls"] + 0.06 and nested["exp4"] <= nested["exp5"] + 1e-9
        assert nested["cnst"] <= min(nested.values()) + 1e-9
