"""Roles: kept apart, granted by others, lent for a while, looked through."""

from __future__ import annotations

import datetime as dt

import pytest

from crdmo.foundation.accounts import authority, workflow
from crdmo.foundation.accounts.models import AccessReview, Delegation, Login, Membership, Person, Program
from crdmo.foundation.accounts.roles import EXCLUSIVE, FOR_KIND, Role
from crdmo.foundation.ledger.acts import SYSTEM
from crdmo.foundation.refusals import Invalid, NotPermitted, Refused
from tests import factories

pytestmark = pytest.mark.django_db


def days(n: int) -> dt.date:
    return dt.datetime.now(dt.UTC).date() + dt.timedelta(days=n)


def held(person: Person, program: Program | None = None) -> dict[str, str]:
    return authority.roles_of(person, program.pk if program else None, person.organization_id)


@pytest.mark.parametrize(("one", "other"), [(a, b) for a, b in EXCLUSIVE if {a, b} <= set(FOR_KIND["partner"])])
def test_duties_that_are_kept_apart_are_not_granted_to_one_person(one: Role, other: Role) -> None:
    person = factories.person(one)
    with pytest.raises(Refused, match="may not be held by one person"):
        workflow.grant_role(SYSTEM, person, role=other)


def test_an_administrator_gets_no_role_in_any_program() -> None:
    person = factories.person(Role.ADMINISTRATOR)
    with pytest.raises(Refused, match="may not be held by one person"):
        workflow.grant_role(SYSTEM, person, role=Role.ANALYST, program=factories.program())


def test_duties_may_be_apart_by_program() -> None:
    person = factories.person(Role.ANALYST, factories.program("CRD-1"))
    workflow.grant_role(SYSTEM, person, role=Role.QA, program=factories.program("CRD-2"))
    with pytest.raises(Refused, match="may not be held"):
        workflow.grant_role(SYSTEM, person, role=Role.QA, program=factories.program("CRD-1"))


def test_duties_may_be_apart_in_time() -> None:
    person = factories.person()
    workflow.grant_role(SYSTEM, person, role=Role.ANALYST, starts=days(-30), ends=days(-1))
    workflow.grant_role(SYSTEM, person, role=Role.QA, starts=days(0))
    with pytest.raises(Refused, match="may not be held"):
        workflow.grant_role(SYSTEM, person, role=Role.ANALYST, starts=days(5))


def test_nobody_grants_a_role_to_oneself() -> None:
    admin = factories.person(Role.ADMINISTRATOR)
    with pytest.raises(Refused, match="nobody grants a role to oneself"):
        workflow.grant_role(admin, admin, role=Role.ADMINISTRATOR)


@pytest.mark.clause("21 CFR 11.10(g)")
def test_only_an_administrator_grants_roles() -> None:
    with pytest.raises(NotPermitted, match="may not grant a role"):
        workflow.grant_role(factories.person(Role.SUPERVISOR), factories.person(), role=Role.ANALYST)


@pytest.mark.parametrize(
    ("kind", "role"), [("sponsor", Role.ANALYST), ("agency", Role.QA), ("partner", Role.SPONSOR_QA)]
)
def test_a_role_fits_the_organization(kind: str, role: Role) -> None:
    person = factories.person(organization=factories.organization(kind, "SOME"))
    with pytest.raises(Refused, match=f"people of a {kind} are not"):
        workflow.grant_role(SYSTEM, person, role=role)


def test_a_role_in_a_foreign_program_is_refused() -> None:
    person = factories.person(organization=factories.sponsor("OTHER"))
    with pytest.raises(Refused, match="is not a program of"):
        workflow.grant_role(SYSTEM, person, role=Role.SPONSOR_LEAD, program=factories.program())


def test_a_deactivated_person_gets_no_role() -> None:
    admin, person = factories.person(Role.ADMINISTRATOR), factories.person(Role.ANALYST)
    workflow.deactivate_person(admin, person, reason="left")
    with pytest.raises(Refused, match="is deactivated"):
        workflow.grant_role(admin, person, role=Role.ANALYST)


def test_a_role_in_one_program_does_not_reach_another() -> None:
    one, two = factories.program("CRD-1"), factories.program("CRD-2")
    person = factories.person(Role.ANALYST, one)
    assert held(person, one) == {"analyst": ""}
    assert held(person, two) == {}
    assert list(authority.programs_of(person)) == [one]


def test_a_role_that_begins_tomorrow_does_not_hold_today() -> None:
    person = factories.person()
    workflow.grant_role(SYSTEM, person, role=Role.ANALYST, starts=days(1))
    assert held(person) == {}


def test_an_ended_role_does_not_hold_any_longer() -> None:
    admin, person = factories.person(Role.ADMINISTRATOR), factories.person(Role.ANALYST)
    workflow.end_role(admin, Membership.objects.get(person=person), reason="moved to another unit")
    assert held(person) == {}


def test_a_role_granted_today_can_end_today() -> None:
    admin, person = factories.person(Role.ADMINISTRATOR), factories.person()
    membership = workflow.grant_role(admin, person, role=Role.ANALYST)
    assert workflow.end_role(admin, membership, reason="wrong person").is_void
    assert held(person) == {}


def test_a_role_ends_once() -> None:
    admin, person = factories.person(Role.ADMINISTRATOR), factories.person(Role.ANALYST)
    membership = workflow.end_role(admin, Membership.objects.get(person=person), reason="moved")
    with pytest.raises(Refused, match="ended already"):
        workflow.end_role(admin, membership, reason="moved")


def test_a_lent_role_says_whose_it_is() -> None:
    giver, taker = factories.person(Role.SUPERVISOR), factories.person(Role.REVIEWER)
    workflow.delegate(giver, giver, taker, role=Role.SUPERVISOR, starts=days(0), ends=days(14))
    assert held(taker)["supervisor"] == f"delegated by {giver.printed_name}"
    assert authority.role_for(taker, "accounts.record_training", None, taker.organization_id).startswith("supervisor (")


def test_a_role_that_is_not_held_cannot_be_lent() -> None:
    giver, taker = factories.person(Role.REVIEWER), factories.person(Role.REVIEWER)
    with pytest.raises(Refused, match="cannot lend this role"):
        workflow.delegate(giver, giver, taker, role=Role.SUPERVISOR, starts=days(0), ends=days(1))


def test_a_lent_role_cannot_be_lent_on() -> None:
    giver, taker, third = (factories.person(r) for r in (Role.SUPERVISOR, Role.REVIEWER, Role.REVIEWER))
    workflow.delegate(giver, giver, taker, role=Role.SUPERVISOR, starts=days(0), ends=days(14))
    with pytest.raises(Refused, match="cannot lend this role"):
        workflow.delegate(taker, taker, third, role=Role.SUPERVISOR, starts=days(0), ends=days(1))


def test_nobody_lends_the_authority_of_another() -> None:
    giver, taker = factories.person(Role.SUPERVISOR), factories.person(Role.REVIEWER)
    with pytest.raises(Refused, match="lent by who holds it"):
        workflow.delegate(taker, giver, taker, role=Role.SUPERVISOR, starts=days(0), ends=days(1))


def test_lending_does_not_get_round_the_segregation_of_duties() -> None:
    giver, taker = factories.person(Role.QA), factories.person(Role.ANALYST)
    with pytest.raises(Refused, match="may not be in the hands of one person"):
        workflow.delegate(giver, giver, taker, role=Role.QA, starts=days(0), ends=days(1))


def test_what_the_giver_has_lost_is_no_longer_lent() -> None:
    admin = factories.person(Role.ADMINISTRATOR)
    giver, taker = factories.person(Role.SUPERVISOR), factories.person(Role.REVIEWER)
    workflow.delegate(giver, giver, taker, role=Role.SUPERVISOR, starts=days(0), ends=days(14))
    workflow.end_role(admin, Membership.objects.get(person=giver), reason="left")
    assert "supervisor" not in held(taker)


@pytest.mark.parametrize(
    ("starts", "ends", "why"), [(-1, 3, "not lent backwards"), (0, 93, "for a while"), (3, 1, "before")]
)
def test_authority_is_lent_for_a_while_from_now_on(starts: int, ends: int, why: str) -> None:
    giver, taker = factories.person(Role.SUPERVISOR), factories.person(Role.REVIEWER)
    with pytest.raises(Refused, match=why):
        workflow.delegate(giver, giver, taker, role=Role.SUPERVISOR, starts=days(starts), ends=days(ends))


def test_lent_authority_is_taken_back_at_once() -> None:
    giver, taker = factories.person(Role.SUPERVISOR), factories.person(Role.REVIEWER)
    lent = workflow.delegate(giver, giver, taker, role=Role.SUPERVISOR, starts=days(0), ends=days(14))
    with pytest.raises(Refused, match="only who lent it"):
        workflow.end_delegation(taker, lent, reason="no")
    workflow.end_delegation(giver, lent, reason="back from leave")
    assert "supervisor" not in held(taker)
    assert Delegation.objects.get().is_void


@pytest.mark.clause("21 CFR 11.300(b)")
def test_a_review_of_access_keeps_what_was_found() -> None:
    qa, person = factories.person(Role.QA), factories.person(Role.ANALYST, factories.program())
    made = workflow.review_access(qa, person, outcome="keep")
    assert [row["role"] for row in made.roles] == ["analyst"]
    assert Login.objects.get(person=person).credentials_checked == days(0)


def test_a_review_that_finds_something_says_what() -> None:
    qa, person = factories.person(Role.QA), factories.person(Role.ANALYST)
    with pytest.raises(Invalid, match="what must change"):
        workflow.review_access(qa, person, outcome="change")
    assert not AccessReview.objects.exists()


def test_nobody_reviews_the_own_access() -> None:
    qa = factories.person(Role.QA)
    with pytest.raises(Refused, match="reviews the own access"):
        workflow.review_access(qa, qa, outcome="keep")
