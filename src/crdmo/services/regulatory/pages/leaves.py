"""A leaf, for whoever asks where it comes from: its document, its bytes, what it replaced, and why it is stale."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import path, reverse

from crdmo.foundation.datasets import store
from crdmo.foundation.refusals import NotFound
from crdmo.foundation.signing import signatures_of
from crdmo.standards import ectd
from crdmo.web.door import FORM, Page
from crdmo.web.links import page_of
from crdmo.web.request import PageRequest
from crdmo.web.stepping import Step, page

from .. import forms, queries, staleness
from ..models import Leaf
from ..workflow import leaves
from .applications import sequence_address
from .shared import at, file

LABELS = {"product-name": "Product", "dosageform": "Dosage form"}


@page_of("regulatory.leaf")
def address(record: Leaf) -> str:
    """Return the address of a leaf's page."""
    assert record.program is not None
    return reverse("regulatory:leaf", kwargs={"program": record.program.code, "key": record.pk})


def _steps(request: PageRequest, found: Leaf, why: list[str]) -> list[Step]:
    who, is_open = request.person, found.sequence.is_open and not found.is_void
    stale = bool(staleness.open_reasons(found, why))
    return [
        Step("renew", "Renew with the version in force", "regulatory.renew_leaf",
             lambda given, _: leaves.renew_leaf(who, found), ready=is_open and bool(why), done="Renewed."),
        Step("justify", "Justify", "regulatory.justify_leaf",
             lambda given, _: leaves.justify_leaf(who, found, justification=given["justification"]), forms.JustifyForm,
             ready=is_open and stale, done="Justified."),
        Step("remove", "Take it out", "regulatory.remove_leaf",
             lambda given, _: leaves.remove_leaf(who, found, reason=given["reason"]), forms.ReasonForm,
             ready=is_open, done="Taken out."),
    ]  # fmt: skip


def leaf(request: PageRequest, program: str, key: UUID) -> HttpResponse:
    """Show a leaf; what is stale is renewed or justified here."""
    found = queries.leaf(request.program, key)

    def why() -> list[str]:
        return staleness.reasons([found])[found.pk]

    def contents() -> dict[str, Any]:
        found.refresh_from_db()
        reasons = why()
        place = ectd.place_of(ectd.Region(found.sequence.application.region), found.section)
        return {
            "record": found,
            "heading": place.title,
            "sequence_url": sequence_address(found.sequence),
            "why": reasons,
            "open": staleness.open_reasons(found, reasons),
            "history": _history(found),
            "told": [(LABELS.get(name, name.capitalize()), value) for name, value in found.attributes.items()],
            "answers": found.answers.filter(is_void=False),
            "file": at(request, "leaf_file", key=found.pk) if found.blob else "",
            "signatures": signatures_of(found.document_version) if found.document_version else [],
        }

    return page(request, lambda: _steps(request, found, why()), "regulatory/leaf.html", contents)


def _history(found: Leaf) -> list[Leaf]:
    """Return what a leaf replaced or was appended to, and what changed it later, in the order of their sequences."""
    chain, here = [found], found
    while here.modifies is not None:
        here = here.modifies
        chain.insert(0, here)
    later = list(found.modified_by.filter(is_void=False).select_related("sequence__application", "program"))
    return [*chain, *sorted(later, key=lambda one: one.sequence.number)]


def leaf_file(request: PageRequest, program: str, key: UUID) -> HttpResponse:
    """Give the bytes that a leaf pins, as they are or were submitted."""
    found = queries.leaf(request.program, key)
    if not found.blob:
        raise NotFound("a deletion has no file", given=str(found))
    code = found.document_version.document.code if found.document_version else found.identifier
    return file(store.get(found.blob), f"{code}.{found.extension}")


urlpatterns = [
    path("leaves/<uuid:key>/", leaf, name="leaf"),
    path("leaves/<uuid:key>/file/", leaf_file, name="leaf_file"),
]
PAGES = {
    "regulatory:leaf": Page("regulatory.view", FORM),
    "regulatory:leaf_file": Page("regulatory.view"),
}
NAV: list[tuple[str, str]] = []
