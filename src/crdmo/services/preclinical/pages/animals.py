"""Animals: received from a list or a file, assigned by weight, dosed, ended; each with its group and state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import path

from crdmo.common.studies.models import Subject
from crdmo.common.studies.queries import arms_of
from crdmo.foundation.refusals import Invalid
from crdmo.web.accounts.forms import StepForm
from crdmo.web.door import FORM, Page
from crdmo.web.request import PageRequest
from crdmo.web.stepping import Given, Signed, Step, page

from .. import imports, queries
from ..models import Analysis
from ..workflow import animals as workflow
from ..workflow import records
from .frame import choice, day, find, frame, line, prose, today


class ReceiveForm(StepForm):
    """Animals that came in."""

    rows = prose(
        "Animals", "One a line: number, sex, cage, born (year-month-day). Or choose a file.", required=False, rows=6
    )
    file = forms.FileField(label="File", help_text="CSV or XLSX with animal, sex, cage, born.", required=False)
    on = day("Received on")


class AssignForm(StepForm):
    """How animals are assigned."""

    seed = forms.IntegerField(
        label="Seed", help_text="Of the random numbers; the same seed gives the same list.", min_value=0
    )


class DosingForm(StepForm):
    """The first day of dosing."""

    on = day("Day 1 of the study")


class DoseForm(StepForm):
    """A day's doses, as planned."""

    on = day("Given on")
    route = line("Route", "As SEND writes it, such as SUBCUTANEOUS.", limit=60)
    codes = prose("Animals", "Numbers of animals; left empty, all that are in the study.", required=False, rows=1)


class EndForm(StepForm):
    """How animals left the study."""

    codes = prose("Animals", "Numbers of animals, in any order.", rows=2)
    state = choice(
        "How", [("completed", "Scheduled sacrifice"), ("dead", "Died or was killed early"), ("withdrawn", "Removed")]
    )
    ending = line("In words", "Such as TERMINAL SACRIFICE, FOUND DEAD.")
    on = day("On")


def _listed(given: str) -> list[dict[str, Any]]:
    """Return animals from lines of text.

    Raises:
        Invalid: a line has another shape.
    """
    if not given.strip():
        return []
    return imports.read_animals(
        ("animal,sex,cage,born\n" + "\n".join(_filled(one) for one in given.splitlines() if one.strip())).encode(),
        "animals.csv",
    )


def _filled(one: str) -> str:
    parts = [part.strip() for part in one.replace(";", ",").replace("\t", ",").split(",")]
    return ",".join((*parts, "", "", "")[:4])


def _steps(request: PageRequest, found: Any) -> list[Step]:
    who = request.person
    people = list(found.subjects.filter(is_void=False))
    placed = arms_of(people)
    here = [one for one in people if one.is_in_study]
    open_here = found.state == "active"

    def receive(given: Given, _: Signed) -> None:
        rows = _listed(given["rows"])
        if given["file"]:
            rows += imports.read_animals(given["file"].read(), given["file"].name)
        if not rows:
            raise Invalid("no animal is named", errors={"rows": "a line for each, or a file"})
        workflow.receive_animals(who, found, rows, on=given["on"])

    def dose(given: Given, _: Signed) -> None:
        wanted = set(given["codes"].replace(",", " ").split())
        if odd := wanted - {one.code for one in here}:
            raise Invalid("this animal is not in the study", errors={"codes": ", ".join(sorted(odd))})
        rows = [
            {"subject": one, "starts": given["on"].isoformat(), "route": given["route"]}
            for one in here
            if one.reference_on and (not wanted or one.code in wanted)
        ]
        records.record_doses(who, found, rows)

    def end(given: Given, _: Signed) -> None:
        codes = given["codes"].replace(",", " ").split()
        workflow.end_animals(who, found, codes=codes, state=given["state"], ending=given["ending"], on=given["on"])

    first = {"on": today()}
    return [
        Step(
            "receive",
            "Receive animals",
            "preclinical.receive_animals",
            receive,
            ReceiveForm,
            ready=open_here,
            initial=first,
        ),
        Step(
            "assign",
            "Assign to groups by weight",
            "preclinical.assign_animals",
            lambda given, _: workflow.assign_animals(who, found, seed=given["seed"]),
            AssignForm,
            ready=open_here and bool(here) and not placed and found.lead_id == who.pk,
            done="The animals have their groups.",
        ),
        Step(
            "dosing",
            "Set day 1",
            "preclinical.start_dosing",
            lambda given, _: workflow.start_dosing(who, found, on=given["on"]),
            DosingForm,
            ready=open_here and bool(placed) and not any(one.reference_on for one in here),
            initial=first,
        ),
        Step(
            "dose",
            "Record a day's doses",
            "preclinical.record_doses",
            dose,
            DoseForm,
            ready=open_here and any(one.reference_on for one in here),
            initial={**first, "route": "SUBCUTANEOUS"},
            done="The doses are recorded as planned for each group.",
        ),
        Step(
            "end",
            "Record how animals left",
            "preclinical.end_animals",
            end,
            EndForm,
            ready=open_here and bool(here),
            initial=first,
        ),
    ]


def animals(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show the animals of a study with their groups."""
    found = find(request, code)

    def contents() -> dict[str, Any]:
        people = list(found.subjects.filter(is_void=False).select_related("place").order_by("code"))
        placed = arms_of(people)
        weights = workflow.weights_before(found, people)
        ordered = sorted(people, key=lambda p: (placed[p.id].position if p.id in placed else 0, p.sex, p.code))
        rows = [{"animal": one, "arm": placed.get(one.id), "weight": weights.get(one.id)} for one in ordered]
        return {
            **frame(request, found, "animals"),
            "rows": rows,
            "assignments": queries.analyses(found, Analysis.Kind.ASSIGNMENT),
            "left": sum(one.state in (Subject.State.DEAD, Subject.State.WITHDRAWN) for one in people),
        }

    made: Callable[[], list[Step]] = lambda: _steps(request, find(request, code))  # noqa: E731
    return page(request, made, "preclinical/animals.html", contents)


urlpatterns = [path("studies/<str:code>/animals/", animals, name="animals")]
PAGES = {"preclinical:animals": Page("preclinical.view", FORM)}
