"""The quality assurance statement, and the report: signed by the director, reviewed by quality assurance, approved; then locked."""

from __future__ import annotations

from collections.abc import Sequence

from crdmo.common.studies import workflow as steps
from crdmo.common.studies.models import Study
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.documents import workflow as documents
from crdmo.foundation.documents.models import Document, DocumentVersion
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.models import Record
from crdmo.foundation.ledger.thread import sources_of, stale_causes
from crdmo.foundation.refusals import Refused
from crdmo.foundation.signing import Credentials, Meaning, sign, signatures_of

from .. import reporting
from ..models import Analysis, Inspection, Noael, QaStatement, StudyReport
from .desks import DIRECTOR, MANAGEMENT, QA_UNIT, Seen, as_director, independent, said

State = StudyReport.State
# What must have been looked at before quality assurance can say anything about a report.
NEEDED = (Inspection.Phase.PROTOCOL, Inspection.Phase.IN_LIFE, Inspection.Phase.REPORT)


@verb("preclinical.sign_qa_statement", "sign the quality assurance statement", roles=QA_UNIT, signs=Meaning.CERTIFIED)
def sign_qa_statement(act: Act, study: Study, *, credentials: Credentials) -> QaStatement:
    """Sign the statement that is made from the inspections: phases, dates, and when they were reported to whom.

    Raises:
        Refused: an inspection is not closed, or a phase that must be inspected was not.
    """
    independent(act, study)
    rows = list(study.inspections.filter(is_void=False).order_by("on", "code"))
    if waiting := [str(one) for one in rows if one.state != Inspection.State.CLOSED]:
        raise Refused(
            f"inspections of {study} are not closed",
            given=", ".join(waiting),
            next="Report them, have the findings answered, and close them",
        )
    phases = {one.phase for one in rows}
    if missing := [one.label for one in NEEDED if one.value not in phases]:
        raise Refused(f"phases of {study} were not inspected", given=", ".join(missing), next="Inspect them first")
    for before in study.qa_statements.filter(is_void=False):
        if not act.reason:
            raise Refused(f"{before} is signed", next="Sign another one with a reason, after a further inspection")
        act.void(before)
    lines = reporting.inspection_lines(rows)
    made = act.create(
        QaStatement,
        program=study.program,
        study=study,
        lines=lines,
        text=reporting.qa_statement(study, lines),
        sources=sources_of(rows),
    )
    sign(act, [made], Meaning.CERTIFIED, credentials)
    return made


def statement_of(study: Study) -> QaStatement | None:
    """Return the statement that stands for a study and is signed."""
    found = study.qa_statements.filter(is_void=False).order_by("-entry").first()
    return found if found is not None and any(m.holds for m in signatures_of(found)) else None


def open_points(study: Study) -> list[str]:
    """Return what stands between a study and its report, in words; nothing when it can be signed."""
    found = []
    if study.state != Study.State.COMPLETED:
        found.append("the in-life part is not completed")
    noaels = list(Noael.objects.filter(study=study, is_void=False))
    if not noaels:
        found.append("no NOAEL is concluded")
    if statement_of(study) is None:
        found.append("the quality assurance statement is not signed")
    results = [one.result for one in Analysis.objects.filter(study=study, is_void=False).select_related("result")]
    basis: list[Record] = [*noaels, *results]
    if stale := stale_causes(one.id for one in basis):
        found.append(f"{', '.join(str(one) for one in basis if one.id in stale)}: on data changed since")
    if any(not any(m.holds for m in signatures_of(one)) for one in noaels):
        found.append("the signature of the NOAEL no longer holds")
    return found


def _latest(study: Study) -> StudyReport | None:
    return study.reports.filter(is_void=False).select_related("document__document").order_by("-number").first()


@verb("preclinical.finalise_report", "sign the final report", roles=DIRECTOR, signs=Meaning.AUTHORED)
def finalise_report(act: Act, study: Study, *, compliance: str, credentials: Credentials) -> StudyReport:
    """Make the report from the records, with the statement of quality assurance and one's own on compliance, and sign it.

    Raises:
        Refused: something is open, or the report is on its way.
    """
    as_director(act, study)
    said(compliance=compliance)
    if (found := _latest(study)) is not None:
        raise Refused(f"{found} is {found.get_state_display().lower()}", next="Amend the final report")
    if still := open_points(study):
        raise Refused(f"the report of {study} is not ready", given="; ".join(still), next="Close these first")
    statement = statement_of(study)
    assert statement is not None  # among the open points otherwise
    text = reporting.report_text(study, statement, compliance)
    document = Document.objects.filter(program=study.program, code=f"{study.code}-REPORT").first()
    if document is None:
        assert study.lead is not None
        document = documents.create_document.within(
            act,
            code=f"{study.code}-REPORT",
            title=f"Final report: {study.title}"[:200],
            kind=Document.Kind.REPORT,
            owner=study.lead,
            program=study.program,
        )
    return _offered(act, study, document, text, statement, compliance, credentials, "")


def _sources(study: Study, statement: QaStatement) -> list[Record]:
    results = [one.result for one in Analysis.objects.filter(study=study, is_void=False).select_related("result")]
    return [*Noael.objects.filter(study=study, is_void=False), *results, statement]


def _offered(
    act: Act,
    study: Study,
    document: Document,
    text: str,
    statement: QaStatement,
    compliance: str,
    credentials: Credentials,
    reason: str,
) -> StudyReport:
    basis = _sources(study, statement)
    version = documents.draft.within(act, document, text=text, change_summary=reason or "First version", sources=basis)
    documents.submit_for_review.within(act, version)
    made = act.create(
        StudyReport,
        program=study.program,
        study=study,
        number=study.reports.filter(is_void=False).count() + 1,
        document=version,
        statement=statement,
        compliance=compliance.strip(),
        reason=reason,
        sources=sources_of(basis),
    )
    sign(act, [made, version], Meaning.AUTHORED, credentials)
    return made


def _in_state(report: StudyReport, state: str) -> DocumentVersion:
    report.refresh_from_db(fields=["state", "version", "entry", "is_void"])
    if report.state != state or report.is_void:
        raise Refused(
            f"{report} is in another state", given=report.get_state_display(), allowed=str(State(state).label)
        )
    version: DocumentVersion = report.document
    version.refresh_from_db()
    return version


@verb("preclinical.review_report", "review a report for GLP", roles=QA_UNIT, signs=Meaning.REVIEWED)
def review_report(act: Act, report: StudyReport, *, credentials: Credentials, seen: Seen | None = None) -> StudyReport:
    """Sign that the report states the methods and the data as they are (21 CFR 58.35(b)(6))."""
    independent(act, report.study)
    version = _in_state(report, State.OFFERED)
    documents.review.within(act, version, credentials=credentials, seen=dict(seen) if seen else None)
    return act.change(report, state=State.REVIEWED)


@verb("preclinical.return_report", "return a report to its director", roles=QA_UNIT, signs=Meaning.REJECTED)
def return_report(act: Act, report: StudyReport, *, credentials: Credentials) -> StudyReport:
    """Send a report back with a signed reason; the director makes it anew."""
    independent(act, report.study)
    version = _in_state(report, State.OFFERED)
    documents.reject.within(act, version, credentials=credentials)
    act.void(version)
    return act.void(report)


@verb("preclinical.approve_report", "approve a report for the facility", roles=MANAGEMENT, signs=Meaning.APPROVED)
def approve_report(act: Act, report: StudyReport, *, credentials: Credentials, seen: Seen | None = None) -> StudyReport:
    """Approve the reviewed report; it is in force from today, and the data of the study are locked."""
    version = _in_state(report, State.REVIEWED)
    shown = dict(seen) if seen else None
    documents.approve.within(act, version, effective_from=act.now.date(), credentials=credentials, seen=shown)
    documents.make_effective.within(act, version)
    act.change(report, state=State.FINAL)
    if report.study.state == Study.State.COMPLETED:
        steps.lock_study(act, report.study)
    return report


@verb("preclinical.amend_report", "amend a final report", roles=DIRECTOR, signs=Meaning.AUTHORED)
def amend_report(act: Act, study: Study, *, part: str, text: str, credentials: Credentials) -> StudyReport:
    """Amend the final report, with a reason: which part, and what it says now (21 CFR 58.185(c)).

    The report before stays as it was signed; the amendment goes the same way through review and approval.

    Raises:
        Refused: there is no final report.
    """
    as_director(act, study)
    said(part=part, text=text, reason=act.reason)
    found = _latest(study)
    if found is None or found.state != State.FINAL:
        raise Refused(f"{study} has no final report to amend", given=found.get_state_display() if found else "none")
    amended = reporting.amended(found.document.text, found.number, part, act.reason, text)
    return _offered(
        act, study, found.document.document, amended, found.statement, found.compliance, credentials, act.reason
    )


def signers(report: StudyReport) -> Sequence[str]:
    """Return who signed the version of a report, with meaning and instant."""
    return [one.sentence for one in signatures_of(report.document)]
