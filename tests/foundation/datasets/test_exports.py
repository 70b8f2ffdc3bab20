"""Tables on the way out carry the same rows in every form, and no formula."""

from __future__ import annotations

import datetime as dt
import io
import json
import time

import openpyxl
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crdmo.foundation.datasets.tables import csv_safe, read_table, write_csv, write_json, write_parquet, write_xlsx
from crdmo.foundation.datasets.tables.writers import WRITERS

FRAME = pl.DataFrame({"lot": ["LOT-1", "LOT-2"], "assay": ["99.80", "100.1"], "n": [1, 2]})


def cells(data: bytes) -> list[tuple]:
    return [tuple(row) for row in openpyxl.load_workbook(io.BytesIO(data)).active.iter_rows(values_only=True)]


@pytest.mark.parametrize("kind", list(WRITERS))
def test_what_is_written_can_be_read_again(kind: str):
    table = read_table(WRITERS[kind](FRAME), f"x.{kind}")
    assert [tuple(map(str, row)) for row in table.frame.rows()] == [("LOT-1", "99.80", "1"), ("LOT-2", "100.1", "2")]
    assert table.columns == FRAME.columns


@pytest.mark.parametrize("kind", list(WRITERS))
def test_the_same_rows_give_the_same_bytes(kind: str):
    first = WRITERS[kind](FRAME)
    time.sleep(1.1)
    assert WRITERS[kind](FRAME) == first


@pytest.mark.parametrize("text", ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", "=cmd|' /C calc'!A0"])
def test_a_formula_leaves_as_text(text: str):
    assert csv_safe(text) == "'" + text


@pytest.mark.parametrize("text", ["-5.2", "+3", "99.80", "LOT-1", "", "-1e-3"])
def test_numbers_and_plain_text_leave_as_they_are(text: str):
    assert csv_safe(text) == text


def test_a_csv_file_holds_no_formula():
    data = write_csv(pl.DataFrame({"=a": ["=1+1", "x"]}))
    assert data.decode("utf-8-sig") == "'=a\r\n'=1+1\r\nx\r\n"


def test_a_workbook_holds_text_and_no_formula():
    book = openpyxl.load_workbook(io.BytesIO(write_xlsx(pl.DataFrame({"a": ["=1+1", "00123"]}))))
    cell = book.active["A2"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")
    assert book.active["A3"].value == "00123"


def test_measured_values_are_numbers_that_show_their_digits():
    data = write_xlsx(FRAME, measured=["assay"])
    page = openpyxl.load_workbook(io.BytesIO(data)).active
    assert (page["B2"].value, page["B2"].number_format) == (99.8, "0.00")
    assert read_table(data, "x.xlsx").frame["assay"].to_list() == ["99.80", "100.1"]


def test_a_measured_value_with_more_digits_than_a_spreadsheet_keeps_stays_text():
    data = write_xlsx(pl.DataFrame({"v": ["0.12345678901234567"]}), measured=["v"])
    assert cells(data)[1] == ("0.12345678901234567",)


def test_json_keeps_text_as_text_and_numbers_as_numbers():
    assert json.loads(write_json(FRAME))[0] == {"lot": "LOT-1", "assay": "99.80", "n": 1}


def test_instants_and_missing_values_are_written_plainly():
    frame = pl.DataFrame({"at": [dt.datetime(2026, 11, 24, 9, 30, tzinfo=dt.UTC), None], "ok": [True, None]})
    assert write_csv(frame).decode("utf-8-sig").splitlines() == ["at,ok", "2026-11-24T09:30:00+00:00,true", ","]
    assert cells(write_xlsx(frame))[1] == ("2026-11-24T09:30:00+00:00", True)


def test_parquet_keeps_types():
    assert pl.read_parquet(io.BytesIO(write_parquet(FRAME))).equals(FRAME)


PRINTED = st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=("Cs", "Cc"))
CELL = st.text(PRINTED, min_size=1, max_size=12).filter(str.strip)
ROWS = st.lists(st.tuples(CELL, CELL), min_size=1, max_size=5)


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_any_text_survives_csv_but_for_the_apostrophe_before_formulas(rows):
    frame = pl.DataFrame(rows, schema=["a", "b"], orient="row")
    table = read_table(write_csv(frame), "x.csv", separator=",")
    assert table.frame.rows() == [(csv_safe(a), csv_safe(b)) for a, b in rows]


@settings(max_examples=40, deadline=None)
@given(ROWS)
def test_any_text_survives_a_workbook(rows):
    frame = pl.DataFrame(rows, schema=["a", "b"], orient="row")
    assert read_table(write_xlsx(frame), "x.xlsx").frame.rows() == rows
