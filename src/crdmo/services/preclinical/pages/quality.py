"""Quality assurance: inspections by phase, their findings and answers, the statement made from them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import path

from crdmo.foundation.refusals import NotFound
from crdmo.foundation.signing import signatures_of, signatures_of_many
from crdmo.web.accounts.forms import StepForm
from crdmo.web.door import FORM, Page
from crdmo.web.request import PageRequest
from crdmo.web.stepping import Given, Signed, Step, asks, page
from crdmo.web.steps import may

from ..models import Inspection, InspectionFinding
from ..workflow import inspections as workflow
from ..workflow import reports
from .frame import choice, day, find, frame, prose, today


class InspectionForm(StepForm):
    """An inspection that was made."""

    phase = choice("Phase", Inspection.Phase.choices)
    on = day("Inspected on")
    scope = prose("What was looked at")
    findings = prose(
        "Findings",
        "One a line, each with its grade in front: minor, major or critical. None is left empty.",
        required=False,
    )
    signing_password = forms.CharField(
        label="Password", widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )


class AnswerForm(StepForm):
    """An answer to a finding."""

    finding = choice("Finding")
    answer = prose("Answer", "What was done about it, and what keeps it from coming back.")


class ChooseForm(StepForm):
    """One inspection."""

    inspection = choice("Inspection")


class StatementForm(StepForm):
    """The statement."""

    reason = prose("Reason", "Only where a statement is signed already.", required=False, rows=1)
    signing_password = forms.CharField(
        label="Password", widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )


def _graded(given: str) -> list[dict[str, str]]:
    rows = []
    for one in given.splitlines():
        if one.strip():
            grade, _, told = one.strip().partition(" ")
            known = grade.strip(":").lower() in InspectionFinding.Grade.values
            rows.append(
                {
                    "grade": grade.strip(":").lower() if known else "minor",
                    "text": told.strip() if known else one.strip(),
                }
            )
    return rows


def identified(form: type[StepForm], request: PageRequest) -> type[StepForm]:
    """Return a form that asks for what a first signing needs besides the password."""
    wanted = asks(request)
    extra: dict[str, Any] = {}
    if wanted.user_id:
        extra["signing_user_id"] = forms.CharField(
            label="User id", widget=forms.TextInput(attrs={"autocomplete": "username"})
        )
    if wanted.totp:
        extra["signing_totp"] = forms.CharField(label="One-time code")
    return type(form.__name__, (form,), extra) if extra else form


def _steps(request: PageRequest, found: Any) -> list[Step]:
    who = request.person
    rows = list(found.inspections.filter(is_void=False).order_by("code"))
    performed = [one for one in rows if one.state == "performed"]
    reported = [one for one in rows if one.state == "reported"]
    open_ones = list(
        InspectionFinding.objects.filter(inspection__in=reported, is_void=False)
        .exclude(state="closed")
        .select_related("inspection")
    )

    def choices(records: Any) -> list[tuple[str, str]]:
        return [("", "Choose"), *((str(one.pk), str(one)) for one in records)]

    def one_of(records: Any, key: str) -> Any:
        chosen = next((one for one in records if str(one.pk) == key), None)
        if chosen is None:
            raise NotFound("there is no such inspection or finding", given=key)
        return chosen

    def inspect(given: Given, signed: Signed) -> None:
        workflow.record_inspection(
            who, found, phase=given["phase"], on=given["on"], scope=given["scope"], findings=_graded(given["findings"]),
            credentials=signed.credentials,
        )  # fmt: skip

    def answer(given: Given, _: Signed) -> None:
        workflow.answer_inspection(who, one_of(open_ones, given["finding"]), answer=given["answer"])

    mine = found.lead_id == who.pk or not may(request, "preclinical.draft_protocol")
    live = found.state not in ("locked", "cancelled")
    return [
        Step(
            "answer", "Answer a finding", "preclinical.answer_inspection", answer, AnswerForm, ready=bool(open_ones) and mine,
            choices={"finding": [("", "Choose"), *((str(one.pk), f"{one}: {one.text[:60]}") for one in open_ones)]},
            done="Quality assurance sees the answer.",
        ),
        Step(
            "report", "Report an inspection", "preclinical.report_inspection",
            lambda given, _: workflow.report_inspection(who, one_of(performed, given["inspection"])),
            ChooseForm, ready=bool(performed), choices={"inspection": choices(performed)},
            done="Reported to the study director and to management.",
        ),
        Step(
            "close", "Close an inspection", "preclinical.close_inspection",
            lambda given, _: workflow.close_inspection(who, one_of(reported, given["inspection"])),
            ChooseForm, ready=bool(reported), choices={"inspection": choices(reported)}, done="Closed.",
        ),
        Step(
            "inspect", "Record an inspection", "preclinical.record_inspection", inspect, identified(InspectionForm, request),
            ready=live, initial={"on": today()}, done="The inspection is signed. Report it next.",
        ),
        Step(
            "statement", "Sign the quality assurance statement", "preclinical.sign_qa_statement",
            lambda given, signed: reports.sign_qa_statement(who, found, credentials=signed.credentials, reason=given["reason"]),
            identified(StatementForm, request), ready=live and bool(rows), done="The statement is signed.",
        ),
    ]  # fmt: skip


def quality(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show the inspections of a study and its statement; each step is taken here by who may take it."""
    found = find(request, code)

    def contents() -> dict[str, Any]:
        rows = list(
            found.inspections.filter(is_void=False)
            .select_related("inspector")
            .prefetch_related("findings__answered_by")
            .order_by("on", "code")
        )
        signed = signatures_of_many(rows)
        statement = reports.statement_of(found)
        done = {one.phase for one in rows}
        return {
            **frame(request, found, "quality"),
            "inspections": [{"one": one, "signatures": signed[one.pk]} for one in rows],
            "missing": [one.label for one in reports.NEEDED if one.value not in done],
            "statement": statement,
            "signatures": signatures_of(statement) if statement else [],
        }

    return page(request, lambda: _steps(request, found), "preclinical/quality.html", contents)


urlpatterns = [path("studies/<str:code>/quality-assurance/", quality, name="quality")]
PAGES = {"preclinical:quality": Page("preclinical.view", FORM)}
