"""What must be known before a role may act, and who knows it."""

from __future__ import annotations

import datetime as dt

from crdmo.foundation.ledger.acts import Act

from ...refusals import Invalid, Refused
from ..authority import verb
from ..models import Organization, Person, Training, TrainingRequirement
from ..roles import FOR_KIND, Role
from .people import not_oneself


@verb("accounts.set_training_requirement", "say what a role must be trained on", roles=(Role.QA, Role.SPONSOR_QA))
def set_training_requirement(
    act: Act, organization: Organization, *, role: str, subject: str, version: str, from_date: dt.date
) -> TrainingRequirement:
    """Require training on one version of a subject from a day on; from then it replaces the version before.

    Raises:
        Refused: people of this organization never hold the role.
    """
    if role not in {r.value for r in FOR_KIND.get(organization.kind, ())}:
        raise Refused(f"nobody of {organization} is {role}", given=role, next="Choose a role that people there hold")
    return act.create(
        TrainingRequirement, organization=organization, role=str(role), subject=subject, subject_version=version,
        from_date=from_date,
    )  # fmt: skip


def _enter(
    act: Act, person: Person, subject: str, version: str, on: dt.date, how: str, expires: dt.date | None
) -> Training:
    if on > act.now.date():
        raise Invalid("training lies in the past", errors={"on": "today or earlier"}, given=str(on))
    if expires is not None and expires <= on:
        raise Invalid("training counts for a while", errors={"expires": f"after {on}"}, given=str(expires))
    return act.create(
        Training, organization=person.organization, person=person, subject=subject, subject_version=version, on=on,
        how=how, expires=expires,
    )  # fmt: skip


@verb("accounts.record_training", "record training", roles=(Role.QA, Role.SUPERVISOR, Role.SPONSOR_QA), trained=False)
def record_training(
    act: Act, person: Person, *, subject: str, version: str, on: dt.date, how: str = "assessed",
    expires: dt.date | None = None,
) -> Training:  # fmt: skip
    """Record that a person was trained on one version of a subject.

    Raises:
        Refused: a trainer records the own training.
    """
    not_oneself(act, person, "records the own training")
    return _enter(act, person, subject, version, on, how, expires)


@verb("accounts.acknowledge_training", "say that one has read and understood", roles=tuple(Role), trained=False)
def acknowledge_training(act: Act, person: Person, *, subject: str, version: str) -> Training:
    """Record that one has read and understood one version of a subject.

    Raises:
        Refused: it is said for somebody else.
    """
    if act.actor.actor_id != person.actor_id:
        given, allowed = act.actor.printed_name, person.printed_name
        raise Refused("reading is acknowledged by who has read", given=given, allowed=allowed)
    return _enter(act, person, subject, version, act.now.date(), "read", None)
