"""Plate maps: every well is there once, blank where there is none, framed where it is said."""

from __future__ import annotations

import pytest

from crdmo.science.figures.plates import plate_map

WELLS = [[0.0, 3.0, None], [-7.0, 1.0, 2.0]]


def draw(wells=WELLS, **more):
    given = {"row_names": ["A", "B"], "name": "score", "most": 6.0, "finding": "One hit."} | more
    return plate_map("Plate", wells, **given)


def test_each_well_is_drawn_and_the_blank_one_stays_blank():
    svg = draw().svg
    assert svg.count("fill-opacity") == 5 + 2
    assert draw().table == (("row", "1", "2", "3"), ("A", "0", "3", ""), ("B", "-7", "1", "2"))


def test_a_framed_well_is_named_in_the_key_and_drawn_above_its_tint():
    svg = draw(framed={(1, 0)}, framed_as="hit").svg
    assert svg.count('class="mk"') == 2 and ">hit<" in svg


@pytest.mark.parametrize("more", [{"wells": [[1.0], [1.0, 2.0]]}, {"wells": []}, {"row_names": ["A"]}, {"most": 0.0}])
def test_a_torn_plate_is_refused(more):
    with pytest.raises(ValueError, match="rows of one length"):
        draw(**more)
