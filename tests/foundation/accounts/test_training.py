"""The training gate: who is not trained on the version in force does not act in the role."""

from __future__ import annotations

import datetime as dt

import pytest

from crdmo.foundation.accounts import authority, workflow
from crdmo.foundation.accounts.models import Person
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.refusals import Invalid, NotPermitted, Refused
from tests import factories

pytestmark = pytest.mark.django_db
SOP = "SOP-012"


def days(n: int) -> dt.date:
    return dt.datetime.now(dt.UTC).date() + dt.timedelta(days=n)


def require(version: str, from_day: int, role: Role = Role.SUPERVISOR) -> Person:
    qa = factories.person(Role.QA)
    workflow.set_training_requirement(
        qa, factories.partner(), role=role, subject=SOP, version=version, from_date=days(from_day)
    )
    return qa


def acts_as_supervisor(person: Person) -> str:
    return authority.role_for(person, "accounts.delegate", None, person.organization_id)


@pytest.mark.clause("21 CFR 11.10(i)")
def test_an_untrained_person_does_not_act_and_is_told_what_is_missing() -> None:
    person = factories.person(Role.SUPERVISOR)
    require("2", -1)
    with pytest.raises(NotPermitted, match=r"not trained.*SOP-012 version 2"):
        acts_as_supervisor(person)


def test_recorded_training_opens_the_gate() -> None:
    person = factories.person(Role.SUPERVISOR)
    qa = require("2", -1)
    workflow.record_training(qa, person, subject=SOP, version="2", on=days(0))
    assert acts_as_supervisor(person) == "supervisor"


def test_training_on_an_older_version_does_not_count() -> None:
    person = factories.person(Role.SUPERVISOR)
    qa = require("2", -1)
    workflow.record_training(qa, person, subject=SOP, version="1", on=days(-30))
    with pytest.raises(NotPermitted, match="version 2"):
        acts_as_supervisor(person)


def test_a_requirement_of_tomorrow_does_not_stop_anybody_today() -> None:
    person = factories.person(Role.SUPERVISOR)
    require("2", 1)
    assert acts_as_supervisor(person) == "supervisor"


def test_expired_training_does_not_count() -> None:
    person = factories.person(Role.SUPERVISOR)
    qa = require("2", -400)
    workflow.record_training(qa, person, subject=SOP, version="2", on=days(-400), expires=days(-35))
    with pytest.raises(NotPermitted, match="not trained"):
        acts_as_supervisor(person)


def test_an_untrained_person_may_look_and_acknowledge_reading() -> None:
    person = factories.person(Role.SUPERVISOR)
    require("2", -1)
    assert authority.may(person, "view", None, person.organization_id)
    workflow.acknowledge_training(person, person, subject=SOP, version="2")
    assert acts_as_supervisor(person) == "supervisor"


def test_reading_is_not_acknowledged_for_another() -> None:
    person, other = factories.person(Role.SUPERVISOR), factories.person(Role.SUPERVISOR)
    with pytest.raises(Refused, match="by who has read"):
        workflow.acknowledge_training(other, person, subject=SOP, version="2")


def test_nobody_records_the_own_training() -> None:
    qa = factories.person(Role.QA)
    with pytest.raises(Refused, match="records the own training"):
        workflow.record_training(qa, qa, subject=SOP, version="2", on=days(0))


def test_training_lies_in_the_past() -> None:
    qa, person = factories.person(Role.QA), factories.person(Role.ANALYST)
    with pytest.raises(Invalid, match="lies in the past"):
        workflow.record_training(qa, person, subject=SOP, version="2", on=days(1))


def test_a_requirement_for_a_role_that_nobody_there_holds_is_refused() -> None:
    qa = factories.person(Role.QA)
    with pytest.raises(Refused, match="nobody of"):
        workflow.set_training_requirement(
            qa, factories.partner(), role=Role.INSPECTOR, subject=SOP, version="1", from_date=days(0)
        )
