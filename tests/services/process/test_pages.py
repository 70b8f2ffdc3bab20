"""Pages of process development, as each desk walks them, without a browser."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crdmo.common.controls import queries as controls
from crdmo.services.process import exports, imports
from crdmo.services.process.models import Attribute, ControlStrategy, Parameter, RiskAssessment, Study
from tests import factories
from tests.services.process.desk import Desk as Laboratory
from tests.services.quality import browsing
from tests.services.quality.browsing import text


class Desk(browsing.Desk):
    """One person at the pages of a program's process development."""

    def __init__(self, person: Any, program: str = "CRD-101") -> None:
        super().__init__(person, program)
        self.root = f"/{program}/process/"


def grid(columns: tuple[str, ...], *rows: dict[str, str]) -> dict[str, list[str]]:
    return {f"line_{name}": [row.get(name, "") for row in rows] for name in columns}


def test_process_development_is_walked_from_design_to_strategy_on_its_pages(desk: Laboratory) -> None:
    engineer, lead, qa = Desk(desk.engineer), Desk(desk.lead), Desk(desk.qa)
    assert "Nothing waits" in text(engineer.get(""))
    force, time = desk.parameters["Force"], desk.parameters["Time"]
    given = {
        "title": "Force and time", "kind": "process.central_composite", "shape": "face", "centre_points": "4",
        "order": "second", "responses": [str(a.pk) for a in desk.attributes.values()], "seed": "5",
        f"low_{force.pk}": "8", f"high_{force.pk}": "16", f"low_{time.pk}": "2", f"high_{time.pk}": "6",
    }  # fmt: skip
    answer = engineer.post("studies/design/", {**given, f"high_{force.pk}": "40"})
    assert answer.status_code == 422 and "it can be set from 4 to 24 kN" in text(answer)
    assert engineer.post("studies/design/", given).status_code == 302
    study = Study.objects.get()
    place = f"studies/{study.code}/"
    page = text(engineer.get(place))
    assert "What it can see" in page and "Start the study" in page
    assert engineer.post(place, step="start").status_code == 302
    first = study.runs.get(order=1)
    assert engineer.post(place, {"step": "runs"}).status_code == 422
    row = desk.rows(study)[0]["values"]
    typed = {f"v_{first.pk}_{i}": value for i, value in enumerate(row.values())}
    bad = engineer.post(place, {"step": "runs", **typed, f"v_{first.pk}_0": "hard"})
    assert bad.status_code == 422 and 'value="hard"' in text(bad)
    assert engineer.post(place, {"step": "runs", **typed}).status_code == 302
    rest = exports.run_sheet(study).filter(pl.col("run") != "1")
    values = {one["run"]: one["values"] for one in desk.rows(study)}
    lines = [",".join(rest.columns)]
    for one in rest.iter_rows(named=True):
        filled = {**one, **{f"{n} ({desk.attributes[n].unit})": v for n, v in values[int(one["run"])].items()}}
        lines.append(",".join(filled.values()))
    sheet = SimpleUploadedFile("sheet.csv", "\n".join(lines).encode())
    assert engineer.post(place, {"step": "file", "file": sheet}).status_code == 302
    assert engineer.post(place, step="analyse").status_code == 302
    page = text(lead.get(place))
    assert page.count("Accept the model") == 2 and "Terms and analysis of variance" in page
    assert "Accept the model" not in text(engineer.get(place))
    for model in study.models.all():
        judged = {"step": "judge", "model": str(model.pk), "verdict": "accept", "reason": "No lack of fit"}
        assert lead.post(place, judged).status_code == 302
    space = {"step": "space", "x": "Force", "y": "Time", "reliability": "0.9"}
    assert engineer.post(place, {**space, "y": "Force"}).status_code == 422
    assert engineer.post(place, space).status_code == 302
    assert "The largest box" in text(engineer.get(place))
    page = text(engineer.get("strategies/draft/"))
    assert study.code in page and "acceptable low" in page.lower()
    force_row = {
        "control": "parameter", "name": "Force", "unit": "kN", "acceptable_low": "10.0", "normal_low": "10.5",
        "set_point": "11.0", "normal_high": "11.5", "acceptable_high": "12.0", "proof": study.code,
    }  # fmt: skip
    tests = [{"control": "in_process", "name": "Hardness"}, {"control": "release", "name": "Dissolution"}]
    wrong = grid(imports.STRATEGY_COLUMNS, {**force_row, "unit": "MPa"}, *tests)
    answer = engineer.post("strategies/draft/", {"title": "Compression", **wrong})
    assert answer.status_code == 422 and "is set in kN" in text(answer)
    right = grid(imports.STRATEGY_COLUMNS, force_row, *tests)
    assert engineer.post("strategies/draft/", {"title": "Compression", **right}).status_code == 302
    strategy = ControlStrategy.objects.get()
    place = f"strategies/{strategy.code}/1/"
    assert strategy.code in text(lead.get(""))
    assert lead.post(place, {"step": "approve"}, sign=True).status_code == 302
    assert qa.post(place, {"step": "release"}, sign=True).status_code == 302
    assert [one.name for one in controls.effective(desk.program)] == ["Hardness", "Force"]
    assert "Effective" in text(qa.get("")) and "10.5" in text(qa.get(place))
    assert qa.get(place, format="csv").content.partition(b"control,operation,name")[1]
    assert qa.get(place, format="xlsx").content.startswith(b"PK")
    assert qa.get(place, format="json").json()["lines"][0]["set_point"] == "11.0"


def test_parts_are_added_and_withdrawn_on_one_page_and_a_refusal_stays_at_its_form(desk: Laboratory) -> None:
    engineer, sponsor = Desk(desk.engineer), Desk(desk.sponsor)
    given = {"step": "parameter", "parameter-operation": str(desk.parameters["Force"].operation_id)}
    given |= {"parameter-name": "Feed", "parameter-unit": "kg/h", "parameter-low": "5", "parameter-high": "1"}
    answer = engineer.post("profile/", given)
    assert answer.status_code == 422 and "below the high end" in text(answer)
    assert engineer.post("profile/", {**given, "parameter-high": "9"}).status_code == 302
    made = Parameter.objects.get(name="Feed")
    assert sponsor.post("profile/", {**given, "parameter-name": "Flow", "parameter-high": "9"}).status_code == 403
    away = {"step": "withdraw", "record": str(made.pk), "reason": "Entered twice"}
    assert engineer.post("profile/", away).status_code == 302
    assert engineer.post("profile/", {**away, "record": "7"}).status_code == 404
    assert "Feed" not in text(engineer.get("profile/"))
    assert "Add a parameter" not in text(sponsor.get("profile/"))


def test_a_risk_assessment_is_written_in_its_grid_and_signed(desk: Laboratory) -> None:
    engineer, lead = Desk(desk.engineer), Desk(desk.lead)
    row = {
        "parameter": "Force", "attribute": "Hardness", "failure": "Too soft", "severity": "8", "occurrence": "5",
        "detectability": "4", "justification": "Prior knowledge",
    }  # fmt: skip
    bad = grid(imports.RISK_COLUMNS, {**row, "occurrence": "11"})
    answer = engineer.post("risks/draft/", {"title": "Compression", **bad})
    assert answer.status_code == 422 and "allowed: 1 to 10" in text(answer)
    assert engineer.post("risks/draft/", {"title": "Compression", **grid(imports.RISK_COLUMNS, row)}).status_code == 302
    found = RiskAssessment.objects.get()
    place = f"risks/{found.code}/1/"
    assert lead.post(place, sign=True).status_code == 302
    assert "160" in text(lead.get("")) and "160" in text(lead.get(place))
    assert b"Force,Hardness,Too soft,8,5,4,160" in lead.get(place, format="csv").content
    assert "Too soft" in text(engineer.get("risks/draft/"))


def test_a_study_comes_in_from_a_file_on_its_page(desk: Laboratory) -> None:
    engineer, force = Desk(desk.engineer), desk.parameters["Force"]
    rows = "Force,Hardness\n8,60\n12,71\n16,79\n12,70.5\n"
    given = {
        "title": "Elsewhere", "order": "first", "responses": [str(desk.attributes["Hardness"].pk)],
        "source": "Notebook 4", f"low_{force.pk}": "8", f"high_{force.pk}": "16",
    }  # fmt: skip
    for data, said in ((rows.replace("Force", "Force (MPa)"), "given the unit MPa"), (rows + '"=1+1",5\n', "formula")):
        answer = engineer.post("studies/file/", {**given, "file": SimpleUploadedFile("s.csv", data.encode())})
        assert answer.status_code == 422 and said in text(answer)
    assert not Study.objects.exists()
    answer = engineer.post("studies/file/", {**given, "file": SimpleUploadedFile("s.csv", rows.encode())})
    assert answer.status_code == 302
    assert Study.objects.get().state == "completed"


def test_a_correction_marks_models_and_design_space_as_stale(desk: Laboratory) -> None:
    space, engineer = desk.space(), Desk(desk.engineer)
    place = f"studies/{space.study.code}/"
    one = space.study.runs.get(order=2).observations.first()
    given = {"step": "correct", "observation": str(one.pk), "value": "77.7"}
    assert engineer.post(place, given).status_code == 422
    assert engineer.post(place, {**given, "observation": "7", "reason": "x"}).status_code == 404
    assert engineer.post(place, {**given, "reason": "Transcription error"}).status_code == 302
    page = text(engineer.get(place))
    assert page.count(">Stale<") + page.count("Stale</") >= 3


def test_another_sponsor_sees_nothing_and_foreign_ids_are_not_found(desk: Laboratory) -> None:
    space = desk.space()
    stranger = factories.person("sponsor_lead", organization=factories.sponsor("OTHER"))
    other = factories.program("LQ-7", owner=factories.sponsor("OTHER"))
    factories.member(other, "process_engineer", desk.engineer)
    for page in ("", "profile/", f"studies/{space.study.code}/", "strategies/"):
        assert Desk(stranger).get(page).status_code == 404
    here = Desk(desk.engineer, "LQ-7")
    assert here.get(f"studies/{space.study.code}/").status_code == 404
    assert here.post("profile/", step="withdraw", record=str(desk.element.pk), reason="x").status_code == 404
    assert Attribute.objects.filter(is_void=True).count() == 0


def test_pages_ask_a_bounded_number_of_queries(desk: Laboratory) -> None:
    desk.effective(desk.lines(desk.space()))
    engineer = Desk(desk.engineer)
    study = Study.objects.get()
    strategy = ControlStrategy.objects.get()
    for page, most in (("", 45), (f"studies/{study.code}/", 45), (f"strategies/{strategy.code}/1/", 45)):
        engineer.get(page)
        with CaptureQueriesContext(connection) as asked:
            assert engineer.get(page).status_code == 200
        assert len(asked) <= most, page


@pytest.mark.parametrize("page", ["", "profile/", "risks/", "studies/", "strategies/"])
def test_an_empty_program_says_what_to_do_first(desk: Laboratory, page: str) -> None:
    other = factories.program("NEW-1")
    factories.member(other, "process_engineer", desk.engineer)
    assert "yet" in text(Desk(desk.engineer, "NEW-1").get(page))


def test_a_draft_can_be_discarded_with_a_reason(desk: Laboratory) -> None:
    engineer, study = Desk(desk.engineer), desk.draft()
    place = f"studies/{study.code}/"
    assert engineer.post(place, step="discard", reason="").status_code == 422
    assert engineer.post(place, step="discard", reason="Another design").status_code == 302
    study.refresh_from_db()
    assert study.is_void
    assert engineer.post(place, step="nonsense").status_code == 404
