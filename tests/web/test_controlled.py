"""Controlled documents on their pages: from the draft to the version in force, each step by who may take it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from crdmo.foundation.accounts.models import TrainingRequirement
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.documents.models import DocumentVersion
from tests import factories

pytestmark = pytest.mark.django_db
TEXT = "# Purpose\n\nSay how results out of specification are investigated.\n"


@pytest.fixture
def desks(settings: Any) -> dict[str, tuple[Client, Any]]:
    found = {}
    for role in (Role.SUPERVISOR, Role.REVIEWER, Role.QA, Role.ANALYST):
        person = factories.person(role)
        factories.login(person)
        client = Client()
        client.force_login(person.login, backend=settings.AUTHENTICATION_BACKENDS[-1])
        found[role.value] = (client, person)
    return found


def signed(person: Any, **more: str) -> dict[str, str]:
    version = DocumentVersion.objects.get()
    return {
        "signing_user_id": person.user_id,
        "signing_password": factories.PASSWORD,
        "signing_seen": f"{version.pk}:{version.version}",
        **more,
    }


def drafted(desks: dict[str, tuple[Client, Any]]) -> None:
    client, _ = desks["supervisor"]
    answer = client.post(
        "/documents/new/",
        {
            "code": "SOP-QC-021",
            "title": "Out of specification",
            "kind": "sop",
            "text": TEXT,
            "trained_roles": ["analyst"],
        },
    )
    assert answer.status_code == 302, answer.content.decode()[:2000]
    assert client.post("/documents/SOP-QC-021/", {"step": "submit"}).status_code == 302


def reviewed(desks: dict[str, tuple[Client, Any]]) -> None:
    drafted(desks)
    client, person = desks["reviewer"]
    assert client.post("/documents/SOP-QC-021/", signed(person, step="review")).status_code == 302


def test_no_approval_before_the_review_is_signed(desks: dict[str, tuple[Client, Any]]) -> None:
    drafted(desks)
    qa, person = desks["qa"]
    today = dt.datetime.now(dt.UTC).date().isoformat()
    assert qa.post("/documents/SOP-QC-021/", signed(person, step="approve", effective_from=today)).status_code == 409
    assert DocumentVersion.objects.get().state == "in_review"


def test_a_draft_is_approved_and_put_into_force_and_opens_training(desks: dict[str, tuple[Client, Any]]) -> None:
    reviewed(desks)
    qa, person = desks["qa"]
    today = dt.datetime.now(dt.UTC).date().isoformat()
    answer = qa.post("/documents/SOP-QC-021/", signed(person, step="approve", effective_from=today))
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    assert qa.post("/documents/SOP-QC-021/", {"step": "make_effective"}).status_code == 302
    assert DocumentVersion.objects.get().state == "effective"
    assert TrainingRequirement.objects.get().subject == "SOP-QC-021"


def test_the_author_does_not_review_the_own_document(desks: dict[str, tuple[Client, Any]]) -> None:
    drafted(desks)
    client, person = desks["supervisor"]
    assert client.post("/documents/SOP-QC-021/", signed(person, step="review")).status_code == 403
    assert DocumentVersion.objects.get().state == "in_review"


def test_a_draft_prints_as_pdf(desks: dict[str, tuple[Client, Any]]) -> None:
    drafted(desks)
    client, _ = desks["analyst"]
    answer = client.get("/documents/SOP-QC-021/1.pdf")
    assert answer.status_code == 200
    assert answer.content.startswith(b"%PDF-")


def test_another_organization_sees_no_document(desks: dict[str, tuple[Client, Any]], settings: Any) -> None:
    drafted(desks)
    stranger = factories.person(Role.SPONSOR_QA)
    factories.login(stranger)
    client = Client()
    client.force_login(stranger.login, backend=settings.AUTHENTICATION_BACKENDS[-1])
    assert client.get("/documents/SOP-QC-021/").status_code == 404
    assert "SOP-QC-021" not in client.get("/documents/").content.decode()
