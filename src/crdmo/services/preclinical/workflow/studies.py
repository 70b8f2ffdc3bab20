"""The study as management opens it, and how it comes to its end."""

from __future__ import annotations

import datetime as dt

from crdmo.common.materials.models import Lot, Substance
from crdmo.common.studies import workflow as steps
from crdmo.common.studies.models import Study, Subject
from crdmo.foundation.accounts import authority
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.models import Person, Program
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.refusals import Invalid, Refused

from .desks import DIRECTOR, MANAGEMENT, as_director


def _director(person: Person, program: Program) -> Person:
    """Return the person if they can direct a study here.

    Raises:
        Invalid: they hold no such role.
    """
    if Role.STUDY_DIRECTOR.value not in authority.roles_of(person, program.id):
        raise Invalid(
            "a study director has this role", errors={"lead": "no study director here"}, given=person.printed_name
        )
    return person


@verb("preclinical.open_study", "open a study and name its director", roles=MANAGEMENT)
def open_study(
    act: Act,
    program: Program,
    *,
    code: str,
    title: str,
    lead: Person,
    species: str,
    strain: str = "",
    design: str = "",
    is_glp: bool = True,
    substance: Substance | None = None,
    lot: Lot | None = None,
    starts_on: dt.date | None = None,
    ends_on: dt.date | None = None,
) -> Study:
    """Enter a study on the master schedule (21 CFR 58.35(b)(1)) with its director (58.31(a))."""
    if not species.strip():
        raise Invalid("a study has a test system", errors={"species": "needed, such as RAT"})
    return steps.create_study(
        act,
        program,
        code=code,
        title=title,
        kind=Study.Kind.NONCLINICAL,
        lead=_director(lead, program),
        substance=substance,
        lot=lot,
        species=species.strip(),
        strain=strain.strip(),
        design=design.strip(),
        is_glp=is_glp,
        starts_on=starts_on,
        ends_on=ends_on,
    )


@verb("preclinical.replace_director", "replace a study director", roles=MANAGEMENT)
def replace_director(act: Act, study: Study, *, lead: Person) -> Study:
    """Replace the director, with a reason (21 CFR 58.31(b)). The former one signs nothing for the study any more."""
    assert study.program is not None
    return steps.replace_lead(act, study, _director(lead, study.program))


@verb("preclinical.complete_study", "end the in-life part of a study", roles=DIRECTOR)
def complete_study(act: Act, study: Study) -> Study:
    """End the work with animals, once each has its end."""
    as_director(act, study)
    still = Subject.objects.filter(study=study, state__in=("screened", "enrolled"), is_void=False)
    if codes := list(still.order_by("code").values_list("code", flat=True)[:5]):
        raise Refused(
            f"animals of {study} are still in the study",
            given=f"{still.count()}: {', '.join(codes)} …",
            allowed="each animal with its end",
            next="Record how and when each left the study",
        )
    return steps.complete_study(act, study)
