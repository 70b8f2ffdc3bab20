"""Data sets from plain frames: what is derived, what is refused, and that nothing hostile is more than data."""

from __future__ import annotations

import datetime as dt
import string
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crdmo.standards.cdisc import (
    SDTM,
    SEND,
    build,
    check,
    encode,
    from_rows,
    read_files,
    read_folder,
    study_day,
    supplemental,
    write_folder,
)
from crdmo.standards.refusals import FormatError

FIRST = {"S-1": "2026-03-10", "S-2": "2026-03-12T08:30"}


def vitals(**columns: object) -> pl.DataFrame:
    base: dict[str, object] = {
        "VSTEST": ["Systolic Blood Pressure"] * 3,
        "VSTESTCD": ["SYSBP"] * 3,
        "USUBJID": ["S-1", "S-1", "S-2"],
        "VSORRES": ["120", "118.50", "131"],
        "VSSTRESN": [120, 118.5, 131.0],
        "VSDTC": ["2026-03-09", "2026-03-10T09:00", "2026-03"],
    }
    return pl.DataFrame({**base, **columns}, strict=False)


def test_order_labels_lengths_sequence_and_study_days_come_from_the_guide_and_the_records() -> None:
    made = build(SDTM, "VS", vitals(), study="CRD-101", reference=FIRST)
    assert made.frame.columns == [
        "STUDYID", "DOMAIN", "USUBJID", "VSSEQ", "VSTESTCD", "VSTEST", "VSORRES", "VSSTRESN", "VSDTC", "VSDY",
    ]  # fmt: skip
    assert made.frame["VSSEQ"].to_list() == [1, 2, 1]
    assert made.frame["VSDY"].to_list() == [-1, 1, None]
    assert made.frame["VSORRES"].to_list() == ["120", "118.50", "131"]
    header = made.member.header
    assert (header.name, header.label) == ("VS", "Vital Signs")
    assert [(one.label, one.length) for one in header.variables][4:6] == [
        ("Vital Signs Test Short Name", 5),
        ("Vital Signs Test Name", 23),
    ]


def test_there_is_no_study_day_0() -> None:
    reference = dt.date(2026, 3, 10)
    assert [study_day(f"2026-03-{day:02}", reference) for day in (8, 9, 10, 11)] == [-2, -1, 1, 2]
    assert study_day("2026-03", reference) is None
    assert study_day("2026-03-10", None) is None


def test_an_epoch_is_that_of_the_element_a_record_lies_in() -> None:
    elements = pl.DataFrame(
        {
            "USUBJID": ["S-1"] * 3,
            "EPOCH": ["SCREENING", "TREATMENT", "FOLLOW-UP"],
            "SESTDTC": ["2026-03-01", "2026-03-10", "2026-04-10"],
            "SEENDTC": ["2026-03-10", "2026-04-10", "2026-04-20"],
        }
    )
    frame = pl.DataFrame(
        {
            "USUBJID": ["S-1"] * 6,
            "AETERM": ["Headache"] * 6,
            "AEDECOD": ["Headache"] * 6,
            "AESTDTC": ["2026-03-02", "2026-03-10T07:00", "2026-05-01", "2026-03", "2026-02-11", ""],
        }
    )
    made = build(SDTM, "AE", frame, study="X", elements=elements)
    assert made.frame["EPOCH"].to_list() == ["SCREENING", "TREATMENT", "", "", "", ""]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            {"VSORRES": ["1" * 201, "1", "2"]},
            r"vs\.xpt, row 1, VSORRES: has 201 bytes\. Given: 1{80}\. Allowed: 200 bytes",
        ),
        ({"VSTESTCD": ["SYSBP", "SYSBPSITT", "S"]}, r"row 2, VSTESTCD: has 9 bytes\. Given: SYSBPSITT"),
        ({"VSTESTCD": ["SYSBP", "SYSBP", "1A"]}, r"row 3, VSTESTCD: is no short name\. Given: 1A"),
        ({"VSTEST": ["x" * 41] * 3}, r"row 1, VSTEST: has 41 bytes.*40 bytes"),
        ({"VSTEST": ["", "a", "b"]}, r"row 1, VSTEST: has no value"),
        ({"VSDTC": ["2026-02-30", "", ""]}, r"row 1, VSDTC: is no ISO 8601 moment\. Given: 2026-02-30"),
        ({"VSDTC": ["10MAR2026", "", ""]}, r"row 1, VSDTC: is no ISO 8601 moment\. Given: 10MAR2026"),
        ({"VSSTRESN": ["120", "x", ""]}, r"VSSTRESN: is of the wrong type\. Given: String"),
        ({"VSORRES": [120, 118, 131]}, r"VSORRES: is of the wrong type.*99\.80 is not 99\.8"),
        ({"VSSTRESN": [120, float("nan"), 1]}, r"row 2, VSSTRESN: is no finite number\. Given: nan"),
        ({"VSSTRESN": [120, float("inf"), 1]}, r"row 2, VSSTRESN: is no finite number\. Given: inf"),
        ({"VSSEQ": [1, 1, 1]}, r"row 2, VSSEQ: is there already for S-1\. Given: 1"),
        ({"STUDYID": ["X", "Y", "X"]}, r"row 2, STUDYID: is another one\. Given: Y\. Allowed: X"),
        ({"DOMAIN": ["VS", "LB", "VS"]}, r"row 2, DOMAIN: is another one\. Given: LB"),
        ({"VSRESULT": ["a", "b", "c"]}, r"VS has no such variable\. Given: VSRESULT.*SUPPVS"),
        (
            {"VSORRES": ["5 µg", "1", "2"]},
            r"row 1, VSORRES: a character does not fit\. Given: µ\. Allowed: characters of ascii",
        ),
        ({"VSORRES": ["5", "1\n2", "2"]}, r"row 2, VSORRES: a character does not fit.*no line breaks"),
        ({"VSORRES": ["5", "1\x002", "2"]}, r"row 2, VSORRES: a character does not fit"),
    ],
)
def test_what_the_standard_does_not_allow_is_refused_with_file_row_variable_and_value(
    columns: dict[str, object], message: str
) -> None:
    with pytest.raises(FormatError, match=message):
        build(SDTM, "VS", vitals(**columns), study="X")


def test_a_missing_required_variable_and_an_unknown_domain_are_refused() -> None:
    with pytest.raises(FormatError, match=r"VS lacks a required variable.*with VSTEST"):
        build(SDTM, "VS", vitals().drop("VSTEST"), study="X")
    with pytest.raises(FormatError, match=r"SDTMIG 3\.4 .* no such domain\. Given: ZZ"):
        build(SDTM, "ZZ", vitals(), study="X")


def test_two_hundred_bytes_are_bytes_and_not_characters() -> None:
    text = "ü" * 100 + "x"
    with pytest.raises(FormatError, match="has 201 bytes"):
        build(SDTM, "VS", vitals(VSORRES=[text, "1", "2"]), study="X", encoding="utf-8")


HOSTILE = [
    '=HYPERLINK("http://x","y")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "<script>alert(1)</script>",
    "'; DROP TABLE x;--",
]


def test_a_formula_or_a_script_is_data_and_stays_data(tmp_path: Path) -> None:
    frame = pl.DataFrame({"USUBJID": ["S-1"] * 6, "AETERM": HOSTILE, "AEDECOD": HOSTILE})
    write_folder(tmp_path / "out", [build(SDTM, "AE", frame, study="X")])
    assert read_folder(tmp_path / "out").datasets["AE"].frame["AETERM"].to_list() == HOSTILE


TEXT = st.text(alphabet=string.printable[:95], max_size=200).map(lambda text: text.rstrip(" "))
NUMBER = st.one_of(st.none(), st.integers(-(2**53), 2**53).map(float), st.floats(1e-70, 1e70), st.just(0.1))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(TEXT, NUMBER), min_size=1, max_size=6))
def test_whatever_text_and_number_goes_in_comes_out_of_the_file(rows: list[tuple[str, float | None]]) -> None:
    frame = pl.DataFrame(
        {
            "USUBJID": ["S-1"] * len(rows), "VSTESTCD": ["A"] * len(rows), "VSTEST": ["A"] * len(rows),
            "VSORRES": [text for text, _ in rows], "VSSTRESN": [number for _, number in rows],
        },
        schema_overrides={"VSSTRESN": pl.Float64},
    )  # fmt: skip
    made = build(SDTM, "VS", frame, study="X")
    again = read_files(encode([made])).datasets["VS"]
    assert again.frame.equals(made.frame)
    assert again.member.header.variables == made.member.header.variables
    assert build(SDTM, "VS", again.frame, study="X").frame.equals(made.frame)


def test_dates_become_moments_and_a_blank_row_order_is_kept() -> None:
    made = build(
        SDTM, "VS", vitals(VSDTC=[dt.date(2026, 3, 9), None, dt.date(2026, 3, 11)]), study="X", reference=FIRST
    )
    assert made.frame["VSDTC"].to_list() == ["2026-03-09", "", "2026-03-11"]
    assert made.frame["VSDY"].to_list() == [-1, None, -1]


def test_columns_that_the_domain_lacks_become_supplemental_qualifiers() -> None:
    parent = build(SDTM, "VS", vitals(), study="X")
    extra = pl.DataFrame({"DEVICE": ["cuff 3", "", "cuff 4"]})
    made = supplemental(SDTM, parent, {"DEVICE": ("Device", "CRF")}, extra, study="X")
    assert made.file_name == "suppvs.xpt"
    assert made.frame.select("RDOMAIN", "USUBJID", "IDVAR", "IDVARVAL", "QNAM", "QLABEL", "QVAL", "QORIG").rows() == [
        ("VS", "S-1", "VSSEQ", "1", "DEVICE", "Device", "cuff 3", "CRF"),
        ("VS", "S-2", "VSSEQ", "1", "DEVICE", "Device", "cuff 4", "CRF"),
    ]
    with pytest.raises(FormatError, match="Given: 1 rows"):
        supplemental(SDTM, parent, {"DEVICE": ("Device", "CRF")}, extra.head(1), study="X")


def test_a_pool_of_animals_numbers_its_own_records() -> None:
    frame = pl.DataFrame(
        {
            "USUBJID": ["", "", "", "A1"], "POOLID": ["P1", "P1", "P2", ""], "FWTESTCD": ["FC"] * 4,
            "FWTEST": ["Food Consumption"] * 4,
        }
    )  # fmt: skip
    assert build(SEND, "FW", frame, study="X").frame["FWSEQ"].to_list() == [1, 2, 1, 1]


def test_a_wrong_study_day_and_a_stranger_are_found_in_a_package() -> None:
    dm = build(
        SDTM, "DM", pl.DataFrame({"USUBJID": ["S-1"], "SUBJID": ["1"], "SITEID": ["01"], "SEX": ["F"], "COUNTRY": ["DEU"],
                                  "RFSTDTC": ["2026-03-10"]}), study="X")  # fmt: skip
    vs = build(SDTM, "VS", vitals(VSDY=[0, 1, 5]), study="X")
    found = {
        (one.criterion, one.place): one.what for one in check(SDTM, {"DM": dm, "VS": vs}) if one.severity == "error"
    }
    assert found == {
        ("CDISC-12", "VS.VSDY"): "1 of 3 rows; row 1: 0, by 2026-03-09 day -1",
        ("CDISC-13", "VS.USUBJID"): "1 not in DM, such as S-2",
    }


def test_a_number_that_is_not_its_text_is_found() -> None:
    texts, numbers = ["120", "BLQ", "131"], [120.00000001, 0.0, None]
    vs = build(SDTM, "VS", vitals(VSSTRESC=texts, VSSTRESN=numbers), study="X")
    found = [one.what for one in check(SDTM, {"VS": vs}) if one.criterion == "CDISC-15"]
    assert found == ["2 of 3 rows; row 2: BLQ and 0.0"]


def test_nothing_is_written_where_a_data_set_cannot_be(tmp_path: Path) -> None:
    vs = build(SDTM, "VS", vitals(), study="X")
    with pytest.raises(FormatError, match="VS twice"):
        write_folder(tmp_path / "out", [vs, vs])
    huge = build(SDTM, "VS", vitals(VSSTRESN=[1e80, 1.0, 1.0]), study="X")
    with pytest.raises(FormatError, match=r"vs\.xpt: VSSTRESN, row 1, has no image as an IBM double"):
        write_folder(tmp_path / "out", [huge])
    with pytest.raises(FormatError, match="needs a data set"):
        write_folder(tmp_path / "out", [])
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "a.txt").write_text("mine")
    with pytest.raises(FormatError, match="folder of its own"):
        write_folder(tmp_path / "kept", [vs])
    with pytest.raises(FormatError, match="no such folder"):
        read_folder(tmp_path / "none")


def test_rows_get_the_expected_variables_and_an_open_value_only_where_the_package_is_unfinished() -> None:
    rows = [{"USUBJID": "S-1", "AETERM": "Fieber, hoch Ü", "AESTDTC": "2026-03-11", "AESEV": ""}]
    with pytest.raises(FormatError, match="row 1, AEDECOD: has no value"):
        from_rows(SDTM, "AE", rows, study="CRD-101", encoding="utf-8")
    with pytest.raises(FormatError, match="a character does not fit"):
        from_rows(SDTM, "AE", rows, study="CRD-101", unfinished=True)
    made = from_rows(SDTM, "AE", rows, study="CRD-101", reference=FIRST, encoding="utf-8", unfinished=True)
    assert (made.encoding, made.frame["AESTDY"][0], made.frame["AESEQ"][0]) == ("utf-8", 2.0, 1.0)
    assert "AESOC" in made.frame.columns and "AESEV" not in made.frame.columns
    assert [one.criterion for one in check(SDTM, {"AE": made})] == ["CDISC-07"]
    with pytest.raises(FormatError, match="no such variable"):
        from_rows(SDTM, "AE", [{**rows[0], "AECOLOUR": "red"}], study="CRD-101", encoding="utf-8", unfinished=True)


@pytest.mark.parametrize("standard", [SDTM, SEND])
def test_every_definition_fits_a_transport_file(standard: object) -> None:
    assert standard in (SDTM, SEND)
    for domain in (SDTM if standard is SDTM else SEND).domains.values():
        names = [one.name for one in domain.variables]
        assert len(names) == len(set(names)), domain.code
        assert all(len(one.name) <= 8 and 1 <= len(one.label) <= 40 for one in domain.variables), domain.code
