"""The pages of regulatory affairs, each step taken at the desk of who takes it."""

from __future__ import annotations

import io
import time
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.documents import workflow as documents
from crdmo.foundation.ledger.models import Entry
from crdmo.services.regulatory.models import Application, Clock, Commitment, Leaf, Package, Question, Sequence
from crdmo.services.regulatory.workflow import packages
from crdmo.standards import ectd
from tests import factories
from tests.services.quality.browsing import Desk as QualityDesk
from tests.services.quality.browsing import text
from tests.services.regulatory.conftest import GAPS, Office
from tests.standards.ectd import golden


class Desk(QualityDesk):
    """One person at the pages of regulatory affairs."""

    def __init__(self, person, program: str = "CRD-101") -> None:
        super().__init__(person, program)
        self.root = f"/{program}/regulatory/"


OPENED = {
    "kind": "IND", "number": "123456", "agency": "US-FDA", "applicant": "Aurelia", "applicant_id": "079460318",
    "product_name": "Velatide", "dosage_form": "tablet", "substance": "Velatide", "substance_maker": "Northbridge",
    "contact_name": "Sara Lindh", "contact_telephone": "+41", "contact_email": "s@example.org",
}  # fmt: skip


def test_an_application_goes_from_opening_to_the_clock_on_its_pages(office: Office) -> None:
    publisher, lead = Desk(office.publisher), Desk(office.lead)
    assert "No application yet" in text(publisher.get())
    told = publisher.post("applications/new/", OPENED)
    assert told.status_code == 302, text(told)
    code = Application.objects.get().code
    place = f"applications/{code}/"
    planned = {"step": "plan", "submission_type": "original", "unit_type": "original", "description": "Original IND"}
    assert publisher.post(place, planned).status_code == 302
    here = f"{place}0000/"
    assert "No leaf yet" in text(publisher.get(here))
    version = office.effective("FORM-1571")
    form = text(publisher.get(f"{here}place/"))
    assert "FORM-1571 version 1" in form and "3.2.S.4.1 Specification" in form
    given = {"document": str(version.pk), "section": "1.1", "operation": "new"}
    assert publisher.post(f"{here}place/", given).status_code == 302
    assert Leaf.objects.get().title == "Paper FORM-1571"
    assert publisher.post(here, {"step": "validate"}).status_code == 302
    page = text(publisher.get(here))
    assert "ECTD-A08" in page and "Expected headings that stay empty" in page and "Sign off" not in page
    early = lead.post(here, {"step": "sign", "gaps": ""}, sign=True)
    assert early.status_code == 422 and "say why they are empty" in text(early)
    assert lead.post(here, {"step": "sign", "gaps": GAPS}, sign=True).status_code == 302
    assert publisher.post(here, {"step": "publish"}).status_code == 302
    sent = {"step": "submit", "submitted_on": str(office.today), "reference": "ESG 1"}
    assert publisher.post(here, sent).status_code == 302
    got = {"step": "acknowledge", "received_on": str(office.today), "receipt": "ACK2", "procedure": "ind"}
    assert publisher.post(here, got).status_code == 302
    archive = publisher.get(f"{here}package.zip")
    assert zipfile.is_zipfile(io.BytesIO(archive.content)) and archive["Content-Type"] == "application/zip"
    assert office.day(30).isoformat() in text(publisher.get(place))
    clock = str(Clock.objects.get().pk)
    assert (
        lead.post(place, {"step": "stop", "clock": clock, "on": str(office.day(3)), "why": "Hold"}).status_code == 302
    )
    assert "stands still" in text(lead.get(place))
    assert lead.post(place, {"step": "restart", "clock": clock, "on": str(office.day(9))}).status_code == 302
    assert office.lead.printed_name in text(publisher.get(here))


def test_the_dossier_is_opened_by_tree_by_sequence_and_as_it_stood(office: Office) -> None:
    first = office.published()
    old = first.leaves.get(section="3.2.S.4.1")
    second = office.amendment(first.application)
    office.place(second, office.effective("SPEC-1"), operation="replace", modifies=old)
    office.published(second)
    sponsor = Desk(office.sponsor)
    place = f"applications/{first.application.code}/"
    page = text(sponsor.get(f"{place}dossier/view/"))
    assert "3.2.S.4.1 Specification" in page and "before it 0000" in page and "1.1 Forms" in page
    assert "before it" not in text(sponsor.get(f"{place}dossier/view/", at="0000"))
    assert "no longer stands since 0001" in text(sponsor.get(f"{place}dossier/view/", only="0000"))
    assert "Specification FORM-1571" not in text(sponsor.get(f"{place}dossier/view/", q="spec-1"))
    assert sponsor.get(f"{place}dossier/view/", at="0009").status_code == 404
    inside = "m3/32-body-data/32s-drug-sub/velatide-northbridge/32s4-contr-drug-sub/32s41-spec/spec-1.pdf"
    opened = sponsor.get(f"{place}0001/file/", path=inside)
    assert opened.content.startswith(b"%PDF-") and opened["Content-Disposition"].startswith("inline")
    backbone = sponsor.get(f"{place}0001/file/", path="index.xml")
    assert backbone["Content-Disposition"].startswith("attachment")
    for path in ("../0000/index.xml", "/etc/passwd", "", "util/dtd/none.dtd"):
        assert sponsor.get(f"{place}0001/file/", path=path).status_code == 404


def test_a_stale_leaf_is_shown_with_its_reason_and_renewed_or_justified(office: Office) -> None:
    made = office.assembled()
    leaf = made.leaves.get(section="3.2.S.4.1")
    office.effective("SPEC-1")
    desk = Desk(office.publisher)
    assert "version 2 is in force" in text(desk.get(f"applications/{made.application.code}/0000/"))
    assert "Stale leaves" in text(desk.get())
    place = f"leaves/{leaf.pk}/"
    empty = desk.post(place, {"step": "justify", "justification": " "})
    assert empty.status_code == 422
    assert desk.post(place, {"step": "justify", "justification": "Same limits."}).status_code == 302
    assert "Same limits." in text(desk.get(place))
    assert desk.post(place, {"step": "renew"}).status_code == 302
    assert desk.get(f"{place}file/").content.startswith(b"%PDF-")
    assert desk.post(place, {"step": "remove", "reason": "Wrong heading"}).status_code == 302
    assert made.leaves.filter(is_void=False).count() == 2


def test_questions_and_commitments_are_kept_on_the_application(office: Office) -> None:
    made = office.assembled()
    desk, place = Desk(office.publisher), f"applications/{made.application.code}/"
    asked = {"step": "ask", "text": "Justify the limit.", "received_on": str(office.today),
             "due_on": str(office.day(9)), "owner": office.lead.user_id, "about": "0000"}  # fmt: skip
    assert desk.post(place, asked).status_code == 302
    leaf = made.leaves.get(section="3.2.S.4.1")
    code = Question.objects.get().code
    assert desk.post(place, {"step": "answer", "question": code, "leaf": str(leaf.pk)}).status_code == 302
    promised = {"step": "commit", "text": "Report yearly.", "owner": office.lead.user_id, "due_on": str(office.day(99))}
    assert desk.post(place, promised).status_code == 302
    kept = {"step": "fulfil", "commitment": Commitment.objects.get().code, "evidence": "0004"}
    assert desk.post(place, kept).status_code == 302
    planned = {"step": "heading", "section": "4.2.3", "owner": office.author.user_id, "due_on": str(office.day(3))}
    assert desk.post(place, planned).status_code == 302
    page = text(desk.get(place))
    assert "not submitted yet" in page and "Fulfilled" in page and office.author.printed_name in page


def test_a_package_of_somebody_else_is_brought_in_and_opened(office: Office) -> None:
    desk = Desk(office.publisher)
    assert "No package" in text(desk.get("packages/"))
    bad = SimpleUploadedFile("x.zip", ectd.to_zip({"../0000/index.xml": b"x"}, ""))
    refused = desk.post("packages/new/", {"title": "Hostile", "file": bad})
    assert refused.status_code == 422 and "leads out" in text(refused)
    assert Package.objects.count() == 0
    good = SimpleUploadedFile("x.zip", ectd.to_zip(golden.application(), ""))
    told = desk.post("packages/new/", {"title": "IND 000001", "file": good})
    assert told.status_code == 302
    code = Package.objects.get().code
    page = text(desk.get(f"packages/{code}/"))
    assert "study-nc-001" in page and "ECTD-B11" in page and "Drug A" in page
    opened = desk.get(f"packages/{code}/0000/file/", path="m1/us/cover.pdf")
    assert opened.content.startswith(b"%PDF-")
    assert desk.get(f"packages/{code}/0000/file/", path="../../secret").status_code == 404


def test_a_large_dossier_opens_its_branches_when_they_are_asked_for(office: Office) -> None:
    leaves = "".join(golden.leaf(f"n{n}", "m5/x.pdf", b"x", f"CRF {n}") for n in range(2000))
    heading = "m5-3-7-case-report-forms-and-individual-patient-listings"
    body = (
        f"<m5-clinical-study-reports><m5-3-clinical-study-reports><{heading}>{leaves}</{heading}>"
        "</m5-3-clinical-study-reports></m5-clinical-study-reports>"
    )
    data = ectd.to_zip({"0000/index.xml": golden.index(body), "0000/m5/x.pdf": b"x"}, "")
    made = packages.import_package(office.publisher, office.program, title="Large", file_name="x.zip", data=data)
    desk = Desk(office.publisher)
    began = time.perf_counter()
    page = text(desk.get(f"packages/{made.code}/"))
    assert time.perf_counter() - began < 1.5
    assert "CRF 1999" not in page and "2000" in page
    key = f"/m5-clinical-study-reports/m5-3-clinical-study-reports/{heading}"
    assert "CRF 1999" in text(desk.get(f"packages/{made.code}/", open=key))


def test_a_document_of_the_program_is_brought_as_a_file_and_taken_into_force_on_its_pages(office: Office) -> None:
    class Documents(Desk):
        def __init__(self, person) -> None:
            super().__init__(person)
            self.root = "/CRD-101/documents/"

    author, qp, qa = Documents(office.publisher), Documents(office.qp), Documents(office.qa)
    given = {"code": "RA-LETTER", "title": "Cover letter", "kind": "report"}
    assert author.post("new/", given).status_code == 422
    paper = SimpleUploadedFile("letter.pdf", golden.pdf_of("letter"), "application/pdf")
    told = author.post("new/", {**given, "file": paper})
    assert told.status_code == 302 and told["Location"] == "/CRD-101/documents/RA-LETTER/"
    assert author.post("RA-LETTER/", {"step": "submit"}).status_code == 302
    assert qp.post("RA-LETTER/", {"step": "review"}, sign=True).status_code == 302
    approved = {"step": "approve", "effective_from": str(office.today)}
    assert qa.post("RA-LETTER/", approved, sign=True).status_code == 302
    assert qa.post("RA-LETTER/", {"step": "make_effective"}).status_code == 302
    assert "letter.pdf" in text(author.get("RA-LETTER/")) and "RA-LETTER" in text(author.get())
    made = office.sequence()
    page = text(Desk(office.publisher).get(f"applications/{made.application.code}/0000/place/"))
    assert "RA-LETTER version 1: Cover letter" in page
    assert (
        Documents(factories.person(Role.QA, factories.program("LQ-7", owner=factories.sponsor("LINDQVIST"))))
        .get("RA-LETTER/")
        .status_code
        == 404
    )


def test_what_a_form_gets_wrong_is_said_and_nothing_is_written(office: Office) -> None:
    made = office.sequence()
    desk, before = Desk(office.publisher), Entry.objects.count()
    place = f"applications/{made.application.code}/0000/place/"
    assert "No document is in force" in text(desk.get(place))
    answer = desk.post(place, {"section": "3.2.S.4.1", "operation": "new", "title": "x"})
    assert answer.status_code == 422 and "a leaf is a version of a document" in text(answer)
    answer = desk.post("applications/new/", {**OPENED, "number": "IND1"})
    assert answer.status_code == 422 and "six digits" in text(answer)
    assert Entry.objects.count() == before


def test_another_sponsors_application_is_not_there(office: Office) -> None:
    made = office.published()
    other = factories.program("LQ-7", owner=factories.sponsor("LINDQVIST"))
    stranger = factories.person(Role.REGULATORY_LEAD, other)
    leaf = made.leaves.first()
    for place in (
        f"applications/{made.application.code}/", f"applications/{made.application.code}/0000/",
        f"applications/{made.application.code}/0000/package.zip", f"applications/{made.application.code}/dossier/view/",
        f"leaves/{leaf.pk}/", f"leaves/{leaf.pk}/file/",
    ):  # fmt: skip
        assert Desk(stranger, "CRD-101").get(place).status_code == 404, place
        assert Desk(stranger, "LQ-7").get(place).status_code == 404, place


def test_who_only_looks_sees_no_step(office: Office) -> None:
    made = office.validated()
    page = text(Desk(office.sponsor).get(f"applications/{made.application.code}/0000/"))
    for word in ("Place a document", "Sign off", "<summary>Validate", "Reopen"):
        assert word not in page
    assert (
        Desk(office.sponsor).post(f"applications/{made.application.code}/0000/", {"step": "validate"}).status_code
        == 403
    )


def test_pages_ask_the_database_no_more_often_for_more_leaves(office: Office) -> None:
    made = office.assembled()
    desk, place = Desk(office.publisher), f"applications/{made.application.code}/0000/"
    desk.get(place)
    counts = []
    for code in ("MORE-1", "MORE-2"):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            desk.get(place)
        counts.append(len(asked))
        office.place(made, office.effective(code), "3.2.S.4.4")
    assert counts[0] == counts[1] < 60


def test_a_withdrawn_document_is_seen_at_once(office: Office) -> None:
    made = office.assembled()
    documents.withdraw(office.qa, made.leaves.get(section="1.2").document_version, reason="Wrong address")
    page = text(Desk(office.lead).get(f"applications/{made.application.code}/0000/"))
    assert "was withdrawn" in page
    assert Sequence.objects.count() == 1
    with pytest.raises(Sequence.DoesNotExist):
        Sequence.objects.get(number="0001")
