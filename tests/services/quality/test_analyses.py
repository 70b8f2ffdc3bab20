"""Evaluations of tables: read strictly, sealed as they came, to the published digits, signed; and their pages."""

from __future__ import annotations

import io
import re
from typing import Any

import openpyxl
import polars as pl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse

from crdmo.foundation.computing import figure_of
from crdmo.foundation.datasets import read_original
from crdmo.foundation.refusals import Invalid, NotPermitted, Refused
from crdmo.services.quality import imports
from crdmo.services.quality.models import Analysis
from crdmo.services.quality.workflow import analyses
from tests import factories, shared_data
from tests.services.quality.browsing import Desk, text
from tests.services.quality.lab import Lab

STABILITY = b"batch,month,assay\n" + b"".join(
    f"{batch},{month},{100 + shift - 0.3 * month + wobble}\n".encode()
    for batch, shift in (("A", 0.0), ("B", 0.2))
    for month, wobble in ((0, 0.1), (3, -0.2), (6, 0.15), (9, -0.1), (12, 0.05))
)

OWN = "cannot sign it as the second person"


def evaluate(lab: Lab, kind: str, data: bytes, name: str = "table.csv", **options: Any) -> Analysis:
    return imports.analyse(
        lab.analyst, lab.program, imports.read(name, data), kind=kind, title="A table", options=options
    )


def shared(lab: Lab, kind: str, file: str, **options: Any) -> Analysis:
    path = shared_data.path(f"quality/{file}")
    return evaluate(lab, kind, path.read_bytes(), path.name, **options)


def test_a_stability_table_gives_the_published_shelf_life(lab: Lab) -> None:
    found = shared(lab, "shelf_life", "stability/velagaleti2008_p609.csv", lower_limit=90)
    assert found.finding == "Model cics, worst batch 1: 32.80181 months, 32 whole months"
    assert found.computed.parameters == {"lower_limit": 90, "sides": 1}


def test_two_limits_give_a_two_sided_bound(lab: Lab) -> None:
    found = shared(lab, "shelf_life", "stability/leblond2011_moisture.csv", lower_limit=1.5, upper_limit=3.5)
    assert found.computed.output["sides"] == 2


def test_profiles_give_the_published_f2(lab: Lab) -> None:
    found = shared(lab, "dissolution", "dissolution/shah1998.csv", group="batch", reference="b0", test="b4")
    assert "f2 = 50.07187" in found.finding and found.finding.startswith("Similar")
    assert found.computed.inputs["times"] == [30.0, 60.0, 90.0, 180.0]


def test_fewer_units_than_the_rules_ask_for_need_the_protocols_word(lab: Lab) -> None:
    with pytest.raises(Invalid, match="does not fit the comparison"):
        shared(lab, "dissolution", "dissolution/tsong1996_table1.csv")
    found = shared(lab, "dissolution", "dissolution/tsong1996_table1.csv", required_units=6)
    assert "f2 = 40.83405" in found.finding and "f1 = 18.19745" in found.finding


def test_precision_gives_each_sample_by_itself_to_the_published_digits(lab: Lab) -> None:
    found = shared(lab, "precision", "precision/ep05a3_ca19_9.csv")
    assert found.computed.inputs["factor_names"] == ["site", "day"]
    variances = {one["sample"]: [round(c["variance"], 6) for c in one["components"]] for one in found.computed.output}
    assert variances["P2"] == [1.618888, 0.12316, 1.6348]
    assert "Sample P1, mean 12.0813: site SD 0.619912" in found.finding


@pytest.mark.parametrize(
    ("kind", "file", "options"),
    [
        ("shelf_life", "stability/velagaleti2008_p609.csv", {"lower_limit": 90}),
        ("dissolution", "dissolution/shah1998.csv", {"group": "batch", "reference": "b0", "test": "b4"}),
        ("precision", "precision/ep05a3_ca19_9.csv", {}),
        ("precision", "precision/ep05a2_1.csv", {}),
    ],
)
def test_each_kind_has_its_picture_the_same_each_time(lab: Lab, kind: str, file: str, options: dict[str, Any]) -> None:
    found = shared(lab, kind, file, **options)
    drawn = figure_of(found.computed, title="A table")
    assert drawn.svg.startswith("<svg") and "A table" in drawn.svg and len(drawn.table) > 4
    assert figure_of(Analysis.objects.get(pk=found.pk).computed, title="A table").svg == drawn.svg


def test_the_file_is_kept_as_it_came_and_the_table_beside_it(lab: Lab) -> None:
    found = evaluate(lab, "shelf_life", STABILITY, lower_limit=90)
    assert (
        read_original(found.dataset) == STABILITY
        and found.dataset.rows == 10
        and found.dataset.file_name == "table.csv"
    )
    assert [s["record"] for s in found.computed.sources] == [str(found.dataset.pk)]


@pytest.mark.parametrize(
    ("kind", "data", "words"),
    [
        ("shelf_life", b"batch,assay\nA,1\n", "no column for the month"),
        ("shelf_life", b"batch,month,assay\nA,0,1\nA,3,\nA,6,2\n", "a value is missing in the column assay"),
        ("dissolution", b"type,a,b\nR,1,2\nT,1,2\n", "no columns t.5"),
        ("dissolution", b"type,t.5\nR,1\nR,2\n", "two groups are compared"),
        ("precision", b"y,z\n1,2\n2,3\n", "names no factor"),
        ("guess", STABILITY, "no such evaluation"),
    ],
)
def test_a_table_that_lacks_something_is_refused_whole(lab: Lab, kind: str, data: bytes, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        evaluate(lab, kind, data, lower_limit=90)
    assert not Analysis.objects.exists()


def test_a_column_named_wrongly_is_refused_with_those_there_are(lab: Lab) -> None:
    with pytest.raises(Invalid, match="has no column potency") as refused:
        evaluate(lab, "shelf_life", STABILITY, lower_limit=90, value="potency")
    assert refused.value.allowed == "batch, month, assay"


def test_a_word_among_numbers_is_named_by_row_and_column() -> None:
    with pytest.raises(Invalid, match=r"table.csv row 3, column assay"):
        imports.read("table.csv", b"batch,month,assay\nA,0,99.1\nA,3,n.d.\n")


def test_columns_that_are_not_used_may_hold_words() -> None:
    brought = imports.read("table.csv", b"month,assay,remark\n0,99.1,good\n", numbers=["month", "assay"])
    assert brought.frame.row(0) == (0.0, 99.1, "good")


def test_a_doubtful_number_is_asked_back_until_the_mark_is_said() -> None:
    data = b"month;assay\n0;1,500\n"
    with pytest.raises(Invalid, match="two ways"):
        imports.read("table.csv", data)
    assert imports.read("table.csv", data, decimal="comma").frame.row(0) == (0.0, 1.5)


def test_too_few_points_are_an_outcome_with_its_reason(lab: Lab) -> None:
    found = evaluate(lab, "shelf_life", b"batch,month,assay\nA,0,100\nA,3,99\n", lower_limit=90)
    assert found.finding.startswith("Too few points: batch A has")


def test_times_are_read_from_the_names_of_columns() -> None:
    assert analyses.times_in(["type", "t.5", "x.7.5", "30 min", "45", "tablet", "t.x"]) == {
        "t.5": 5.0,
        "x.7.5": 7.5,
        "30 min": 30.0,
        "45": 45.0,
    }


def concluded(lab: Lab) -> Analysis:
    found = evaluate(lab, "shelf_life", STABILITY, lower_limit=90)
    return analyses.conclude_analysis(lab.analyst, found, conclusion="24 months hold.", reason="First written")


def test_an_evaluation_is_not_signed_without_a_conclusion_nor_by_who_made_it(lab: Lab) -> None:
    found = evaluate(lab, "shelf_life", STABILITY, lower_limit=90)
    with pytest.raises(Refused, match="has no conclusion"):
        analyses.sign_analysis(lab.reviewer, found, credentials=lab.sign(lab.reviewer))
    with pytest.raises(NotPermitted, match="sign an evaluation"):
        analyses.sign_analysis(lab.analyst, concluded(lab), credentials=lab.sign(lab.analyst))
    own = imports.analyse(
        lab.supervisor,
        lab.program,
        imports.read("t.csv", STABILITY),
        kind="shelf_life",
        title="Own",
        options={"lower_limit": 90},
        conclusion="x",
    )
    with pytest.raises(Refused, match=OWN):
        analyses.sign_analysis(lab.supervisor, own, credentials=lab.sign(lab.supervisor))


def test_what_is_signed_is_not_concluded_again(lab: Lab) -> None:
    found = analyses.sign_analysis(lab.reviewer, concluded(lab), credentials=lab.sign(lab.reviewer))
    assert found.state == "signed"
    with pytest.raises(Refused, match="is signed"):
        analyses.conclude_analysis(lab.analyst, found, conclusion="36 months", reason="Better")


def upload(desk: Desk, kind: str, data: bytes, name: str = "table.csv") -> HttpResponse:
    return desk.post("analyses/new/", {"kind": kind, "title": "A table", "file": SimpleUploadedFile(name, data)})


def filled(page: str) -> dict[str, str]:
    """Return what the second step would post as it stands."""
    fields = {m[1]: m[2] for m in re.finditer(r'<input[^>]* name="(\w+)"[^>]* value="([^"]*)"', page)}
    for m in re.finditer(r'<select name="(\w+)".*?</select>', page, re.S):
        chosen = re.search(r'value="([^"]*)" selected', m[0]) or re.search(r'value="([^"]*)"', m[0])
        fields[m[1]] = chosen[1] if chosen else ""
    fields.pop("csrfmiddlewaretoken", None)
    return {**fields, "conclusion": ""}


def test_a_table_is_brought_previewed_and_evaluated_on_its_pages(lab: Lab) -> None:
    desk = Desk(lab.analyst)
    preview = text(upload(desk, "shelf_life", STABILITY))
    given = filled(preview)
    assert (given["batch"], given["month"], given["value"]) == (
        "batch",
        "month",
        "assay",
    ) and "10 rows, 3 columns" in preview
    assert not Analysis.objects.exists()
    done = desk.post("analyses/new/", {**given, "lower_limit": "90"})
    assert done.status_code == 302
    found = Analysis.objects.get()
    page = text(desk.get(f"analyses/{found.code}/"))
    assert found.finding in page and "<svg" in page and "assay" in page


def test_the_same_table_as_a_workbook_and_as_json_gives_the_same_finding(lab: Lab) -> None:
    frame = pl.read_csv(STABILITY)
    book = openpyxl.Workbook()
    for row in (frame.columns, *frame.rows()):
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    parquet = io.BytesIO()
    frame.write_parquet(parquet)
    desk = Desk(lab.analyst)
    for name, data in (
        ("t.csv", STABILITY),
        ("t.xlsx", file.getvalue()),
        ("t.json", frame.write_json().encode()),
        ("t.parquet", parquet.getvalue()),
    ):
        assert (
            desk.post(
                "analyses/new/", {**filled(text(upload(desk, "shelf_life", data, name))), "lower_limit": "90"}
            ).status_code
            == 302
        )
    assert Analysis.objects.count() == 4 and len(set(Analysis.objects.values_list("finding", flat=True))) == 1


def test_a_torn_file_is_refused_on_the_first_step(lab: Lab) -> None:
    answer = upload(Desk(lab.analyst), "shelf_life", b"batch,month\nA,0,99\n")
    assert answer.status_code == 422 and "row 2 has 3 cells under 2 headings" in text(answer)


def test_a_refusal_of_the_method_is_shown_with_the_table_still_there(lab: Lab) -> None:
    desk = Desk(lab.analyst)
    answer = desk.post("analyses/new/", filled(text(upload(desk, "shelf_life", STABILITY))))
    assert answer.status_code == 422 and "limit" in text(answer) and "10 rows" in text(answer)
    assert not Analysis.objects.exists()


def test_an_upload_belongs_to_who_uploaded_it_and_a_forged_one_to_nobody(lab: Lab) -> None:
    given = {**filled(text(upload(Desk(lab.analyst), "shelf_life", STABILITY))), "lower_limit": "90"}
    assert Desk(lab.colleague).post("analyses/new/", given).status_code == 404
    forged = Desk(lab.analyst).post("analyses/new/", {**given, "ticket": given["ticket"][:-3] + "abc"})
    assert forged.status_code == 422 and "upload it again" in text(forged)


def test_concluding_and_signing_happen_on_the_page(lab: Lab) -> None:
    found = evaluate(lab, "shelf_life", STABILITY, lower_limit=90)
    place = f"analyses/{found.code}/"
    assert Desk(lab.analyst).post(place, step="conclude", conclusion="Holds.", reason="").status_code == 422
    assert (
        Desk(lab.analyst).post(place, step="conclude", conclusion="Holds.", reason="First written").status_code == 302
    )
    assert "signing_password" not in text(Desk(lab.analyst).get(place))
    assert Desk(lab.reviewer).post(place, sign=True).status_code == 302
    found.refresh_from_db()
    assert (found.conclusion, found.state) == ("Holds.", "signed")


def test_data_and_result_come_from_the_same_address(lab: Lab) -> None:
    found = evaluate(lab, "shelf_life", STABILITY, lower_limit=90)
    desk, place = Desk(lab.sponsor), f"analyses/{found.code}/"
    assert desk.get(place, format="json").json()["output"] == found.computed.output  # type: ignore[attr-defined]
    assert text(desk.get(place, format="csv")).splitlines()[0].lstrip("\ufeff") == "batch,month,assay"


def test_another_sponsors_evaluation_is_not_there(lab: Lab) -> None:
    found = evaluate(lab, "shelf_life", STABILITY, lower_limit=90)
    other = factories.sponsor("OTHER")
    stranger = factories.person("sponsor_lead", factories.program("LQ-7", owner=other), organization=other)
    assert Desk(stranger, "LQ-7").get(f"analyses/{found.code}/").status_code == 404
    assert Desk(stranger).get(f"analyses/{found.code}/").status_code == 404
