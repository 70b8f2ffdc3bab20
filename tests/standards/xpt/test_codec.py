"""The transport codec on real files, on the published vectors, and on what it must refuse."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from crdmo.standards.refusals import FormatError
from crdmo.standards.xpt import (
    Block,
    Library,
    Member,
    MemberHeader,
    Variable,
    XptFile,
    check,
    encode_library,
    ibm_float,
    read_xpt,
    write_xpt,
)
from tests import shared_data

TDF = "ae 961,dm 306,ds 596,ex 591,relrec 211,sc 254,se 752,suppds 3,ta 11,te 7,ti 31,ts 48,tv 21"
FILES = [(f"tdf_sdtm/{one.split()[0]}.xpt", int(one.split()[1])) for one in TDF.split(",")]
FILES += [("datasetjson/dm.xpt", 18), ("datasetjson/ae.xpt", 74), ("datasetjson/ts.xpt", 51)]


def library(values: list[float | None], special: dict[int, str] | None = None) -> Library:
    header = MemberHeader("BW", (Variable("X", True),))
    return Library(
        (Member(header, Block(pl.DataFrame({"X": pl.Series(values, dtype=pl.Float64)}), {"X": special or {}})),)
    )


@pytest.mark.parametrize(("name", "rows"), FILES)
def test_a_real_file_has_its_rows_and_comes_back_byte_for_byte(name: str, rows: int) -> None:
    path = shared_data.path(f"regulatory/{name}")
    read = read_xpt(path)
    assert read.members[0].frame.height == rows
    assert encode_library(read) == path.read_bytes()


def test_the_vectors_come_out_both_ways() -> None:
    with shared_data.path("regulatory/xpt/ibm370_vectors.csv").open() as stream:
        for line in csv.DictReader(stream):
            cell = np.frombuffer(bytes.fromhex(line["ibm370_hex"]), dtype=np.uint8).reshape(1, 8)
            values, marks, rounded = ibm_float.decode(cell)
            if line["ieee"] == "MISSING(.)":
                assert marks[0] == ord(".")
            else:
                assert values[0] == float(line["ieee"]) and marks[0] == 0 and not rounded[0]
            assert (ibm_float.encode(values, marks) == cell).all()


def test_both_ends_of_the_range_are_exact() -> None:
    values = np.array([ibm_float.SMALLEST, -ibm_float.SMALLEST, ibm_float.LARGEST, -ibm_float.LARGEST, 0.0])
    marks = np.zeros(5, dtype=np.uint8)
    assert not ibm_float.outside_range(values, marks).any()
    assert (ibm_float.decode(ibm_float.encode(values, marks))[0] == values).all()


@pytest.mark.parametrize("value", [5e-79, 16.0**63, float("inf"), float("nan")])
def test_a_number_without_an_image_is_refused_with_its_row(value: float) -> None:
    with pytest.raises(FormatError, match="X, row 2, has no image"):
        encode_library(library([1.0, value]))


def test_a_refusal_leaves_no_file_behind(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="no image"):
        write_xpt(tmp_path / "bw.xpt", library([1e300]))
    assert list(tmp_path.iterdir()) == []


def test_special_missing_values_are_kept() -> None:
    given = dict(enumerate("_ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    back = read_xpt(encode_library(library([None] * 28, given))).members[0].block
    assert back.special == {"X": given} and back.frame["X"].null_count() == 28


def test_the_windows_quote_is_a_finding_and_no_crash() -> None:
    file = XptFile(shared_data.path("regulatory/tdf_sdtm/ts.xpt"))
    assert file.encoding == "windows-1252"
    assert [(one.place, one.what) for one in check(file) if one.criterion == "XPT-03"] == [
        ("TS.TSVAL", "text that is not ASCII: row 8, row 28")
    ]


@pytest.mark.parametrize(("cut", "message"), [(-1, "torn"), (-80, "torn or its record length is wrong")])
def test_a_torn_file_is_refused(cut: int, message: str) -> None:
    data = shared_data.path("regulatory/tdf_sdtm/ae.xpt").read_bytes()
    with pytest.raises(FormatError, match=message):
        read_xpt(data[:cut])


def test_a_file_of_version_8_is_refused() -> None:
    with pytest.raises(FormatError, match="version 8"):
        read_xpt(b"HEADER RECORD*******LIBV8   HEADER RECORD!!!!!!!".ljust(240))


def test_blocks_are_the_rows_of_the_whole() -> None:
    path = shared_data.path("regulatory/tdf_sdtm/dm.xpt")
    parts = pl.concat([block.frame for block in XptFile(path).blocks(rows=50)])
    assert parts.equals(read_xpt(path).members[0].frame)
