"""Sizes and axial distances of designs: Box & Hunter 1957, Box & Behnken 1960, Plackett & Burman 1946 (section I-P2)."""

import itertools

import numpy as np
import pytest

from crdmo.science.method import MethodError
from crdmo.science.process.designs import box_behnken, central_composite, factorial_design, plackett_burman
from crdmo.science.process.factors import Factor


def factors(count):
    return tuple(Factor(f"x{i}", "1", -1.0, 1.0) for i in range(count))


@pytest.mark.parametrize(("count", "corners", "alpha"), [(2, 4, 1.414), (3, 8, 1.682), (4, 16, 2.0), (5, 16, 2.0)])
def test_a_rotatable_composite_has_the_fourth_root_of_its_corners_as_axial_distance(count, corners, alpha):
    made = central_composite(factors=factors(count), seed=1, centre_points=5)
    assert [r.point for r in made.runs].count("corner") == corners
    assert [r.point for r in made.runs].count("axial") == 2 * count
    assert round(made.alpha, 3) == alpha


def test_the_half_fraction_of_five_factors_is_of_resolution_five():
    assert central_composite(factors=factors(5), seed=1).resolution == 5


def test_orthogonal_blocks_of_two_factors_have_the_axial_distance_of_table_7_6():
    made = central_composite(
        factors=factors(2), seed=1, shape="orthogonal blocks", centre_points=3, axial_centre_points=3
    )
    assert round(made.alpha, 3) == 1.414
    coded = np.array([r.coded for r in made.runs])
    blocks = np.array([r.block for r in made.runs])
    # Orthogonal to blocks: each second-order column has the same mean in both blocks.
    for column in (coded[:, 0] ** 2, coded[:, 1] ** 2, coded[:, 0] * coded[:, 1], coded[:, 0]):
        assert column[blocks == 1].mean() == pytest.approx(column[blocks == 2].mean())


@pytest.mark.parametrize(("count", "edges"), [(3, 12), (4, 24), (5, 40)])
def test_box_behnken_has_the_middles_of_the_edges(count, edges):
    made = box_behnken(factors=factors(count), seed=1, centre_points=3)
    assert len(made.runs) == edges + 3
    assert all(sum(v != 0 for v in r.coded) == 2 for r in made.runs if r.point == "edge")


def test_plackett_burman_of_twelve_runs_starts_with_the_published_row():
    made = plackett_burman(factors=factors(11), seed=1)
    assert "".join("+" if v > 0 else "-" for v in made.runs[0].coded) == "++-+++---+-"


@pytest.mark.parametrize("count", [3, 7, 8, 11])
def test_plackett_burman_columns_are_balanced_and_orthogonal(count):
    coded = np.array([r.coded for r in plackett_burman(factors=factors(count), seed=1).runs])
    assert np.array_equal(coded.T @ coded, len(coded) * np.eye(count))
    assert np.all(coded.sum(axis=0) == 0)


def test_a_full_factorial_with_centre_points_keeps_natural_units_beside_coded():
    made = factorial_design(
        factors=(Factor("Temp", "Cel", 160, 180), Factor("Conc", "%", 20, 40), Factor("Time", "min", 5, 15)),
        seed=7,
        centre_points=3,
    )
    assert len(made.runs) == 11 and made.resolution is None and made.aliases == ()
    assert set(itertools.product((160, 180), (20, 40), (5, 15))) == {
        r.natural for r in made.runs if r.point == "corner"
    }
    assert {r.natural for r in made.runs if r.point == "centre"} == {(170, 30, 10)}


def test_a_resolution_four_fraction_says_which_interactions_it_cannot_part():
    made = factorial_design(factors=factors(4), seed=1, generators=("ABC",))
    assert made.resolution == 4 and len(made.runs) == 8
    assert {frozenset(a) for a in made.aliases} == {frozenset(p) for p in (("AB", "CD"), ("AC", "BD"), ("AD", "BC"))}


def test_the_order_of_runs_is_a_permutation_that_comes_from_the_seed_and_stays_in_its_block():
    def orders(seed):
        made = central_composite(
            factors=factors(3), seed=seed, shape="orthogonal blocks", centre_points=4, axial_centre_points=2
        )
        return [(r.block, r.order) for r in made.runs]

    assert orders(5) == orders(5) != orders(6)
    assert sorted(o for b, o in orders(5) if b == 1) == list(range(1, 13))
    assert sorted(o for b, o in orders(5) if b == 2) == list(range(13, 21))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ((Factor("a", "Cel", 5, 5), Factor("b", "", 0, 1), Factor("c", "", 0, 1)), "empty"),
        ((Factor("a", "", 0, 1), Factor("a", "", 0, 1), Factor("c", "", 0, 1)), "different names"),
        ((Factor("a", "", 0, float("inf")), Factor("b", "", 0, 1), Factor("c", "", 0, 1)), "finite"),
        ((Factor("a", "", 0, 1), Factor("b", "", 0, 1)), "number of factors"),
    ],
)
def test_factors_that_cannot_be_coded_are_refused(wrong, said):
    with pytest.raises(MethodError, match=said):
        box_behnken(factors=wrong, seed=1)


def test_blocks_without_centre_points_and_too_many_centre_points_are_refused():
    with pytest.raises(MethodError, match="centre point of its own"):
        central_composite(factors=factors(2), seed=1, shape="orthogonal blocks")
    with pytest.raises(MethodError, match="too many centre points"):
        factorial_design(factors=factors(2), seed=1, centre_points=100)
