"""Training, for the trainer and QA: the matrix of people × what they must know, with every gap and since when."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import path

from crdmo.foundation.accounts import authority
from crdmo.foundation.accounts import workflow as accounts
from crdmo.foundation.refusals import NotFound
from crdmo.web.door import FORM, Page
from crdmo.web.request import PageRequest
from crdmo.web.tables import Column, Table

from .. import forms, queries
from . import steps
from .steps import Step

GAPS = Table(
    "training",
    "Training",
    (
        Column("person", "Person"),
        Column("user_id", "User id"),
        Column("roles", "Roles"),
        Column("subject", "Subject"),
        Column("version", "Version"),
        Column("state", "State", kind="state"),
        Column("since", "In force from", kind="day"),
    ),
)


def _lines(found: queries.Matrix) -> list[dict[str, Any]]:
    """Return one line a person and requirement, for the file."""
    return [
        {
            "person": person.printed_name,
            "user_id": person.user_id,
            "roles": ", ".join(roles),
            "subject": subject,
            "version": version,
            "state": cell.state,
            "since": cell.since,
        }
        for person, roles, cells in found.rows
        for (subject, version), cell in zip(found.subjects, cells, strict=True)
        if cell.state
    ]


def training(request: PageRequest, program: str) -> HttpResponse:
    """Show the matrix; a training that took place is recorded here. The same address gives it as a file."""
    house, today = request.person.organization, steps.today()
    if wanted := request.GET.get("format", ""):
        return GAPS.file(wanted, _lines(queries.training_matrix(house, today)))

    def contents() -> dict[str, Any]:
        found = queries.training_matrix(house, today)
        only = request.GET.get("only", "")
        names = [f"{subject} version {version}" for subject, version in found.subjects]
        rows = [
            (person, roles, list(zip(names, cells, strict=True)))
            for person, roles, cells in found.rows
            if only != "gaps" or any(cell.state in ("overdue", "due") for cell in cells)
        ]
        return {"matrix": found, "rows": rows, "only": only, "today": today}

    return steps.page(request, lambda: _steps(request), "compliance/training.html", contents)


def _steps(request: PageRequest) -> list[Step]:
    found = queries.training_matrix(request.person.organization, steps.today())
    people = {person.user_id: person for person, _, _ in found.rows if person.pk != request.person.pk}
    subjects = {f"{subject} version {version}": (subject, version) for subject, version in found.subjects}

    def record(given: Any, _: Any) -> None:
        if given["person"] not in people or given["subject"] not in subjects:
            raise NotFound("there is no such person or requirement", given=f"{given['person']}, {given['subject']}")
        subject, version = subjects[given["subject"]]
        accounts.record_training(
            request.person,
            people[given["person"]],
            subject=subject,
            version=version,
            on=given["on"],
            how=given["how"],
        )

    allowed = authority.may(request.person, "accounts.record_training", None, request.person.organization_id)
    return [
        Step(
            "train",
            "Record a training",
            "compliance.view_house",
            record,
            forms.TrainedForm,
            ready=allowed and bool(subjects),
            choices={
                "person": [("", "Choose"), *((key, one.printed_name) for key, one in people.items())],
                "subject": [("", "Choose"), *((key, key) for key in subjects)],
            },
            initial={"on": steps.today()},
            done="The training is recorded.",
        )
    ]


urlpatterns = [path("training/", training, name="training")]
PAGES = {"compliance:training": Page("compliance.view_house", FORM)}
NAV = [("compliance:training", "Training")]
