"""The door: deny by default, one program at a time, the same answer for what is foreign and what is not there."""

from __future__ import annotations

import json
import re

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test import Client

from crdmo.foundation.accounts import tokens, workflow
from crdmo.foundation.accounts.models import Person
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger.acts import SYSTEM
from crdmo.web import door
from crdmo.web.door import Page
from crdmo.web.errors import UnlistedAddress
from tests import factories
from tests.web import addresses as house

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("addresses")]


def enter(person: Person) -> Client:
    client = Client()
    client.force_login(person.login, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def plain(body: bytes) -> bytes:
    """Return a page without what differs at each request by design: the mark against forgery and the clock."""
    return re.sub(rb'csrfmiddlewaretoken" value="\w+"|\d{4}-\d\d-\d\d \d\d:\d\d UTC', b"", body)


@pytest.mark.clause("21 CFR 11.10(d)")
def test_an_address_in_no_table_fails_the_test_that_opens_it(client: Client) -> None:
    with pytest.raises(UnlistedAddress, match=r"/t/unlisted/ \(room:unlisted\) is in no table"):
        client.get("/t/unlisted/")


def test_an_address_without_name_fails_as_well(client: Client) -> None:
    with pytest.raises(UnlistedAddress, match="no name"):
        client.get("/nameless/")


@pytest.mark.clause("21 CFR 11.10(d)")
def test_an_address_in_no_table_is_refused_to_everybody_in_production(settings) -> None:
    settings.DOOR_STRICT = False
    answer = enter(factories.person(Role.ADMINISTRATOR)).get("/t/unlisted/")
    assert answer.status_code == 403 and b"hello" not in answer.content


def test_a_page_that_asks_for_an_unknown_verb_is_found_at_start(monkeypatch) -> None:
    monkeypatch.setitem(house.PAGES, "room:hello", Page("quality.fly"))
    with pytest.raises(ImproperlyConfigured, match=r"quality\.fly, which is no verb"):
        door.table()


def test_two_rooms_cannot_list_one_address_differently(monkeypatch) -> None:
    monkeypatch.setitem(house.PAGES, "account_login", Page("view"))
    with pytest.raises(ImproperlyConfigured, match="two rooms list the address account_login"):
        door.table()


def test_a_public_page_opens_to_everybody(client: Client) -> None:
    assert client.get("/t/hello/").content == b"hello"


def test_a_page_sends_who_is_not_logged_in_to_the_log_in_and_back(client: Client) -> None:
    answer = client.get("/t/who/?a=1", headers={"Accept": "text/html"})
    assert answer.status_code == 302 and answer["Location"] == "/login/?next=%2Ft%2Fwho%2F%3Fa%3D1"


def test_a_script_without_log_in_gets_401_and_the_way_to_go_on(client: Client) -> None:
    answer = client.get("/t/who/", headers={"Accept": "application/json"})
    assert answer.status_code == 401 and answer.json()["renew"] == "/session/renew/"


def test_the_page_knows_person_program_and_role() -> None:
    person = factories.person(Role.ANALYST, factories.program("CRD-101"))
    said = enter(person).get("/t/CRD-101/lots/").json()
    assert said == {"person": person.user_id, "role": "analyst", "roles": {"analyst": ""}, "program": "CRD-101"}


def test_a_borrowed_role_is_named_as_such() -> None:
    import datetime as dt

    day = dt.datetime.now(dt.UTC).date()
    giver, taker = factories.person(Role.ADMINISTRATOR), factories.person()
    workflow.delegate(giver, giver, taker, role=Role.ADMINISTRATOR, starts=day, ends=day)
    assert enter(taker).get("/t/roles/").json()["role"] == f"administrator (delegated by {giver.printed_name})"


@pytest.mark.clause("21 CFR 11.10(g)")
def test_a_role_that_may_not_is_told_who_may() -> None:
    answer = enter(factories.person(Role.ANALYST)).get("/t/roles/", headers={"Accept": "application/json"})
    assert answer.status_code == 403
    assert answer.json()["allowed"] == "System administrator" and "qc" not in answer.json()["next"].lower()


def test_any_one_of_several_verbs_opens_a_page() -> None:
    assert enter(factories.person(Role.QA)).get("/t/roles/").status_code == 200


@pytest.mark.clause("21 CFR 11.10(d)")
def test_a_foreign_program_and_none_answer_the_same_to_the_byte() -> None:
    factories.program("CRD-101")
    factories.program("CRD-900", owner=factories.sponsor("OTHER"))
    client = enter(factories.person(Role.SPONSOR_LEAD))
    foreign, none = client.get("/t/CRD-900/lots/"), client.get("/t/CRD-999/lots/")
    assert (foreign.status_code, none.status_code) == (404, 404)
    assert plain(foreign.content) == plain(none.content)
    assert b"CRD-900" not in foreign.content
    foreign_headers = {k: v for k, v in foreign.headers.items() if k != "Content-Length"}
    assert foreign_headers == {k: v for k, v in none.headers.items() if k != "Content-Length"}


def test_an_address_that_does_not_exist_answers_like_a_foreign_one() -> None:
    factories.program("CRD-900", owner=factories.sponsor("OTHER"))
    client = enter(factories.person(Role.SPONSOR_LEAD))
    assert plain(client.get("/t/CRD-900/lots/").content) == plain(client.get("/no/such/page/").content)


def test_a_record_that_is_not_found_says_nothing_about_it() -> None:
    client = enter(factories.person(Role.QA))
    one, two = client.get("/t/refuse/not-found/"), client.get("/t/refuse/django/")
    assert one.status_code == two.status_code == 404
    assert plain(one.content) == plain(two.content) and b"LOT-1" not in one.content


def test_a_program_role_does_not_open_another_program_of_the_same_sponsor() -> None:
    one, two = factories.program("CRD-1"), factories.program("CRD-2")
    client = enter(factories.person(Role.ANALYST, one))
    assert client.get(f"/t/{one.code}/lots/").status_code == 200
    assert client.get(f"/t/{two.code}/lots/").status_code == 404


def test_a_page_of_no_program_may_be_opened_by_a_role_of_any_program() -> None:
    client = enter(factories.person(Role.SUPERVISOR, factories.program()))
    assert client.get("/t/bench/").json()["role"] == "supervisor"


def test_a_page_of_the_organization_is_not_opened_by_a_program_role() -> None:
    client = enter(factories.person(Role.QA, factories.program()))
    assert client.get("/t/roles/").status_code == 403


def test_a_deactivated_person_is_out_at_once() -> None:
    person = factories.person(Role.ANALYST)
    client = enter(person)
    assert client.get("/t/who/").status_code == 200
    workflow.deactivate_person(SYSTEM, person, reason="left")
    assert client.get("/t/who/").status_code == 302


def test_a_temporary_password_opens_nothing_but_its_change() -> None:
    person = factories.person(Role.ANALYST)
    factories.login(person, must_change=True)
    client = enter(person)
    assert client.get("/t/who/")["Location"] == "/account/password/?next=%2Ft%2Fwho%2F"
    assert client.get("/t/who/", headers={"Accept": "application/json"}).status_code == 403
    assert client.get("/account/password/").status_code == 200
    assert client.get("/inbox/").status_code == 302


def test_a_method_that_a_page_does_not_answer_is_named() -> None:
    answer = enter(factories.person(Role.QA)).post("/t/who/", headers={"Accept": "application/json"})
    assert answer.status_code == 405 and answer["Allow"] == "GET, HEAD"


def test_a_refusal_says_what_was_given_what_is_allowed_and_what_next() -> None:
    answer = enter(factories.person(Role.QA)).get("/t/refuse/refused/")
    assert answer.status_code == 409
    for words in ("It is locked.", "locked", "open", "Open it first"):
        assert words in answer.content.decode()


def test_a_program_gets_a_refusal_as_problem_json() -> None:
    client = enter(factories.person(Role.QA))
    answer = client.get("/t/refuse/invalid/", headers={"Accept": "application/json"})
    assert answer.status_code == 422 and answer["Content-Type"] == "application/problem+json"
    assert answer.json()["errors"] == [{"pointer": "/amount", "detail": "a number"}]
    assert answer.json()["type"] == "/docs/problems/#not-valid"


def test_a_failure_shows_an_id_to_quote_and_not_its_cause() -> None:
    client = enter(factories.person(Role.QA))
    client.raise_request_exception = False
    answer = client.get("/t/refuse/failure/")
    assert answer.status_code == 500 and b"stays in the log" not in answer.content
    assert re.search(rb'class="id">[0-9a-f]{8}<', answer.content)


def test_a_form_without_its_mark_is_refused_in_words() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(factories.person(Role.QA).login, backend="allauth.account.auth_backends.AuthenticationBackend")
    answer = client.post("/t/form/")
    assert answer.status_code == 403 and "not sent from a page that is open now" in answer.content.decode()


@pytest.mark.parametrize(
    ("scopes", "method", "status"), [("read", "get", 200), ("read", "post", 403), ("write", "post", 200)]
)
def test_a_token_reaches_as_far_as_its_scope(scopes: str, method: str, status: int) -> None:
    person = factories.person(Role.ANALYST, factories.program())
    _, text = tokens.issue(person, name="bridge", scopes=[scopes], days=1)
    client = Client(enforce_csrf_checks=True)
    answer = getattr(client, method)("/t/api/CRD-101/lots/", headers={"Authorization": f"Bearer {text}"})
    assert answer.status_code == status


def test_a_token_opens_pages_for_programs_only() -> None:
    person = factories.person(Role.ANALYST, factories.program())
    _, text = tokens.issue(person, name="bridge", scopes=["read"], days=1)
    assert Client().get("/t/CRD-101/lots/", headers={"Authorization": f"Bearer {text}"}).status_code == 302


def test_a_token_does_not_open_a_foreign_program() -> None:
    factories.program("CRD-900", owner=factories.sponsor("OTHER"))
    _, text = tokens.issue(factories.person(Role.SPONSOR_LEAD), name="bridge", scopes=["read"], days=1)
    answer = Client().get("/t/api/CRD-900/lots/", headers={"Authorization": f"Bearer {text}"})
    assert answer.status_code == 404


def test_a_wrong_token_is_refused_in_words() -> None:
    answer = Client().get("/t/api/CRD-101/lots/", headers={"Authorization": "Bearer crdmo_wrong"})
    assert answer.status_code == 403 and "opens nothing" in answer.json()["detail"]


def test_a_cookie_writes_nothing_where_forgery_is_not_checked() -> None:
    client = enter(factories.person(Role.ANALYST, factories.program()))
    assert client.get("/t/api/CRD-101/lots/").status_code == 200
    assert client.post("/t/api/CRD-101/lots/").status_code == 401


def test_every_answer_carries_the_content_security_policy(client: Client) -> None:
    wanted = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; worker-src 'self' blob:"
    )
    for url in ("/t/hello/", "/login/", "/no/such/page/"):
        assert client.get(url)["Content-Security-Policy"] == wanted


def test_a_page_relaxes_single_directives_in_its_line_of_the_table() -> None:
    policy = enter(factories.person(Role.QA)).get("/t/drawing/")["Content-Security-Policy"]
    assert "style-src 'self' 'unsafe-inline'" in policy and "script-src 'self';" in policy


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Cache-Control", "no-store"),
    ],
)
def test_every_answer_carries_the_other_headers(client: Client, name: str, value: str) -> None:
    assert client.get("/t/hello/")[name] == value


def test_no_page_of_accounts_has_script_or_style_within() -> None:
    client = enter(factories.person(Role.ADMINISTRATOR))
    for url in ("/people/", "/account/security/", "/people/matrix/", "/inbox/", "/people/new/"):
        body = client.get(url).content.decode()
        assert not re.search(r"\son\w+=|\sstyle=|<style|javascript:", body), url
        for script in re.findall(r"<script[^>]*>", body):
            assert "src=" in script or "application/json" in script, script


def test_a_page_costs_few_queries(django_assert_max_num_queries) -> None:
    client = enter(factories.person(Role.ANALYST, factories.program()))
    client.get("/t/CRD-101/lots/")
    # On PostgreSQL the scope of the person is set, and in a test within a transaction taken back: five more.
    with django_assert_max_num_queries(6 if connection.vendor == "sqlite" else 12):
        assert json.loads(client.get("/t/CRD-101/lots/").content)["role"] == "analyst"
