"""Results, for the reviewer: raw data, calculation, verdict and what is unusual on one page; one signature for the series."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import ngettext

from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.ledger.thread import stale_causes
from crdmo.foundation.refusals import Conflict, Invalid, NotFound
from crdmo.foundation.signing import seen_from, signatures_of
from crdmo.web import steps
from crdmo.web.door import FORM, Page
from crdmo.web.fields import reason_from
from crdmo.web.links import page_of
from crdmo.web.pages.trails import history
from crdmo.web.request import PageRequest
from crdmo.web.tables import Column, Table

from .. import queries
from ..models import Reading, Result
from ..workflow import testing

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


RESULTS = Table(
    "results",
    "Results",
    (
        Column("test", "Test", "test.criterion.name", kind="record"),
        Column("lot", "Lot", "test.sample.lot.code", kind="id"),
        Column("sample", "Sample", "test.sample.code", kind="id"),
        Column("of", "Of", lambda r: f"retest {r.round}" if r.round else "original"),
        Column("calculated", "Calculated", hidden=True),
        Column("rounded", "Result", kind="number", unit_at="unit"),
        Column("limit", "Limit"),
        Column("passes", "Verdict", kind="verdict"),
        Column("state", "State", kind="state", sort="state"),
        Column("entered_by", "Entered by", hidden=True),
        Column("verified_by", "Verified by", hidden=True),
        Column("entry", "Entry", sort="entry", hidden=True),
    ),
    sort="-entry",
    tone=lambda r: "bad" if r.fails else "",
    empty=("No result here", "Results are entered on a worksheet."),
)
ASKED = {"lot": "test__sample__lot__code", "test": "test__criterion__name", "state": "state"}


def results(request: PageRequest, program: str) -> HttpResponse:
    """List results, the latest first, of a lot, a test or a state if asked; the same address gives every format."""
    rows = Result.objects.filter(program=request.program, is_void=False)
    asked = {name: request.GET.get(name, "").strip() for name in ASKED}
    rows = rows.filter(**{ASKED[name]: value for name, value in asked.items() if value})
    rows = rows.select_related("test__criterion", "test__sample__lot", "entered_by", "verified_by", "program")
    return RESULTS.answer(request, rows, "quality/results.html", {"asked": asked, "states": Result.State.choices})


def verify(request: PageRequest, program: str) -> HttpResponse:
    """Show what colleagues entered, the unusual on top; verify many by one signature, or return with a reason."""
    assert request.program is not None
    refused = None
    if request.method == "POST":
        refused = steps.attempt(lambda: _step(request))
        if refused is None:
            return HttpResponseRedirect(request.path)
    rounds = queries.waiting_rounds(request.program, request.person, MOST)
    waiting = [result for one in rounds for result in one.results]
    contents = {
        "rounds": rounds,
        "chosen": set(request.POST.getlist("round")),
        "refused": refused,
        "more": len(waiting) >= MOST,
        "preview": steps.to_sign(request, "quality.verify_results", waiting[:1], button="Verify what is chosen"),
        "may_return": steps.may(request, "quality.return_results"),
    }
    return render(request, "quality/verify.html", contents, status=refused.status if refused else 200)


def _step(request: PageRequest) -> None:
    assert request.program is not None
    chosen = queries.chosen_results(request.program, request.POST.getlist("round"))
    if not chosen:
        raise Invalid("nothing is chosen", errors={"results": "choose at least one"})
    count = len(chosen)
    if request.POST.get("step") == "return":
        testing.return_results(request.person, chosen, reason=request.POST.get("reason", ""))
        messages.success(
            request,
            ngettext("%d result goes back to the analyst.", "%d results go back to their analysts.", count) % count,
        )
        return
    testing.verify_results(request.person, chosen, credentials=steps.credentials(request), seen=seen_from(request.POST))
    failed = sorted({str(result.test) for result in chosen if result.fails})
    messages.success(
        request,
        ngettext("%d result is verified.", "%d results are verified.", count) % count
        + (f" Under investigation: {', '.join(failed)}." if failed else ""),
    )


def result(request: PageRequest, program: str, key: UUID) -> HttpResponse:
    """Show one result from the raw reading to the signature; its analyst corrects a reading here."""
    found = (
        Result.objects.filter(program=request.program, pk=key)
        .select_related(
            "test__criterion__method",
            "test__criterion__specification__program",
            "test__sample__lot__program",
            "test__sample__program",
            "entered_by",
            "verified_by",
            "computed",
            "program",
        )
        .first()
    )
    if found is None:
        raise NotFound("there is no such result")
    refused = None
    if request.method == "POST":
        refused = steps.attempt(lambda: _change(request, found))
        if refused is None:
            return HttpResponseRedirect(request.path)
        found.refresh_from_db()
    readings = list(
        found.test.readings.filter(round=found.round, is_void=False)
        .select_related("worksheet__instrument", "worksheet__program", "file")
        .order_by("replicate")
    )
    if request.GET.get("format") == "json":
        return JsonResponse(
            {
                "id": str(found.pk),
                "calculated": found.calculated,
                "rounded": found.rounded,
                "unit": found.unit,
                "limit": found.limit,
                "passes": found.passes,
                "state": found.state,
                "round": found.round,
                "version": found.version,
                "entry": found.entry,
                "readings": [{"name": r.name, "value": r.value, "version": r.version} for r in readings],
            }
        )
    entries = list(Entry.objects.filter(record_id=found.pk).order_by("version"))
    others = (
        found.test.results.filter(is_void=False)
        .exclude(pk=found.pk)
        .select_related("program")
        .order_by("round", "replicate")
    )
    is_stale = stale_causes([found.pk])
    contents = {
        "record": found,
        "readings": readings,
        "earlier": queries.earlier_values(readings),
        "signatures": signatures_of(found),
        "lines": history(entries),
        "stale": is_stale,
        "others": others,
        "refused": refused,
        "investigations": found.test.investigations.filter(is_void=False).select_related("program"),
        "may_correct": found.state in ("entered", "returned") and steps.may(request, "quality.correct_reading"),
        "may_renew": bool(is_stale)
        and found.test.state in ("entered", "verified")
        and steps.may(request, "quality.recalculate"),
        "steps": found.computed.output.get("reasons", []) if found.computed else [],
    }
    return render(request, "quality/result.html", contents, status=refused.status if refused else 200)


def _change(request: PageRequest, found: Result) -> None:
    """Correct a reading, or calculate the test anew because what it stands on was changed."""
    if request.POST.get("step") == "renew":
        testing.recalculate(request.person, found.test, reason=request.POST.get("reason", ""))
        messages.success(request, "Calculated anew; a colleague verifies it again.")
        return
    given = request.POST.get("reading", "")
    reading = next(
        (
            r
            for r in found.test.readings.filter(is_void=False, round=found.round).select_related(
                "worksheet__method", "test__criterion"
            )
            if str(r.pk) == given
        ),
        None,
    )
    if reading is None:
        raise Invalid("choose the reading to correct", errors={"reading": "not one of this result"})
    seen = request.POST.get("version", "")
    if seen.isdigit() and int(seen) != found.version:
        raise Conflict(
            f"{found} was changed since it was shown",
            given=f"version {seen}",
            allowed=f"version {found.version}",
            next="Look at it again",
        )
    testing.correct_reading(
        request.person, reading, value=request.POST.get("value", ""), reason=reason_from(request.POST)
    )
    messages.success(request, "Corrected; the value before stays readable.")


urlpatterns = [
    path("verify/", verify, name="verify"),
    path("results/", results, name="results"),
    path("results/<uuid:key>/", result, name="result"),
]
PAGES = {
    "quality:verify": Page("quality.view", FORM),
    "quality:results": Page("quality.view"),
    "quality:result": Page("quality.view", FORM),
}
NAV = [("quality:verify", "Verify"), ("quality:results", "Results")]
