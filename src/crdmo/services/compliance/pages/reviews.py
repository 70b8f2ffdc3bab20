"""The review of the audit trail, for QA and the qualified person: by exception, without a gap, signed."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path, reverse

from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.refusals import Invalid, NotFound
from crdmo.foundation.signing import credentials_from, signatures_of_many
from crdmo.web.accounts.forms import StepForm
from crdmo.web.door import FORM, Page
from crdmo.web.links import page_of
from crdmo.web.pages import trails
from crdmo.web.request import PageRequest
from crdmo.web.steps import may

from ..models import PeriodicReview
from ..workflow import reviews as workflow
from . import steps
from .steps import at

SCOPES = PeriodicReview.Scope


@page_of("compliance.periodicreview")
def address(record: PeriodicReview) -> str:
    """Return the address of a review; that of the house is read from any program, so its record is shown."""
    if record.program is None:
        return f"/record/{record.pk}/"
    return reverse("compliance:review", kwargs={"program": record.program.code, "code": record.code})


def _rows(request: PageRequest, *, house: bool) -> Any:
    assert request.program is not None
    chains = [str(request.program.pk), *([str(request.program.partner_id)] if house else [])]
    return PeriodicReview.objects.filter(chain__in=chains, is_void=False).select_related("program", "reviewer")


def _sees_house(request: PageRequest) -> bool:
    """Say whether the chain of the house is the person's own: no sponsor reads it."""
    assert request.program is not None
    return request.person.organization_id == request.program.partner_id


def review_list(request: PageRequest, program: str) -> HttpResponse:
    """List the reviews, and what has come since the last of each chain."""
    assert request.program is not None
    house = _sees_house(request)
    reviews = may(request, "compliance.review_audit_trail")
    standing = []
    for scope, words in SCOPES.choices:
        if scope == SCOPES.HOUSE and not house:
            continue
        last = workflow.last_review(request.program, scope)
        chain = str(workflow.chain_of(request.program, scope))
        entries = Entry.objects.filter(stream=chain, seq__gt=last.up_to_entry if last else 0).count()
        url = f"{at(request, 'review_new')}?scope={scope}" if reviews and entries else ""
        standing.append({"words": words, "last": last, "entries": entries, "url": url})
    rows = [(one, at(request, "review", code=one.code)) for one in _rows(request, house=house).order_by("-entry")[:100]]
    return render(request, "compliance/reviews.html", {"standing": standing, "rows": rows})


class ReviewForm(StepForm):
    """What is concluded; beside it the page asks for a remark on each line."""

    conclusion = steps.text("Conclusion")
    up_to = django_forms.IntegerField(widget=django_forms.HiddenInput)


def review_new(request: PageRequest, program: str) -> HttpResponse:
    """Show what is exceptional since the last review; sign that each line was looked at."""
    assert request.program is not None
    here, scope = request.program, request.GET.get("scope", SCOPES.PROGRAM)
    if scope == SCOPES.HOUSE and not _sees_house(request):
        raise NotFound("there is no such trail", given=scope)
    form = ReviewForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = form.attempt(lambda: _sign(request, scope, form.cleaned_data))
        if made is not None:
            return steps.onward(request, f"{made} are reviewed.", at(request, "review", code=made.code))
    shown = workflow.stretch(here, scope)
    ticked = request.POST.getlist("looked")
    lines = [
        {
            "one": one,
            "type": trails.type_label(one.line.type),
            "remark": request.POST.get(f"remark_{one.line.seq}", ""),
            "ticked": str(one.line.seq) in ticked,
            "own": one.line.actor == request.person.actor_id,
        }
        for one in shown.exceptional
    ]
    contents = {
        "form": form,
        "scope": SCOPES(scope).label if scope in SCOPES.values else scope,
        "shown": shown,
        "lines": lines,
        "preview": steps.asks(request),
    }
    return render(request, "compliance/review_new.html", contents, status=form.status)


def _sign(request: PageRequest, scope: str, given: Any) -> PeriodicReview:
    assert request.program is not None
    looked = request.POST.getlist("looked")
    if not all(one.isdigit() for one in looked):
        raise Invalid("an entry is a number", errors={"looked": "as the page gives them"})
    return workflow.review_audit_trail(
        request.person,
        request.program,
        scope=scope,
        up_to=given["up_to"],
        looked_at={int(one): request.POST.get(f"remark_{one}", "")[:1000] for one in looked},
        conclusion=given["conclusion"],
        credentials=credentials_from(request.POST, request.session.session_key),
    )


def review(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show a signed review with what was looked at."""
    found = _rows(request, house=_sees_house(request)).filter(code=code).order_by("-entry").first()
    if found is None:
        raise NotFound("there is no such review", given=code)
    contents = {"record": found, "signatures": signatures_of_many([found])[found.pk]}
    return render(request, "compliance/review.html", contents)


urlpatterns = [
    path("reviews/", review_list, name="reviews"),
    path("reviews/new/", review_new, name="review_new"),
    path("reviews/<str:code>/", review, name="review"),
]
PAGES = {
    "compliance:reviews": Page("compliance.view"),
    "compliance:review_new": Page("compliance.review_audit_trail", FORM),
    "compliance:review": Page("compliance.view"),
}
NAV = [("compliance:reviews", "Audit-trail review")]
