"""Which roles sit at which desk of a trial, and what every verb asks first: whose subject this is, and what is closed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, TypeAlias

from crdmo.common.studies.models import Study, Subject
from crdmo.common.studies.workflow.states import now, recording
from crdmo.foundation.accounts.authority import declare
from crdmo.foundation.accounts.models import Organization, Person
from crdmo.foundation.accounts.roles import QUALITY_UNIT, SITE, SPONSOR, Role
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.refusals import Invalid, NotFound, Refused

from ..models import Consent, TrialUnblinding

Seen: TypeAlias = Mapping[Any, int]

TEAM = (Role.MONITOR, Role.DATA_MANAGER, Role.STATISTICIAN, Role.MEDICAL_MONITOR, Role.UNBLINDED_STATISTICIAN)
PLANNERS = (Role.PROJECT_MANAGER, Role.DATA_MANAGER)
READERS = (*SITE, *TEAM, Role.PROJECT_MANAGER, *QUALITY_UNIT, Role.INSPECTOR)

VIEW = declare("clinical.view", "see how a trial goes, without its arms", (*READERS, *SPONSOR))
VIEW_SUBJECTS = declare("clinical.view_subjects", "see the subjects of a trial, without their arms", READERS)
EXPORT = declare(
    "clinical.export_sdtm", "take a trial out as SDTM", (*TEAM, Role.PROJECT_MANAGER, *QUALITY_UNIT, Role.INSPECTOR)
)


def worker(act: Act) -> Person:
    """Return the person who acts.

    Raises:
        Refused: it is the system.
    """
    if not isinstance(act.actor, Person):
        raise Refused("only a person works in a trial", given=act.actor.printed_name)
    return act.actor


def site_of(person: Person) -> Organization | None:
    """Return the site whose subjects are all that this person may see, or None for who sees every site."""
    home = person.organization
    return home if home is not None and home.kind == Organization.Kind.SITE else None


def of_site(act: Act, subject: Subject) -> Subject:
    """Say nothing if this person may work with a subject.

    Raises:
        NotFound: the subject is another site's, which answers as one that does not exist.
    """
    site = site_of(act.actor) if isinstance(act.actor, Person) else None
    if site is not None and (subject.place is None or subject.place.holder_id != site.pk):
        raise NotFound("there is no such subject", given=subject.code)
    return subject


def consented(subject: Subject, on: dt.date) -> Consent:
    """Return the consent under which something is recorded.

    Raises:
        Refused: the subject had not consented on that day, or had taken the consent back.
    """
    found = Consent.objects.filter(subject=subject, is_void=False).order_by("signed_on").first()
    if found is None or on < found.signed_on:
        raise Refused(
            f"there are no data of {subject} before consent",
            given=str(on),
            allowed=f"{found.signed_on} or later" if found else "after consent",
            next="Record the consent first; what was done before it is a protocol deviation",
        )
    if found.withdrawn_on is not None and on > found.withdrawn_on:
        raise Refused(f"{subject} took the consent back on {found.withdrawn_on}", given=str(on))
    return found


def not_later(act: Act, name: str, day: dt.date) -> dt.date:
    """Return a day that does not lie in the future.

    Raises:
        Invalid: it does.
    """
    if day > act.now.date():
        raise Invalid("this day lies in the future", errors={name: f"{act.now.date()} at the latest"}, given=str(day))
    return day


def is_unblinded(study: Study) -> bool:
    """Say whether the trial as a whole was unblinded."""
    return TrialUnblinding.objects.filter(study=study, is_void=False).exists()


def taking_data(study: Study) -> Study:
    """Say nothing if a trial takes data: its protocol is in force and its database is not locked."""
    return recording(study)


__all__ = [
    "PLANNERS", "READERS", "SITE", "TEAM", "Seen", "consented", "is_unblinded", "not_later", "now", "of_site", "site_of",
    "taking_data", "worker",
]  # fmt: skip
