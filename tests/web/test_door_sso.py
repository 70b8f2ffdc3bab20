"""Single sign-on against a provider on this machine: it lets in people who are entered, and enters nobody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from crdmo.foundation.accounts import workflow
from crdmo.foundation.accounts.models import Login, Person
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger.acts import SYSTEM
from crdmo.foundation.ledger.models import Entry
from tests import factories
from tests.web import provider as company

pytestmark = pytest.mark.django_db


@pytest.fixture
def sso(settings) -> Iterator[company.Provider]:
    with company.running() as provider:
        app = {
            "provider_id": "sso",
            "name": "Company log-in",
            "client_id": company.CLIENT,
            "secret": "s",
            "settings": {"server_url": provider.url},
        }
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}
        yield provider


@pytest.fixture
def ann() -> Person:
    return factories.person(Role.ANALYST, user_id="ann")


def come_in(client: Client) -> Any:
    begun = client.post("/sso/sso/login/")
    assert begun.status_code == 302
    state = parse_qs(urlsplit(begun["Location"]).query)["state"][0]
    return client.get("/sso/sso/login/callback/", {"code": "c", "state": state})


def events(kind: str) -> list[dict]:
    return [json.loads(bytes(e.body)) for e in Entry.objects.filter(record_type=kind).order_by("seq")]


def is_in(client: Client) -> bool:
    return client.get("/inbox/").status_code == 200


def test_a_person_who_is_entered_comes_in(client: Client, sso, ann: Person) -> None:
    assert come_in(client).status_code == 302 and is_in(client)
    assert events("accounts.logged_in")[0]["state"]["methods"] == ["socialaccount"]
    assert events("accounts.single_sign_on_bound")[0]["state"] == {"user_id": "ann", "subject": "s-1"}


def test_the_log_in_page_offers_it(client: Client, sso) -> None:
    assert "Company log-in" in client.get("/login/").content.decode()


def test_the_subject_stays_bound_when_the_name_at_the_provider_changes(client: Client, sso, ann: Person) -> None:
    come_in(client)
    sso.claims["preferred_username"] = "ann.married"
    again = Client()
    come_in(again)
    assert is_in(again) and SocialAccount.objects.count() == 1


def test_nobody_is_entered_by_single_sign_on(client: Client, sso, ann: Person) -> None:
    sso.claims = {"sub": "s-9", "preferred_username": "stranger"}
    people = Person.objects.count()
    answer = come_in(client)
    assert answer.status_code == 403 and "this installation does not" in answer.content.decode()
    assert not is_in(client) and Person.objects.count() == people
    assert not Login.objects.filter(user_id="stranger").exists()
    assert events("accounts.log_in_refused")[0]["state"]["user_id"] == "stranger"


def test_a_second_subject_is_not_bound_to_the_same_person(client: Client, sso, ann: Person) -> None:
    come_in(client)
    sso.claims["sub"] = "s-2"
    other = Client()
    assert come_in(other).status_code == 403 and not is_in(other)


def test_a_deactivated_person_does_not_come_in(client: Client, sso, ann: Person) -> None:
    workflow.deactivate_person(SYSTEM, ann, reason="left")
    assert come_in(client).status_code == 403 and not is_in(client)


def test_a_bound_person_who_was_deactivated_does_not_come_in(client: Client, sso, ann: Person) -> None:
    come_in(client)
    workflow.deactivate_person(SYSTEM, ann, reason="left")
    other = Client()
    assert come_in(other).status_code == 403 and not is_in(other)


def test_a_locked_account_is_locked_for_single_sign_on_too(client: Client, sso, ann: Person) -> None:
    factories.login(ann)
    for _ in range(5):
        client.post("/login/", {"login": "ann", "password": "wrong"})
    other = Client()
    assert come_in(other).status_code == 403 and not is_in(other)


def test_an_answer_to_a_question_that_was_not_asked_opens_nothing(client: Client, sso, ann: Person) -> None:
    answer = client.get("/sso/sso/login/callback/", {"code": "c", "state": "made-up"})
    assert answer.status_code in (200, 302, 401, 403) and not is_in(client)


def test_a_temporary_password_still_waits_to_be_changed(client: Client, sso, ann: Person) -> None:
    factories.login(ann, must_change=True)
    come_in(client)
    assert client.get("/people/matrix/")["Location"].startswith("/account/password/")


def test_without_a_provider_the_address_leads_nowhere(client: Client) -> None:
    assert client.post("/sso/sso/login/").status_code == 404
