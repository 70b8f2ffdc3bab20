"""The closed form against statsmodels, a search for the root, simulation, and what must not change the answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats
from statsmodels.stats.anova import anova_lm

from crdmo.science.quality.stability import Outcome, ShelfLife, shelf_life
from crdmo.science.quality.stability_batch import StudyPoints, shelf_lives

FORMULAS = {"dids": "y ~ C(b) * t", "dics": "y ~ C(b) + t", "cids": "y ~ t:C(b)", "cics": "y ~ t"}
DESIGN = [0.0, 3.0, 6.0, 9.0, 12.0, 18.0, 24.0]


def _random_study(rng: np.random.Generator) -> dict[str, Any]:
    batch, month, value = [], [], []
    for name in "ABCDE"[: rng.integers(1, 6)]:
        times = sorted(rng.choice(DESIGN, size=rng.integers(3, 8), replace=False).tolist())
        times += rng.choice(times, size=rng.integers(0, 3)).tolist()
        line = 100 + rng.normal(0, 1) + (-0.25 + rng.normal(0, 0.1)) * np.array(times)
        batch += [name] * len(times)
        month += times
        value += (line + rng.normal(0, rng.uniform(0.1, 1.0), len(times))).tolist()
    return {"batch": batch, "month": month, "value": value}


def _searched(fit: Any, name: str, limit: float, confidence: float) -> float | None:
    """Return where statsmodels' own band meets a lower limit, by a fine scan and Brent's method."""

    def inside(month: float) -> float:
        at = fit.get_prediction(pd.DataFrame({"b": [name], "t": [month]})).summary_frame(alpha=2 * (1 - confidence))
        return float(at["mean_ci_lower"].iloc[0]) - limit

    grid = np.linspace(0, 400, 801)
    frame = pd.DataFrame({"b": [name] * len(grid), "t": grid})
    lower = fit.get_prediction(frame).summary_frame(alpha=2 * (1 - confidence))["mean_ci_lower"].to_numpy() - limit
    if lower[0] <= 0:
        return None
    first = np.flatnonzero(lower <= 0)
    return None if not len(first) else float(optimize.brentq(inside, grid[first[0] - 1], grid[first[0]], xtol=1e-10))


def _model(found: ShelfLife, name: str) -> Any:
    return next(one for one in found.models if one.name.split()[0] == name)


def test_fits_bounds_and_p_values_are_those_of_statsmodels_on_random_studies() -> None:
    rng = np.random.default_rng(1)
    for _ in range(25):
        study = _random_study(rng)
        found = shelf_life(**study, lower_limit=94.0)
        frame = pd.DataFrame({"b": study["batch"], "t": study["month"], "y": study["value"]})
        several = len(set(study["batch"])) > 1
        fits = {n: smf.ols(f if several else "y ~ t", frame).fit() for n, f in FORMULAS.items()}
        if several:
            # Type II: batch adjusted for time, and the error of the full model under both.
            table = anova_lm(fits["dids"], typ=2)["PR(>F)"]
            assert found.p_intercept == pytest.approx(table["C(b)"], rel=1e-7, abs=1e-12)
            assert found.p_slope == pytest.approx(table["C(b):t"], rel=1e-7, abs=1e-12)
        for name, fit in fits.items():
            model = _model(found, name)
            assert model.mean_square == pytest.approx(fit.mse_resid, rel=1e-9)
            for line in model.lines:
                searched = _searched(fit, line.batch, 94.0, 0.95)
                if searched is None:
                    assert line.months is None or line.months > 400
                else:
                    assert line.months == pytest.approx(searched, abs=1e-4)


def test_the_error_of_a_batch_alone_gives_the_shelf_life_of_that_batch_alone() -> None:
    rng = np.random.default_rng(2)
    for _ in range(50):
        study = _random_study(rng)
        found = shelf_life(**study, lower_limit=94.0)
        for line in found.models[-1].lines:
            rows = [i for i, b in enumerate(study["batch"]) if b == line.batch]
            alone = shelf_life(**{key: [values[i] for i in rows] for key, values in study.items()}, lower_limit=94.0)
            assert line.outcome is alone.outcome
            assert line.months == (None if alone.months is None else pytest.approx(alone.months, rel=1e-9))


@pytest.mark.parametrize(("batches", "sides", "wrong"), [(1, 1, 0.05), (3, 1, 0.05), (1, 2, 0.025)])
def test_the_bound_is_too_late_as_often_as_its_confidence_says(batches: int, sides: int, wrong: float) -> None:
    """The mean reaches 95 at 20 months; a level of 1e-12 pools always. 20 000 studies: standard error 0.0015."""
    rng = np.random.default_rng(3)
    names = [name for name in "ABC"[:batches] for _ in DESIGN]
    times = DESIGN * batches
    means = 100.0 - 0.25 * np.array(times)
    studies = [
        StudyPoints(str(i), names, times, (means + rng.normal(0, 0.8, len(times))).tolist(), lower_limit=95.0)
        for i in range(20_000)
    ]
    found = shelf_lives(studies=studies, sides=sides, alpha_pool=1e-12)
    late = sum(
        one.outcome is Outcome.NO_INTERSECTION or (one.months is not None and one.months > 20.0) for one in found
    )
    assert late / len(studies) == pytest.approx(wrong, abs=0.005)


def test_a_prediction_bound_holds_a_single_result_as_often_as_its_confidence_says() -> None:
    rng = np.random.default_rng(4)
    held = 0
    for _ in range(4000):
        values = (100.0 - 0.25 * np.array(DESIGN) + rng.normal(0, 0.8, len(DESIGN))).tolist()
        curve = shelf_life(batch=["A"] * 7, month=DESIGN, value=values, lower_limit=90.0, band="prediction").curves[0]
        held += 100.0 - 0.25 * curve.months[40] + rng.normal(0, 0.8) > curve.lower[40]
    assert held / 4000 == pytest.approx(0.95, abs=0.012)


def test_batches_of_one_population_are_parted_as_often_as_the_level_says() -> None:
    rng = np.random.default_rng(5)
    names, times = [name for name in "ABC" for _ in DESIGN], DESIGN * 3
    studies = [
        StudyPoints(str(i), names, times, (100 - 0.2 * np.array(times) + rng.normal(0, 0.5, 21)).tolist(), 95.0)
        for i in range(20_000)
    ]
    found = shelf_lives(studies=studies)
    parted = sum(one.model == "dids pooled" for one in found) / len(found)
    assert parted == pytest.approx(0.25, abs=0.012)
    p = [one.p_intercept for one in found if one.p_intercept is not None]
    assert stats.kstest(p, "uniform").pvalue > 1e-3


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.01, 1000.0), st.floats(-500.0, 500.0), st.floats(0.1, 60.0))
def test_units_of_values_and_time_and_a_mirror_do_not_change_the_answer(
    seed: int, scale: float, shift: float, unit_of_time: float
) -> None:
    study = _random_study(np.random.default_rng(seed))
    plain = shelf_life(**study, lower_limit=94.0)
    scaled = shelf_life(
        **{**study, "value": [scale * v + shift for v in study["value"]]}, lower_limit=scale * 94.0 + shift
    )
    mirrored = shelf_life(**{**study, "value": [200.0 - v for v in study["value"]]}, upper_limit=106.0)
    slowed = shelf_life(**{**study, "month": [unit_of_time * t for t in study["month"]]}, lower_limit=94.0)
    for other, factor in ((scaled, 1.0), (mirrored, 1.0), (slowed, unit_of_time)):
        assert (other.model, other.outcome, other.worst_batch) == (plain.model, plain.outcome, plain.worst_batch)
        assert other.p_slope == (None if plain.p_slope is None else pytest.approx(plain.p_slope, rel=1e-6, abs=1e-12))
        assert other.months == (None if plain.months is None else pytest.approx(factor * plain.months, rel=1e-6))


def test_the_order_of_the_points_does_not_change_the_answer() -> None:
    rng = np.random.default_rng(8)
    study = _random_study(np.random.default_rng(7))
    order = rng.permutation(len(study["batch"]))
    shuffled = {key: [values[i] for i in order] for key, values in study.items()}
    plain, mixed = (shelf_life(**points, lower_limit=94.0) for points in (study, shuffled))
    assert mixed.months == pytest.approx(plain.months, rel=1e-9)
    assert mixed.worst_batch == plain.worst_batch or plain.model == "cics"
