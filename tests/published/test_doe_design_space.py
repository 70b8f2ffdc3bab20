"""Design space against the closed form (Peterson 2008; recomputed from RSM 3e Table 7.6)."""

import numpy as np
import pytest
from scipy import stats

from crdmo.science.process.canonical_analysis import canonical_analysis
from crdmo.science.process.design_space import design_space_map, design_space_points
from crdmo.science.process.posterior import Criterion
from crdmo.science.process.response_surface import response_surface
from tests.published.doe_data import chemreact


def data():
    given = chemreact()
    return {
        "factors": given["factors"],
        "settings": given["settings"],
        "blocks": given["blocks"],
        "responses": {"yield": given["responses"]},
        "criteria": (Criterion("yield", lower=83.5),),
    }


def test_closed_form_probabilities_of_chemreact():
    best = canonical_analysis(model=response_surface(**chemreact()).model).natural
    made = design_space_points(**data(), at=(best, (85, 175), (90, 180), (80, 177.5)), seed=1)
    chances = [p.probability for p in made.points]
    assert [round(p, 6) for p in chances[:3]] == [0.998983, 0.993249, 0.479512]
    assert f"{chances[3]:.2e}" == "2.94e-05"
    assert made.df == 7 and all(p.standard_error == 0 for p in made.points)


def test_the_mean_contour_is_about_even_odds_and_no_design_space():
    """On the line where the fitted mean is just the limit the chance is one half, whatever the data."""
    given = data()
    made = design_space_map(**given, x="time", y="temp", seed=1, steps=81)
    mean = np.array(made.means["yield"])
    chance = np.array([[np.nan if p is None else p for p in row] for row in made.probabilities])
    on_edge = np.abs(mean - 83.5) < 0.02
    assert on_edge.any() and np.nanmax(np.abs(chance[on_edge] - 0.5)) < 0.05


def test_two_responses_have_the_joint_t_with_one_degree_fewer_and_correlation_counts():
    """A second response equal to the first: the joint chance is that of one t with n − p − q + 1 degrees of freedom."""
    given = data()
    y = np.array(given["responses"]["yield"])
    given["responses"] = {"yield": tuple(y), "double": tuple(2 * y)}
    given["criteria"] = (Criterion("yield", lower=83.5), Criterion("double", lower=167.0))
    made = design_space_points(**given, at=((90, 180),), seed=4, draws=200_000)
    assert made.df == 6
    assert made.correlation[0][1] == pytest.approx(1.0)
    single = response_surface(**chemreact())
    point, se = made.points[0], made.points[0].standard_error
    rss = single.residual_sd**2 * 7
    # The joint scale is RSS / 6, no longer RSS / 7, with t of 6 degrees of freedom.
    spread = (point.means[0] - 83.5) / stats.t.ppf(0.479512, 7) / single.residual_sd
    exact = stats.t.cdf((point.means[0] - 83.5) / (spread * np.sqrt(rss / 6)), 6)
    assert point.probability == pytest.approx(exact, abs=3 * se)
