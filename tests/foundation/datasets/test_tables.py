"""Uploaded tables are read as they are, and refused whole when torn, doubtful or too large."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile

import openpyxl
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdmo.foundation.datasets.tables import Limits, Table, number_text, read_table
from crdmo.foundation.datasets.tables.numbers import Ambiguous
from crdmo.foundation.refusals import Invalid

PLAIN = b"batch,assay\r\nA,99.80\r\nB,100.1\r\n"


def workbook(*rows, title="Data", extra=None, formats=None) -> bytes:
    book = openpyxl.Workbook()
    page = book.active
    page.title = title
    for row in rows:
        page.append(row)
    for place, shown in (formats or {}).items():
        page[place].number_format = shown
    for name, lines in (extra or {}).items():
        other = book.create_sheet(name)
        for line in lines:
            other.append(line)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


class TestText:
    def test_cells_stay_as_they_came(self):
        table = read_table(PLAIN, "assay.csv")
        assert table.frame.to_dict(as_series=False) == {"batch": ["A", "B"], "assay": ["99.80", "100.1"]}

    @pytest.mark.parametrize(
        "data",
        [
            b"\xef\xbb\xbf" + PLAIN,
            PLAIN.decode().encode("utf-16"),
            b"\xff\xfe" + PLAIN.decode().encode("utf-16-le"),
            b"\xfe\xff" + PLAIN.decode().encode("utf-16-be"),
            PLAIN.decode().encode("utf-16-le"),
            PLAIN.decode().encode("utf-16-be"),
            PLAIN.replace(b"\r\n", b"\n"),
            PLAIN.replace(b"\r\n", b"\n").rstrip(b"\n"),
        ],
        ids=[
            "utf-8 mark",
            "utf-16",
            "little endian",
            "big endian",
            "no mark le",
            "no mark be",
            "line feeds",
            "no last feed",
        ],
    )
    def test_every_usual_encoding_and_line_end_is_read(self, data: bytes):
        assert read_table(data, "assay.csv").frame["assay"].to_list() == ["99.80", "100.1"]

    @pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
    def test_the_separator_is_found(self, mark: str):
        table = read_table(PLAIN.replace(b",", mark.encode()), "assay.csv")
        assert table.columns == ["batch", "assay"]

    def test_a_semicolon_file_with_decimal_commas_is_split_at_semicolons(self):
        table = read_table(b"batch;assay;impurity\nA;99,8;0,02\nB;98,5;0,13\n", "assay.csv")
        assert table.columns == ["batch", "assay", "impurity"]
        assert table.numbers("assay") == ["99.8", "98.5"]

    def test_excels_own_separator_line_is_heard(self):
        assert read_table(b"sep=;\r\na;b\r\n1,2;3,4\r\n", "x.csv").columns == ["a", "b"]

    def test_two_possible_separators_are_asked_about(self):
        with pytest.raises(Invalid, match=r"can be split in two ways.*semicolon"):
            read_table(b"a,b;c\n1,2;3\n", "x.csv")
        assert read_table(b"a,b;c\n1,2;3\n", "x.csv", separator=";").columns == ["a,b", "c"]

    def test_one_column_needs_no_separator(self):
        assert read_table(b"assay\n99.8\n", "x.csv").columns == ["assay"]

    def test_a_separator_within_quotes_splits_nothing(self):
        assert read_table(b'a,b\n"x, y",2\n', "x.csv").frame["a"].to_list() == ["x, y"]

    def test_text_in_another_encoding_is_refused_with_its_place(self):
        with pytest.raises(Invalid, match=r"line 2 is not UTF-8 text.*0xe9"):
            read_table("a,b\ncafé,2\n".encode("cp1252"), "x.csv")

    def test_another_encoding_can_be_named(self):
        assert read_table("a,b\ncafé,2\n".encode("cp1252"), "x.csv", encoding="cp1252").frame["a"].to_list() == ["café"]

    def test_an_encoding_that_is_none_is_refused(self):
        with pytest.raises(Invalid, match="no such encoding"):
            read_table(PLAIN, "x.csv", encoding="klingon")


class TestTorn:
    def test_a_row_with_too_few_cells_is_named(self):
        with pytest.raises(Invalid, match=r"x.csv row 3 has 1 cells under 2 headings.*torn"):
            read_table(b"a,b\n1,2\n3\n", "x.csv", separator=",")

    def test_a_quotation_without_end_is_named(self):
        with pytest.raises(Invalid, match="is torn"):
            read_table(b'a,b\n"1,2\n3,4\n', "x.csv", separator=",")

    def test_a_blank_row_between_rows_is_named(self):
        with pytest.raises(Invalid, match="row 3 is empty, and more rows follow"):
            read_table(b"a,b\n1,2\n,\n3,4\n", "x.csv")

    def test_blank_rows_at_the_end_are_nothing(self):
        assert read_table(b"a,b\n1,2\n,\n\n", "x.csv", separator=",").frame.height == 1

    def test_an_empty_file_is_refused(self):
        with pytest.raises(Invalid, match=r"x.csv is empty"):
            read_table(b"", "x.csv")

    def test_headings_without_rows_are_refused(self):
        with pytest.raises(Invalid, match="headings and no rows"):
            read_table(b"a,b\n", "x.csv")

    def test_a_nul_character_is_refused_with_its_place(self):
        with pytest.raises(Invalid, match="row 2, column a holds a NUL"):
            read_table(b"a,b\n1\x00,2\n" + b"1,2\n" * 1000, "x.csv", separator=",", encoding="utf-8")

    @pytest.mark.parametrize("cut", [0.3, 0.6, 0.95])
    def test_a_torn_workbook_is_refused(self, cut: float):
        data = workbook(["a"], [1])
        with pytest.raises(Invalid, match=r"is torn|no sound workbook"):
            read_table(data[: int(len(data) * cut)], "x.xlsx")

    @pytest.mark.parametrize("cut", [0.3, 0.6, 0.95])
    def test_a_torn_parquet_file_is_refused(self, cut: float):
        out = io.BytesIO()
        pl.DataFrame({"a": range(1000)}).write_parquet(out)
        data = out.getvalue()
        with pytest.raises(Invalid, match="torn Parquet"):
            read_table(data[: int(len(data) * cut)], "x.parquet")

    def test_torn_json_is_refused(self):
        with pytest.raises(Invalid, match="torn or no JSON"):
            read_table(b'[{"a": 1}, {"a"', "x.json")


class TestHeadings:
    def test_a_heading_twice_is_refused(self):
        with pytest.raises(Invalid, match=r"a heading twice.*assay"):
            read_table(b"assay,assay\n1,2\n", "x.csv")

    def test_headings_that_differ_in_case_only_are_refused(self):
        with pytest.raises(Invalid, match="a heading twice"):
            read_table(b"Assay,assay\n1,2\n", "x.csv")

    def test_a_missing_heading_is_named(self):
        with pytest.raises(Invalid, match="column 2 has no heading"):
            read_table(b"a,,c\n1,2,3\n", "x.csv")

    def test_a_formula_as_heading_is_refused(self):
        with pytest.raises(Invalid, match="no plain text"):
            read_table(b"=cmd,b\n1,2\n", "x.csv")

    def test_a_required_column_that_is_missing_is_named(self):
        with pytest.raises(Invalid, match=r"lacks a column.*impurity"):
            read_table(PLAIN, "x.csv").require("assay", "impurity")


class TestLimits:
    def test_a_file_too_large_is_refused_unread(self):
        with pytest.raises(Invalid, match="too large to upload"):
            read_table(PLAIN, "x.csv", limits=Limits(size=10))

    def test_too_many_rows_are_refused(self):
        with pytest.raises(Invalid, match="too many rows"):
            read_table(b"a\n" + b"1\n" * 11, "x.csv", limits=Limits(rows=10))

    def test_just_enough_rows_are_read(self):
        assert read_table(b"a\n" + b"1\n" * 10, "x.csv", limits=Limits(rows=10)).frame.height == 10

    def test_too_many_columns_are_refused(self):
        with pytest.raises(Invalid, match="too many columns"):
            read_table(b"a,b,c\n1,2,3\n", "x.csv", limits=Limits(columns=2))

    def test_a_cell_too_long_is_named(self):
        with pytest.raises(Invalid, match="row 2, column a is too long"):
            read_table(b"a,b\n" + b"x" * 50 + b",1\n", "x.csv", limits=Limits(cell=49))

    def test_a_zip_bomb_is_refused_before_it_is_unpacked(self):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/worksheets/sheet1.xml", b"0" * (60 << 20))
        with pytest.raises(Invalid, match="unpacks to far more"):
            read_table(out.getvalue(), "x.xlsx")

    def test_a_parquet_bomb_is_refused_before_it_is_unpacked(self):
        out = io.BytesIO()
        pl.DataFrame({"a": pl.Series([0.5] * 3_000_000)}).write_parquet(out)
        with pytest.raises(Invalid, match="too large when unpacked"):
            read_table(out.getvalue(), "x.parquet", limits=Limits(unpacked=100))

    def test_entities_in_a_workbook_are_refused(self):
        out = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(workbook(["a"], [1]))) as old, zipfile.ZipFile(out, "w") as new:
            for name in old.namelist():
                content = old.read(name)
                if name == "xl/workbook.xml":
                    content = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]>' + content
                new.writestr(name, content)
        with pytest.raises(Invalid, match="holds a document type"):
            read_table(out.getvalue(), "x.xlsx")


class TestWorkbooks:
    def test_values_are_read(self):
        table = read_table(workbook(["batch", "n", "assay", "on"], ["A", 3, 99.8, dt.date(2026, 11, 24)]), "x.xlsx")
        assert table.frame.row(0) == ("A", "3", "99.8", "2026-11-24")

    @pytest.mark.parametrize(
        ("value", "shown", "text"),
        [
            (99.8, "0.00", "99.80"),
            (99.8, "General", "99.8"),
            (100, "0.000", "100.000"),
            (99.123456789, "0.0", "99.123456789"),
            (1e-7, "0.00", "1e-07"),
            (-5.5, "0.00", "-5.50"),
            (3, "0", "3"),
            (1234.5, "#,##0.00", "1234.50"),
        ],
    )
    def test_numbers_show_the_digits_that_their_format_shows_and_lose_none(self, value, shown, text):
        table = read_table(workbook(["v", "w"], [value, "x"], formats={"A2": shown}), "x.xlsx")
        assert table.frame["v"].to_list() == [text]

    def test_a_formula_is_refused_with_its_cell(self):
        with pytest.raises(Invalid, match=r"sheet Data B2 holds a formula.*=SUM"):
            read_table(workbook(["a", "b"], [1, "=SUM(A1:A2)"]), "x.xlsx")

    def test_an_error_is_refused_with_its_cell(self):
        book = openpyxl.Workbook()
        book.active.append(["a"])
        book.active["A2"] = "#DIV/0!"
        out = io.BytesIO()
        book.save(out)
        with pytest.raises(Invalid, match=r"A2 holds an error.*#DIV/0!"):
            read_table(out.getvalue(), "x.xlsx")

    def test_several_filled_sheets_are_asked_about(self):
        data = workbook(["a"], [1], extra={"Notes": [["n"], ["x"]]})
        with pytest.raises(Invalid, match=r"several filled sheets.*Data, Notes"):
            read_table(data, "x.xlsx")
        assert read_table(data, "x.xlsx", sheet="Notes").columns == ["n"]

    def test_empty_sheets_do_not_count(self):
        assert read_table(workbook(["a"], [1], extra={"Sheet2": []}), "x.xlsx").columns == ["a"]

    def test_a_sheet_that_is_not_there_is_refused(self):
        with pytest.raises(Invalid, match=r"no such sheet.*Data"):
            read_table(workbook(["a"], [1]), "x.xlsx", sheet="Results")

    def test_an_old_or_protected_workbook_is_refused_with_advice(self):
        with pytest.raises(Invalid, match=r"without password as .xlsx"):
            read_table(bytes.fromhex("d0cf11e0a1b11ae1") + b"\x00" * 600, "x.xls")

    def test_a_zip_that_is_no_workbook_is_refused(self):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("hello.txt", "hello")
        with pytest.raises(Invalid, match="no sound workbook"):
            read_table(out.getvalue(), "x.xlsx")


class TestJson:
    def test_numbers_keep_their_digits(self):
        table = read_table(b'[{"b": "A", "v": 99.80, "n": 12345678901234567890}]', "x.json")
        assert table.frame.row(0) == ("A", "99.80", "12345678901234567890")

    def test_columns_and_rows_are_read(self):
        table = read_table(b'{"columns": ["b", "v"], "rows": [["A", 1.50], ["B", null]]}', "x.json")
        assert table.frame.rows() == [("A", "1.50"), ("B", "")]

    def test_other_keys_in_a_row_are_named(self):
        with pytest.raises(Invalid, match=r"row 3 has other keys.*c"):
            read_table(b'[{"a": 1, "b": 2}, {"a": 1, "c": 2}]', "x.json")

    def test_a_key_twice_is_refused(self):
        with pytest.raises(Invalid, match=r"a key twice.*a"):
            read_table(b'[{"a": 1, "a": 2}]', "x.json")

    @pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
    def test_what_is_no_number_of_json_is_refused(self, word: str):
        with pytest.raises(Invalid, match="JSON does not know"):
            read_table(f'[{{"a": {word}}}]'.encode(), "x.json")

    def test_nested_values_are_refused(self):
        with pytest.raises(Invalid, match="more than plain values"):
            read_table(b'[{"a": [1]}]', "x.json")

    def test_what_is_no_table_is_refused(self):
        with pytest.raises(Invalid, match="holds no table"):
            read_table(b'{"a": 1}', "x.json")

    def test_deep_nesting_is_refused(self):
        with pytest.raises(Invalid, match=r"torn or no JSON|more than plain values|holds no table"):
            read_table(b"[" * 100_000 + b"]" * 100_000, "x.json")


class TestParquet:
    def test_types_are_kept(self):
        out = io.BytesIO()
        frame = pl.DataFrame({"a": [1.5], "b": ["x"], "c": [dt.date(2026, 1, 1)]})
        frame.write_parquet(out)
        assert read_table(out.getvalue(), "x.parquet").frame.equals(frame)

    def test_nested_columns_are_refused(self):
        out = io.BytesIO()
        pl.DataFrame({"a": [[1, 2]]}).write_parquet(out)
        with pytest.raises(Invalid, match="does not hold plain values"):
            read_table(out.getvalue(), "x.parquet")


class TestFormulas:
    @pytest.mark.parametrize("cell", ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "=HYPERLINK()"])
    def test_a_formula_in_a_text_cell_is_flagged_and_kept_as_text(self, cell: str):
        table = read_table(f"a;b\n{cell};1\n".encode(), "x.csv")
        assert table.frame["a"].to_list() == [cell]
        assert [(flag.row, flag.column, flag.value) for flag in table.flags] == [(2, "a", cell)]

    @pytest.mark.parametrize("cell", ["-5.2", "+3", "-1e-3", "-5,2", "a=b", "C-001"])
    def test_a_number_with_its_sign_is_no_formula(self, cell: str):
        assert read_table(f"a;b\n{cell};1\n".encode(), "x.csv").flags == ()


class TestNumbers:
    @pytest.mark.parametrize(
        ("given_text", "text"),
        [
            ("99.80", "99.80"),
            ("1,5", "1.5"),
            ("99,80", "99.80"),
            ("0,500", "0.500"),
            ("-1,25", "-1.25"),
            (",5", ".5"),
            ("1.234,56", "1234.56"),
            ("1,234.56", "1234.56"),
            ("1,234,567", "1234567"),
            ("1.234.567", "1234567"),
            ("1 234,5", "1234.5"),
            ("1\u00a0234", "1234"),
            ("\u22125", "-5"),
            ("1e-3", "1e-3"),
            ("1,5e3", "1.5e3"),
            ("1234,567", "1234.567"),
        ],
    )
    def test_what_can_be_read_in_one_way_is_read(self, given_text: str, text: str):
        assert number_text(given_text) == text

    @pytest.mark.parametrize("text", ["1,500", "12,345", "-1,500"])
    def test_what_can_be_read_in_two_ways_is_asked_about(self, text: str):
        with pytest.raises(Ambiguous, match=r"can be read in two ways.*Say whether the comma is the decimal mark"):
            number_text(text)

    def test_the_answer_settles_it(self):
        assert number_text("1,500", "comma") == "1.500"
        assert number_text("1,500", "point") == "1500"
        assert number_text("1.500", "comma") == "1500"
        assert number_text("1.500", "point") == "1.500"

    @pytest.mark.parametrize(
        "text", ["", "abc", "1,2,3", "1.2.3", "1,23.4", "--5", "NaN", "inf", "1e9999", "0x10", "１"]
    )
    def test_what_is_no_number_is_refused(self, text: str):
        with pytest.raises(Invalid, match="this is no number"):
            number_text(text)

    @given(st.decimals(min_value=-(10**9), max_value=10**9, allow_nan=False, places=4))
    def test_a_plain_decimal_keeps_every_digit(self, value):
        assert number_text(format(value, "f")) == format(value, "f")

    def column(self, *cells: str) -> Table:
        return Table("x.csv", pl.DataFrame({"v": list(cells)}))

    def test_every_bad_cell_is_named_with_file_row_and_column(self):
        with pytest.raises(Invalid, match=r"x.csv row 3, column v.*2 cells in all") as caught:
            self.column("1", "a", "2", "").numbers("v")
        assert list(caught.value.errors) == ["x.csv row 3, column v", "x.csv row 5, column v"]

    def test_empty_cells_may_be_allowed(self):
        assert self.column("1", "").numbers("v", empty=True) == ["1", None]

    def test_both_decimal_marks_in_one_column_are_asked_about(self):
        with pytest.raises(Ambiguous, match="both the point and the comma"):
            self.column("1.5", "1,5").numbers("v")

    def test_one_doubtful_cell_refuses_the_column(self):
        with pytest.raises(Ambiguous, match="row 3, column v"):
            self.column("1,5", "1,500").numbers("v")
        assert self.column("1,5", "1,500").numbers("v", decimal="comma") == ["1.5", "1.500"]


class TestTypes:
    def test_columns_get_their_types(self):
        table = read_table(b"b;v;n;on;at\nA;1,5;3;2026-11-24;2026-11-24T09:30:00+01:00\nB;;;;\n", "x.csv")
        made = table.typed({"b": "text", "v": "number", "n": "integer", "on": "date", "at": "instant"})
        assert made.row(0) == ("A", 1.5, 3, dt.date(2026, 11, 24), dt.datetime(2026, 11, 24, 8, 30, tzinfo=dt.UTC))
        assert made.row(1) == ("B", None, None, None, None)

    @pytest.mark.parametrize(
        ("kind", "cell", "told"),
        [
            ("integer", "3.0", "no whole number"),
            ("date", "24.11.2026", "no date"),
            ("date", "11/24/2026", "no date"),
            ("instant", "2026-11-24T09:30:00", "needs its offset"),
            ("instant", "noon", "no instant"),
        ],
    )
    def test_a_cell_that_does_not_fit_is_named(self, kind: str, cell: str, told: str):
        with pytest.raises(Invalid, match=f"row 2, column v: .*{told}"):
            Table("x.csv", pl.DataFrame({"v": [cell]})).typed({"v": kind})


def test_messages_are_plain_json_for_a_page():
    with pytest.raises(Invalid, match="no number") as caught:
        Table("x.csv", pl.DataFrame({"v": ["x"]})).numbers("v")
    told = caught.value.as_json()
    (place, sentence), *_ = json.loads(json.dumps(told))["errors"].items()
    assert place == "x.csv row 2, column v"
    assert sentence.startswith("this is no number. Given: 'x'. Allowed: digits with one decimal mark")
