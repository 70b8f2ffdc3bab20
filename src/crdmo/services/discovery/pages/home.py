"""The room's first page: what waits, and where the program stands."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path

from crdmo.common.work import waiting
from crdmo.web.door import Page
from crdmo.web.pages.desk import grouped
from crdmo.web.request import PageRequest
from crdmo.web.steps import may

from ..models import Assay, Compound, Nomination, Run
from .shared import at, here


def home(request: PageRequest, program: str) -> HttpResponse:
    """Show what waits for this person, and how far discovery is."""
    items = waiting(request.person, [here(request)], room="discovery")
    told = {"program": request.program, "is_void": False}
    cards = [
        {"label": "compounds", "value": Compound.objects.filter(**told).count(), "url": at(request, "compounds")},
        {"label": "assays", "value": Assay.objects.filter(**told).count(), "url": at(request, "assays")},
        {"label": "runs accepted", "value": Run.objects.filter(state=Run.State.ACCEPTED, **told).count()},
        {"label": "candidates", "value": Nomination.objects.filter(**told).count(), "url": at(request, "candidates")},
    ]
    contents = {
        "groups": grouped(items),
        "count": len(items),
        "cards": cards,
        "bring": at(request, "bring") if may(request, "discovery.bring_structures") else "",
        "has_compounds": bool(cards[0]["value"]),
    }
    return render(request, "discovery/home.html", contents)


urlpatterns = [path("", home, name="home")]
PAGES = {"discovery:home": Page("discovery.view")}
NAV: list[tuple[str, str]] = []
