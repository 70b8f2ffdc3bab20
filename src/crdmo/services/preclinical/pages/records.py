"""Recording: a grid of animals by items for one day, and one finding with its correction."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path

from crdmo.common.studies.models import Finding
from crdmo.common.studies.queries import find_subject
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.refusals import Invalid, NotFound, Refused
from crdmo.web.accounts.forms import StepForm
from crdmo.web.components import unit_words
from crdmo.web.door import FORM, Page
from crdmo.web.fields import ReasonField
from crdmo.web.pages import trails
from crdmo.web.request import PageRequest
from crdmo.web.stepping import Step, page

from .. import queries
from ..workflow import records as workflow
from .frame import at, find, frame, line, prose, today


def _posted(request: PageRequest, lines: list[dict[str, Any]]) -> dict[tuple[Any, int], str]:
    cells = {}
    for row in lines:
        for cell in row["cells"]:
            given = request.POST.get(f"value_{row['animal'].pk}_{cell['index']}", "").strip()
            cell["given"] = given
            if given and cell["finding"] is None:
                cells[row["animal"], cell["index"]] = given
    return cells


def record(request: PageRequest, program: str, code: str, visit: str, activity: str) -> HttpResponse:
    """Show a day's grid; what is typed into empty cells is recorded in one act."""
    found = find(request, code)
    day, what = queries.scheduled(found, visit, activity)
    lines = queries.grid(found, what, day)
    refused: Refused | None = None
    if request.method == "POST":
        cells = _posted(request, lines)
        try:
            on = dt.date.fromisoformat(request.POST.get("on", ""))
            rows = workflow.rows_of_grid(what, day, cells, on)
            made = workflow.record_findings(request.person, found, rows, reason=request.POST.get("reason", ""))
        except ValueError:
            refused = Invalid("the day of the work is a date", errors={"on": "year-month-day"})
        except Refused as error:
            refused = error
        else:
            messages.success(request, f"{len(made)} values are recorded.")
            return HttpResponseRedirect(request.path)
    recorded = sum(cell["finding"] is not None for row in lines for cell in row["cells"])
    contents = {
        **frame(request, found, "curves"),
        "visit": day,
        "activity": what,
        "lines": lines,
        "recorded": recorded,
        "open_cells": sum(len(row["cells"]) for row in lines) - recorded,
        "grid_refused": refused,
        "on": request.POST.get("on", str(today())),
        "reason": request.POST.get("reason", ""),
        "back": at(request, "study", found),
    }
    return render(request, "preclinical/grid.html", contents, status=refused.status if refused else 200)


class CorrectForm(StepForm):
    """A corrected value, and why."""

    value = line("Value as it should be", "The old one stays in the history.", required=False)
    not_done = line("Or it was not done, because", required=False)
    reason = ReasonField("quality.reading")


class VoidForm(StepForm):
    """Why a value is void."""

    reason = prose("Reason", "Such as: another animal was on the balance.")


def finding(request: PageRequest, program: str, code: str, key: str) -> HttpResponse:
    """Show one finding with everything that was ever written of it; correct it, or declare it void."""
    found = find(request, code)
    one = Finding.objects.filter(study=found, pk=key).select_related("subject__study", "visit", "study").first()
    if one is None:
        raise NotFound("there is no such finding", given=str(key))

    def correct(given: Any, _: Any) -> None:
        values: dict[str, Any] = {"value": given["value"]} if given["value"] else {}
        if given["not_done"]:
            values |= {"not_done": True, "why_not": given["not_done"], "value": "", "unit": ""}
        elif one.not_done:
            values |= {"not_done": False, "why_not": ""}
        workflow.correct_finding(request.person, one, reason=given["reason"], **values)

    def steps() -> list[Step]:
        is_open = found.state not in ("locked", "cancelled") and not one.is_void
        return [
            Step(
                "correct", "Correct it", "preclinical.correct_finding", correct, CorrectForm, ready=is_open,
                initial={"value": one.value}, done="Corrected. What stands on it is marked.",
            ),
            Step(
                "void", "Declare it void", "preclinical.withdraw_record",
                lambda given, _: workflow.withdraw_record(request.person, one, reason=given["reason"]),
                VoidForm, ready=is_open, done="Void.",
            ),
        ]  # fmt: skip

    def contents() -> dict[str, Any]:
        one.refresh_from_db()
        entries = Entry.objects.filter(record_id=one.id).order_by("-seq")
        return {
            **frame(request, found, "curves"),
            "finding": one,
            "lines": [{**line, "value": _value(line["state"])} for line in map(trails.line, entries)],
            "animal": find_subject(found, one.subject.code),
        }

    return page(request, steps, "preclinical/finding.html", contents)


def _value(state: dict[str, Any]) -> str:
    """Return what a version of a finding said."""
    return (
        f"not done: {state['why_not']}"
        if state["not_done"]
        else f"{state['value']} {unit_words(state['unit'])}".strip()
    )


urlpatterns = [
    path("studies/<str:code>/record/<str:visit>/<str:activity>/", record, name="record"),
    path("studies/<str:code>/findings/<uuid:key>/", finding, name="finding"),
]
PAGES = {
    "preclinical:record": Page("preclinical.record_findings", FORM),
    "preclinical:finding": Page("preclinical.view", FORM),
}
