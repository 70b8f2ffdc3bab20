"""Dose-response models by likelihood: identities, bounded and stray responses, shapes with two potencies, what is refused."""

from __future__ import annotations

import json
import math
import re
from xml.etree import ElementTree

import numpy as np
import pytest

from crdmo.science.discovery.curve_choice import choose_curve
from crdmo.science.discovery.curve_fit import fit_curve
from crdmo.science.discovery.dose_models import MODELS, reported, searched
from crdmo.science.discovery.hit_call import hit_call
from crdmo.science.discovery.model_figure import hit_figure, model_figure
from crdmo.science.discovery.model_fit import Errors, fit_model, observed, task_of
from crdmo.science.method import MethodError, call, from_json, to_json

DOSE = np.repeat(np.geomspace(0.01, 100, 9), 2)
LOGISTIC = {"fixed": {"asymmetry": 1.0}, "model": "logistic5"}


def responses(model: str, *p: float, sd: float = 2.0, seed: int = 5) -> np.ndarray:
    return MODELS[model].function(DOSE, np.array(p)) + np.random.default_rng(seed).normal(0, sd, DOSE.size)


SIGMOID = responses("logistic5", -1.2, 0.0, 100.0, 0.0, 1.0)


@pytest.mark.parametrize("model", sorted(MODELS))
def test_a_start_has_finite_responses_and_complex_steps_are_derivatives(model: str) -> None:
    task = task_of(model, observed([0.0, *DOSE], [0.0, *SIGMOID], None, None, Errors.NORMAL, 1), {})
    assert np.isfinite(task.values(task.start)).all()
    assert ((task.start >= task.low - 1e-9) & (task.start <= task.high + 1e-9)).all()
    theta = task.start[len(task.start) // 2]
    slopes = task.slopes(theta)
    for k in range(theta.size):
        h = np.zeros(theta.size)
        h[k] = 1e-6 * max(1.0, abs(theta[k]))
        numeric = (task.values(theta + h) - task.values(theta - h)) / (2 * h[k])
        assert slopes[k] == pytest.approx(numeric, rel=1e-5, abs=1e-5)


def test_two_potencies_are_found_where_there_are_two() -> None:
    """A step at 0.1 that makes 40 % of the change, and one at 30."""
    y = responses("biphasic", 0.0, 100.0, 0.6, math.log(30.0), math.log(0.1), 2.0, 2.0, sd=0.5)
    fit = fit_model(dose=DOSE.tolist(), response=y.tolist(), model="biphasic", fixed={"slope_1": 2.0, "slope_2": 2.0})
    potencies = sorted(
        [(fit.estimates["ec50_1"], fit.estimates["part"]), (fit.estimates["ec50_2"], 1 - fit.estimates["part"])]
    )
    assert [p for p, _ in potencies] == pytest.approx([0.1, 30], rel=0.1)
    assert [s for _, s in potencies] == pytest.approx([0.4, 0.6], abs=0.03)
    one = fit_curve(dose=DOSE.tolist(), response=y.tolist())
    assert fit.aicc is not None and fit.aicc < one.aicc and one.lack_of_fit is not None and one.lack_of_fit.p < 1e-6


def test_a_bell_has_its_half_dose_before_the_peak() -> None:
    y = responses("bell", 2.0, 100.0, math.log(0.1), 1.5, math.log(300.0), 2.0, sd=0.5)
    fit = fit_model(dose=DOSE.tolist(), response=y.tolist(), model="bell", absolute_level=95.0)
    assert (fit.estimates["gain"], fit.estimates["loss"]) == pytest.approx((0.1, 30.0), rel=0.1)
    assert fit.ec50 == pytest.approx(0.1, rel=0.1) and fit.absolute is not None and 0.1 < fit.absolute < 2
    assert fit_model(dose=DOSE.tolist(), response=y.tolist(), model="bell", absolute_level=140.0).absolute is None


def test_a_stray_response_moves_a_t_fit_little() -> None:
    y = SIGMOID.copy()
    clean = fit_model(dose=DOSE.tolist(), response=y.tolist(), errors=Errors.T4, **LOGISTIC)
    y[12] = -40.0
    plain = fit_model(dose=DOSE.tolist(), response=y.tolist(), **LOGISTIC)
    heavy = fit_model(dose=DOSE.tolist(), response=y.tolist(), errors=Errors.T4, **LOGISTIC)
    assert clean.ec50 and plain.ec50 and heavy.ec50
    assert abs(math.log(heavy.ec50 / clean.ec50)) < 0.15 * abs(math.log(plain.ec50 / clean.ec50))
    assert heavy.log_likelihood > plain.log_likelihood


def test_responses_beyond_the_reader_count_as_bounds_and_not_as_numbers() -> None:
    """A reader that stops at 80: taken as numbers its readings halve the EC50, as bounds they keep it."""
    cut = np.minimum(SIGMOID, 80.0)
    marks = [">" if v >= 80.0 else "" for v in SIGMOID]
    bounded = fit_model(
        dose=DOSE.tolist(), response=cut.tolist(), bounds=marks, model="logistic5",
        fixed={"asymmetry": 1.0, "top": 100.0}, profiled=["ec50"],
    )  # fmt: skip
    naive = fit_model(dose=DOSE.tolist(), response=cut.tolist(), **LOGISTIC)
    assert bounded.censored == marks.count(">") > 3 and naive.ec50 is not None and naive.ec50 < 0.75
    ec50 = bounded.parameters[3]
    assert ec50.estimate == pytest.approx(1.0, rel=0.15)
    assert ec50.profile_lower is not None and ec50.profile_upper is not None
    assert ec50.profile_lower < 1.0 < ec50.profile_upper
    # Turned over, an upper bound is a lower one.
    turned = fit_model(
        dose=DOSE.tolist(), response=(-cut).tolist(), bounds=[{"": "", ">": "<"}[m] for m in marks], model="logistic5",
        fixed={"asymmetry": 1.0, "bottom": -100.0},
    )  # fmt: skip
    assert turned.ec50 == pytest.approx(bounded.ec50, rel=1e-6)
    assert turned.log_likelihood == pytest.approx(bounded.log_likelihood, abs=1e-8)


def test_a_unit_of_dose_or_response_changes_nothing_else() -> None:
    here = fit_model(
        dose=DOSE.tolist(), response=SIGMOID.tolist(), model="weibull1", errors=Errors.T4, profiled=["ec50"]
    )
    there = fit_model(dose=(DOSE * 1000).tolist(), response=(SIGMOID / 100).tolist(), model="weibull1", errors=Errors.T4,
                      profiled=["ec50"])  # fmt: skip
    for a, b in ((here.ec50, there.ec50), (here.parameters[3].profile_upper, there.parameters[3].profile_upper)):
        assert a is not None and b == pytest.approx(1000 * a, rel=1e-5)
    assert there.log_likelihood == pytest.approx(here.log_likelihood + DOSE.size * math.log(100), abs=1e-6)


def test_noise_is_no_hit_and_a_response_below_the_cutoff_neither() -> None:
    noise = np.random.default_rng(3).normal(0, 1, DOSE.size)
    flat = hit_call(dose=DOSE.tolist(), response=noise.tolist(), cutoff=5.0)
    assert flat.hit_call < 0.2
    small = hit_call(dose=DOSE.tolist(), response=(SIGMOID / 10).tolist(), cutoff=20.0, small_sample=True)
    assert small.not_constant > 0.99 and small.top_over_cutoff < 1 and small.hit_call < 0.05


def test_what_the_data_do_not_say_is_open_and_every_number_can_be_kept() -> None:
    """Ends of intervals outside of the search, and sums beyond 2^53 of a reader's counts, are None and never 3e+162."""
    x = np.geomspace(0.01, 100, 8)
    for y in (np.where(x > 1, 1e8, 0.0) + x, np.arange(8) % 2 * 1.0, 1e9 * x / (x + 1) + 1e7 * np.sin(x)):
        data = {"dose": x.tolist(), "response": y.tolist()}
        results = [fit_model(**data, model=m, errors=e) for m, e in (("weibull1", Errors.T4), ("exp2", Errors.NORMAL))]
        results += [fit_model(**data, model="poly2"), fit_curve(**data)]
        if y.max() == 1.0:
            results.append(choose_curve(**data))
        for one in results:
            numbers = [float(v) for v in re.findall(r"-?[0-9.]+(?:e[+-]?[0-9]+)?", json.dumps(to_json(one)))]
            assert max(map(abs, numbers)) < 2**53
            assert not {"nan", "inf", "-inf"} & set(re.findall(r'"([a-z-]+)"', json.dumps(to_json(one))))


def test_what_cannot_be_fitted_is_refused() -> None:
    good = {"dose": [1.0, 2, 3, 4, 5], "response": [1.0, 2, 3, 4, 6], "model": "hill"}
    for wrong, words in (
        ({"model": "gompertz"}, "not known"), ({"fixed": {"slope": 1.0}}, "not in the model"),
        ({"fixed": {"ga": 0.0}}, "cannot be fixed"), ({"fixed": {"tp": math.nan}}, "cannot be fixed"),
        ({"dose": [-1.0, 2, 3, 4, 5]}, "make no curve"), ({"dose": [1.0, 1, 2, 2, 2]}, "make no curve"),
        ({"weights": [1.0, 1, 1, 1, 0]}, "make no curve"), ({"response": [2.0] * 5}, "all responses are the same"),
        ({"response": [1.0, 2, 3, math.nan, 4]}, "finite"), ({"bounds": ["", "", "", "", "~"]}, "no bound"),
        ({"bounds": [">"] * 4 + [""]}, "too few responses"), ({"model": "gnls"}, "too few responses"),
        ({"profiled": ["ec50"]}, "not in the model"), ({"confidence": 95.0}, "share"),
    ):  # fmt: skip
        with pytest.raises(MethodError, match=words):
            fit_model(**{**good, **wrong})
    with pytest.raises(MethodError, match="cutoff"):
        hit_call(dose=good["dose"], response=good["response"], cutoff=0.0)
    with pytest.raises(MethodError, match="race"):
        hit_call(dose=[1.0, 2, 3, 4], response=[1.0, 2, 3, 4], cutoff=1.0)


def test_the_figures_hold_what_was_measured_and_what_was_found() -> None:
    cut = np.minimum(SIGMOID, 80.0)
    marks = [">" if v >= 80.0 else "" for v in SIGMOID]
    fit = fit_model(dose=DOSE.tolist(), response=cut.tolist(), bounds=marks, model="weibull1", fixed={"top": 100.0})
    drawn = model_figure(fit, dose=DOSE.tolist(), response=cut.tolist(), bounds=marks, dose_unit="uM")
    assert f"{marks.count('>')} responses are bounds" in drawn.desc and "uM" in drawn.desc
    assert sum(row[0] == "measured" for row in drawn.table) == DOSE.size
    assert ElementTree.fromstring(drawn.svg).tag.endswith("svg")
    race = hit_call(dose=DOSE.tolist(), response=SIGMOID.tolist(), cutoff=20.0, errors=Errors.NORMAL)
    shown = hit_figure(race, cutoff=20.0, dose=DOSE.tolist(), response=SIGMOID.tolist(), shown=2)
    assert race.winner in shown.desc and "cutoff" in shown.svg and ElementTree.fromstring(shown.svg).tag.endswith("svg")
    # The curve that is drawn from the table is the curve that was fitted.
    bell = MODELS["bell"]
    place = np.array([1.0, 90.0, -1.0, 1.2, 4.0, 2.0])
    back = searched(bell, dict(zip(bell.parameters, reported(bell, place).tolist(), strict=True)))
    assert back == pytest.approx(place)


def test_results_survive_their_json() -> None:
    inputs = {"dose": DOSE.tolist(), "response": SIGMOID.tolist()}
    made = to_json(call("discovery.model_fit", inputs, {"model": "weibull2", "errors": "t4"}))
    assert to_json(from_json("discovery.model_fit", made)) == made
    raced = to_json(call("discovery.hit_call", inputs, {"cutoff": 20, "errors": "normal"}))
    assert to_json(from_json("discovery.hit_call", raced)) == raced
