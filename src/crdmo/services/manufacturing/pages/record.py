"""A batch record: how far it is, what was recorded, its review by exception with the whole trail one click away."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import path

from crdmo.foundation.refusals import NotFound
from crdmo.foundation.signing import signatures_of, signatures_of_many
from crdmo.web import steps
from crdmo.web.accounts.forms import StepForm
from crdmo.web.door import FORM, Page
from crdmo.web.fields import ReasonField
from crdmo.web.pages import trails
from crdmo.web.request import PageRequest

from .. import exports, queries
from ..models import Batch, BatchException, ValueRecord
from ..progress import OPEN, Progress, progress
from ..trail import exceptions_of, in_range, last_entry
from ..workflow import exceptions, floor, review
from .batches import address

TABS = (("overview", "Batch record"), ("review", "Review by exception"), ("trail", "Whole trail"))


def batch(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show a batch record; exceptions are explained here, QA asks back and signs the review."""
    found, refused = queries.find_batch(request.program, code), None
    if request.method == "POST":
        refused = steps.attempt(lambda: _step(request, found))
        if refused is None:
            return HttpResponseRedirect(f"{request.path}?{request.GET.urlencode()}" if request.GET else request.path)
        found.refresh_from_db()
    if request.GET.get("format") == "json":
        return JsonResponse(exports.batch_record(found))
    tab, stand = request.GET.get("tab", "overview"), progress(found)
    contents: dict[str, Any] = {
        "record": found,
        "found": stand,
        "tab": tab,
        "tabs": TABS,
        "refused": refused,
        "signatures": signatures_of(found),
        "given": request.POST,
        "may": _may(request, found, stand),
        **_tab(request, tab, found, stand),
    }
    return render(request, "manufacturing/batch.html", contents, status=refused.status if refused else 200)


def _tab(request: PageRequest, tab: str, found: Batch, stand: Progress) -> dict[str, Any]:
    if tab == "trail":
        return {"lines": [trails.line(entry) for entry in queries.trail_of(found)]}
    if tab != "review":
        return {}
    reviews = list(found.reviews.filter(is_void=False).select_related("reviewer").order_by("-entry"))
    signatures = signatures_of_many(reviews)
    ready = found.state == Batch.State.COMPLETED and not stand.open_exceptions and not stand.to_check
    return {
        "exceptions": exceptions_of(found),
        "in_range": in_range(stand),
        "reviews": [{"review": one, "signatures": signatures[one.pk]} for one in reviews],
        "to_review": steps.to_sign(
            request, "manufacturing.review_batch", [found], ready=ready, button=f"Sign the review of {found}"
        ),
        "reached": last_entry(found),
    }


def _may(request: PageRequest, found: Batch, stand: Progress) -> dict[str, bool]:
    unreviewed = found.state in (*OPEN, Batch.State.COMPLETED)
    untouched = not any(line.dispensings for line in stand.materials)
    return {
        "go_on": steps.may(request, "manufacturing.perform_step") and bool(stand.stage or stand.to_check),
        "explain": steps.may(request, "manufacturing.explain_exception") and unreviewed,
        "ask_back": steps.may(request, "manufacturing.ask_back") and unreviewed,
        "correct": steps.may(request, "manufacturing.correct_value") and unreviewed,
        "void": steps.may(request, "manufacturing.void_dispensing")
        and found.state in OPEN
        and not any(line.record for line in stand.steps),
        "cancel": steps.may(request, "manufacturing.cancel_batch") and found.state in OPEN and untouched,
    }


def _step(request: PageRequest, found: Batch) -> None:
    """Do what a form of the page asks for.

    Raises:
        NotFound: there is no such step or exception.
    """
    step, text = request.POST.get("step", ""), request.POST.get("text", "")
    if step in ("explain", "ask_back"):
        one = BatchException.objects.filter(batch=found, code=request.POST.get("exception", "")).first()
        if one is None:
            raise NotFound("there is no such exception", given=request.POST.get("exception", ""))
        if step == "explain":
            exceptions.explain_exception(request.person, one, explanation=text)
        else:
            exceptions.ask_back(request.person, one, question=text)
        messages.success(request, f"{one} is {'explained' if step == 'explain' else 'open again'}.")
    elif step == "review":
        shown = request.POST.get("up_to", "")
        review.review_batch(
            request.person,
            found,
            conclusion=request.POST.get("conclusion", ""),
            credentials=steps.credentials(request),
            seen=int(shown) if shown.isdigit() else None,
        )
        messages.success(request, f"The review of {found} is signed.")
    else:
        raise NotFound("there is no such step", given=step, allowed="explain, ask_back, review")


class CorrectForm(StepForm):
    """A corrected value, and why."""

    new = steps.text_field(
        "Value as it should be", "It is judged again; the old one stays in the trail.", classes="short"
    )
    reason = ReasonField("quality.reading")


def correct(request: PageRequest, program: str, code: str, key: str) -> HttpResponse:
    """Correct a recorded value, with a reason, by signature."""
    found = queries.find_batch(request.program, code)
    value = (
        ValueRecord.objects.filter(record__batch=found, pk=key, is_void=False)
        .select_related("record__batch__program", "record__step", "asked")
        .first()
    )
    if value is None:
        raise NotFound("there is no such value", given=str(key))
    form = CorrectForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        done = form.attempt(
            lambda: floor.correct_value(
                request.person, value, new=given["new"], credentials=steps.credentials(request), reason=given["reason"]
            )
        )
        if done is not None:
            messages.success(request, f"{value.asked.name} is corrected.")
            return HttpResponseRedirect(address(found))
    contents = {
        "form": form,
        "title": f"Correct {value.asked.name} of batch {found}",
        "verb": "Correct the value",
        "hint": f"Recorded: {value.value} {value.unit}, limit {value.limit}.",
        "back_url": address(found),
        "preview": steps.to_sign(request, "manufacturing.correct_value", [value]),
    }
    return render(request, "manufacturing/form.html", contents, status=form.status)


class VoidForm(StepForm):
    """Why a weighing is void."""

    reason = steps.text_field("Reason", "It stands in the trail with your name.", long=True)


def void(request: PageRequest, program: str, code: str, key: str) -> HttpResponse:
    """Void a weighing before the first step; the material goes back to its container."""
    found = queries.find_batch(request.program, code)
    weighed = (
        found.dispensings.filter(pk=key, is_void=False).select_related("container", "flow__from_container").first()
    )
    if weighed is None:
        raise NotFound("there is no such weighing", given=str(key))
    form = VoidForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        done = form.attempt(lambda: floor.void_dispensing(request.person, weighed, reason=form.cleaned_data["reason"]))
        if done is not None:
            messages.success(request, f"The weighing is void; the material is in {weighed.container} again.")
            return HttpResponseRedirect(address(found))
    contents = {"form": form, "title": f"Void the weighing of {weighed}", "verb": "Void it", "back_url": address(found)}
    return render(request, "manufacturing/form.html", contents, status=form.status)


urlpatterns = [
    path("batches/<str:code>/", batch, name="batch"),
    path("batches/<str:code>/values/<uuid:key>/correct/", correct, name="value_correct"),
    path("batches/<str:code>/weighings/<uuid:key>/void/", void, name="dispensing_void"),
]
PAGES = {
    "manufacturing:batch": Page("manufacturing.view", FORM),
    "manufacturing:value_correct": Page("manufacturing.correct_value", FORM),
    "manufacturing:dispensing_void": Page("manufacturing.void_dispensing", FORM),
}
