"""Coming in: user id and password, five failures, single log-in after a reset. All of it is in the ledger."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from crdmo.foundation.accounts import lockout, notices, workflow
from crdmo.foundation.accounts.models import Login, Person
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger.acts import SYSTEM
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.refusals import Refused
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann() -> Person:
    person = factories.person(Role.ANALYST, user_id="ann", printed_name="Ann Analyst")
    factories.login(person)
    return person


def log_in(client: Client, user_id: str = "ann", password: str = factories.PASSWORD, **more):
    return client.post("/login/", {"login": user_id, "password": password}, headers={"Accept": "text/html"}, **more)


def events(kind: str) -> list[dict]:
    return [json.loads(bytes(e.body)) for e in Entry.objects.filter(record_type=kind).order_by("seq")]


def is_in(client: Client) -> bool:
    return client.get("/inbox/", headers={"Accept": "text/html"}).status_code == 200


def test_the_right_password_opens_and_is_noted(client: Client, ann: Person) -> None:
    assert log_in(client).status_code == 302 and is_in(client)
    [event] = events("accounts.logged_in")
    assert event["actor"] == ann.actor_id and event["stream"] == str(ann.organization_id)
    assert event["state"] == {"user_id": "ann", "methods": ["password"], "address": "127.0.0.1", "failures_before": 0}


@pytest.mark.parametrize("spelling", ["ANN", " ann ", "Ann"])
def test_the_user_id_is_taken_in_any_spelling(client: Client, ann: Person, spelling: str) -> None:
    assert log_in(client, spelling).status_code == 302 and is_in(client)


def test_after_the_log_in_the_page_asked_for_opens(client: Client, ann: Person) -> None:
    answer = client.post("/login/", {"login": "ann", "password": factories.PASSWORD, "next": "/people/matrix/"})
    assert answer["Location"] == "/people/matrix/"


def test_the_log_in_never_leads_to_another_site(client: Client, ann: Person) -> None:
    answer = client.post("/login/", {"login": "ann", "password": factories.PASSWORD, "next": "https://evil.test/"})
    assert answer["Location"] == "/"


@pytest.mark.clause("21 CFR 11.300(d)")
def test_a_failed_log_in_is_in_the_ledger_without_the_password(client: Client, ann: Person) -> None:
    answer = log_in(client, password="wrong secret words")
    assert answer.status_code == 200 and "4 more tries" in answer.content.decode()
    [event] = events("accounts.log_in_failed")
    assert event["actor"] == "system" and event["state"]["failures"] == 1
    assert not any(b"wrong secret words" in bytes(e.body) for e in Entry.objects.all())


def test_a_failed_log_in_of_nobody_is_noted_and_answered_alike(client: Client, ann: Person) -> None:
    nobody, wrong = log_in(client, "nobody"), log_in(client, password="wrong")
    assert nobody.status_code == wrong.status_code == 200
    assert "do not belong together" in nobody.content.decode() and "do not belong together" in wrong.content.decode()
    assert [e["state"]["known"] for e in events("accounts.log_in_failed")] == [False, True]


@pytest.mark.clause("21 CFR 11.300(d)")
def test_the_fifth_failure_locks_the_account_and_tells_the_security_unit(client: Client, ann: Person) -> None:
    admin = factories.person(Role.ADMINISTRATOR)
    for _ in range(4):
        assert log_in(client, password="wrong").status_code == 200
    answer = log_in(client, password="wrong")
    assert answer.status_code == 403 and "is locked" in answer.content.decode()
    assert lockout.is_locked("ann")
    assert len(events("accounts.locked")) == 1
    assert "Account ann (Ann Analyst) was locked: 5 failures" in notices.unread(admin)[0].text


def test_a_locked_account_is_closed_to_the_right_password(client: Client, ann: Person) -> None:
    for _ in range(5):
        log_in(client, password="wrong")
    assert log_in(client).status_code == 403 and not is_in(client)


def test_another_browser_and_another_spelling_do_not_start_anew(ann: Person) -> None:
    for number, spelling in enumerate(["ann", "ANN", "Ann", " ann", "aNN"]):
        log_in(Client(HTTP_USER_AGENT=f"browser {number}", REMOTE_ADDR=f"10.0.0.{number}"), spelling, "wrong")
    assert lockout.is_locked("ann")
    assert log_in(Client()).status_code == 403


def test_knocking_at_a_locked_account_does_not_fill_the_ledger(client: Client, ann: Person) -> None:
    for _ in range(12):
        log_in(client, password="wrong")
    assert len(events("accounts.log_in_failed")) == 5 and len(events("accounts.locked")) == 1


def test_a_success_forgets_the_failures_before_and_notes_their_number(client: Client, ann: Person) -> None:
    for _ in range(4):
        log_in(client, password="wrong")
    log_in(client)
    assert events("accounts.logged_in")[0]["state"]["failures_before"] == 4
    assert lockout.failures("ann") == 0


def test_an_administrator_unlocks_with_a_reason(client: Client, ann: Person) -> None:
    admin = factories.person(Role.ADMINISTRATOR)
    for _ in range(5):
        log_in(client, password="wrong")
    workflow.unlock(admin, ann, reason="called back at the known number; forgot after leave")
    [event] = events("accounts.unlocked")
    assert event["state"]["failures"] == 5 and event["actor"] == admin.actor_id
    assert log_in(client).status_code == 302


def test_nobody_unlocks_the_own_account(ann: Person) -> None:
    admin = factories.person(Role.ADMINISTRATOR, user_id="boss")
    for _ in range(5):
        log_in(Client(), "boss", "wrong")
    with pytest.raises(Refused, match="unlocks the own account"):
        workflow.unlock(admin, admin, reason="it is me")


def test_an_account_that_is_not_locked_is_not_unlocked(ann: Person) -> None:
    with pytest.raises(Refused, match="is not locked"):
        workflow.unlock(factories.person(Role.ADMINISTRATOR), ann, reason="x")


def test_a_deactivated_person_is_told_so_with_the_right_password_only(client: Client, ann: Person) -> None:
    workflow.deactivate_person(SYSTEM, ann, reason="left")
    assert "do not belong together" in log_in(client, password="wrong").content.decode()
    answer = log_in(client)
    assert answer.status_code == 403 and "deactivated" in answer.content.decode()
    assert events("accounts.log_in_refused")[0]["state"]["why"] == "deactivated"


def test_a_log_out_closes_and_is_noted(client: Client, ann: Person) -> None:
    log_in(client)
    assert client.post("/logout/")["Location"] == "/login/"
    assert not is_in(client)
    assert events("accounts.logged_out")[0]["actor"] == ann.actor_id


@pytest.mark.clause("21 CFR 11.200(a)(3)")
def test_the_first_log_in_after_a_reset_leads_to_an_own_password(client: Client, ann: Person) -> None:
    given = workflow.reset_password(factories.person(Role.ADMINISTRATOR), ann, reason="forgotten").temporary_password
    log_in(client, password=given)
    assert client.get("/people/matrix/")["Location"].startswith("/account/password/")
    new = "another four words here"
    sent = {"old_password": given, "new_password": new, "again": new, "next": "/people/matrix/"}
    assert client.post("/account/password/", sent)["Location"] == "/people/matrix/"
    assert client.get("/people/matrix/").status_code == 200
    assert events("accounts.password_changed")[0]["state"]["after_temporary"] is True


def change(client: Client, **sent: str):
    new = "another four words here"
    words = {"old_password": factories.PASSWORD, "new_password": new, "again": new}
    return client.post("/account/password/", {**words, **sent})


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ({"new_password": "short", "again": "short"}, "too short"),
        ({"new_password": "password1234", "again": "password1234"}, "too common"),
        ({"again": "another spelling here"}, "spellings differ"),
        ({"old_password": "wrong"}, "not your present password"),
        ({"new_password": factories.PASSWORD, "again": factories.PASSWORD}, "the present one"),
    ],
)
def test_a_password_that_cannot_be_used_is_refused_with_the_reason(
    client: Client, ann: Person, sent: dict, why: str
) -> None:
    log_in(client)
    answer = change(client, **sent)
    assert answer.status_code == 422 and why in answer.content.decode()
    assert Login.objects.get(user_id="ann").check_password(factories.PASSWORD)


def test_a_password_like_the_user_id_is_refused(client: Client) -> None:
    factories.login(factories.person(Role.ANALYST, user_id="annabella.smith"))
    log_in(client, "annabella.smith")
    answer = change(client, new_password="annabella.smith1", again="annabella.smith1")
    assert answer.status_code == 422 and "too similar to the user id" in answer.content.decode()


@pytest.mark.clause("21 CFR 11.300(c)")
def test_a_change_of_password_ends_the_other_log_ins(ann: Person) -> None:
    here, there = Client(), Client()
    log_in(here)
    log_in(there)
    assert change(here).status_code == 302
    assert is_in(here) and not is_in(there)


def test_wrong_present_passwords_lock_as_failed_log_ins_do(client: Client, ann: Person) -> None:
    log_in(client)
    for _ in range(5):
        answer = change(client, old_password="wrong")
    assert answer.status_code == 403 and lockout.is_locked("ann")
    assert {e["state"]["where"] for e in events("accounts.log_in_failed")} == {"re-authentication"}


def test_passwords_are_kept_as_argon2id(ann: Person) -> None:
    kept = Login.objects.get(user_id="ann").password
    assert kept.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")


def test_nobody_signs_up(client: Client, ann: Person) -> None:
    people = Person.objects.count()
    for url in ("/signup/", "/accounts/signup/"):
        client.post(url, {"username": "eve", "password1": factories.PASSWORD})
    log_in(client)
    assert client.get("/signup/").status_code == 404 and Person.objects.count() == people
