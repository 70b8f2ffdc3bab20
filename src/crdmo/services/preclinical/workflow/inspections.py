"""Quality assurance at work: inspections by phase, their findings, to whom they were reported when, the answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from crdmo.common.codes import next_code
from crdmo.common.studies.models import Study
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.foundation.signing import Credentials, Meaning, sign

from ..models import Inspection, InspectionFinding
from .desks import DIRECTOR, MANAGEMENT, QA_UNIT, as_director, independent, said

State = Inspection.State


@verb("preclinical.record_inspection", "record an inspection", roles=QA_UNIT, signs=Meaning.PERFORMED)
def record_inspection(
    act: Act,
    study: Study,
    *,
    phase: str,
    on: dt.date,
    scope: str,
    findings: Sequence[Mapping[str, str]] = (),
    credentials: Credentials,
) -> Inspection:
    """Record and sign an inspection of a phase with what was found: each finding a `grade` and a `text`."""
    independent(act, study)
    said(scope=scope)
    if on > act.now.date():
        raise Invalid("an inspection does not lie in the future", errors={"on": "today at the latest"}, given=str(on))
    if study.state in (Study.State.LOCKED, Study.State.CANCELLED):
        raise Refused(f"{study} is {study.get_state_display().lower()}", next="Nothing more is inspected")
    assert study.program is not None
    made = act.create(
        Inspection,
        program=study.program,
        study=study,
        code=next_code(act, Inspection, "QAI", study.program),
        phase=phase,
        on=on,
        inspector=independent(act, study),
        scope=scope.strip(),
    )
    if any(not str(one.get("text", "")).strip() for one in findings):
        raise Invalid("a finding says what was found", errors={"findings": "a text for each"})
    rows = [
        {"program": study.program, "inspection": made, "number": i, "grade": one["grade"], "text": one["text"].strip()}
        for i, one in enumerate(findings, 1)
    ]
    act.create_many(InspectionFinding, rows)
    sign(act, [made], Meaning.PERFORMED, credentials)
    return made


@verb("preclinical.report_inspection", "report an inspection to director and management", roles=QA_UNIT)
def report_inspection(act: Act, inspection: Inspection) -> Inspection:
    """Send an inspection to the study director and to management: from this day on both know of it."""
    independent(act, inspection.study)
    if inspection.state != State.PERFORMED:
        raise Refused(f"{inspection} was reported", given=str(inspection.reported_to_director))
    today = act.now.date()
    act.change(inspection, state=State.REPORTED, reported_to_director=today, reported_to_management=today)
    return (
        inspection if inspection.findings.filter(is_void=False).exists() else act.change(inspection, state=State.CLOSED)
    )


@verb("preclinical.answer_inspection", "answer a finding of quality assurance", roles=(*DIRECTOR, *MANAGEMENT))
def answer_inspection(act: Act, finding: InspectionFinding, *, answer: str) -> InspectionFinding:
    """Answer a finding: what was done about it, until when. The study director does; management may as well."""
    said(answer=answer)
    inspection = finding.inspection
    role = act.authorise(inspection.program_id, inspection.organization_id)
    person = as_director(act, inspection.study) if role.startswith(DIRECTOR[0].value) else act.actor
    if inspection.state != State.REPORTED or finding.state == "closed":
        raise Refused(
            f"{finding} does not wait for an answer", given=inspection.get_state_display(), allowed="Reported"
        )
    return act.change(finding, answer=answer.strip(), answered_by=person, answered_at=act.now, state="answered")


@verb("preclinical.close_inspection", "close an inspection", roles=QA_UNIT)
def close_inspection(act: Act, inspection: Inspection) -> Inspection:
    """Take the answers to all findings.

    Raises:
        Refused: it is not reported, or a finding has no answer.
    """
    independent(act, inspection.study)
    if inspection.state != State.REPORTED:
        raise Refused(f"{inspection} is not under way", given=inspection.get_state_display(), allowed="Reported")
    findings = list(inspection.findings.filter(is_void=False).order_by("number"))
    if waiting := [str(one.number) for one in findings if one.state == "open"]:
        raise Refused(
            f"{inspection} has findings without an answer", given=", ".join(waiting), next="The director answers"
        )
    for one in findings:
        act.change(one, state="closed")
    return act.change(inspection, state=State.CLOSED)
