"""The report: what it will say today, what is still open, and the way through director, quality assurance and management."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import path

from crdmo.foundation.documents import pdf
from crdmo.foundation.documents.markdown import blocks
from crdmo.foundation.documents.printing import document_pdf
from crdmo.foundation.ledger.thread import stale_causes
from crdmo.foundation.signing import signatures_of
from crdmo.web.accounts.forms import StepForm
from crdmo.web.door import FORM, Page
from crdmo.web.request import PageRequest
from crdmo.web.stepping import Given, Signed, Step, page

from .. import reporting
from ..models import StudyReport
from ..workflow import reports as workflow
from .frame import at, find, frame, prose
from .quality import identified

USUAL = (
    "This study was conducted in compliance with 21 CFR Part 58, Good Laboratory Practice for Nonclinical Laboratory "
    "Studies. There were no deviations that affected the integrity of the study."
)


class FinaliseForm(StepForm):
    """The director's statement."""

    compliance = prose("Statement on compliance", "With every exception from 21 CFR Part 58.", rows=4)
    signing_password = forms.CharField(
        label="Password", widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )


class AmendForm(StepForm):
    """An amendment of the report."""

    part = prose("Part amended", rows=1)
    text = prose("What it says now")
    reason = prose("Reason", rows=2)
    signing_password = forms.CharField(
        label="Password", widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )


class ReturnForm(StepForm):
    """Why it goes back."""

    reason = prose("Reason")
    signing_password = forms.CharField(
        label="Password", widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )


def latest(found: Any) -> StudyReport | None:
    """Return the last report or amendment of a study."""
    row = (
        found.reports.filter(is_void=False)
        .select_related("document__document", "study__program")
        .order_by("-number")
        .first()
    )
    return row if isinstance(row, StudyReport) else None


def _steps(request: PageRequest, found: Any) -> list[Step]:
    who, report = request.person, latest(found)
    mine = found.lead_id == who.pk
    state = report.state if report else ""

    def review(given: Given, signed: Signed) -> None:
        assert report is not None
        workflow.review_report(who, report, credentials=signed.credentials, seen=signed.seen)

    def approve(given: Given, signed: Signed) -> None:
        assert report is not None
        workflow.approve_report(who, report, credentials=signed.credentials, seen=signed.seen)

    return [
        Step(
            "finalise", "Make and sign the final report", "preclinical.finalise_report",
            lambda given, signed: workflow.finalise_report(who, found, compliance=given["compliance"], credentials=signed.credentials),
            identified(FinaliseForm, request), ready=report is None and mine and not workflow.open_points(found),
            initial={"compliance": USUAL}, done="The report is signed; quality assurance reviews it.",
        ),
        Step(
            "review", "Sign the GLP review", "preclinical.review_report", review, ready=state == "offered",
            signs=report.document if report else None, done="Reviewed; management approves it.",
        ),
        Step(
            "approve", "Approve for the facility", "preclinical.approve_report", approve, ready=state == "reviewed",
            signs=report.document if report else None, done="The report is final, and the data are locked.",
        ),
        Step(
            "return", "Return it to the director", "preclinical.return_report",
            lambda given, signed: workflow.return_report(who, report, credentials=signed.credentials, reason=given["reason"]),
            identified(ReturnForm, request), ready=state == "offered", done="Returned.",
        ),
        Step(
            "amend", "Amend the report", "preclinical.amend_report",
            lambda given, signed: workflow.amend_report(
                who, found, part=given["part"], text=given["text"], credentials=signed.credentials, reason=given["reason"]
            ),
            identified(AmendForm, request), ready=state == "final" and mine, done="The amendment is signed; quality assurance reviews it.",
        ),
    ]  # fmt: skip


def report(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show the report, or the draft as it would be made today; `format=pdf` prints it."""
    found = find(request, code)
    if request.GET.get("format") == "pdf":
        return _printed(found)

    def contents() -> dict[str, Any]:
        found.refresh_from_db()
        made = latest(found)
        told = made.document.text if made else reporting.report_text(found, workflow.statement_of(found), "")
        return {
            **frame(request, found, "report"),
            "report": made,
            "open_points": [] if made else workflow.open_points(found),
            "signatures": signatures_of(made.document) if made else [],
            "stale": bool(made and stale_causes([made.id])),
            "blocks": blocks(told),
            "pdf_url": f"{at(request, 'report', found)}?format=pdf",
            "reports": found.reports.filter(is_void=False).select_related("document__document").order_by("-number"),
        }

    return page(request, lambda: _steps(request, found), "preclinical/report.html", contents)


def _printed(found: Any) -> HttpResponse:
    """Return the report as PDF/A; before it is signed with the watermark of a draft."""
    made = latest(found)
    if made is not None:
        data = document_pdf(made.document)
    else:
        told = reporting.report_text(found, workflow.statement_of(found), "")
        contents = {
            "title": f"Draft report: {found.title}", "kind": "Report", "code": found.code, "version": "draft", "state": "Draft",
            "blocks": blocks(told),
        }  # fmt: skip
        data = pdf.render("document", contents, watermark="DRAFT")
    response = HttpResponse(data, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{found.code}-report.pdf"'
    return response


urlpatterns = [path("studies/<str:code>/report/", report, name="report")]
PAGES = {"preclinical:report": Page("preclinical.view", FORM)}
