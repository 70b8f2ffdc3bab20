"""Investigations, for the supervisor and QA: the phases in their order, the evidence of each, and what may come next."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse

from crdmo.foundation.refusals import Invalid, NotFound
from crdmo.foundation.signing import seen_from, signatures_of_many
from crdmo.web import steps
from crdmo.web.door import FORM, Page
from crdmo.web.links import page_of
from crdmo.web.request import PageRequest
from crdmo.web.tables import Column, Table

from ..models import Investigation, InvestigationStep, RetestPlan
from ..workflow import investigations as workflow

ORDER = ("Ia", "Ib", "II", "concluded")


@page_of("quality.investigation")
def address(record: Investigation) -> str:
    """Return the address of an investigation's page."""
    assert record.program is not None
    return reverse("quality:investigation", kwargs={"program": record.program.code, "code": record.code})


@page_of("quality.investigationstep")
@page_of("quality.retestplan")
def part_address(record: InvestigationStep | RetestPlan) -> str:
    """Return the address of a part: its investigation."""
    return address(record.investigation)


INVESTIGATIONS = Table(
    "investigations",
    "Investigations",
    (
        Column("code", "Investigation", kind="record", sort="code"),
        Column("kind", "Kind", "get_kind_display"),
        Column("test", "Test"),
        Column("lot", "Lot", kind="record"),
        Column("original", "Original", "result.rounded", kind="number", unit_at="result.unit"),
        Column("phase", "Phase", kind="state", sort="phase"),
        Column("outcome", "Outcome", "get_outcome_display"),
        Column("due_on", "Due", kind="day", sort="due_on"),
    ),
    sort="-code",
    tone=lambda r: "warn" if r.outcome == "open" else "",
    empty=("No investigation", "A verified result out of limit opens one by itself."),
)


def investigations(request: PageRequest, program: str) -> HttpResponse:
    """List investigations, the open ones only if asked."""
    rows = Investigation.objects.filter(program=request.program, is_void=False)
    only = request.GET.get("only", "")
    rows = rows.filter(outcome="open") if only == "open" else rows
    rows = rows.select_related("test__criterion", "test__sample", "lot__program", "result", "program")
    return INVESTIGATIONS.answer(request, rows, "quality/investigations.html", {"only": only})


def investigation(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show an investigation; each step is taken here by who may take it."""
    found = (
        Investigation.objects.filter(program=request.program, code=code)
        .select_related(
            "test__criterion__method", "test__sample__lot", "test__sample__program", "result", "lot__program", "program"
        )
        .first()
    )
    if found is None:
        raise NotFound("there is no such investigation", given=code)
    refused = None
    if request.method == "POST":
        refused = steps.attempt(lambda: _step(request, found))
        if refused is None:
            messages.success(request, DONE[request.POST.get("step", "")])
            return HttpResponseRedirect(request.path)
        found.refresh_from_db()
    plan = found.plans.filter(is_void=False).select_related("sample__program").first()
    open_ = found.outcome == "open"
    may = {name: open_ and steps.may(request, f"quality.{name}") for name in VERBS}
    findings = _findings(found)
    signed = signatures_of_many([found, *([plan] if plan else [])])
    contents: dict[str, Any] = {
        "record": found,
        "refused": refused,
        "phases": _phases(found),
        "findings": findings,
        "checked": any(f["step"].kind == "checklist" for f in findings),
        "may_go_on": workflow.may_go_on(found, [f["step"] for f in findings]),
        "plan": plan,
        "may": may,
        "open": open_,
        "plan_signatures": signed[plan.pk] if plan else [],
        "signatures": signed[found.pk],
        "given": request.POST,
        "results": found.test.results.filter(is_void=False)
        .select_related("entered_by", "verified_by", "program")
        .order_by("round", "replicate"),
        "checklist": [(line, request.POST.get(f"answer_{i}", "")) for i, line in enumerate(workflow.CHECKLIST)],
        "outcomes": Investigation.Outcome.choices[1:],
        "samples": found.lot.samples.filter(state__in=("received", "assigned"), is_void=False)
        if may["propose_retest"] and plan is None
        else [],
        "to_approve": steps.to_sign(request, "quality.approve_retest", [plan], button="Approve the plan")
        if plan and plan.state == "proposed"
        else None,
        "to_conclude": steps.to_sign(request, "quality.conclude_investigation", [found], ready=open_, button="Conclude")
        if not plan or plan.state == "done"
        else None,
    }
    return render(request, "quality/investigation.html", contents, status=refused.status if refused else 200)


def _phases(found: Investigation) -> list[dict[str, Any]]:
    """Return the phases in their order: gone through, here, still to come, or passed by."""
    reached = set(found.findings.filter(is_void=False).values_list("phase", flat=True))
    here = ORDER.index(found.phase)
    return [
        {
            "key": key,
            "name": Investigation.Phase(key).label,
            "here": i == here,
            "done": i < here and key in reached,
            "passed_by": i < here and key not in reached,
        }
        for i, key in enumerate(ORDER)
    ]


def _findings(found: Investigation) -> list[dict[str, Any]]:
    """Return what was found, in order; a checklist in the order of its lines, a hypothesis beside what it showed."""
    rows = found.findings.filter(is_void=False).order_by("entry")
    return [
        {
            "step": row,
            "answers": [(line, row.answers.get(line, "")) for line in workflow.CHECKLIST]
            if row.kind == "checklist"
            else [],
        }
        for row in rows
    ]


DONE = {
    "check": "The checklist is recorded.",
    "hypothesis": "Recorded.",
    "manufacturing": "Recorded.",
    "go_on": "The next phase is open.",
    "propose": "The plan is proposed; QA approves it.",
    "approve": "The plan is approved; the retests can begin.",
    "withdraw": "The plan is withdrawn; another can be proposed.",
    "conclude": "The investigation is concluded.",
}
VERBS = (
    "check_laboratory",
    "test_hypothesis",
    "review_manufacturing",
    "go_on",
    "propose_retest",
    "approve_retest",
    "withdraw_retest",
    "conclude_investigation",
)


def _step(request: PageRequest, found: Investigation) -> None:
    given, person, step = request.POST, request.person, request.POST.get("step", "")
    text, cause = given.get("text", ""), given.get("assignable_cause") == "yes"
    if step == "check":
        answers = {line: given.get(f"answer_{i}", "") for i, line in enumerate(workflow.CHECKLIST)}
        workflow.check_laboratory(person, found, answers=answers, text=text, assignable_cause=cause)
    elif step == "hypothesis":
        workflow.test_hypothesis(
            person, found, hypothesis=given.get("hypothesis", ""), text=text, assignable_cause=cause
        )
    elif step == "manufacturing":
        workflow.review_manufacturing(person, found, text=text, batches=given.get("batches", ""))
    elif step == "go_on":
        workflow.go_on(person, found)
    elif step == "propose":
        _propose(request, found)
    elif step in ("approve", "withdraw"):
        plan = found.plans.filter(is_void=False).first()
        if plan is None:
            raise NotFound("there is no plan")
        if step == "withdraw":
            workflow.withdraw_retest(person, plan, reason=given.get("reason", ""))
            return
        workflow.approve_retest(person, plan, credentials=steps.credentials(request), seen=seen_from(given))
    elif step == "conclude":
        workflow.conclude(
            person,
            found,
            outcome=given.get("outcome", ""),
            text=text,
            credentials=steps.credentials(request),
            seen=seen_from(given),
        )
    else:
        raise NotFound("there is no such step", given=step, allowed=", ".join(DONE))


def _propose(request: PageRequest, found: Investigation) -> None:
    given, count = request.POST, request.POST.get("replicates", "").strip()
    if not count.isdigit():
        raise Invalid(
            "a plan names the number of retests", errors={"replicates": "a whole number"}, given=count or "nothing"
        )
    chosen = given.get("sample", "")
    sample = next((s for s in found.lot.samples.filter(is_void=False) if str(s.pk) == chosen), None)
    resample = sample is not None and sample.pk != found.test.sample_id
    workflow.propose_retest(
        request.person,
        found,
        replicates=int(count),
        rationale=given.get("rationale", ""),
        resample=resample,
        sample=sample,
        evidence=given.get("evidence", ""),
    )


urlpatterns = [
    path("investigations/", investigations, name="investigations"),
    path("investigations/<str:code>/", investigation, name="investigation"),
]
PAGES = {
    "quality:investigations": Page("quality.view"),
    "quality:investigation": Page("quality.view", FORM),
}
NAV = [("quality:investigations", "Investigations")]
