"""Every address of the house × every role × every organization: what opens, what is refused, what is not there.

Nothing is listed here: addresses come from the URL configuration, permissions from the rooms' tables, roles from the
table of verbs. A new page is tested by existing.
"""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from crdmo.foundation.accounts import authority, tokens, workflow
from crdmo.foundation.accounts.models import Person
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger.acts import SYSTEM
from crdmo.web import door
from crdmo.web.door import PERSON, PUBLIC, Address, Page
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.drill]
OWN, FOREIGN, NONE = "CRD-101", "CRD-900", "CRD-999"
SAMPLES = ("x7", "7", str(UUID(int=7)))
# Opening it would end the log-in that the other addresses are tried with.
DISRUPTIVE = {"account_logout"}


def url(one: Address, program: str) -> str:
    """Return the address with a sample in each of its places."""
    kwargs = {}
    for key, converter in one.converters.items():
        fits = next(sample for sample in SAMPLES if re.fullmatch(converter.regex, sample))
        kwargs[key] = program if key == "program" else fits
    return reverse(one.name, kwargs=kwargs)


class Asker:
    """A person at a browser, who uses a token where a page is for programs."""

    def __init__(self, person: Person) -> None:
        self.browser = Client(raise_request_exception=False)
        self.browser.force_login(person.login, backend="allauth.account.auth_backends.AuthenticationBackend")
        self.program = Client(raise_request_exception=False, enforce_csrf_checks=True)
        _, text = tokens.issue(person, name="matrix", scopes=["read", "write"], days=1)
        self.bearer = {"Authorization": f"Bearer {text}"}

    def ask(self, method: str, one: Address, program: str) -> HttpResponse:
        """Return the answer to a request of the address."""
        if page_of(one).api:
            sent = {"data": b"{}", "content_type": "application/json"} if method != "GET" else {}
            return self.program.generic(method, url(one, program), headers=self.bearer, **sent)
        return self.browser.generic(method, url(one, program))


def listed() -> list[Address]:
    return [one for one in door.addresses() if one.name in door.table()]


def with_program() -> list[Address]:
    return [one for one in listed() if "program" in one.converters]


def page_of(one: Address) -> Page:
    return door.table()[one.name]


def plain(body: bytes) -> bytes:
    return re.sub(rb'csrfmiddlewaretoken" value="\w+"|\d{4}-\d\d-\d\d \d\d:\d\d UTC', b"", body)


@pytest.fixture
def programs() -> None:
    factories.program(OWN)
    factories.program(FOREIGN, owner=factories.sponsor("OTHER"), with_=factories.partner("OTHERLAB"))


def holder(role: Role) -> Person:
    """Return a person with one role, in the own program and in the own organization."""
    person = factories.person(role, factories.program(OWN))
    workflow.grant_role(SYSTEM, person, role=role)
    factories.login(person)
    return person


def opens(page: Page, role: Role) -> bool:
    if page.permission in (PUBLIC, PERSON):
        return True
    return any(role in authority.TABLE[verb].roles for verb in page.verbs)


@pytest.mark.clause("21 CFR 11.10(d)")
def test_every_address_is_in_the_table() -> None:
    unlisted = [one.route for one in door.addresses() if one.name not in door.table()]
    assert unlisted == []


def test_the_table_lists_no_address_that_does_not_exist() -> None:
    assert sorted(set(door.table()) - {one.name for one in door.addresses()}) == []


def test_public_pages_are_those_of_coming_in_and_no_others() -> None:
    public = {name for name, page in door.table().items() if page.permission == PUBLIC}
    assert public <= {
        "account_login",
        "mfa_authenticate",
        "mfa_login_webauthn",
        "openid_connect_login",
        "openid_connect_callback",
        "socialaccount_login_cancelled",
        "socialaccount_login_error",
        "accounts:renew",
        "web:health",
    }, public


@pytest.mark.clause("21 CFR 11.10(d)")
@pytest.mark.usefixtures("programs")
def test_without_log_in_nothing_opens_but_public_pages() -> None:
    client = Client()
    for one in listed():
        page = page_of(one)
        if page.permission == PUBLIC:
            continue
        for method in page.methods:
            answer = client.generic(method, url(one, OWN))
            assert answer.status_code in (302, 401), (one.name, method, answer.status_code)
            if answer.status_code == 302:
                assert answer["Location"].startswith("/login/"), one.name


@pytest.mark.clause("21 CFR 11.10(g)")
@pytest.mark.parametrize("role", list(Role))
@pytest.mark.usefixtures("programs")
def test_a_role_opens_what_its_verbs_allow_and_nothing_else(role: Role) -> None:
    asker = Asker(holder(role))
    for one in listed():
        page = page_of(one)
        if one.name in DISRUPTIVE or page.permission == PUBLIC:
            continue
        methods = sorted(page.methods & {"GET", "POST"}) if not opens(page, role) else sorted(page.methods & {"GET"})
        for method in methods:
            status = asker.ask(method, one, OWN).status_code
            if opens(page, role):
                assert status not in (401, 403, 405) and status < 500, (one.name, method, role, status)
            else:
                assert status == 403, (one.name, method, role, status)


@pytest.mark.clause("21 CFR 11.10(d)")
@pytest.mark.parametrize("role", list(Role))
@pytest.mark.usefixtures("programs")
def test_a_foreign_program_is_not_there_for_any_role(role: Role) -> None:
    asker = Asker(holder(role))
    for one in with_program():
        for method in sorted(page_of(one).methods & {"GET", "POST"}):
            foreign, none = asker.ask(method, one, FOREIGN), asker.ask(method, one, NONE)
            assert foreign.status_code == none.status_code == 404, (one.name, method, role, foreign.status_code)
            assert plain(foreign.content) == plain(none.content), (one.name, method, role)


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.SPONSOR_LEAD, Role.SPONSOR_QA, Role.PROJECT_MANAGER])
@pytest.mark.usefixtures("programs")
def test_a_competing_sponsors_person_finds_no_program_of_ours(role: Role) -> None:
    asker = Asker(factories.person(role, organization=factories.sponsor("OTHER")))
    for one in with_program():
        for method in sorted(page_of(one).methods & {"GET", "POST"}):
            ours, none = asker.ask(method, one, OWN), asker.ask(method, one, NONE)
            assert ours.status_code == none.status_code == 404, (one.name, method, role, ours.status_code)
            assert plain(ours.content) == plain(none.content), (one.name, method, role)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.usefixtures("programs")
def test_methods_that_a_page_does_not_answer_change_nothing(role: Role) -> None:
    asker = Asker(holder(role))
    for one in listed():
        page = page_of(one)
        if page.permission == PUBLIC or one.name in DISRUPTIVE:
            continue
        for method in {"DELETE", "PUT", "PATCH"} - page.methods:
            status = asker.ask(method, one, OWN).status_code
            assert status in (403, 405), (one.name, method, role, status)
