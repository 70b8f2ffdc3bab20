"""The life of a deviation. Whoever saw it reports it; QA says how bad it is; nobody closes what they reported or found.

| from | verb | to | needs |
|---|---|---|---|
| | report_deviation | reported | facts, when it happened, when it was found |
| reported | classify_deviation | in investigation | QA; a reason; an investigator |
| in investigation | investigate | to be approved | method, root cause, evidence; why no CAPA, where none follows a major one |
| to be approved | return_deviation | in investigation | QA; a reason |
| to be approved | approve_deviation | closed | QA's signature; impact on every lot judged; the CAPA that was found needed |

Sources: 21 CFR 211.192; EU GMP Part I, chapters 1.4(xiv) and 8.
"""

from __future__ import annotations

import datetime as dt

from crdmo.common.codes import next_code
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.models import Person, Program
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.models import Record
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.foundation.signing import Credentials, Meaning, sign

from ..models import Capa, Cause, Deviation, DeviationInvestigation
from .affected import require_assessed, touch
from .desks import QA, STAFF, Seen, must_be, only, person_of, said

State, Class, Method = Deviation.State, Deviation.Classification, DeviationInvestigation.Method
# Days from the report to closure, by class; until it is classified, QA has three.
DAYS = {"": 3, Class.MINOR: 30, Class.MAJOR: 30, Class.CRITICAL: 15}


@verb("compliance.report_deviation", "report a deviation", roles=STAFF, trained=False)
def report_deviation(
    act: Act,
    program: Program,
    *,
    title: str,
    facts: str,
    happened_at: dt.datetime,
    found_at: dt.datetime,
    immediate_action: str = "",
    records: list[Record] | None = None,
) -> Deviation:
    """Report what was seen, with the records that it touches. A training that lapsed stops nobody from reporting.

    Raises:
        Invalid: something is not said, or the times are out of order.
        Refused: a record is another program's.
    """
    said(title=title, facts=facts)
    for name, at, limit in (("happened_at", happened_at, found_at), ("found_at", found_at, act.now)):
        if at > limit:
            raise Invalid(
                "it happens, is found, is reported",
                errors={name: "later than what follows it"},
                given=f"{at:%Y-%m-%d %H:%M}",
                allowed=f"until {limit:%Y-%m-%d %H:%M} UTC",
            )
    made = act.create(
        Deviation,
        program=program,
        code=next_code(act, Deviation, "DEV", program),
        title=title.strip(),
        facts=facts.strip(),
        immediate_action=immediate_action.strip(),
        happened_at=happened_at,
        found_at=found_at,
        reported_at=act.now,
        reported_by=person_of(act),
        due_on=act.now.date() + dt.timedelta(days=DAYS[""]),
    )
    touch(act, made, records or [])
    return made


@verb("compliance.classify_deviation", "classify a deviation", roles=QA)
def classify_deviation(
    act: Act, deviation: Deviation, *, classification: str, why: str, investigator: Person
) -> Deviation:
    """Say how bad it is and why, and who investigates. It may be classified anew until it is closed."""
    must_be(deviation, State.OPEN, State.INVESTIGATION, State.IN_REVIEW)
    said(why=why)
    if classification not in Class.values:
        raise Invalid("a deviation is minor, major or critical", errors={"classification": "one of the three"})
    return act.change(
        deviation,
        classification=classification,
        classification_reason=why.strip(),
        investigator=investigator,
        due_on=deviation.reported_at.date() + dt.timedelta(days=DAYS[Class(classification)]),
        state=State.INVESTIGATION if deviation.state == State.OPEN else deviation.state,
    )


@verb("compliance.investigate_deviation", "investigate a deviation", roles=STAFF)
def investigate(
    act: Act,
    deviation: Deviation,
    *,
    method: str,
    root_cause: str,
    cause: str,
    evidence: str,
    capa_needed: bool,
    capa_reason: str = "",
) -> DeviationInvestigation:
    """Give the root cause, how it was found and on which evidence, and whether a CAPA follows."""
    must_be(deviation, State.INVESTIGATION)
    only(act, deviation, deviation.investigator, f"the investigation of {deviation}")
    said(root_cause=root_cause, evidence=evidence)
    for name, value, allowed in (("method", method, Method.values), ("cause", cause, Cause.values)):
        if value not in allowed:
            raise Invalid("choose from the list", errors={name: "one of the list"}, given=value)
    if not capa_needed and deviation.classification != Class.MINOR and not capa_reason.strip():
        raise Invalid(f"a {deviation.classification} deviation without CAPA says why", errors={"capa_reason": "needed"})
    made = act.create(
        DeviationInvestigation,
        program=deviation.program,
        deviation=deviation,
        method=method,
        root_cause=root_cause.strip(),
        cause=cause,
        evidence=evidence.strip(),
        capa_needed=capa_needed,
        capa_reason=capa_reason.strip(),
        investigator=person_of(act),
    )
    act.change(deviation, state=State.IN_REVIEW)
    return made


@verb("compliance.return_deviation", "return a deviation to its investigator", roles=QA)
def return_deviation(act: Act, deviation: Deviation) -> Deviation:
    """Send an investigation back, with the reason. What was written stays; another one follows."""
    must_be(deviation, State.IN_REVIEW)
    if not act.reason:
        raise Invalid("a return has a reason", errors={"reason": "say what is missing"})
    return act.change(deviation, state=State.INVESTIGATION)


def latest_investigation(deviation: Deviation) -> DeviationInvestigation | None:
    """Return the investigation that stands."""
    return deviation.investigations.filter(is_void=False).select_related("investigator").order_by("-entry").first()


@verb("compliance.approve_deviation", "approve and close a deviation", roles=QA, signs=Meaning.APPROVED)
def approve_deviation(
    act: Act, deviation: Deviation, *, credentials: Credentials, seen: Seen | None = None
) -> Deviation:
    """Close a deviation by signature: not by who reported or investigated it.

    Raises:
        Refused: a lot was not judged, or the CAPA that was found needed is not there.
    """
    must_be(deviation, State.IN_REVIEW)
    found = latest_investigation(deviation)
    if found is None:
        raise Refused(f"{deviation} was not investigated")
    require_assessed(deviation)
    if found.capa_needed and not deviation.capas.filter(is_void=False).exists():
        raise Refused(
            f"the investigation of {deviation} asks for a CAPA", given="none", next="Open the CAPA from the deviation"
        )
    act.change(deviation, state=State.CLOSED)
    sign(act, [deviation], Meaning.APPROVED, credentials, seen=seen, independent_of=[found])
    return deviation


@verb("compliance.link_recurrence", "say that a deviation recurs although a CAPA was to prevent it", roles=QA)
def link_recurrence(act: Act, deviation: Deviation, *, capa: Capa) -> Deviation:
    """Link the CAPA whose effect a deviation puts in question; while it is linked, the CAPA is not effective."""
    must_be(deviation, State.OPEN, State.INVESTIGATION, State.IN_REVIEW)
    if capa.program_id != deviation.program_id:
        raise Refused(f"{capa} is of another program")
    if capa.deviation_id == deviation.pk:
        raise Refused(f"{capa} was opened for {deviation} itself", next="Name an earlier one")
    return act.change(deviation, recurs=capa)
