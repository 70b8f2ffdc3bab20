"""Tenants: what the queries of accounts show, and what PostgreSQL itself shows to the application's role."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection, transaction

from crdmo.foundation.accounts import authority, queries, scope
from crdmo.foundation.accounts.models import Organization, Person
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger.acts import SYSTEM, act
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.refusals import NotFound
from tests import factories

pytestmark = pytest.mark.django_db
needs_postgresql = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="row-level security is PostgreSQL's")


@pytest.fixture
def ours() -> Person:
    """Return a sponsor's lead, beside a competitor with the same partner."""
    factories.program("CRD-101")
    factories.program("CRD-900", owner=factories.sponsor("OTHER"))
    return factories.person(Role.SPONSOR_LEAD, user_id="ours")


@pytest.fixture
def theirs(ours: Person) -> Person:
    return factories.person(Role.SPONSOR_LEAD, organization=factories.sponsor("OTHER"), user_id="theirs")


def codes(person: Person) -> list[str]:
    return [program.code for program in authority.programs_of(person)]


def test_a_sponsor_sees_the_own_programs_only(ours: Person, theirs: Person) -> None:
    assert codes(ours) == ["CRD-101"] and codes(theirs) == ["CRD-900"]


def test_a_partner_sees_the_programs_that_it_works_on(ours: Person) -> None:
    assert codes(factories.person(Role.QA)) == ["CRD-101", "CRD-900"]
    assert codes(factories.person(Role.QA, organization=factories.partner("OTHERLAB"))) == []


def test_a_person_without_any_role_sees_no_program(ours: Person) -> None:
    assert codes(factories.person()) == [] and codes(factories.person(organization=factories.sponsor())) == []


def test_a_deactivated_person_sees_no_program(ours: Person) -> None:
    ours.is_active = False
    assert codes(ours) == [] and authority.roles_of(ours, None, ours.organization_id) == {}


def test_an_inspector_sees_the_program_of_the_inspection_only(ours: Person) -> None:
    inspector = factories.person(Role.INSPECTOR, factories.program("CRD-101"))
    assert codes(inspector) == ["CRD-101"]


def test_the_streams_of_a_person_are_programs_seen_and_the_own_organization(ours: Person) -> None:
    assert set(authority.streams_of(ours)) == {str(factories.program("CRD-101").pk), str(ours.organization_id)}


def test_a_role_in_a_foreign_program_counts_for_nothing(ours: Person) -> None:
    assert authority.roles_of(ours, factories.program("CRD-900").pk, factories.sponsor("OTHER").pk) == {}
    assert not authority.may(ours, "view", factories.program("CRD-900").pk)


def test_a_sponsor_sees_the_own_people_only(ours: Person, theirs: Person) -> None:
    assert list(queries.people_of(ours)) == [ours]
    assert [line.person for line in queries.lines(theirs)] == [theirs]


def test_a_foreign_person_and_nobody_answer_the_same(ours: Person, theirs: Person) -> None:
    said = []
    for user_id in ("theirs", "nobody"):
        with pytest.raises(NotFound, match="there is nobody of this user id") as caught:
            queries.find_person(ours, user_id)
        said.append(caught.value.as_json())
    assert said[0] == said[1]


def test_who_runs_the_installation_sees_everybody(ours: Person, theirs: Person) -> None:
    admin = factories.person(Role.ADMINISTRATOR)
    assert {ours, theirs} <= set(queries.people_of(admin))
    assert queries.organizations_of(admin).count() == Organization.objects.count()


def test_a_sponsors_administrator_does_not_run_the_installation(ours: Person, theirs: Person) -> None:
    admin = factories.person(Role.ADMINISTRATOR, organization=factories.sponsor())
    assert theirs not in set(queries.people_of(admin))
    assert list(queries.organizations_of(admin)) == [factories.sponsor()]
    assert [p.code for p in queries.programs_for(admin, ours)] == ["CRD-101"]


def test_on_sqlite_a_scope_changes_nothing(ours: Person) -> None:
    if connection.vendor == "postgresql":
        pytest.skip("PostgreSQL has its own tests below")
    before = Entry.objects.count()
    with scope.within(ours):
        assert Entry.objects.count() == before


def streams_seen() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT stream FROM ledger_entry")
        return {row[0] for row in cursor.fetchall()}


@needs_postgresql
@pytest.mark.clause("21 CFR 11.10(d)")
def test_within_a_scope_raw_sql_sees_the_persons_streams_only(ours: Person, theirs: Person) -> None:
    with scope.within(ours):
        seen = streams_seen()
    assert seen and seen <= set(authority.streams_of(ours))
    assert str(factories.program("CRD-900").pk) not in seen


@needs_postgresql
def test_after_a_scope_nothing_of_it_is_left(ours: Person) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        before = cursor.fetchone()
        with scope.within(ours):
            pass
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == before
        cursor.execute("SELECT coalesce(current_setting('app.streams', true), '')")
        assert cursor.fetchone()[0] == ""


@needs_postgresql
def test_a_scope_that_fails_leaves_nothing_either(ours: Person) -> None:
    with pytest.raises(RuntimeError, match="stop"), scope.within(ours):
        raise RuntimeError("stop")
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('app.streams', true), '')")
        assert cursor.fetchone()[0] == ""


@needs_postgresql
def test_within_a_scope_a_verb_still_writes(ours: Person) -> None:
    with scope.within(ours), act(SYSTEM, "accounts.note") as noted:
        noted.event("accounts.note", {"key": str(uuid.uuid4())}, organization=ours.organization_id)
    assert Entry.objects.filter(record_type="accounts.note").count() == 1


@needs_postgresql
def test_within_a_scope_no_record_of_a_foreign_program_can_be_read_by_key(ours: Person) -> None:
    foreign = Entry.objects.filter(stream=str(factories.program("CRD-900").pk)).first()
    assert foreign is not None
    with scope.within(ours), transaction.atomic():
        assert not Entry.objects.filter(pk=foreign.pk).exists()
