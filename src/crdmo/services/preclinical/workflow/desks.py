"""Which roles sit at which desk of a study; the verbs name them. And who may not: a former director, a partial inspector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from crdmo.common.studies.models import Study
from crdmo.common.verbs import person_of, said
from crdmo.foundation.accounts.authority import declare
from crdmo.foundation.accounts.models import Person
from crdmo.foundation.accounts.roles import EVERYONE, Role
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.refusals import NotPermitted

# The version of each record that a signer was shown, by its key; who signs without a page gives none.
Seen: TypeAlias = Mapping[Any, int]

DIRECTOR = (Role.STUDY_DIRECTOR,)
BENCH = (Role.TECHNICIAN, Role.STUDY_DIRECTOR)
QA_UNIT = (Role.GLP_QA,)
MANAGEMENT = (Role.TEST_FACILITY_MANAGEMENT,)
FACILITY = (*BENCH, *QA_UNIT, *MANAGEMENT, Role.PROJECT_MANAGER, Role.QA)

VIEW = declare("preclinical.view", "see the preclinical studies of a program", EVERYONE)
MASTER = declare("preclinical.view_master_schedule", "see the master schedule of the test facility", FACILITY)


def as_director(act: Act, study: Study) -> Person:
    """Return the study director who acts: there is one single point of control (21 CFR 58.33).

    Raises:
        NotPermitted: somebody else acts, such as a former director.
    """
    study.refresh_from_db(fields=["lead", "state", "version", "entry"])
    person = person_of(act)
    if study.lead_id != person.id:
        raise NotPermitted(
            f"{study} has another study director",
            given=person.printed_name,
            allowed=study.lead.printed_name if study.lead else "nobody yet",
            next="Test facility management replaces a study director, with a reason",
        )
    return person


def independent(act: Act, study: Study) -> Person:
    """Return the person of quality assurance who acts, and took no part in the study (21 CFR 58.35(a)).

    Raises:
        NotPermitted: the person leads it, or recorded something in the studies of this program.
    """
    person = person_of(act)
    took_part = Entry.objects.filter(
        stream=str(study.program_id), actor=person.actor_id, record_type__startswith="studies."
    )
    if study.lead_id == person.id or took_part.exists():
        raise NotPermitted(
            "quality assurance is independent of the study",
            given=f"{person.printed_name} took part in it",
            allowed="a person of quality assurance who recorded nothing in the studies of this program",
        )
    return person


__all__ = [
    "BENCH",
    "DIRECTOR",
    "FACILITY",
    "MANAGEMENT",
    "QA_UNIT",
    "Seen",
    "as_director",
    "independent",
    "person_of",
    "said",
]
