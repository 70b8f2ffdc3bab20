"""Results, for the reviewer: raw data, calculation, verdict and what is unusual on one page; one signature for the series."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import path, reverse

from crdmo.foundation.accounts import authority
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.ledger.thread import stale_causes
from crdmo.foundation.refusals import Invalid, NotFound
from crdmo.foundation.signing import seen_from, signatures_of
from crdmo.web.door import FORM, Page
from crdmo.web.links import page_of
from crdmo.web.pages.trails import history
from crdmo.web.request import PageRequest

from ..models import Reading, Result
from ..workflow import testing
from . import steps

MOST = 200


@page_of("quality.result")
def address(record: Result) -> str:
    """Return the address of a result's page."""
    assert record.program is not None
    return reverse("quality:result", kwargs={"program": record.program.code, "key": record.pk})


@page_of("quality.reading")
def reading_address(record: Reading) -> str:
    """Return the address of a reading: that of the result made of it."""
    made = record.test.results.filter(round=record.round, is_void=False).select_related("program").first()
    return address(made) if made else ""


def _waiting(request: PageRequest) -> list[dict[str, Any]]:
    rows = Result.objects.filter(program=request.program, state="entered", is_void=False).exclude(entered_by=request.person)
    rows = rows.select_related("test__criterion__method", "test__sample__lot", "entered_by", "program", "computed").order_by("passes", "test__sample__code")[:MOST]
    found = []
    for result in rows:
        readings = [r for r in result.test.readings.all() if r.round == result.round and not r.is_void]
        corrected = [r for r in readings if r.version > 1]
        found.append({"result": result, "readings": readings, "corrected": corrected, "unusual": bool(corrected) or not result.passes or result.round > 0})
    return sorted(found, key=lambda row: not row["unusual"])


def verify(request: PageRequest, program: str) -> HttpResponse:
    """Show what colleagues entered, the unusual on top; verify many by one signature, or return with a reason."""
    refused = None
    if request.method == "POST":
        refused = steps.attempt(lambda: _step(request))
        if refused is None:
            return HttpResponseRedirect(request.path)
    rows = _waiting(request)
    chosen = [row["result"] for row in rows]
    contents = {
        "rows": rows, "refused": refused, "preview": steps.to_sign(request, "quality.verify_results", chosen, button="Verify what is chosen"),
        "may_return": authority.may(request.person, "quality.return_results", request.program.id if request.program else None),
    }  # fmt: skip
    return render(request, "quality/verify.html", contents, status=refused.status if refused else 200)


def _step(request: PageRequest) -> None:
    keys = request.POST.getlist("result")
    chosen = list(Result.objects.filter(program=request.program, pk__in=keys, is_void=False).select_related("test__criterion", "test__sample__lot", "entered_by"))
    if not chosen:
        raise Invalid("nothing is chosen", errors={"result": "choose at least one result"})
    if request.POST.get("step") == "return":
        testing.return_results(request.person, chosen, reason=request.POST.get("reason", ""))
        messages.success(request, f"{len(chosen)} results are returned to the analyst.")
        return
    shown = seen_from(request.POST)
    if changed := [r for r in chosen if shown.get(r.pk, r.version) != r.version]:
        raise Invalid("a result was changed since it was shown", given=", ".join(map(str, changed)), next="Look at it again; nothing was signed")
    testing.verify_results(request.person, chosen, credentials=steps.credentials(request))
    messages.success(request, f"{len(chosen)} results are verified.")


def result(request: PageRequest, program: str, key: UUID) -> HttpResponse:
    """Show one result from the raw reading to the signature; its analyst corrects a reading here."""
    found = Result.objects.filter(program=request.program, pk=key).select_related(
        "test__criterion__method", "test__criterion__specification", "test__sample__lot", "entered_by", "verified_by", "computed", "program"
    ).first()  # fmt: skip
    if found is None:
        raise NotFound("there is no such result")
    refused = None
    if request.method == "POST":
        refused = steps.attempt(lambda: _correct(request, found))
        if refused is None:
            messages.success(request, "Corrected; the value before stays readable.")
            return HttpResponseRedirect(request.path)
        found.refresh_from_db()
    readings = list(found.test.readings.filter(round=found.round, is_void=False).select_related("worksheet__instrument", "file").order_by("replicate"))
    if request.GET.get("format") == "json":
        return JsonResponse({"id": str(found.pk), "calculated": found.calculated, "rounded": found.rounded, "limit": found.limit, "passes": found.passes,
                             "readings": [{"name": r.name, "value": r.value, "version": r.version} for r in readings]})  # fmt: skip
    entries = list(Entry.objects.filter(record_id=found.pk).order_by("version"))
    may_correct = found.state in ("entered", "returned") and authority.may(request.person, "quality.correct_reading", found.program_id)
    others = found.test.results.filter(is_void=False).exclude(pk=found.pk).select_related("test__criterion", "program").order_by("round", "replicate")
    contents = {
        "record": found, "readings": readings, "signatures": signatures_of(found), "lines": history(entries), "stale": stale_causes([found.pk]), "others": others,
        "may_correct": may_correct, "refused": refused, "investigations": found.test.investigations.filter(is_void=False).select_related("program"),
    }  # fmt: skip
    return render(request, "quality/result.html", contents, status=refused.status if refused else 200)


def _correct(request: PageRequest, found: Result) -> None:
    reading = Reading.objects.filter(program=request.program, pk=request.POST.get("reading") or None, test=found.test).first()
    if reading is None:
        raise NotFound("there is no such reading")
    testing.correct_reading(request.person, reading, value=request.POST.get("value", ""), reason=request.POST.get("reason", ""))


urlpatterns = [
    path("verify/", verify, name="verify"),
    path("results/<uuid:key>/", result, name="result"),
]
PAGES = {
    "quality:verify": Page("quality.view", FORM),
    "quality:result": Page("quality.view", FORM),
}
NAV = [("quality:verify", "Verify")]
