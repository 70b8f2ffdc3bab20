"""Compounds: the list with drawings and search by structure, and a compound with its forms, lots and curves."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path

from crdmo.foundation.refusals import Invalid, Refused
from crdmo.web.door import Page
from crdmo.web.links import page_of
from crdmo.web.request import PageRequest
from crdmo.web.steps import may

from .. import figures, queries
from ..models import Compound, CompoundLot, Form, Nomination
from ..potency import shown
from ..search import LEAST_SIMILAR, Found, by_text, search
from ..workflow.candidates import judge
from .shared import at, here, of

SHOWN = 60


@page_of("discovery.compound")
def address(record: Compound) -> str:
    """Return the address of a compound."""
    return of(record, "compound", record.code)


@page_of("discovery.form")
def form_address(record: Form) -> str:
    """Return the address of a form: its compound."""
    return address(record.compound)


@page_of("discovery.compoundlot")
def lot_address(record: CompoundLot) -> str:
    """Return the address of a lot: its compound."""
    return address(record.form.compound)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise Invalid("this is no similarity", errors={"least": "0 to 1"}, given=text, allowed="0 to 1") from error


def compounds(request: PageRequest, program: str) -> HttpResponse:
    """List compounds with drawings; search by number or name, or by structure."""
    asked, how = request.GET.get("q", "").strip()[:500], request.GET.get("how", "text")
    least = request.GET.get("least", "").strip()[:20] or str(LEAST_SIMILAR)
    refused: Refused | None = None
    found = Found([])
    try:
        found = (
            search(request.program, asked, how, least=_number(least))
            if asked and how != "text"
            else by_text(request.program, asked)
        )
    except Refused as error:
        refused = error
    cards = [
        {
            "compound": hit.compound,
            "similarity": hit.similarity,
            "drawing": figures.structure(here(request), hit.compound.smiles),
        }
        for hit in found.hits[:SHOWN]
    ]
    contents = {
        "cards": cards, "count": len(found.hits), "found": found, "least": least, "shown": SHOWN, "asked": asked, "how": how,
        "refused": refused,
        "ways": (("text", "Number or name"), ("exact", "Same structure"), ("substructure", "Substructure (SMARTS)"),
                 ("similar", "Similar structure")),
        "bring": at(request, "bring") if may(request, "discovery.bring_structures") else "",
    }  # fmt: skip
    return render(request, "discovery/compounds.html", contents, status=refused.status if refused else 200)


def compound(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show a compound: who it is and why, its forms and lots, its potencies and curves, the target profile."""
    found = queries.find_compound(request.program, code)
    made = found.computed.output
    potencies = (
        found.potencies.filter(is_void=False).select_related("computed", "assay", "program").order_by("assay__code")
    )
    contents: dict[str, Any] = {
        "record": found,
        "drawing": figures.structure(here(request), found.smiles, 360, 240),
        "made": made,
        "forms": found.forms.filter(is_void=False).prefetch_related("lots").order_by("code"),
        "variants": found.variants.filter(is_void=False).select_related("program").order_by("code"),
        "potencies": [{"record": one, "shown": shown(one.computed.output)} for one in potencies],
        "curves": [{"record": one, "thumbnail": figures.thumbnail(one)} for one in queries.curves_of(found)[:SHOWN]],
        "profile": judge(found),
        "nominations": Nomination.objects.filter(
            program=here(request), form__compound=found, is_void=False
        ).select_related("program"),
        "propose": at(request, "propose", code=found.code) if may(request, "discovery.propose_candidate") else "",
    }
    return render(request, "discovery/compound.html", contents)


urlpatterns = [
    path("compounds/", compounds, name="compounds"),
    path("compounds/<str:code>/", compound, name="compound"),
]
PAGES = {"discovery:compounds": Page("discovery.view"), "discovery:compound": Page("discovery.view")}
NAV = [("discovery:compounds", "Compounds")]
