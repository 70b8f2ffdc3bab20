"""Every address of the house × every role × every organization: what opens, what is refused, what is not there.

Nothing is listed here: addresses come from the URL configuration, permissions from the rooms' tables, roles from the
table of verbs. A new page is tested by existing.

The door's own decision is asked for every role at every page. That the door stands before every address is then asked
over HTTP: at each, one role that opens it and one that does not, in turn, so that every role comes to many addresses.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import resolve, reverse

from crdmo.foundation.accounts import authority, tokens, workflow
from crdmo.foundation.accounts.models import Person, Program
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger.acts import SYSTEM
from crdmo.foundation.refusals import NotFound, NotPermitted
from crdmo.web import door
from crdmo.web.context import SERVICES, services
from crdmo.web.door import PERSON, PUBLIC, Address, Page
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.drill]
T = TypeVar("T")
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


def in_turn(choice: Sequence[T], one: Address) -> T:
    """Choose one by the address's name: always the same one for it, all of them over many."""
    return choice[int(hashlib.sha256(one.name.encode()).hexdigest(), 16) % len(choice)]


class Askers:
    """One asker for each role, made when first needed."""

    def __init__(self) -> None:
        self.made: dict[Role, Asker] = {}

    def __getitem__(self, role: Role) -> Asker:
        if role not in self.made:
            self.made[role] = Asker(holder(role))
        return self.made[role]


@pytest.mark.clause("21 CFR 11.10(g)")
@pytest.mark.parametrize("role", list(Role))
@pytest.mark.usefixtures("programs")
def test_the_door_lets_a_role_in_where_its_verbs_allow_and_nowhere_else(role: Role) -> None:
    person, own = holder(role), factories.program(OWN)
    for one in listed():
        page = page_of(one)
        place = own if "program" in one.converters else None
        organization = own.organization_id if place else person.organization_id
        held = authority.roles_of(person, place.pk if place else None, organization)
        try:
            door.role_for(page, person, place, held)
        except NotPermitted:
            assert not opens(page, role), (one.name, role)
        else:
            assert opens(page, role), (one.name, role)


@pytest.mark.clause("21 CFR 11.10(d)")
@pytest.mark.parametrize("role", list(Role))
@pytest.mark.usefixtures("programs")
def test_the_door_finds_no_foreign_program_for_any_role(role: Role) -> None:
    person = holder(role)
    said = set()
    for code in (FOREIGN, NONE):
        with pytest.raises(NotFound) as refused:
            door.find_program(person, code)
        said.add(refused.value.sentence())
    assert len(said) == 1, "a foreign program and one that does not exist are told apart"
    assert door.find_program(person, OWN).code == OWN


@pytest.mark.clause("21 CFR 11.10(g)")
@pytest.mark.usefixtures("programs")
def test_the_door_stands_before_every_address() -> None:
    askers = Askers()
    for one in listed():
        page = page_of(one)
        if one.name in DISRUPTIVE or page.permission == PUBLIC:
            continue
        allowed = [role for role in Role if opens(page, role)]
        refused = [role for role in Role if not opens(page, role)]
        assert allowed, (one.name, "nobody can open it")
        if "GET" in page.methods:
            role = in_turn(allowed, one)
            status = askers[role].ask("GET", one, OWN).status_code
            assert status not in (401, 403, 405) and status < 500, (one.name, role, status)
        for method in sorted(page.methods & {"GET", "POST"}) if refused else ():
            role = in_turn(refused, one)
            status = askers[role].ask(method, one, OWN).status_code
            assert status == 403, (one.name, method, role, status)


@pytest.mark.clause("21 CFR 11.10(d)")
@pytest.mark.usefixtures("programs")
def test_a_foreign_program_is_not_there_at_any_address() -> None:
    askers = Askers()
    for one in with_program():
        role = in_turn([role for role in Role if opens(page_of(one), role)], one)
        same_at(one, askers[role], FOREIGN)


@pytest.mark.usefixtures("programs")
def test_a_competing_sponsors_people_find_no_program_of_ours() -> None:
    rivals = [
        Asker(factories.person(role, organization=factories.sponsor("OTHER")))
        for role in (Role.ADMINISTRATOR, Role.SPONSOR_LEAD, Role.SPONSOR_QA, Role.PROJECT_MANAGER)
    ]
    for number, one in enumerate(with_program()):
        same_at(one, rivals[number % len(rivals)], OWN)


def same_at(one: Address, asker: Asker, program: str) -> None:
    """Ask for a program and for one that does not exist: the answers are the same."""
    for method in sorted(page_of(one).methods & {"GET", "POST"}):
        there, none = asker.ask(method, one, program), asker.ask(method, one, NONE)
        assert there.status_code == none.status_code == 404, (one.name, method, there.status_code)
        assert plain(there.content) == plain(none.content), (one.name, method)


@pytest.mark.usefixtures("programs")
def test_methods_that_a_page_does_not_answer_change_nothing() -> None:
    askers = Askers()
    for one in listed():
        page = page_of(one)
        if page.permission == PUBLIC or one.name in DISRUPTIVE:
            continue
        role = in_turn([role for role in Role if opens(page, role)], one)
        method = in_turn([method for method in ("DELETE", "PUT", "PATCH") if method not in page.methods], one)
        status = askers[role].ask(method, one, OWN).status_code
        assert status in (403, 405), (one.name, method, role, status)


@pytest.mark.usefixtures("programs")
def test_the_rail_lists_what_opens_and_nothing_else() -> None:
    program = Program.objects.get(code=OWN)
    for role in Role:
        rows = services(program, "/", {role.value: ""}, whole=True)
        lines = [line for row in rows for line in row["pages"]]
        for line in [*rows, *lines]:
            if line["url"]:
                assert door.opens(resolve(line["url"]).view_name, {role.value: ""}), (role, line["url"])
        listed = {row["key"] for row in rows}
        homes = {key for key, _, _ in SERVICES if door.opens(f"{key}:home", {role.value: ""})}
        assert homes <= listed, role
