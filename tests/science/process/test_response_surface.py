"""What response surfaces refuse, their invariances, and what their pictures say."""

import numpy as np
import pytest
import statsmodels.api as sm

from crdmo.science.figure_registry import draw
from crdmo.science.method import MethodError, to_json
from crdmo.science.process.box_cox import box_cox
from crdmo.science.process.canonical_analysis import canonical_analysis, steepest_ascent
from crdmo.science.process.design_evaluation import design_evaluation
from crdmo.science.process.designs import central_composite, factorial_design
from crdmo.science.process.desirability import Goal, desirability, individual, overall
from crdmo.science.process.factors import Factor, to_coded, to_natural
from crdmo.science.process.response_surface import response_surface
from crdmo.science.process.surface_contour import surface_contour
from crdmo.science.process.surface_model import SurfaceModel, columns, terms_of
from crdmo.science.process.two_level_effects import two_level_effects

FACTORS = (Factor("force", "kN", 8, 16), Factor("water", "%", 20, 30))
DESIGN = central_composite(factors=FACTORS, seed=1, shape="face", centre_points=4)
SETTINGS = tuple(r.natural for r in DESIGN.runs)
Y = tuple(float(v) for v in np.random.default_rng(2).normal(50, 3, len(SETTINGS)))


def model(coefficients, response="y", count=2):
    factors = tuple(Factor(f"x{i}", "1", -1, 1) for i in range(count))
    return SurfaceModel(response, "", factors, terms_of(count, "second"), tuple(coefficients))


def test_influence_measures_are_those_of_statsmodels():
    made = response_surface(factors=FACTORS, settings=SETTINGS, responses=Y)
    x = columns(terms_of(2, "second"), to_coded(FACTORS, SETTINGS))
    fit = sm.OLS(np.array(Y), x).fit()
    seen = fit.get_influence()
    assert [r.leverage for r in made.runs] == pytest.approx(seen.hat_matrix_diag, rel=1e-9)
    assert [r.studentized for r in made.runs] == pytest.approx(seen.resid_studentized_external, rel=1e-6)
    assert [r.cook for r in made.runs] == pytest.approx(seen.cooks_distance[0], rel=1e-6)
    assert made.press == pytest.approx(np.sum(seen.resid_press**2), rel=1e-9)
    assert [t.p for t in made.terms] == pytest.approx(fit.pvalues, rel=1e-6)
    assert made.adjusted_r_squared == pytest.approx(fit.rsquared_adj, rel=1e-9)


def test_variance_inflation_is_one_in_an_orthogonal_design_and_that_of_its_regression_else():
    factorial = factorial_design(factors=FACTORS, seed=1, centre_points=2)
    made = response_surface(
        factors=FACTORS, settings=tuple(r.natural for r in factorial.runs), responses=Y[:6], order="first"
    )
    assert [t.variance_inflation for t in made.terms[1:]] == pytest.approx([1.0, 1.0])
    second = response_surface(factors=FACTORS, settings=SETTINGS, responses=Y)
    x = columns(terms_of(2, "second"), to_coded(FACTORS, SETTINGS))
    r2 = sm.OLS(x[:, 4], np.delete(x, 4, axis=1)).fit().rsquared
    assert second.terms[4].variance_inflation == pytest.approx(1 / (1 - r2), rel=1e-9)


def test_another_unit_of_a_factor_changes_no_fitted_value_and_no_test():
    made = response_surface(factors=FACTORS, settings=SETTINGS, responses=Y)
    newton = (Factor("force", "N", 8000, 16000), FACTORS[1])
    other = response_surface(factors=newton, settings=tuple((a * 1000, b) for a, b in SETTINGS), responses=Y)
    assert [r.fitted for r in other.runs] == pytest.approx([r.fitted for r in made.runs])
    assert [t.t for t in other.terms] == pytest.approx([t.t for t in made.terms])
    assert other.terms[1].natural_coefficient == pytest.approx(made.terms[1].natural_coefficient / 1000, rel=1e-6)


def test_the_order_of_runs_changes_nothing():
    made = response_surface(factors=FACTORS, settings=SETTINGS, responses=Y)
    back = response_surface(factors=FACTORS, settings=SETTINGS[::-1], responses=Y[::-1])
    assert [t.coefficient for t in back.terms] == pytest.approx([t.coefficient for t in made.terms])


def test_coding_and_back_is_the_identity():
    assert np.allclose(to_natural(FACTORS, to_coded(FACTORS, SETTINGS)), SETTINGS, rtol=1e-14)


def test_an_effect_is_twice_the_coded_coefficient():
    runs = factorial_design(factors=(*FACTORS, Factor("t", "min", 0, 1)), seed=1).runs
    y = tuple(float(v) for v in range(1, 9))
    effects = two_level_effects(names=("force", "water", "t"), settings=tuple(r.coded for r in runs), responses=y)
    fit = response_surface(
        factors=(*FACTORS, Factor("t", "min", 0, 1)),
        settings=tuple(r.natural for r in runs),
        responses=(*y[:-1], 9.0),
        order="first",
    )
    assert len(fit.terms) == 4 and effects.effects[0].effect == 2 * effects.effects[0].coefficient


def test_lack_of_fit_without_replicates_is_not_tested_and_says_why():
    runs = [r for r in DESIGN.runs if r.point != "centre"] + [DESIGN.runs[-1]]
    made = response_surface(factors=FACTORS, settings=tuple(r.natural for r in runs), responses=Y[:9])
    assert made.lack_of_fit_p is None and "replicate" in made.lack_of_fit_refused


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"settings": SETTINGS[:5], "responses": Y[:5]}, "too few runs"),
        ({"settings": ((8, 20), (16, 20), (8, 30), (16, 30)) * 3}, "cannot tell the terms"),
        ({"responses": (5.0,) * 12}, "all equal"),
        ({"responses": (*Y[:-1], float("nan"))}, "no finite number"),
        ({"responses": Y[:-1]}, "belong together"),
        ({"without": ("speed",)}, "cannot be left out"),
        ({"without": ("force",)}, "breaks hierarchy"),
        ({"settings": tuple((*s, 1.0) for s in SETTINGS)}, "3 columns for 2 factors"),
    ],
)
def test_a_fit_that_cannot_be_is_refused(change, said):
    with pytest.raises(MethodError, match=said):
        response_surface(**{"factors": FACTORS, "settings": SETTINGS, "responses": Y, **change})


@pytest.mark.parametrize(
    ("coefficients", "shape", "optimum"),
    [
        ((10, 0.2, 0.1, 0, -2, -1), "maximum", True),
        ((10, 0.2, 0.1, 0, 2, -1), "saddle", False),
        ((10, 0.2, 0.01, 0, -2, -0.05), "ridge", False),
        ((10, 8, 0.1, 0, -2, -1), "maximum", False),
    ],
)
def test_a_saddle_a_ridge_and_a_point_outside_are_no_optimum(coefficients, shape, optimum):
    found = canonical_analysis(model=model(coefficients))
    assert (found.shape, found.is_optimum) == (shape, optimum)
    assert ("no optimum" in found.said) is not optimum


def test_a_flat_surface_has_no_stationary_point_and_a_level_one_no_slope():
    with pytest.raises(MethodError, match="no single stationary point"):
        canonical_analysis(model=model((10, 1, 1, 0, 0, 0)))
    with pytest.raises(MethodError, match="no slope"):
        steepest_ascent(model=model((10, 0, 0, 0, -1, -1)))


def test_the_path_marks_where_it_leaves_the_region():
    path = steepest_ascent(model=model((10, 3, 4, 0, 0, 0)), step=0.5, steps=4)
    assert path.direction == pytest.approx((0.6, 0.8))
    assert [s.inside for s in path.steps] == [True, True, True, False, False]
    assert [s.predicted for s in path.steps] == pytest.approx([10, 12.5, 15, 17.5, 20])


def test_desirability_finds_the_best_of_a_fine_grid():
    """Conversion and activity of Myers & Montgomery (RSM, 7.3), searched by brute force as a second implementation."""
    conversion = model((81.09, 1.0284, 4.043, 6.2037, 2.215, 11.375, -3.875, -1.8366, 2.9382, -5.1915), "conversion", 3)
    activity = model((59.85, 3.583, 0.2546, 2.2298, -0.3875, -0.375, 0.3125, 0.83479, 0.07484, 0.05716), "activity", 3)
    goals = (Goal("conversion", "maximise", 80, 97), Goal("activity", "target", 55, 60, 57.5))
    made = desirability(models=(conversion, activity), goals=goals, seed=1, radius=1.682)
    line = np.linspace(-1.682, 1.682, 61)
    grid = np.array(np.meshgrid(line, line, line)).reshape(3, -1).T
    best = overall((conversion, activity), goals, grid).max()
    assert made.found and best <= made.desirability < best + 0.01


def test_a_missed_goal_makes_everything_zero_and_a_range_does_not_count_in_the_mean():
    one, two = model((10, 5, 0, 0, 0, 0), "one"), model((10, 0, 5, 0, 0, 0), "two")
    centre = np.zeros((1, 2))
    half = Goal("one", "maximise", 5, 15)
    assert overall((one,), (half,), centre)[0] == pytest.approx(0.5)
    assert overall((one, two), (half, Goal("two", "range", 5, 15)), centre)[0] == pytest.approx(0.5)
    assert overall((one, two), (half, Goal("two", "maximise", 5, 10)), centre)[0] == pytest.approx(0.5**0.5)
    assert overall((one, two), (half, Goal("two", "range", 11, 15)), centre)[0] == 0
    nowhere = desirability(models=(one, two), goals=(half, Goal("two", "range", 90, 95)), seed=1, starts=64)
    assert not nowhere.found and nowhere.desirability == 0


def test_many_starts_leave_the_plateau_where_every_slope_is_zero():
    narrow = model((0, 0, 0, 0, 50, 50), "y")
    goal = Goal("y", "target", 96, 100, 98)
    made = desirability(models=(narrow,), goals=(goal,), seed=1)
    assert made.found and made.desirability == pytest.approx(1, abs=1e-4)
    assert individual(goal, np.array([0.0]))[0] == 0


def test_goals_out_of_order_and_without_model_are_refused():
    one = model((10, 5, 0, 0, 0, 0), "one")
    for goal, said in (
        (Goal("one", "maximise", 9, 5), "not in order"),
        (Goal("one", "target", 1, 2, 3), "not in order"),
        (Goal("other", "maximise", 1, 2), "model of its own"),
        (Goal("one", "range", 1, 2), "no goal counts"),
        (Goal("one", "maximise", 1, 2, weight=0), "weight of one"),
    ):
        with pytest.raises(MethodError, match=said):
            desirability(models=(one,), goals=(goal,), seed=1)


def test_power_is_that_of_a_simulation_and_a_design_without_squares_is_refused():
    runs = tuple(r.natural for r in factorial_design(factors=FACTORS, seed=1).runs) * 2
    made = design_evaluation(factors=FACTORS, settings=runs, order="first", signal_to_noise=2.5)
    rng, found = np.random.default_rng(1), 0
    x = columns(terms_of(2, "first"), to_coded(FACTORS, runs))
    for _ in range(1500):
        found += sm.OLS(1.25 * x[:, 1] + rng.standard_normal(8), x).fit().pvalues[1] < 0.05
    assert made.terms[0].power == pytest.approx(found / 1500, abs=3 * (0.25 / 1500) ** 0.5)
    assert (made.residual_df, made.pure_error_df) == (5, 4)
    with pytest.raises(MethodError, match="cannot carry the model"):
        design_evaluation(factors=FACTORS, settings=runs, order="second")


def test_box_cox_refuses_what_is_not_positive_and_finds_the_logarithm():
    with pytest.raises(MethodError, match="positive responses"):
        box_cox(responses=(0.0, 1.0, 2.0))
    values = tuple(float(v) for v in np.exp(np.random.default_rng(3).normal(0, 1, 400)))
    made = box_cox(responses=values)
    assert made.lower < 0 < made.upper and abs(made.power) < 0.15


def test_pictures_say_what_stands_out():
    fit = response_surface(factors=FACTORS, settings=SETTINGS, responses=Y, response="hardness", unit="N")
    assert "5 %" in draw("process.response_surface", to_json(fit)).svg
    contour = surface_contour(model=fit.model, x="force", y="water")
    assert "hardness (N)" in draw("process.surface_contour", to_json(contour)).svg
    runs = factorial_design(factors=(*FACTORS, Factor("t", "min", 0, 1)), seed=1).runs
    y = tuple(10 * r.coded[0] + 0.1 * i for i, r in enumerate(runs))
    effects = two_level_effects(names=("force", "water", "t"), settings=tuple(r.coded for r in runs), responses=y)
    assert "half-normal" in draw("process.two_level_effects", to_json(effects)).svg.lower()
    with pytest.raises(MethodError, match="fixed outside"):
        surface_contour(model=model((1,) * 10, "y", 3), x="x0", y="x1", fixed={"x2": 3})
