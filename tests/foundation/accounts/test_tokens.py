"""Tokens: shown once, kept as a digest, with an end; they act as their person and never sign."""

from __future__ import annotations

import datetime as dt
import hashlib

import pytest

from crdmo.foundation.accounts import tokens, workflow
from crdmo.foundation.accounts.models import ApiToken
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger.acts import SYSTEM
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.refusals import Invalid, NotPermitted, Refused
from tests import factories

pytestmark = pytest.mark.django_db


def test_a_token_opens_as_its_person() -> None:
    person = factories.person(Role.ANALYST)
    _, text = tokens.issue(person, name="bridge", scopes=["read"], days=30)
    bearer = tokens.authenticate(f"Bearer {text}")
    assert bearer.person == person and bearer.may("read") and not bearer.may("write")


def test_writing_includes_reading() -> None:
    _, text = tokens.issue(factories.person(Role.ANALYST), name="bridge", scopes=["write"], days=30)
    assert tokens.authenticate(f"bearer {text}").may("read")


def test_neither_database_nor_ledger_holds_the_text() -> None:
    token, text = tokens.issue(factories.person(Role.ANALYST), name="bridge", scopes=["read"], days=30)
    assert token.digest == hashlib.sha256(text.encode()).hexdigest()
    assert all(text.encode() not in bytes(entry.body) for entry in Entry.objects.all())
    assert len(token.prefix) == 12 and len(text) == 49


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"scopes": ["sign"]}, "scopes"),
        ({"scopes": []}, "scopes"),
        ({"days": 0}, "days"),
        ({"days": 367}, "days"),
        ({"name": "  "}, "name"),
    ],
)
def test_a_token_that_reaches_too_far_is_not_issued(given: dict, place: str) -> None:
    with pytest.raises(Invalid, match="cannot be issued") as caught:
        tokens.issue(factories.person(Role.ANALYST), **{"name": "bridge", "scopes": ["read"], "days": 30, **given})
    assert place in caught.value.errors and not ApiToken.objects.exists()


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x", "Basic crdmo_x", "Bearer crdmo_", "crdmo_x"])
def test_what_is_no_token_opens_nothing(header: str) -> None:
    with pytest.raises(NotPermitted, match="opens nothing"):
        tokens.authenticate(header)


def test_an_ended_token_opens_nothing() -> None:
    token, text = tokens.issue(factories.person(Role.ANALYST), name="bridge", scopes=["read"], days=1)
    ApiToken.objects.filter(pk=token.pk).update(expires=dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1))
    with pytest.raises(NotPermitted, match="opens nothing"):
        tokens.authenticate(f"Bearer {text}")


@pytest.mark.clause("21 CFR 11.300(c)")
def test_a_revoked_token_opens_nothing_and_the_revocation_is_noted() -> None:
    person = factories.person(Role.ANALYST)
    token, text = tokens.issue(person, name="bridge", scopes=["read"], days=1)
    tokens.revoke(person, token)
    with pytest.raises(NotPermitted, match="opens nothing"):
        tokens.authenticate(f"Bearer {text}")
    kinds = list(Entry.objects.filter(actor=person.actor_id).order_by("seq").values_list("record_type", flat=True))
    assert kinds == ["accounts.token_issued", "accounts.token_revoked"]


def test_a_token_is_revoked_once() -> None:
    person = factories.person(Role.ANALYST)
    token, _ = tokens.issue(person, name="bridge", scopes=["read"], days=1)
    with pytest.raises(Refused, match="revoked already"):
        tokens.revoke(person, tokens.revoke(person, token))


def test_a_token_is_revoked_by_owner_or_administrator_only() -> None:
    person, admin, other = (factories.person(r) for r in (Role.ANALYST, Role.ADMINISTRATOR, Role.QA))
    token, _ = tokens.issue(person, name="bridge", scopes=["read"], days=1)
    with pytest.raises(NotPermitted, match="somebody else's"):
        tokens.revoke(other, token)
    assert tokens.revoke(admin, token).revoked is not None


def test_a_deactivated_persons_token_opens_nothing() -> None:
    person = factories.person(Role.ANALYST)
    token, text = tokens.issue(person, name="bridge", scopes=["read"], days=1)
    workflow.deactivate_person(SYSTEM, person, reason="left")
    token.refresh_from_db()
    assert token.revoked is not None
    with pytest.raises(NotPermitted, match="opens nothing"):
        tokens.authenticate(f"Bearer {text}")


def test_the_last_use_is_known_and_written_once_a_minute(django_assert_num_queries) -> None:
    token, text = tokens.issue(factories.person(Role.ANALYST), name="bridge", scopes=["read"], days=1)
    tokens.authenticate(f"Bearer {text}")
    token.refresh_from_db()
    assert token.last_used is not None
    with django_assert_num_queries(1):
        tokens.authenticate(f"Bearer {text}")
