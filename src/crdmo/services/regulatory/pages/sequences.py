"""A sequence, for the publisher who assembles it and the lead who signs it off."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path

from crdmo.foundation.datasets import read
from crdmo.foundation.refusals import NotFound
from crdmo.foundation.signing import signatures_of
from crdmo.standards.ectd.stf import FILE_TAGS
from crdmo.web.door import FORM, Page
from crdmo.web.links import page_of
from crdmo.web.request import PageRequest
from crdmo.web.step_fields import today
from crdmo.web.stepping import Step, page
from crdmo.web.steps import may

from .. import build, forms, queries, staleness
from ..models import Leaf, Sequence, Validation
from ..workflow import clocks, leaves, sequences
from .applications import sequence_address
from .shared import at, chosen, file, headings, here, standing_leaves

State = Sequence.State
page_of("regulatory.sequence")(sequence_address)


@page_of("regulatory.validation")
def validation_address(record: Validation) -> str:
    """Return the address of a validation: its sequence."""
    return sequence_address(record.sequence)


def _steps(request: PageRequest, found: Sequence) -> list[Step]:
    who = request.person

    def validate(given: Any, _: Any) -> None:
        sequences.validate_sequence(who, found)

    def sign(given: Any, signed: Any) -> None:
        sequences.sign_off(who, found, gaps=given["gaps"], credentials=signed.credentials, seen=signed.seen)

    return [
        Step("sign", "Sign off", "regulatory.sign_off", sign, forms.GapsForm, ready=found.state == State.VALIDATED,
             signs=found, done="Signed off. It can be published."),
        Step("validate", "Validate", "regulatory.validate_sequence", validate,
             ready=found.state in (State.ASSEMBLING, State.VALIDATED), done="Validated. The findings stand below."),
        Step("publish", "Publish", "regulatory.publish", lambda given, _: sequences.publish(who, found),
             ready=found.state == State.SIGNED_OFF, done="Published: the package is sealed."),
        Step("submit", "Record the dispatch", "regulatory.submit",
             lambda given, _: sequences.submit(who, found, **given), forms.SubmitForm,
             ready=found.state == State.PUBLISHED, initial={"submitted_on": today()}),
        Step("acknowledge", "Record the receipt", "regulatory.acknowledge",
             lambda given, _: sequences.acknowledge(who, found, **given), forms.ReceiptForm,
             ready=found.state == State.SUBMITTED, initial={"received_on": today()},
             choices={"procedure": [("", "No clock"), *clocks.procedures(found.application)]}),
        Step("reopen", "Reopen", "regulatory.reopen_sequence",
             lambda given, _: sequences.reopen_sequence(who, found, reason=given["reason"]), forms.ReasonForm,
             ready=found.state in (State.VALIDATED, State.SIGNED_OFF), done="Open again."),
    ]  # fmt: skip


def sequence(request: PageRequest, program: str, code: str, number: str) -> HttpResponse:
    """Show a sequence with its leaves, what the validator said, and the step that comes next."""
    found = queries.sequence(request.program, code, number)

    def contents() -> dict[str, Any]:
        found.refresh_from_db()
        held = sorted(build.leaves_of(found), key=lambda leaf: _order(leaf.section))
        why = staleness.reasons(held)
        last = queries.last_validation(found)
        gaps = sequences.missing(found) if not found.is_published else []
        return {
            "record": found,
            "application": found.application,
            "leaves": [
                {"leaf": leaf, "why": why[leaf.pk], "open": staleness.open_reasons(leaf, why[leaf.pk])} for leaf in held
            ],
            "validation": last,
            "missing": gaps,
            "place": at(request, "place", code=code, number=number)
            if found.is_open and may(request, "regulatory.place_leaf")
            else "",
            "download": at(request, "package_zip", code=code, number=number) if found.package_id else "",
            "signatures": signatures_of(found),
        }

    return page(request, lambda: _steps(request, found), "regulatory/sequence.html", contents)


def _order(section: str) -> tuple[tuple[int, str], ...]:
    return tuple((int(part) if part.isdigit() else 99, part) for part in section.split("."))


def place(request: PageRequest, program: str, code: str, number: str) -> HttpResponse:
    """Place a document: it is chosen, not typed, and its title is the document's own unless another is given."""
    found = queries.sequence(request.program, code, number)
    versions = list(queries.placeable(here(request)))
    form = forms.PlaceForm(
        request.POST or None, initial={"operation": "new", "section": request.GET.get("section", "")}
    )
    choose = ("", "Choose")
    before = standing_leaves(found.application, found.number)
    for name, rows in {
        "document": [choose, *((str(one.pk), f"{one}: {one.document.title}") for one in versions)],
        "section": headings(found.application),
        "modifies": [choose, *before],
        "file_tag": [choose, *((tag, tag.replace("-", " ")) for tag in FILE_TAGS)],
    }.items():
        form.fields[name].choices = rows  # type: ignore[attr-defined]

    def do(given: dict[str, Any]) -> Leaf:
        key = given.pop("document")
        version = next((one for one in versions if str(one.pk) == key), None)
        modifies = chosen(queries.standing(found.application, before=found.number), given.pop("modifies"))
        given["title"] = given["title"] or (
            version.document.title if version else str(modifies.title if modifies else "")
        )
        excipient = given.pop("excipient")
        attributes = {"excipient": excipient} if excipient else {}
        return leaves.place_leaf(
            request.person, found, version=version, modifies=modifies, attributes=attributes, **given
        )

    if request.method == "POST" and form.is_valid():
        made = form.attempt(lambda: do(dict(form.cleaned_data)))
        if made is not None:
            messages.success(request, f"{made}: placed.")
            return HttpResponseRedirect(sequence_address(found))
    words = {
        "title": f"Place a document in {found.number}",
        "verb": "Place",
        "back": sequence_address(found),
        "hint": "The version in force is pinned with its bytes. A later version marks the leaf as stale; it is never exchanged unseen.",
        "none": not versions,
    }
    return render(request, "regulatory/form.html", {"form": form, **words}, status=form.status)


def package_zip(request: PageRequest, program: str, code: str, number: str) -> HttpResponse:
    """Give the sealed package of a published sequence."""
    found = queries.sequence(request.program, code, number)
    if found.package is None:
        raise NotFound("this sequence is not published", given=f"{code} {number}", next="Publish it first")
    return file(read(found.package), found.package.file_name)


urlpatterns = [
    path("applications/<str:code>/<str:number>/", sequence, name="sequence"),
    path("applications/<str:code>/<str:number>/place/", place, name="place"),
    path("applications/<str:code>/<str:number>/package.zip", package_zip, name="package_zip"),
]
PAGES = {
    "regulatory:sequence": Page("regulatory.view", FORM),
    "regulatory:place": Page("regulatory.place_leaf", FORM),
    "regulatory:package_zip": Page("regulatory.view"),
}
NAV: list[tuple[str, str]] = []
