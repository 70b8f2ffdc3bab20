"""Adverse events: reported and corrected at the site, listed for the medical monitor."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path

from crdmo.foundation.ledger import trail
from crdmo.foundation.refusals import NotFound
from crdmo.web.accounts.forms import StepForm
from crdmo.web.door import FORM, Page
from crdmo.web.request import PageRequest
from crdmo.web.stepping import Given, Signed, Step, page
from crdmo.web.steps import may

from .. import exports, queries
from ..workflow import safety as workflow
from .frame import at, choice, find, frame, line, prose, subject_address


def _rows(words: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(one, one.capitalize()) for one in words]


class EventForm(StepForm):
    """An adverse event."""

    term = line("What happened", "As the subject or you say it.")
    category = choice("Category", [("HYPOGLYCAEMIA", "Hypoglycaemia")], "Of special interest.", required=False)
    starts = line("Began", "As far as it is known: 2026-03-14, 2026-03 or 2026.", limit=25)
    ends = line("Ended", "Left empty while it goes on.", required=False, limit=25)
    severity = choice("Severity", _rows(workflow.SEVERITIES), "How strong it is.")
    serious = choice("Serious", [("N", "No"), ("Y", "Yes")], "What its consequences make it.")
    criterion = choice("Serious because of", _rows(workflow.CRITERIA), required=False)
    relation = choice("Caused by treatment", _rows(workflow.RELATIONS))
    outcome = choice("Outcome", _rows(workflow.OUTCOMES))


class CorrectForm(EventForm):
    """A correction."""

    reason = prose("Why it is corrected")


def safety(request: PageRequest, program: str, study: str) -> HttpResponse:
    """List adverse events, the serious ones first; as CSV where asked."""
    found = find(request, study)
    rows = list(
        queries.events_of(request.person, found)
        .select_related("study__program")
        .order_by("-serious", "subject__code", "starts", "entry")
    )
    if request.GET.get("format") == "csv":
        response = HttpResponse(exports.events_csv(rows), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{found.code}-adverse-events.csv"'
        return response
    counts = {
        "events": len(rows),
        "subjects": len({one.subject_id for one in rows}),
        "serious": sum(one.serious == "Y" for one in rows),
        "severe": sum(one.severity == "SEVERE" for one in rows),
    }
    return render(request, "clinical/safety.html", {**frame(request, found, "safety"), "rows": rows, "counts": counts})


def event_new(request: PageRequest, program: str, study: str, code: str) -> HttpResponse:
    """Report an adverse event of a subject."""
    found = find(request, study)
    subject = queries.find_subject(request.person, found, code)
    form = EventForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = form.attempt(lambda: workflow.report_event(request.person, subject, **form.cleaned_data))
        if made is not None:
            messages.success(request, f"{made} is reported.")
            return HttpResponseRedirect(subject_address(subject))
    contents = {
        **frame(request, found, "safety"),
        "form": form,
        "title": f"Report an adverse event of {subject}",
        "verb": "Report",
        "hint": "Severe is how strong it is; serious is what it led to.",
        "back": subject_address(subject),
    }
    return render(request, "clinical/form.html", contents, status=form.status)


def event(request: PageRequest, program: str, study: str, key: UUID) -> HttpResponse:
    """Show an adverse event with its history; the site corrects it here."""
    found = find(request, study)
    one: Any = queries.events_of(request.person, found).select_related("study__program", "visit").filter(pk=key).first()
    if one is None:
        raise NotFound("there is no such event")

    def correct(given: Given, _: Signed) -> None:
        values = {name: value for name, value in given.items() if name != "reason"}
        workflow.correct_event(request.person, one, **values, reason=given["reason"])

    names = ("term", "category", "starts", "ends", "severity", "serious", "relation", "outcome")

    def steps() -> list[Step]:
        initial = {name: getattr(one, name) for name in names} | {"criterion": one.details.get("criterion", "")}
        return [
            Step(
                "correct", "Correct", "clinical.correct_event", correct, CorrectForm, ready=found.state == "active",
                initial=initial, done="Corrected; what stood before is in the history.",
            )
        ]  # fmt: skip

    def contents() -> dict[str, Any]:
        one.refresh_from_db()
        return {
            **frame(request, found, "safety"),
            "event": one,
            "history": [(change, told) for told in trail.history(one.pk) for change in told.changes],
            "subject_url": at(request, "subject", found, code=one.subject.code),
            "may_correct": may(request, "clinical.correct_event"),
        }

    return page(request, steps, "clinical/event.html", contents)


urlpatterns = [
    path("trials/<str:study>/safety/", safety, name="safety"),
    path("trials/<str:study>/safety/<uuid:key>/", event, name="event"),
    path("trials/<str:study>/subjects/<str:code>/event/", event_new, name="event_new"),
]
PAGES = {
    "clinical:safety": Page("clinical.view_subjects"),
    "clinical:event": Page("clinical.view_subjects", FORM),
    "clinical:event_new": Page("clinical.report_event", FORM),
}
