"""The people and the record that most tests of signing need: an analyst's document in review."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.sessions.backends.db import SessionStore

from crdmo.foundation.accounts.models import Login, Person, Program
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.documents import workflow
from crdmo.foundation.documents.models import Document, DocumentVersion
from crdmo.foundation.ledger.acts import act
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.signing import Credentials, sign
from crdmo.foundation.signing.models import Signature, SigningSession
from crdmo.proof import canonical
from tests import factories


@dataclass
class Desk:
    """An author, a reviewer, an approver and an administrator, with one version of one document."""

    program: Program
    author: Person
    reviewer: Person
    approver: Person
    administrator: Person
    version: DocumentVersion

    @property
    def document(self) -> Document:
        return self.version.document


@cache
def known_password() -> str:
    """The hash of the password that all people of the desk have: made once, for it is slow on purpose."""
    return make_password(factories.PASSWORD)


def make(text: str = "Weigh 100 mg of the sample.") -> Desk:
    program = factories.program()
    people = [
        factories.person(role, where)
        for role, where in (
            (Role.ANALYST, program),
            (Role.REVIEWER, program),
            (Role.QA, program),
            (Role.ADMINISTRATOR, None),
        )
    ]
    Login.objects.filter(person__in=people).update(password=known_password(), must_change_password=False)
    document = workflow.create_document(
        people[0], code="SOP-7", title="Weighing", kind="sop", owner=people[0], program=program
    )
    version = workflow.draft(people[0], document, text=text)
    return Desk(program, *people, workflow.submit_for_review(people[0], version))


def both(person: Person, session_key: str = "", **more: Any) -> Credentials:
    """User id and password."""
    return Credentials(person.user_id, factories.PASSWORD, session_key, **more)


def one(session_key: str, **more: Any) -> Credentials:
    """The password alone, in a session."""
    return Credentials("", factories.PASSWORD, session_key, **more)


def log_in() -> str:
    """Return the key of a new log-in."""
    store = SessionStore()
    store.create()
    assert store.session_key
    return store.session_key


def log_out(session_key: str) -> None:
    SessionStore(session_key).delete()


def later(session_key: str, minutes: int) -> None:
    """Let minutes pass since the last signing of a session."""
    for row in SigningSession.objects.filter(session_key=session_key):
        row.last_signing -= dt.timedelta(minutes=minutes)
        row.save()


def signed(
    person: Person,
    records: list[Any],
    meaning: str = "reviewed",
    credentials: Credentials | None = None,
    *,
    action: str = "documents.review",
    reason: str = "",
    **more: Any,
) -> list[Signature]:
    """Sign records in an act of their own."""
    with act(person, action, reason) as opened:
        return sign(opened, records, meaning, credentials or both(person), **more)


def another_version(desk: Desk, code: str = "SOP-8") -> DocumentVersion:
    """Return a version in review of one more document of the author."""
    document = workflow.create_document(
        desk.author, code=code, title="Drying", kind="sop", owner=desk.author, program=desk.program
    )
    return workflow.submit_for_review(desk.author, workflow.draft(desk.author, document, text="Dry at 105 °C."))


def bodies(**wanted: Any) -> list[dict[str, Any]]:
    """Return the bodies of the entries with these columns, oldest first."""
    return [canonical.decode(bytes(entry.body)) for entry in Entry.objects.filter(**wanted).order_by("seq")]
