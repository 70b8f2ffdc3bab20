"""The matrix of training: who must know what, who does, who is overdue; and the gate that it shows."""

from __future__ import annotations

import json

import pytest

from crdmo.foundation.accounts import workflow as accounts
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.documents import workflow as documents
from crdmo.services.compliance import queries
from tests.services.compliance.conftest import System


def require(system: System, version: str, days: int) -> None:
    accounts.set_training_requirement(
        system.lab.qa,
        system.lab.qa.organization,
        role=Role.ANALYST,
        subject="SOP-QC-010",
        version=version,
        from_date=system.day(days),
    )


def cells(system: System, person) -> dict[str, str]:
    found = queries.training_matrix(system.lab.qa.organization, system.today)
    row = next(cells for one, _, cells in found.rows if one.pk == person.pk)
    return {f"{subject} {version}": cell.state for (subject, version), cell in zip(found.subjects, row, strict=True)}


def test_a_gap_is_overdue_from_its_day_and_due_before(system: System) -> None:
    require(system, "2", -3)
    require(system, "3", 10)
    assert cells(system, system.lab.analyst) == {"SOP-QC-010 2": "overdue", "SOP-QC-010 3": "due"}
    assert cells(system, system.lab.reviewer) == {"SOP-QC-010 2": "", "SOP-QC-010 3": ""}
    accounts.record_training(
        system.lab.supervisor, system.lab.analyst, subject="SOP-QC-010", version="2", on=system.today
    )
    assert cells(system, system.lab.analyst)["SOP-QC-010 2"] == "done"
    found = queries.training_matrix(system.lab.qa.organization, system.today)
    assert (found.overdue, found.coming) == (1, 2)  # the colleague, then both analysts


def test_training_on_the_version_before_counts_no_longer(system: System) -> None:
    require(system, "2", -3)
    accounts.record_training(
        system.lab.supervisor, system.lab.analyst, subject="SOP-QC-010", version="2", on=system.today
    )
    require(system, "3", 0)
    assert cells(system, system.lab.analyst) == {"SOP-QC-010 3": "overdue"}


def test_an_approved_document_opens_the_gap_before_it_is_in_force(system: System) -> None:
    made = documents.create_document(
        system.lab.supervisor,
        code="SOP-QA-1",
        title="Deviations",
        kind="sop",
        owner=system.lab.supervisor,
        trained_roles=[Role.REVIEWER],
    )
    version = documents.draft(system.lab.supervisor, made, text="Report what you see.")
    documents.submit_for_review(system.lab.supervisor, version)
    documents.review(system.lab.reviewer, version, credentials=system.lab.sign(system.lab.reviewer))
    documents.approve(system.lab.qa, version, effective_from=system.day(14), credentials=system.lab.sign(system.lab.qa))
    assert cells(system, system.lab.reviewer) == {"SOP-QA-1 1": "due"}


@pytest.mark.usefixtures("system")
def test_the_matrix_is_as_quick_for_many(system: System, django_assert_num_queries) -> None:
    require(system, "2", -3)
    with django_assert_num_queries(4):
        queries.training_matrix(system.lab.qa.organization, system.today)
    json.dumps(cells(system, system.lab.qa))
