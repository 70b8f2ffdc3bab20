"""Names of wells mean one place, and four plates fill one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdmo.science.discovery.plate_layout import (
    FORMATS,
    Well,
    WellRole,
    read_well,
    reformat_quadrants,
    review_layout,
    well_at,
)
from crdmo.science.method import MethodError


@given(st.sampled_from(sorted(FORMATS)), st.data())
def test_the_name_of_a_well_leads_back_to_it(wells: int, data: st.DataObject) -> None:
    number = data.draw(st.integers(1, wells))
    for by in ("row", "column"):
        well = well_at(number, wells, by=by)  # type: ignore[arg-type]
        assert read_well(well.name, wells) == well


def test_a_leading_zero_names_the_same_well() -> None:
    assert read_well("A01", 96) == read_well("A1", 96) == Well(1, 1)


def test_rows_after_z_have_two_letters() -> None:
    assert [well_at(48 * i + 1, 1536, by="row").name for i in (25, 26, 31)] == ["Z1", "AA1", "AF1"]


def test_lower_case_rows_are_read_only_when_asked_for() -> None:
    assert read_well("e48", 1536, lower_case_rows=True).name == "AE48"
    assert read_well("E48", 1536, lower_case_rows=True).name == "E48"
    with pytest.raises(MethodError, match="no name of a well"):
        read_well("e48", 1536)
    with pytest.raises(MethodError, match="no such well"):
        read_well("e48", 384, lower_case_rows=True)


@pytest.mark.parametrize("name", ["", "A", "12", "A0", "A001", "BA1", "AG1", "1A", "A-1", "A1;", "=A1", "Ⅰ1"])
def test_what_names_no_well_is_refused(name: str) -> None:
    with pytest.raises(MethodError, match="well"):
        read_well(name, 1536)


def test_a_well_beyond_the_plate_is_refused() -> None:
    with pytest.raises(MethodError, match="A1 to H12"):
        read_well("I1", 96)
    with pytest.raises(MethodError, match="no such plate format"):
        read_well("A1", 100)


def test_numbers_run_along_rows_or_down_columns() -> None:
    assert well_at(2, 96, by="row").name == "A2" and well_at(2, 96, by="column").name == "B1"
    with pytest.raises(MethodError, match="1 to 96"):
        well_at(97, 96, by="row")


@pytest.mark.parametrize("wells", [96, 384])
def test_four_plates_fill_one_without_gap_or_overlap(wells: int) -> None:
    names = [well_at(i + 1, wells, by="row").name for i in range(wells)]
    found = reformat_quadrants(wells=wells, plates=[p for p in (1, 2, 3, 4) for _ in names], names=names * 4)
    assert found.wells == 4 * wells and len(set(found.destinations)) == 4 * wells


def test_a_reformat_that_cannot_be_is_refused() -> None:
    with pytest.raises(MethodError, match="named twice"):
        reformat_quadrants(wells=96, plates=[1, 1], names=["A1", "A01"])
    with pytest.raises(MethodError, match="no such source plate"):
        reformat_quadrants(wells=96, plates=[5], names=["A1"])
    with pytest.raises(MethodError, match="do not fill one"):
        reformat_quadrants(wells=1536, plates=[1], names=["A1"])
    with pytest.raises(MethodError, match="do not belong together"):
        reformat_quadrants(wells=96, plates=[1, 2], names=["A1"])


def test_a_layout_says_which_controls_are_weak() -> None:
    roles = {f"{r}1": WellRole.NEGATIVE for r in "ABCD"} | {"D6": WellRole.POSITIVE, "D7": WellRole.SAMPLE}
    found = review_layout(wells=96, roles=roles)
    assert found.counts["negative control"] == 4 and found.counts["empty"] == 90
    assert any("negative control: all on the edge" in w for w in found.warnings)
    assert any("positive control: 1 wells" in w for w in found.warnings)


def test_a_layout_that_names_a_well_twice_is_refused() -> None:
    with pytest.raises(MethodError, match="named twice"):
        review_layout(wells=96, roles={"A1": WellRole.SAMPLE, "A01": WellRole.NEGATIVE})
