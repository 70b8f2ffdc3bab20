"""The time-out: a log-in ends after 15 idle minutes, and nothing that was typed is lost."""

from __future__ import annotations

import datetime as dt
import json
import time

import pytest
from django.test import Client

from crdmo.foundation.accounts import drafts, lockout, sessions
from crdmo.foundation.accounts.models import Draft, Person
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger.models import Entry
from tests import factories

pytestmark = pytest.mark.django_db
PAGE = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}
SCRIPT = {"Accept": "*/*", "Sec-Fetch-Mode": "cors"}


@pytest.fixture
def ann() -> Person:
    person = factories.person(Role.ANALYST, user_id="ann", printed_name="Ann Analyst")
    factories.login(person)
    return person


@pytest.fixture
def desk(ann: Person) -> Client:
    client = Client()
    client.post("/login/", {"login": "ann", "password": factories.PASSWORD})
    return client


def idle(client: Client, minutes: float) -> None:
    session = client.session
    session[sessions.SEEN] = time.time() - minutes * 60
    session.save()


def events(kind: str) -> list[dict]:
    return [json.loads(bytes(e.body)) for e in Entry.objects.filter(record_type=kind).order_by("seq")]


def test_fourteen_idle_minutes_end_nothing(desk: Client) -> None:
    idle(desk, 14)
    assert desk.get("/inbox/", headers=PAGE).status_code == 200


def test_a_request_starts_the_time_anew(desk: Client) -> None:
    idle(desk, 14)
    desk.get("/inbox/", headers=PAGE)
    assert time.time() - desk.session[sessions.SEEN] < 5


@pytest.mark.usefixtures("addresses")
def test_polling_does_not_keep_a_log_in_alive(desk: Client) -> None:
    idle(desk, 14)
    before = desk.session[sessions.SEEN]
    desk.get("/t/quiet/", headers=SCRIPT)
    assert desk.session[sessions.SEEN] == before


def test_sixteen_idle_minutes_end_the_log_in_once_in_the_ledger(desk: Client, ann: Person) -> None:
    idle(desk, 16)
    answer = desk.get("/inbox/", headers=PAGE)
    assert answer.status_code == 302 and answer["Location"] == "/login/?next=%2Finbox%2F"
    desk.get("/inbox/", headers=PAGE)
    assert [e["actor"] for e in events("accounts.timed_out")] == [ann.actor_id]


def test_the_log_in_page_knows_who_it_was(desk: Client) -> None:
    idle(desk, 16)
    assert 'value="ann"' in desk.get("/login/", headers=PAGE).content.decode()


def test_a_script_is_told_how_to_go_on_in_place(desk: Client) -> None:
    idle(desk, 16)
    answer = desk.post("/inbox/", {"all": "1"}, headers=SCRIPT)
    assert answer.status_code == 401
    assert answer.json()["user_id"] == "ann" and answer.json()["renew"] == "/session/renew/"
    assert json.loads(answer["HX-Trigger"])["session-ended"]["printed_name"] == "Ann Analyst"


def renew(client: Client, password: str = factories.PASSWORD, **more: str):
    return client.post("/session/renew/", {"password": password, **more}, headers=SCRIPT)


def test_the_same_person_goes_on_in_place_and_the_post_goes_through(desk: Client) -> None:
    idle(desk, 16)
    assert desk.post("/drafts/", {"key": "/x/", "text": "typed"}, headers=SCRIPT).status_code == 401
    answer = renew(desk)
    assert answer.status_code == 200 and answer.json()["renewed"] is True and answer.json()["csrf_token"]
    assert desk.post("/drafts/", {"key": "/x/", "text": "typed"}, headers=SCRIPT).status_code == 200
    assert events("accounts.renewed")[0]["state"]["methods"] == ["password"]


def test_going_on_changes_the_session_so_that_signing_begins_anew(desk: Client) -> None:
    before = desk.session.session_key
    idle(desk, 16)
    desk.get("/inbox/", headers=PAGE)
    renew(desk)
    assert desk.session.session_key != before


def test_a_wrong_password_does_not_go_on_and_counts(desk: Client) -> None:
    idle(desk, 16)
    answer = renew(desk, "wrong")
    assert answer.status_code == 422 and answer.json()["errors"][0]["pointer"] == "/password"
    assert desk.get("/inbox/", headers=PAGE).status_code == 302
    assert lockout.failures("ann") == 1


def test_the_fifth_wrong_password_in_place_locks(desk: Client) -> None:
    idle(desk, 16)
    for _ in range(5):
        answer = renew(desk, "wrong")
    assert answer.status_code == 403 and "locked" in answer.json()["detail"]


def test_another_person_does_not_go_on_in_the_session(desk: Client) -> None:
    ben = factories.person(Role.ANALYST, user_id="ben")
    factories.login(ben, "bens own four words")
    idle(desk, 16)
    assert renew(desk, "bens own four words", user_id="ben", login="ben").status_code == 422


def test_another_person_who_logs_in_does_not_find_the_session_of_the_first(desk: Client, ann: Person) -> None:
    ben = factories.person(Role.ANALYST, user_id="ben")
    factories.login(ben, "bens own four words")
    drafts.keep(ann, "/x/", {"text": "of ann"})
    idle(desk, 16)
    desk.get("/inbox/", headers=PAGE)
    desk.post("/login/", {"login": "ben", "password": "bens own four words"}, headers=PAGE)
    assert desk.get("/drafts/?key=/x/", headers=SCRIPT).json()["data"] is None
    assert "Ann Analyst" not in desk.get("/inbox/", headers=PAGE).content.decode()


def test_without_a_session_there_is_nothing_to_go_on_with(client: Client) -> None:
    answer = renew(client)
    assert answer.status_code == 403 and "no session" in answer.json()["detail"]


def test_a_plain_form_is_kept_as_a_draft_and_comes_back(desk: Client, ann: Person) -> None:
    idle(desk, 16)
    typed = {"person": "ben", "role": "analyst", "note": "ä ö ü 1,5", "password": "secret"}
    answer = desk.post("/account/delegation/", typed, headers=PAGE)
    assert answer.status_code == 302 and answer["Location"] == "/login/?next=%2Faccount%2Fdelegation%2F"
    kept = Draft.objects.get(person=ann, key="/account/delegation/")
    assert kept.data == {"person": "ben", "role": "analyst", "note": "ä ö ü 1,5"}
    assert "kept as a draft" in desk.get(answer["Location"], headers=PAGE).content.decode()


def test_a_log_in_after_the_time_out_opens_the_page_again(desk: Client) -> None:
    idle(desk, 16)
    desk.get("/inbox/", headers=PAGE)
    sent = {"login": "ann", "password": factories.PASSWORD, "next": "/inbox/"}
    assert desk.post("/login/", sent, headers=PAGE)["Location"] == "/inbox/"
    assert desk.get("/inbox/", headers=PAGE).status_code == 200


def test_the_time_is_written_seldom(desk: Client, django_assert_num_queries) -> None:
    desk.get("/people/matrix/", headers=PAGE)
    before = desk.session[sessions.SEEN]
    desk.get("/people/matrix/", headers=PAGE)
    assert desk.session[sessions.SEEN] == before


def test_a_draft_is_kept_given_back_and_discarded(desk: Client) -> None:
    body = {"key": "/CRD-101/lots/", "data": {"amount": "1,5", "lots": ["a", "b"]}}
    sent = desk.post("/drafts/", json.dumps(body), content_type="application/json", headers=SCRIPT)
    assert sent.status_code == 200
    assert desk.get("/drafts/?key=/CRD-101/lots/", headers=SCRIPT).json()["data"] == body["data"]
    gone = json.dumps({"key": "/CRD-101/lots/", "data": None})
    assert desk.post("/drafts/", gone, content_type="application/json", headers=SCRIPT).json()["discarded"]
    assert desk.get("/drafts/?key=/CRD-101/lots/", headers=SCRIPT).json()["data"] is None


def test_a_draft_goes_when_its_form_went_through(desk: Client, ann: Person) -> None:
    factories.person(Role.ANALYST, user_id="ben")
    url = "/account/delegation/"
    drafts.keep(ann, url, {"person": "ben"})
    day = dt.datetime.now(dt.UTC).date().isoformat()
    wrong = {"person": "nobody", "role": "analyst", "starts": day, "ends": day}
    assert desk.post(url, wrong).status_code == 404 and drafts.find(ann, url) is not None
    assert desk.post(url, {**wrong, "person": "ben"}).status_code == 302 and drafts.find(ann, url) is None


def test_a_second_draft_of_a_page_replaces_the_first(desk: Client, ann: Person) -> None:
    for text in ("one", "two"):
        desk.post("/drafts/", {"key": "/x/", "text": text}, headers=SCRIPT)
    assert Draft.objects.get(person=ann).data == {"text": "two"}


@pytest.mark.parametrize("body", ["[]", "{}", "no json", '{"key": "/x/", "data": [1]}'])
def test_what_is_no_draft_is_refused(desk: Client, body: str) -> None:
    assert desk.post("/drafts/", body, content_type="application/json", headers=SCRIPT).status_code == 422


def test_the_page_of_drafts_works_without_script(desk: Client, ann: Person) -> None:
    drafts.keep(ann, "/CRD-101/lots/", {"amount": "12.50"})
    assert "12.50" in desk.get("/drafts/", headers=PAGE).content.decode()
    desk.post("/drafts/", {"key": "/CRD-101/lots/", "discard": "1"}, headers=PAGE)
    assert not Draft.objects.exists()
