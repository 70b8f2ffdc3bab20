"""Tables that a laboratory brings: taken whole where they fit the study, refused whole with each cell named."""

from __future__ import annotations

from typing import Any

import pytest

from crdmo.common import exchange
from crdmo.common.studies.models import Finding
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.refusals import Invalid, NotPermitted, Refused
from crdmo.services.preclinical import imports
from crdmo.services.preclinical.lines import COLUMNS, design_of_lines, lines_of_design
from crdmo.services.preclinical.workflow import protocols, records
from tests import factories

HEAD = "animal,day,test,specimen,time,value,unit,date\n"


def table(facility, *rows: str) -> bytes:
    return (HEAD + "\n".join(rows) + "\n").encode()


def test_a_table_in_long_form_is_recorded_in_one_act(facility) -> None:
    study = facility.dosed()
    on = facility.on(8)
    data = table(
        facility, f"M1,D8,BW,,,231.50,g,{on}", f"F1,8,BW,,,199,g,{on}", f"M1,D8,DRUG,PLASMA,2 h,12.5,ng/mL,{on}",
        f"M1,D8,DRUG,PLASMA,8 h,BLQ,ng/mL,{on}", f"M2,D8,BW,,,ND lame,g,{on}", f"M1,D8,CLINOBS,,,Salivation,,{on}",
    )  # fmt: skip
    rows = imports.read_findings(study, data, "week2.csv")
    made = records.record_findings(facility.technician, study, rows)
    assert [(one.value, one.number, one.not_done) for one in made] == [
        ("231.50", "231.50", False), ("199", "199", False), ("12.5", "12.5", False), ("BLQ", "", False), ("", "", True),
        ("Salivation", "", False),
    ]  # fmt: skip
    assert len({Entry.objects.get(seq=one.entry).act for one in made}) == 1


BAD = {
    "an animal that is not in the study": ("Z9,D8,BW,,,200,g,", "Z9 is not in"),
    "another sponsor's animal": ("LQ-1,D8,BW,,,200,g,", "LQ-1 is not in"),
    "a day that is not planned": ("M1,D99,BW,,,200,g,", "no planned day"),
    "a test that is not planned": ("M1,D8,WBC,,,5,10*9/L,", "no item of the protocol"),
    "a wrong unit": ("M1,D8,BW,,,0.2,kg,", "given kg, planned g"),
    "no number": ("M1,D8,BW,,,heavy,g,", "is no number"),
    "no value": ("M1,D8,BW,,,,g,", "is no number"),
    "NaN": ("M1,D8,BW,,,NaN,g,", "is no number"),
    "a formula": ("M1,D8,CLINOBS,,,=HYPERLINK(1),,", "a formula"),
}


@pytest.mark.parametrize("what", BAD)
def test_what_does_not_fit_is_refused_whole_with_its_cell(facility, what: str) -> None:
    study = facility.dosed()
    row, why = BAD[what]
    before = Entry.objects.count()
    with pytest.raises(Invalid) as refused:
        imports.read_findings(study, table(facility, "F1,D8,BW,,,200,g,", row), "t.csv")
    assert any(why in text and "row 3" in place for place, text in refused.value.errors.items()) or why in str(
        refused.value.errors
    )
    assert (Finding.objects.filter(visit__code="D8").count(), Entry.objects.count()) == (0, before)


def test_a_torn_table_a_missing_column_and_a_line_twice_are_refused(facility) -> None:
    study = facility.dosed()
    with pytest.raises(Invalid, match="cells under"):
        imports.read_findings(study, (HEAD + "M1,D8,BW").encode(), "t.csv")
    with pytest.raises(Invalid, match="lacks a column"):
        imports.read_findings(study, b"animal,day,test,value\nM1,D8,BW,2\n", "t.csv")
    on = facility.on(8)
    rows = imports.read_findings(study, table(facility, f"M1,D8,BW,,,200,g,{on}", f"M1,D8,BW,,,201,g,{on}"), "t.csv")
    with pytest.raises(Invalid, match="nothing was saved") as refused:
        records.record_findings(facility.technician, study, rows)
    assert "stands for" in refused.value.errors["2/code"]


def test_animals_come_from_a_list(facility) -> None:
    rows = imports.read_animals(b"animal,sex,cage,born\n1M01,male,C1,2026-01-05\n2F01,F,,\n", "animals.csv")
    assert [(one["code"], one["sex"], one["cage"]) for one in rows] == [("1M01", "M", "C1"), ("2F01", "F", "")]
    with pytest.raises(Invalid, match="cannot be taken") as refused:
        imports.read_animals(b"animal,sex,born\n1M01,x,2026-02-30\n", "animals.csv")
    assert len(refused.value.errors) == 2
    with pytest.raises(Invalid, match="formula"):
        imports.read_animals(b"animal,sex\n=1+1,F\n", "animals.csv")


def test_a_design_is_read_from_lines_and_each_wrong_line_is_named(facility) -> None:
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in (
        ("group", "1", "Control", "0", "mg/kg", "control n=5"), ("epoch", "TRT", "Treatment", "", "", ""),
        ("activity", "PC", "Plasma", "pc", "", ""), ("item", "DRUG", "Drug", "", "ng/mL", "PLASMA @0.5 h LLOQ=1.00"),
        ("item", "DRUG", "Drug", "", "ng/mL", "PLASMA LLOQ=1.00 @30 min"), ("day", "D8", "Day 8", "8", "TRT", "PC -1+2"),
        ("", "", "", "", "", ""),
    )]  # fmt: skip
    found = design_of_lines(rows)
    assert found["arms"] == [
        {"code": "1", "name": "Control", "dose": "0", "unit": "mg/kg", "is_control": True, "planned": 5}
    ]
    first, second = found["activities"][0]["items"]
    assert (first["elapsed"], first["time_point"], first["lower_limit"], first["specimen"]) == (
        "PT0.5H",
        "0.5 h",
        "1.00",
        "PLASMA",
    )
    assert (second["elapsed"], second["lower_limit"]) == ("PT30M", "1.00")
    day = found["visits"][0]
    assert (day["day"], day["before"], day["after"], day["activities"]) == (8, 1, 2, ["PC"])
    bad = [{"kind": "dose"}, {"kind": "day", "code": "D", "value": "eight"}, {"kind": "day", "value": "8", "more": "-x+1"},
           {"kind": "group", "more": "n=many"}]  # fmt: skip
    with pytest.raises(Invalid, match="nothing was saved") as refused:
        design_of_lines(bad)
    assert set(refused.value.errors) == {"line 1", "line 2", "line 3", "line 4"}
    with pytest.raises(Invalid, match="cannot be read"):
        design_of_lines([{"kind": "item", "code": "X"}])
    version = protocols.draft_protocol(
        facility.director, facility.opened("TOX-L"), text="x", **design_of_lines(lines_of_design())
    )
    assert protocols.offer_protocol(facility.director, version).design["visits"][0]["code"] == "D-1"


def test_another_sponsors_animal_is_answered_like_one_that_does_not_exist(facility) -> None:
    study = facility.dosed()
    other = factories.program("LQ-1", owner=factories.sponsor("OTHER"), with_=facility.program.partner)
    assert other != study.program

    def told(code: str) -> str:
        with pytest.raises(Refused) as refused:
            imports.read_findings(study, table(facility, f"{code},D8,BW,,,200,g,"), "t.csv")
        return str(refused.value.errors).replace(code, "X")

    assert told("LQ-1-A") == told("NONE-1")


def test_findings_come_in_by_the_table_of_kinds_whole_or_not_at_all(facility) -> None:
    study, on = facility.dosed(), facility.on(8)

    def brought(text: str, code: str = study.code) -> exchange.Brought:
        return exchange.Brought(exchange.File("w.csv", table(facility, text)), options={"study": code})

    def bring(one: exchange.Brought, by: Any = facility.technician) -> exchange.Taken:
        return exchange.take(by, facility.program, "findings", one)

    good = brought(f"M1,D8,BW,,,231.50,g,{on}")
    before = Entry.objects.count()
    for wrong, why in (
        (brought("M1,D8,BW,,,0.2,kg,"), "given kg, planned g"),
        (brought("M1,D8,CLINOBS,,,=HYPERLINK(1),,"), "a formula"),
        (brought(f"M1,D8,BW,,,231.50,g,{on}", "TOX-9"), "no such study"),
    ):
        with pytest.raises(Invalid) as refused:
            bring(wrong)
        assert why in f"{refused.value.sentence()} {refused.value.errors}"
    assert exchange.look(facility.technician, facility.program, "findings", good).detail["findings"] == 1
    assert Entry.objects.count() == before
    with pytest.raises(NotPermitted):
        bring(good, facility.sponsor)
    assert bring(good).detail == {"study": study.code, "findings": 1}
    assert Finding.objects.get(study=study, code="BW", visit__code="D8").value == "231.50"
