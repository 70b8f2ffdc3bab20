"""Analyses, for statisticians: run after lock and unblinding, each with its figure and its sources; and the report."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path

from crdmo.foundation.computing.figures import figure_of
from crdmo.foundation.ledger.thread import stale_causes
from crdmo.foundation.refusals import NotFound, Refused
from crdmo.foundation.signing import credentials_from
from crdmo.science.clinical.p_values import p_words
from crdmo.science.method import MethodError, from_json
from crdmo.web.door import FORM, Page
from crdmo.web.request import PageRequest
from crdmo.web.stepping import asks
from crdmo.web.steps import may

from ..models import DatabaseLock, StudyReport, TrialAnalysis
from ..workflow import analyses as workflow
from ..workflow.desks import is_unblinded
from .frame import find, frame

RUNS = {"primary": workflow.analyse_change, "survival": workflow.analyse_time}


def analysis(request: PageRequest, program: str, study: str) -> HttpResponse:
    """Show the analyses of a trial; they are run here when the trial is unblinded."""
    found = find(request, study)
    refused: Refused | None = None
    failed = ""
    if request.method == "POST":
        try:
            _do(request, found)
            return HttpResponseRedirect(request.path)
        except Refused as one:
            refused = one
        except MethodError as error:
            failed = str(error)
    rows = list(
        TrialAnalysis.objects.filter(study=found, is_void=False).select_related("result__program").order_by("kind")
    )
    report = StudyReport.objects.filter(study=found).select_related("document__program").first()
    open_ = is_unblinded(found)
    contents = {
        **frame(request, found, "analysis"),
        "rows": [_shown(one) for one in rows],
        "missing": [kind for kind in TrialAnalysis.Kind if kind not in {one.kind for one in rows}],
        "locked": DatabaseLock.objects.filter(study=found, is_void=False).exists(),
        "unblinded": open_,
        "stale": stale_causes([one.result_id for one in rows]),
        "report": report,
        "may_run": open_ and may(request, "clinical.analyse_change"),
        "may_report": open_
        and report is None
        and len(rows) == len(TrialAnalysis.Kind)
        and may(request, "clinical.write_report"),
        "refused_as": refused,
        "failed": failed,
        "needs": asks(request),
        "conclusion": request.POST.get("conclusion", ""),
    }
    status = refused.status if refused else 422 if failed else 200
    return render(request, "clinical/analysis.html", contents, status=status)


def _do(request: PageRequest, study: Any) -> None:
    step = request.POST.get("step", "")
    if step in RUNS:
        messages.success(request, f"{RUNS[step](request.person, study)}: done.")
    elif step == "report":
        signed = credentials_from(request.POST, request.session.session_key)
        text = request.POST.get("conclusion", "")
        messages.success(
            request,
            f"{workflow.write_report(request.person, study, credentials=signed, conclusion=text)} is in review.",
        )
    else:
        raise NotFound("there is no such step", given=step)


def _shown(one: TrialAnalysis) -> dict[str, Any]:
    found = from_json(one.result.method, one.result.output)
    is_primary = one.kind == TrialAnalysis.Kind.PRIMARY
    told = {"one": one, "found": found, "figure": figure_of(one.result, title=one.title), "is_primary": is_primary}
    if is_primary:
        return {**told, "differences": [(d, p_words(d.p_value)) for d in found.differences]}
    return {**told, "p_words": p_words(found.test.p_value)}


urlpatterns = [path("trials/<str:study>/analysis/", analysis, name="analysis")]
PAGES = {"clinical:analysis": Page("clinical.view_subjects", FORM)}
