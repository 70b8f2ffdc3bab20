"""Relative potency and the choice of a curve: identities, simulated truth, and what is not reported."""

from __future__ import annotations

import math

import numpy as np
import pytest

from crdmo.science.discovery import logistic
from crdmo.science.discovery.curve_choice import choose_curve
from crdmo.science.discovery.curve_fit import CurveData, fit_curve
from crdmo.science.discovery.relative_potency import relative_potency
from crdmo.science.method import MethodError, call, from_json, to_json
from tests.published.test_curves import DOSE, RESPONSE

TESTED = np.repeat(np.geomspace(0.01, 30, 8), 2)


def curve(ec50: float, rng: np.random.Generator, slope: float = -1.2, top: float = 100.0, sd: float = 3.0) -> CurveData:
    p = np.array([slope, 0.0, top, math.log(ec50), 1.0])
    y = logistic.response(np.log(TESTED), p) + rng.normal(0, sd, TESTED.size)
    return CurveData("any", TESTED.tolist(), y.tolist())


def test_a_dilution_of_the_standard_has_its_factor_exactly() -> None:
    """The same responses at a third of the doses: three times as potent, and perfectly parallel."""
    standard = CurveData("s", [d for d in DOSE if d], [y for d, y in zip(DOSE, RESPONSE, strict=True) if d])
    test = CurveData("t", [d / 3 for d in standard.dose], standard.response)
    found = relative_potency(standard=standard, test=test)
    assert found.ratio == pytest.approx(3, rel=1e-7) and found.reportable == found.ratio
    assert found.parallelism.f == pytest.approx(0, abs=1e-6) and found.parallelism.p == pytest.approx(1, abs=1e-6)
    assert found.lower is not None and found.upper is not None
    assert found.lower * found.upper == pytest.approx(9, rel=0.02)
    alone = fit_curve(dose=standard.dose, response=standard.response)
    assert found.ec50 == pytest.approx(alone.ec50, rel=1e-6)
    assert found.residual_sd**2 * found.degrees_of_freedom == pytest.approx(2 * alone.rss, rel=1e-9)


def test_exchanging_standard_and_test_inverts_the_ratio() -> None:
    rng = np.random.default_rng(3)
    a, b = curve(1.0, rng), curve(0.4, rng)
    there, back = relative_potency(standard=a, test=b), relative_potency(standard=b, test=a)
    assert there.ratio * back.ratio == pytest.approx(1, rel=1e-7)
    assert there.lower is not None and back.upper is not None
    assert there.lower * back.upper == pytest.approx(1, rel=1e-5)
    assert there.parallelism.p == pytest.approx(back.parallelism.p, rel=1e-6)


def test_intervals_and_the_f_test_hold_what_they_promise() -> None:
    rng, hits, false = np.random.default_rng(17), 0, 0
    for _ in range(30):
        found = relative_potency(standard=curve(1.0, rng), test=curve(0.5, rng))
        hits += (found.lower or 0) <= 2 <= (found.upper or math.inf)
        false += found.parallelism.p < 0.05
    assert hits >= 26 and false <= 5  # 28.5 and 1.5 are expected; further off in fewer than 2 of 100 runs


def test_curves_that_are_not_parallel_have_no_reportable_ratio() -> None:
    rng = np.random.default_rng(4)
    found = relative_potency(standard=curve(1.0, rng), test=curve(1.0, rng, slope=-2.5))
    assert found.reportable is None and "not parallel" in found.reasons[0] and found.parallelism.slopes.ratio > 1.5
    low = relative_potency(standard=curve(1.0, rng), test=curve(1.0, rng, top=70.0))
    assert low.reportable is None and low.parallelism.spans.ratio < 0.8


def test_equivalence_decides_where_limits_are_given() -> None:
    """A precise assay fails the F test for a difference that does not matter; a noisy one passes with one that does."""
    rng = np.random.default_rng(7)
    a, b = curve(1.0, rng, sd=0.3), curve(0.5, rng, slope=-1.3, sd=0.3)
    assert relative_potency(standard=a, test=b).reportable is None
    assert relative_potency(standard=a, test=b, slope_ratio_within=(0.8, 1.25)).reportable is not None
    noisy = relative_potency(
        standard=curve(1.0, rng, sd=20.0), test=curve(0.5, rng, sd=20.0), slope_ratio_within=(0.5, 2.0)
    )
    assert noisy.parallelism.p > 0.05 and noisy.reportable is None and "not shown" in " ".join(noisy.reasons)
    tight = relative_potency(standard=a, test=b, slope_ratio_within=(0.99, 1.01))
    assert tight.reportable is None and "ratio of the slopes" in tight.reasons[0]
    ratio = tight.parallelism.slopes
    assert ratio.lower is not None and ratio.upper is not None and 1.03 < ratio.lower < ratio.ratio < ratio.upper < 1.16
    assert ratio.within((ratio.lower, ratio.upper)) and not ratio.within((ratio.lower + 1e-9, ratio.upper))
    with pytest.raises(MethodError, match="limits of equivalence"):
        relative_potency(standard=a, test=b, slope_ratio_within=(1.1, 1.2))


def test_a_preparation_without_response_has_no_potency() -> None:
    rng = np.random.default_rng(9)
    silent = CurveData("x", TESTED.tolist(), rng.normal(0, 3, TESTED.size).tolist())
    found = relative_potency(standard=curve(1.0, rng), test=silent)
    assert found.reportable is None and any("no response" in reason for reason in found.reasons)


def test_a_constant_wins_where_nothing_happens_and_a_bell_where_it_comes_back() -> None:
    rng = np.random.default_rng(1)
    assert choose_curve(dose=TESTED.tolist(), response=rng.normal(50, 3, TESTED.size).tolist()).best == "constant"
    doses = np.repeat(np.geomspace(0.001, 100, 14), 2)
    back = 100 / (1 + 0.05 / doses) / (1 + (doses / 20) ** 1.5) + rng.normal(0, 1.5, doses.size)
    assert choose_curve(dose=doses.tolist(), response=back.tolist()).best == "bell"


def test_results_survive_their_json() -> None:
    curve_json = {"name": "s", "dose": [0.1, 0.3, 1, 3, 10, 30], "response": [2, 11, 33, 62, 88, 97]}
    other = {**curve_json, "dose": [0.05, 0.15, 0.5, 1.5, 5, 15], "response": [3, 9, 35, 60, 90, 96]}
    made = to_json(call("discovery.relative_potency", {"standard": curve_json, "test": other}, {}))
    assert to_json(from_json("discovery.relative_potency", made)) == made
    chosen = to_json(call("discovery.curve_choice", {k: curve_json[k] for k in ("dose", "response")}, {}))
    assert to_json(from_json("discovery.curve_choice", chosen)) == chosen
