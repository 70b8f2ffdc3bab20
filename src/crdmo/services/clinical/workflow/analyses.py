"""The analyses of a locked and unblinded trial, and the report that is made of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crdmo.common.studies.days import whole_date
from crdmo.common.studies.models import Allocation, Event, Study
from crdmo.foundation import computing
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.documents import workflow as documents
from crdmo.foundation.documents.models import DocumentVersion
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.models import Record
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.foundation.signing import Credentials

from ..models import CrfPage, DatabaseLock, Randomisation, StudyReport, TrialAnalysis
from ..reporting import report_text
from .desks import is_unblinded, worker

STATISTICIANS = (Role.STATISTICIAN, Role.UNBLINDED_STATISTICIAN)
Kind = TrialAnalysis.Kind


def _unblinded(study: Study) -> None:
    locked = DatabaseLock.objects.filter(study=study, is_void=False).exists()
    if not locked or not is_unblinded(study):
        raise Refused(
            f"{study} is not analysed by arm yet",
            given="locked, not unblinded" if locked else "not locked",
            allowed="locked, then unblinded",
            next="The database is locked first; then the unblinded statistician unblinds the trial",
        )


def _once(study: Study, kind: str) -> None:
    if TrialAnalysis.objects.filter(study=study, kind=kind, is_void=False).exists():
        raise Refused("this analysis stands", given=Kind(kind).label, next="Renew its result where it is stale")


def _allocations(study: Study) -> list[Allocation]:
    rows = Allocation.objects.filter(study=study, is_void=False).select_related("subject__place", "arm")
    return list(rows.order_by("subject__code"))


@verb("clinical.analyse_change", "analyse the change from baseline", roles=STATISTICIANS)
def analyse_change(act: Act, study: Study) -> TrialAnalysis:
    """Compare the change from baseline by analysis of covariance: baseline as covariate, stratum as factor.

    Subjects without one of the two values are left out and named.

    Raises:
        Refused: the trial is not unblinded, or this analysis stands.
        MethodError: there are too few subjects.
    """
    _unblinded(study)
    _once(study, Kind.PRIMARY)
    plan = study.details["endpoints"]
    rows = CrfPage.objects.filter(study=study, form__code=plan["form"], is_void=False).select_related("visit")
    pages = {(one.subject_id, one.visit.code): one for one in rows}
    strata = dict(Randomisation.objects.filter(study=study).values_list("subject", "stratum"))
    arms = _allocations(study)
    sources: list[Record] = []
    inputs: dict[str, Any] = {"response": [], "arm": [], "covariates": {"baseline": []}, "factors": {"stratum": []}}
    left_out = []
    for one in arms:
        first, last = (pages.get((one.subject_id, plan[name])) for name in ("baseline", "visit"))
        before, after = (_number(page, plan["item"]) for page in (first, last))
        if first is None or last is None or before is None or after is None:
            left_out.append(one.subject.code)
            continue
        inputs["response"].append(round(after - before, 10))
        inputs["arm"].append(one.arm.name)
        inputs["covariates"]["baseline"].append(before)
        inputs["factors"]["stratum"].append(strata[one.subject_id])
        sources += [first, last, one]
    control = next((one.arm.name for one in arms if one.arm.is_control), "")
    title = f"Change in {plan['item']} from {plan['baseline']} to {plan['visit']}"
    result = computing.run(
        act, "clinical.ancova", inputs, {"reference": control}, sources=sources, program=study.program, title=title
    )
    return _kept(act, study, Kind.PRIMARY, title, result, left_out)


def _number(page: CrfPage | None, item: str) -> float | None:
    text = page.values.get(item, {}).get("value") if page is not None else None
    return None if text is None else float(text)


@verb("clinical.analyse_time", "analyse the time to the first event", roles=STATISTICIANS)
def analyse_time(act: Act, study: Study) -> TrialAnalysis:
    """Compare the time to the first event of the protocol's category; who had none is censored at the end of the part.

    Raises:
        Refused: the trial is not unblinded, or this analysis stands.
        MethodError: nobody had an event.
    """
    _unblinded(study)
    _once(study, Kind.SURVIVAL)
    category = study.details["endpoints"]["event"]
    first: dict[Any, Event] = {}
    rows = Event.objects.filter(study=study, domain="AE", category=category, is_void=False).order_by("-starts")
    for one_event in rows:
        first[one_event.subject_id] = one_event
    inputs: dict[str, list[Any]] = {"time": [], "event": [], "arm": []}
    sources: list[Record] = []
    left_out = []
    for one in _allocations(study):
        subject, event = one.subject, first.get(one.subject_id)
        start = subject.reference_on
        end = whole_date(event.starts) if event is not None else subject.ended_on
        if start is None or end is None or end < start:
            left_out.append(subject.code)
            continue
        inputs["time"].append((end - start).days + 1)
        inputs["event"].append(event is not None)
        inputs["arm"].append(one.arm.name)
        sources += [one, subject, *([event] if event is not None else [])]
    title = f"Time to first {category.lower()}"
    result = computing.run(act, "clinical.survival_by_arm", inputs, sources=sources, program=study.program, title=title)
    return _kept(act, study, Kind.SURVIVAL, title, result, left_out)


def _kept(act: Act, study: Study, kind: str, title: str, result: Any, left_out: Sequence[str]) -> TrialAnalysis:
    return act.create(
        TrialAnalysis,
        program=study.program,
        study=study,
        kind=kind,
        title=title,
        result=result,
        excluded=list(left_out),
    )


@verb("clinical.write_report", "write the clinical study report", roles=STATISTICIANS)
def write_report(act: Act, study: Study, *, credentials: Credentials, conclusion: str) -> DocumentVersion:
    """Make the report of the analyses as a controlled document and submit it for review, signed by its author.

    Raises:
        Invalid: there is no conclusion.
        Refused: an analysis is missing, or there is a report.
    """
    _unblinded(study)
    analyses = list(TrialAnalysis.objects.filter(study=study, is_void=False).select_related("result").order_by("kind"))
    missing = set(Kind.values) - {one.kind for one in analyses}
    if missing:
        raise Refused("an analysis is missing", given=", ".join(sorted(missing)), next="Run it first")
    if StudyReport.objects.filter(study=study).exists():
        raise Refused(f"{study} has a report", next="Draft a new version of its document")
    if not conclusion.strip():
        raise Invalid("a report says what was found", errors={"conclusion": "needed"})
    document = documents.create_document.within(
        act,
        code=f"CSR-{study.code}",
        title=f"Clinical study report {study.code}",
        kind="report",
        owner=worker(act),
        program=study.program,
    )
    text = report_text(study, analyses, conclusion.strip())
    sources: list[Record] = [one.result for one in analyses]
    version = documents.draft.within(act, document, text=text, sources=sources)
    act.create(StudyReport, program=study.program, study=study, document=document)
    return documents.submit_for_review.within(act, version, credentials=credentials)
