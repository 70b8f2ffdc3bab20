"""Investigations, for the supervisor and QA: the phases in their order, the evidence of each, and what may come next."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse

from crdmo.foundation.accounts import authority
from crdmo.foundation.refusals import Invalid, NotFound
from crdmo.foundation.signing import signatures_of
from crdmo.web.door import FORM, Page
from crdmo.web.links import page_of
from crdmo.web.request import PageRequest

from ..models import Investigation, InvestigationStep, RetestPlan
from ..workflow import investigations as workflow
from . import steps

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


def investigations(request: PageRequest, program: str) -> HttpResponse:
    """List investigations, open ones first."""
    rows = Investigation.objects.filter(program=request.program, is_void=False).select_related("test__criterion", "test__sample", "lot", "program").order_by("-outcome", "-entry")
    return render(request, "quality/investigations.html", {"rows": sorted(rows, key=lambda r: r.outcome != "open")})


def investigation(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show an investigation; each step is taken here by who may take it."""
    found = Investigation.objects.filter(program=request.program, code=code).select_related("test__criterion", "test__sample__lot", "result", "lot", "program").first()
    if found is None:
        raise NotFound("there is no such investigation", given=code)
    refused = None
    if request.method == "POST":
        refused = steps.attempt(lambda: _step(request, found))
        if refused is None:
            messages.success(request, "Recorded.")
            return HttpResponseRedirect(request.path)
        found.refresh_from_db()
    plan = found.plans.filter(is_void=False).select_related("sample").first()
    open_ = found.outcome == "open"
    contents: dict[str, Any] = {
        "record": found, "refused": refused, "phases": [{"key": key, "name": Investigation.Phase(key).label, "done": ORDER.index(found.phase) > i} for i, key in enumerate(ORDER)],
        "findings": found.findings.filter(is_void=False).order_by("entry"), "plan": plan, "plan_signatures": signatures_of(plan) if plan else [],
        "results": found.test.results.filter(is_void=False).select_related("test__criterion", "entered_by", "program").order_by("round", "replicate"),
        "signatures": signatures_of(found), "checklist": workflow.CHECKLIST, "outcomes": Investigation.Outcome.choices[1:], "open": open_,
        "may": {name: open_ and authority.may(request.person, f"quality.{name}", found.program_id) for name in VERBS},
        "to_approve": steps.to_sign(request, "quality.approve_retest", [plan], button="Approve the plan") if plan and plan.state == "proposed" else None,
        "to_conclude": steps.to_sign(request, "quality.conclude_investigation", [found], ready=open_, button="Conclude") if not plan or plan.state == "done" else None,
    }  # fmt: skip
    return render(request, "quality/investigation.html", contents, status=refused.status if refused else 200)


VERBS = ("check_laboratory", "test_hypothesis", "review_manufacturing", "go_on", "propose_retest", "approve_retest", "conclude_investigation")


def _step(request: PageRequest, found: Investigation) -> None:
    given, person, step = request.POST, request.person, request.POST.get("step", "")
    text, cause = given.get("text", ""), given.get("assignable_cause") == "yes"
    if step == "check":
        answers = {line: given.get(f"answer_{i}", "") for i, line in enumerate(workflow.CHECKLIST)}
        workflow.check_laboratory(person, found, answers=answers, text=text, assignable_cause=cause)
    elif step == "hypothesis":
        workflow.test_hypothesis(person, found, hypothesis=given.get("hypothesis", ""), text=text, assignable_cause=cause)
    elif step == "manufacturing":
        workflow.review_manufacturing(person, found, text=text, batches=given.get("batches", ""))
    elif step == "go_on":
        workflow.go_on(person, found)
    elif step == "propose":
        count = given.get("replicates", "")
        if not count.isdigit():
            raise Invalid("a plan names the number of retests", errors={"replicates": "a whole number"}, given=count)
        workflow.propose_retest(person, found, replicates=int(count), rationale=given.get("rationale", ""), resample=given.get("resample") == "yes", evidence=given.get("evidence", ""))
    elif step == "approve":
        plan = found.plans.filter(is_void=False).first()
        if plan is None:
            raise NotFound("there is no plan")
        workflow.approve_retest(person, plan, credentials=steps.credentials(request))
    elif step == "conclude":
        workflow.conclude(person, found, outcome=given.get("outcome", ""), text=text, credentials=steps.credentials(request))
    else:
        raise NotFound("there is no such step", given=step)


urlpatterns = [
    path("investigations/", investigations, name="investigations"),
    path("investigations/<str:code>/", investigation, name="investigation"),
]
PAGES = {
    "quality:investigations": Page("quality.view"),
    "quality:investigation": Page("quality.view", FORM),
}
NAV = [("quality:investigations", "Investigations")]
