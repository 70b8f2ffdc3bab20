"""Pages of the quality system, each step taken at the desk of who takes it."""

from __future__ import annotations

import datetime as dt
import io
import json
import time

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crdmo.foundation.accounts import workflow as accounts
from crdmo.foundation.accounts.models import Training
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger.models import Entry
from crdmo.services.compliance.models import (
    Capa,
    Change,
    Deviation,
    Extension,
    PeriodicReview,
    Supplier,
    SupplierMaterial,
)
from crdmo.services.compliance.workflow import capas, reviews
from tests import factories
from tests.drills.test_clock import set_clock
from tests.services.compliance.conftest import System
from tests.services.quality.browsing import Desk as QualityDesk
from tests.services.quality.browsing import text


class Desk(QualityDesk):
    """One person at the pages of the quality system."""

    def __init__(self, person, program: str = "CRD-101") -> None:
        super().__init__(person, program)
        self.root = f"/{program}/compliance/"


def minute(hours: float) -> str:
    return (dt.datetime.now(dt.UTC) - dt.timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M")


def test_a_deviation_goes_from_report_to_closure_on_its_pages(system: System) -> None:
    lab, year = system.lab, f"{system.today:%y}"
    lab.lot()
    data = {
        "title": "Refrigerator above 8 °C",
        "facts": "9.2 °C at 07:10.",
        "happened_at": minute(9),
        "found_at": minute(2),
        "records": "L-1, HPLC-1",
    }
    told = Desk(lab.analyst).post("deviations/new/", data)
    assert told.status_code == 302 and told["Location"].endswith(f"DEV-{year}-0001/")
    place = f"deviations/DEV-{year}-0001/"
    qa, owner = Desk(lab.qa), Desk(lab.supervisor)
    assert "Classify" not in text(owner.get(place))
    assert f"DEV-{year}-0001" in text(qa.get())
    given = {"classification": "major", "why": "Product in it.", "investigator": lab.supervisor.user_id}
    assert qa.post(place, {"step": "classify", **given}).status_code == 302
    assert "To investigate" in text(owner.get())
    found = {
        "step": "investigate",
        "method": "five_why",
        "root_cause": "The door.",
        "cause": "equipment",
        "evidence": "Tried.",
        "capa_needed": "on",
    }
    assert owner.post(place, found).status_code == 302
    lot = Deviation.objects.get().affected.get(lot__isnull=False)
    early = qa.post(place, {"step": "approve"}, sign=True)
    assert early.status_code == 409 and "impact was not judged" in text(early)
    judged = {"step": "impact", "lot": str(lot.pk), "impact": "none", "assessment": "Stable."}
    assert owner.post(place, judged).status_code == 302
    capa = {
        "title": "Closers",
        "problem": "Doors stay ajar.",
        "owner": lab.supervisor.user_id,
        "criterion": "No alarm.",
        "judged_on": "Alarm log.",
        "check_on": str(system.day(90)),
    }
    assert owner.post(f"capas/new/?deviation=DEV-{year}-0001", capa).status_code == 302
    assert qa.post(place, {"step": "approve"}, sign=True).status_code == 302
    page = text(owner.get(place))
    assert "Closed" in page and lab.qa.printed_name in page and f"CAPA-{year}-0001" in page


def test_what_a_form_gets_wrong_is_said_at_its_field_and_nothing_is_written(system: System) -> None:
    desk, before = Desk(system.lab.analyst), Entry.objects.count()
    wrong = {"title": "T", "facts": "F", "happened_at": minute(1), "found_at": minute(2), "records": "X-404"}
    answer = desk.post("deviations/new/", wrong)
    assert answer.status_code == 422 and "X-404: not found here" in text(answer)
    answer = desk.post("deviations/new/", {**wrong, "records": ""})
    assert answer.status_code == 422 and "later than what follows it" in text(answer)
    assert Entry.objects.count() == before


def test_a_return_and_a_recurrence_are_recorded_on_the_page(system: System) -> None:
    found = system.classified()
    system.investigate(found)
    old = system.running()
    qa, place = Desk(system.lab.qa), f"deviations/{found.code}/"
    assert qa.post(place, {"step": "return", "reason": "Third why missing"}).status_code == 302
    assert qa.post(place, {"step": "recur", "capa": old.code}).status_code == 302
    found.refresh_from_db()
    assert (found.state, found.recurs) == ("investigation", old)
    assert qa.post(place, {"step": "link", "records": "HPLC-1"}).status_code == 302
    assert found.affected.count() == 1


def test_a_capa_goes_from_plan_to_closure_on_its_page(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    lab, made = system.lab, system.capa()
    place, owner, qa = f"capas/{made.code}/", Desk(lab.supervisor), Desk(lab.qa)
    action = {"kind": "corrective", "text": "Fit it.", "owner": lab.analyst.user_id, "due_on": str(system.day(9))}
    assert owner.post(place, {"step": "plan", **action}).status_code == 302
    assert qa.post(place, {"step": "approve"}, sign=True).status_code == 302
    analyst = Desk(lab.analyst)
    assert "My actions" in text(analyst.get())
    later = {"step": "extend", "number": "1", "due_on": str(system.day(12)), "why": "Late part."}
    assert analyst.post(place, later).status_code == 302
    asked = Extension.objects.get()
    assert qa.post(place, {"step": "decide", "extension": str(asked.pk), "answer": "grant"}).status_code == 302
    assert analyst.post(place, {"step": "done", "number": "1", "evidence": "WO 17"}).status_code == 302
    assert "Check the effect" not in text(Desk(lab.reviewer).get(place))
    set_clock(monkeypatch, days=91)
    early = Desk(lab.analyst).post(place, {"step": "check", "answer": "met", "evidence": "Log."}, sign=True)
    assert early.status_code == 409 and "does not judge" in text(early)
    given = {"step": "check", "answer": "met", "evidence": "Log."}
    checker = Desk(lab.reviewer)
    seen = f"{made.pk}:{Capa.objects.get().version}"
    assert checker.post(place, {**given, "signing_seen": seen}, sign=True).status_code == 302
    assert qa.post(place, {"step": "close"}, sign=True).status_code == 302
    assert Capa.objects.get().state == "closed"


def test_a_change_goes_from_proposal_to_closure_on_its_pages(system: System) -> None:
    lab = system.lab
    data = {
        "title": "New column",
        "proposal": "Another supplier.",
        "justification": "Discontinued.",
        "category": "minor",
        "regulatory": "none",
        "areas": ["quality_control", "regulatory"],
        "due_on": str(system.day(60)),
    }
    owner, qa, analyst, checker = (Desk(p) for p in (lab.supervisor, lab.qa, lab.analyst, lab.reviewer))
    told = owner.post("changes/new/", data)
    assert told.status_code == 302
    made = Change.objects.get()
    place = f"changes/{made.code}/"
    for area in made.areas:
        given = {"step": "assess", "area": area, "touches": "yes", "text": "Verified anew."}
        assert checker.post(place, given).status_code == 302
    task = {"step": "plan", "text": "Verify.", "owner": lab.analyst.user_id, "due_on": str(system.day(20))}
    assert owner.post(place, task).status_code == 302
    assert analyst.post(place, {"step": "done", "number": "1", "evidence": "x"}).status_code == 409
    assert qa.post(place, {"step": "approve"}, sign=True).status_code == 302
    assert analyst.post(place, {"step": "done", "number": "1", "evidence": "Report 12"}).status_code == 302
    assert qa.post(place, {"step": "close"}, sign=True).status_code == 302
    assert Change.objects.get().state == "closed"


def test_a_change_is_rejected_with_a_reason(system: System) -> None:
    made = system.change()
    qa = Desk(system.lab.qa)
    assert qa.post(f"changes/{made.code}/", {"step": "reject", "reason": ""}, sign=True).status_code == 422
    assert qa.post(f"changes/{made.code}/", {"step": "reject", "reason": "No need"}, sign=True).status_code == 302
    assert Change.objects.get().state == "rejected"


def test_a_gap_is_shown_and_closed_by_the_trainer(system: System) -> None:
    lab = system.lab
    accounts.set_training_requirement(
        lab.qa, lab.qa.organization, role=Role.ANALYST, subject="SOP-1", version="2", from_date=system.day(-1)
    )
    trainer = Desk(lab.supervisor)
    assert "2 overdue" in text(trainer.get("training/"))
    assert b"SOP-1" in trainer.get("training/", format="csv").content
    given = {"step": "train", "subject": "SOP-1 version 2", "on": str(system.today), "how": "assessed"}
    assert trainer.post("training/", {**given, "person": lab.analyst.user_id}).status_code == 302
    assert Training.objects.get().person == lab.analyst
    assert "1 overdue" in text(trainer.get("training/", only="gaps"))
    assert trainer.post("training/", {**given, "person": lab.supervisor.user_id}).status_code == 422
    assert Desk(lab.keeper).post("training/", {**given, "person": lab.colleague.user_id}).status_code == 403
    assert Training.objects.count() == 1


def test_a_supplier_is_registered_qualified_and_blocked_on_its_pages(system: System) -> None:
    qa = Desk(system.lab.qa)
    assert qa.post("suppliers/new/", {"code": "SUP-1", "name": "Columns Ltd"}).status_code == 302
    assert "Columns Ltd" in text(qa.get("suppliers/"))
    place = "suppliers/SUP-1/"
    assert Desk(system.lab.keeper).post(place, {"step": "material", "material": "HPLC columns"}).status_code == 302
    material = str(SupplierMaterial.objects.get().pk)
    ask = {"step": "qualify", "material": material, "requalify_on": str(system.day(200))}
    assert qa.post(place, ask, sign=True).status_code == 409
    event = {"step": "log", "kind": "audit", "on": str(system.today), "due_on": str(system.day(300))}
    assert qa.post(place, {**event, "outcome": "passed"}).status_code == 302
    assert qa.post(place, ask, sign=True).status_code == 302
    assert "Approved" in text(qa.get("suppliers/"))
    assert qa.post(place, {"step": "block", "material": material, "reason": "Falsified"}).status_code == 302
    assert json.loads(qa.get("suppliers/", format="json").content)[0]["status"] == "blocked"


HEAD = "code,name,country,material,critical\n"


def bring(system: System, data: bytes, name: str = "suppliers.csv"):
    desk = Desk(system.lab.keeper)
    return desk.client.post(desk.root + "suppliers/import/", {"file": SimpleUploadedFile(name, data)})


def test_a_list_of_suppliers_is_brought_as_csv_and_xlsx(system: System) -> None:
    rows = "S-1,Alpine,Austria,Columns,no\nS-1,Alpine,Austria,Vials,yes\nS-2,House,France,Standards,yes\n"
    assert bring(system, (HEAD + rows).encode()).status_code == 302
    assert (Supplier.objects.count(), SupplierMaterial.objects.filter(critical=True).count()) == (2, 2)
    assert set(SupplierMaterial.objects.values_list("status", flat=True)) == {"proposed"}
    book, sheet = openpyxl.Workbook(), io.BytesIO()
    for row in (HEAD.strip().split(","), ["S-3", "North", "Norway", "Salts", "no"]):
        book.active.append(row)
    book.save(sheet)
    assert bring(system, sheet.getvalue(), "suppliers.xlsx").status_code == 302
    assert Supplier.objects.count() == 3


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ("S-1,Alpine,Austria,Columns,no\nS-1,Other,Austria,Vials,no\n", "row 3 cannot be taken"),
        ("S-1,Alpine,Austria,Columns,perhaps\n", "row 2 cannot be taken"),
        ("S-1,Alpine,Austria,Columns,no\nS-1,Alpine,Austria,columns,no\n", "row 3 cannot be taken"),
        ("S-1,,Austria,Columns,no\n", "row 2 cannot be taken"),
        ("S-1,Alpine,Aus", "There is a problem"),
        ("", "There is a problem"),
    ],
)
def test_a_bad_row_refuses_the_whole_list(system: System, rows: str, why: str) -> None:
    before = Entry.objects.count()
    answer = bring(system, (HEAD + rows).encode())
    assert answer.status_code == 422 and why.lower() in text(answer).lower()
    assert Entry.objects.count() == before


def test_a_review_is_signed_once_each_line_is_ticked(system: System) -> None:
    planned = system.planned()
    Desk(system.lab.analyst).post(f"capas/{planned.code}/", {"step": "done", "number": "1", "evidence": "x"})
    desk, place = Desk(system.lab.qp), "reviews/new/?scope=program"
    page = desk.client.get(desk.root + place)
    shown = page.context["shown"]
    assert "A step was refused" in text(page) or "Refused" in text(page)
    given = {
        "up_to": shown.up_to,
        "conclusion": "Explained.",
        "signing_user_id": desk.person.user_id,
        "signing_password": factories.PASSWORD,
    }
    missed = desk.post(place, given)
    assert missed.status_code == 409 and "not looked at" in text(missed)
    again = desk.client.get(desk.root + place).context["shown"]
    given["up_to"] = again.up_to
    given["looked"] = [str(one.line.seq) for one in again.exceptional]
    given |= {f"remark_{one}": "Too early, told." for one in given["looked"]}
    assert desk.post(place, given).status_code == 302
    made = PeriodicReview.objects.get()
    assert {one["remark"] for one in made.exceptions} == {"Too early, told."}
    assert "Too early, told." in text(desk.get(f"reviews/{made.code}/"))
    assert made.code in text(Desk(system.lab.sponsor).get("reviews/"))


def test_a_sponsor_reads_no_trail_of_the_house_and_no_supplier(system: System) -> None:
    sponsor_qa = factories.person(Role.SPONSOR_QA, system.lab.program)
    desk = Desk(sponsor_qa)
    assert "The house" not in text(desk.get("reviews/"))
    for place in ("suppliers/", "training/", "reviews/new/"):
        assert desk.get(place).status_code == 403
    assert "Report a deviation" not in text(desk.get())


def seconds(desk: Desk, place: str) -> float:
    """Return what a page takes at its best: others work on the same machine."""
    taken = []
    for _ in range(5):
        began = time.perf_counter()
        desk.get(place)
        taken.append(time.perf_counter() - began)
    return min(taken)


PLACES = ("", "deviations/", "capas/", "changes/", "suppliers/", "training/", "reviews/")


@pytest.mark.parametrize("place", PLACES)
def test_lists_need_no_more_queries_for_more_rows(system: System, place: str) -> None:
    def fill(number: int) -> None:
        lot = system.lab.lot(f"L-{number}")
        system.report(lot)
        system.planned(lot)
        system.change(lot)

    fill(1)
    system.material()
    desk = Desk(system.lab.qa)
    desk.get(place)
    with CaptureQueriesContext(connection) as few:
        assert desk.get(place).status_code == 200
    for number in range(2, 6):
        fill(number)
    with CaptureQueriesContext(connection) as many:
        desk.get(place)
    assert seconds(desk, place) < 0.15
    assert len(many) <= len(few) <= 30


@pytest.mark.parametrize("place", ["deviations/{d}/", "capas/{c}/", "changes/{x}/"])
def test_a_records_page_is_quick(system: System, place: str) -> None:
    lots = [system.lab.lot(f"L-{i}") for i in range(5)]
    codes = {"d": system.classified(*lots).code, "c": system.planned(*lots).code, "x": system.change(*lots).code}
    desk = Desk(system.lab.qa)
    desk.get(place.format(**codes))
    with CaptureQueriesContext(connection) as asked:
        assert desk.get(place.format(**codes)).status_code == 200
    assert seconds(desk, place.format(**codes)) < 0.15
    assert len(asked) <= 45


def test_records_lead_to_their_pages(system: System) -> None:
    from crdmo.web.links import record_url

    found = system.classified(system.lab.lot())
    system.investigate(found)
    made, change = system.planned(), system.change()
    root = "/CRD-101/compliance/"
    assert record_url(found) == record_url(found.investigations.get()) == f"{root}deviations/{found.code}/"
    assert record_url(found.affected.get()) == f"{root}deviations/{found.code}/"
    assert record_url(made) == record_url(capas.actions_of(made)[0]) == f"{root}capas/{made.code}/"
    assert record_url(change) == f"{root}changes/{change.code}/"
    assert reviews.last_review(system.lab.program, "program") is None


@pytest.mark.parametrize("place", [*PLACES, "deviations/new/"])
def test_another_sponsors_program_is_not_there(system: System, place: str) -> None:
    other = factories.program("CRD-900", owner=factories.sponsor("OTHER"), with_=factories.partner("OTHERLAB"))
    stranger = factories.person(Role.SPONSOR_LEAD, other, organization=other.organization)
    assert Desk(stranger).get(place).status_code == 404
