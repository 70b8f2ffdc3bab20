"""What a design space refuses, that its box is the largest, and that its probabilities mean what they say."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from crdmo.science.figure_registry import draw
from crdmo.science.method import MethodError, call, to_json
from crdmo.science.process.design_space import (
    acceptable_box,
    design_space_map,
    design_space_points,
    largest_box,
)
from crdmo.science.process.designs import box_behnken, central_composite
from crdmo.science.process.factors import Factor
from crdmo.science.process.posterior import Criterion

FACTORS = (Factor("force", "kN", 8, 16), Factor("water", "%", 20, 30))


def study(seed=3, face=True):
    design = central_composite(factors=FACTORS, seed=1, shape="face" if face else "rotatable", centre_points=4)
    rng = np.random.default_rng(seed)
    coded = np.array([r.coded for r in design.runs])
    noise = rng.standard_normal((len(coded), 2)) * 0.8
    hardness = 100 + 8 * coded[:, 0] - 3 * coded[:, 1] + noise[:, 0]
    dissolved = 90 - 4 * coded[:, 0] + 2 * coded[:, 1] - 2 * coded[:, 0] ** 2 + noise[:, 1]
    return {
        "factors": FACTORS,
        "settings": tuple(r.natural for r in design.runs),
        "responses": {"hardness": tuple(hardness), "dissolved": tuple(dissolved)},
    }


BOTH = (Criterion("hardness", 92, 112), Criterion("dissolved", lower=85))


def test_a_point_outside_the_runs_is_refused_and_named():
    with pytest.raises(MethodError, match=r"outside the region studied. Given: force 17 kN, water 25 %"):
        design_space_points(**study(), criteria=BOTH, at=((12, 25), (17, 25)), seed=1)


def test_the_corners_of_a_box_behnken_cube_were_never_studied():
    factors = (*FACTORS, Factor("time", "min", 2, 6))
    design = box_behnken(factors=factors, seed=1, centre_points=4)
    y = tuple(float(sum(r.coded)) + 0.1 * (i % 3) for i, r in enumerate(design.runs))
    given = {"factors": factors, "settings": tuple(r.natural for r in design.runs), "responses": {"y": y}}
    with pytest.raises(MethodError, match="outside the region"):
        design_space_points(**given, criteria=(Criterion("y", lower=-9),), at=((16, 30, 6),), seed=1)
    box = acceptable_box(**given, criteria=(Criterion("y", lower=-9),), seed=1)
    # Everything meets so wide a limit, and still the box does not reach the corners.
    assert box.found and box.share < 0.6


def test_draws_agree_with_the_closed_form_within_three_standard_errors():
    given = study()
    wide = (Criterion("hardness", 92, 112), Criterion("dissolved", lower=-1e9))
    joint = design_space_points(**given, criteria=wide, at=((9, 25), (14, 22), (15, 28)), seed=8, draws=50_000)
    for point in joint.points:
        # The marginal of the joint t has its degrees of freedom, so the single response is asked with them.
        alone = design_space_points(**given, criteria=wide[:1], at=(point.natural,), seed=1)
        assert joint.df == alone.df - 1
        assert point.probability == pytest.approx(alone.points[0].probability, abs=0.05)
        assert 0.0 <= point.standard_error < 0.003


def test_the_same_seed_gives_the_same_map_and_another_a_near_one():
    first, again, other = (
        design_space_map(**study(), criteria=BOTH, x="force", y="water", seed=s, steps=11) for s in (5, 5, 6)
    )
    assert first == again
    a, b = (np.array(m.probabilities, dtype=float) for m in (first, other))
    assert np.max(np.abs(a - b)) < 0.04 and not np.array_equal(a, b)


def test_outside_a_round_design_the_map_is_blank():
    made = design_space_map(**study(face=False), criteria=BOTH, x="force", y="water", seed=5, steps=21)
    assert made.probabilities[0][0] is None and made.probabilities[10][10] is not None


def test_the_box_is_reliable_at_its_corners_and_inside():
    given = study()
    box = acceptable_box(**given, criteria=BOTH, seed=5, reliability=0.9)
    assert box.found
    corners = tuple(itertools.product(*((r.low, r.high) for r in box.ranges)))
    made = design_space_points(**given, criteria=BOTH, at=corners, seed=5, draws=10_000)
    assert min(p.probability for p in made.points) >= 0.9 - 1e-9
    rng = np.random.default_rng(1)
    inside = tuple(tuple(rng.uniform(r.low, r.high) for r in box.ranges) for _ in range(50))
    assert min(p.probability for p in design_space_points(**given, criteria=BOTH, at=inside, seed=5).points) > 0.88


def test_an_attribute_that_cannot_be_met_leaves_no_box():
    made = acceptable_box(**study(), criteria=(Criterion("hardness", lower=500),), seed=1)
    assert not made.found and made.ranges == () and made.share == 0


@pytest.mark.parametrize("seed", range(5))
def test_the_largest_box_is_that_of_trying_every_box(seed):
    good = np.random.default_rng(seed).random((6, 5, 4)) < 0.85
    axes = [np.linspace(0, 1, n) ** 1.3 for n in good.shape]
    best = 0.0
    spans = [list(itertools.combinations(range(n), 2)) for n in good.shape]
    for a, b, c in itertools.product(*spans):
        if good[a[0] : a[1] + 1, b[0] : b[1] + 1, c[0] : c[1] + 1].all():
            best = max(best, np.prod([x[e] - x[s] for x, (s, e) in zip(axes, (a, b, c), strict=True)]))
    found = largest_box(good, axes)
    volume = np.prod([x[e] - x[s] for x, (s, e) in zip(axes, found, strict=True)]) if found else 0.0
    assert volume == pytest.approx(best)


def test_the_chance_of_exceeding_what_then_happened_is_uniform():
    """The probability is honest: over many studies the future value falls at every chance equally often."""
    rng = np.random.default_rng(11)
    given = study()
    coded = np.array([[(a - 12) / 4, (b - 25) / 5] for a, b in given["settings"]])
    chances = []
    for _ in range(250):
        y = 50 + 3 * coded[:, 0] + rng.standard_normal(len(coded))
        future = 50 + 3 * 0.5 + rng.standard_normal()
        made = design_space_points(
            **{**given, "responses": {"y": tuple(y)}}, criteria=(Criterion("y", lower=future),), at=((14, 25),), seed=1
        )
        chances.append(made.points[0].probability)
    assert stats.kstest(chances, "uniform").pvalue > 0.01


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"criteria": ()}, "criteria and responses"),
        ({"criteria": (Criterion("other", lower=1),)}, "criteria and responses"),
        ({"criteria": (Criterion("hardness"),)}, "too few values"),
        ({"criteria": (Criterion("hardness", 5, 4),)}, "not in order"),
        ({"settings": ((12, 25),) * 12}, "cannot tell the terms"),
        ({"responses": {"hardness": (1.0, float("nan"), *range(10)), "dissolved": tuple(range(12))}}, "finite"),
    ],
)
def test_what_cannot_be_fitted_or_judged_is_refused(change, said):
    with pytest.raises(MethodError, match=said):
        acceptable_box(**{**study(), "criteria": BOTH, "seed": 1, **change})


def test_a_map_of_one_factor_over_itself_or_fixed_outside_the_runs_is_refused():
    with pytest.raises(MethodError, match="cannot be mapped"):
        design_space_map(**study(), criteria=BOTH, x="force", y="force", seed=1)
    with pytest.raises(MethodError, match="cannot be mapped"):
        design_space_map(**study(), criteria=BOTH, x="force", y="water", fixed={"water": 25}, seed=1)
    factors = (*FACTORS, Factor("time", "min", 2, 6))
    design = central_composite(factors=factors, seed=1, shape="face")
    y = tuple(float(i % 7) for i in range(len(design.runs)))
    given = {"factors": factors, "settings": tuple(r.natural for r in design.runs), "responses": {"y": y}}
    with pytest.raises(MethodError, match="whole map lies outside"):
        design_space_map(
            **given, criteria=(Criterion("y", lower=0),), x="force", y="water", fixed={"time": 9}, seed=1, steps=5
        )


def test_a_stored_map_is_drawn_with_its_line_of_reliability_and_its_box():
    made = design_space_map(**study(), criteria=BOTH, x="force", y="water", seed=5, steps=21)
    picture = draw("process.design_space_map", to_json(made), box="10 14 22 28")
    assert "90 %" in picture.svg and 'class="mk"' in picture.svg
    assert picture.table[0][0] == "water (%) \\ force (kN)"
    again = call(
        "process.design_space_map",
        to_json({**study(), "criteria": BOTH}),
        {"x": "force", "y": "water", "seed": 5, "steps": 21},
    )
    assert again == replace(made)
