"""What the writer keeps, streams and refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdmo.standards.refusals import FormatError
from crdmo.standards.xpt import (
    Block,
    Library,
    Member,
    MemberHeader,
    Variable,
    XptFile,
    encode_library,
    ibm_float,
    read_xpt,
    stream_library,
    write_xpt,
)

WHO = Variable("USUBJID", False, 12, "Unique Subject Identifier")
WEIGHT = Variable("BWSTRESN", True, 8, "Body weight", "8.", 8, 2)


def member(name: str, who: list[str], weights: list[float | None]) -> Member:
    frame = pl.DataFrame({"USUBJID": who, "BWSTRESN": pl.Series(weights, dtype=pl.Float64)})
    return Member(MemberHeader(name, (WHO, WEIGHT), "Body Weight"), Block(frame))


TWO = Library((member("BW", ["S-1", "S-2"], [201.5, None]), member("FW", ["S-1"], [18.25])))


def test_two_data_sets_in_one_file_come_back_as_they_were(tmp_path: Path) -> None:
    write_xpt(tmp_path / "two.xpt", TWO)
    found = read_xpt(tmp_path / "two.xpt")
    assert [one.header.name for one in found.members] == ["BW", "FW"]
    for one, other in zip(found.members, TWO.members, strict=True):
        assert one.frame.equals(other.frame) and one.header.label == other.header.label
        assert one.header.variables[1].label == "Body weight" and one.header.variables[1].format_decimals == 2


def test_the_same_library_gives_the_same_bytes() -> None:
    assert encode_library(TWO) == encode_library(TWO)
    assert len(encode_library(TWO)) % 80 == 0


def test_rows_in_blocks_give_the_bytes_of_rows_at_once(tmp_path: Path) -> None:
    whole = member("BW", [f"S-{i}" for i in range(1000)], [i / 7 for i in range(1000)])
    blocks = (Block(whole.frame[start : start + 137]) for start in range(0, 1000, 137))
    stream_library(tmp_path / "streamed.xpt", Library(()), [(whole.header, blocks)])
    assert (tmp_path / "streamed.xpt").read_bytes() == encode_library(Library((whole,)))
    read = XptFile(tmp_path / "streamed.xpt")
    assert read is not None and read_xpt(tmp_path / "streamed.xpt").members[0].frame.equals(whole.frame)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: x == 0 or 5.4e-79 < abs(x) < 7.2e75)))
def test_every_double_of_the_range_comes_back_exactly(values: list[float]) -> None:
    numbers, marks = np.array(values, dtype=np.float64), np.zeros(len(values), dtype=np.uint8)
    found, missing, rounded = ibm_float.decode(ibm_float.encode(numbers, marks))
    assert (found == numbers).all() and not missing.any() and not rounded.any()


@pytest.mark.parametrize(
    ("header", "wrong"),
    [
        (MemberHeader("BODYWEIGHT", (WHO, WEIGHT)), "BODYWEIGHT"),
        (MemberHeader("bw", (WHO, WEIGHT)), "does not fit version 5"),
        (MemberHeader("BW", ()), "needs variables"),
        (MemberHeader("BW", (WHO, WHO)), "has a variable twice"),
        (MemberHeader("BW", (WHO, Variable("BWSTRESN", True, 9))), "2 to 8 bytes"),
        (MemberHeader("BW", (Variable("USUBJID", False, 201), WEIGHT)), "1 to 200 bytes"),
        (MemberHeader("BW", (Variable("USUBJID", False, 12, "L" * 41), WEIGHT)), "40"),
        (MemberHeader("BW", (WHO, WEIGHT), "L" * 41), "40"),
        (MemberHeader("BW", (WEIGHT, WHO)), "columns are not the variables"),
    ],
)
def test_a_header_that_version_5_cannot_say_is_refused(header: MemberHeader, wrong: str) -> None:
    with pytest.raises(FormatError, match=wrong):
        encode_library(Library((Member(header, TWO.members[0].block),)))


@pytest.mark.parametrize(
    ("who", "weight", "wrong"),
    [
        (["S-1 "], [1.0], "ends with blanks"),
        (["S-1234567890123"], [1.0], "row 1, is longer than the variable"),
        (["S-µ"], [1.0], "not in ascii"),
    ],
)
def test_a_text_that_would_be_cut_or_changed_is_refused(who: list[str], weight: list[float], wrong: str) -> None:
    with pytest.raises(FormatError, match=wrong):
        encode_library(Library((member("BW", who, list(weight)),)))


def test_a_number_that_does_not_fit_its_bytes_is_refused_and_one_that_does_is_kept(tmp_path: Path) -> None:
    short = MemberHeader("BW", (Variable("X", True, 4),))
    with pytest.raises(FormatError, match="does not fit 4 bytes"):
        encode_library(Library((Member(short, Block(pl.DataFrame({"X": [0.1]}))),)))
    write_xpt(tmp_path / "x.xpt", Library((Member(short, Block(pl.DataFrame({"X": [0.5, -12.0]}))),)))
    assert read_xpt(tmp_path / "x.xpt").members[0].frame["X"].to_list() == [0.5, -12.0]


def test_two_data_sets_of_one_name_and_an_empty_library_are_refused() -> None:
    with pytest.raises(FormatError, match="two data sets of one name"):
        encode_library(Library((TWO.members[0], TWO.members[0])))
    with pytest.raises(FormatError, match="needs a data set"):
        encode_library(Library(()))


def test_a_blank_last_row_that_nobody_could_see_is_refused() -> None:
    header = MemberHeader("BW", (Variable("X", False, 8),))
    with pytest.raises(FormatError, match="could not be told from the file's filling"):
        encode_library(Library((Member(header, Block(pl.DataFrame({"X": ["A", ""]}))),)))
