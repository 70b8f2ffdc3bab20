"""The protocol: its design as it stands, its versions and signatures, a draft entered as lines, an amendment."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path

from crdmo.common.studies.models import Activity, Arm, Epoch, ProtocolVersion, ScheduledActivity, Visit
from crdmo.common.studies.queries import changes_of, in_force, latest_protocol, protocol_in_force
from crdmo.foundation.documents.markdown import blocks
from crdmo.foundation.signing import Meaning, signatures_of
from crdmo.web.accounts.forms import StepForm
from crdmo.web.door import FORM, Page
from crdmo.web.request import PageRequest
from crdmo.web.stepping import Given, Signed, Step, page
from crdmo.web.steps import may

from ..lines import COLUMNS, design_of_lines, lines_of_design
from ..workflow import protocols as workflow
from .frame import at, find, frame, prose, protocol_address


class ReasonForm(StepForm):
    """Why."""

    reason = prose("Reason")


def _steps(request: PageRequest, version: ProtocolVersion | None) -> list[Step]:
    if version is None:
        return []
    who, have = request.person, {m.meaning for m in signatures_of(version) if m.holds}
    mine = version.study.lead_id == who.pk
    offered = version.state == "final"

    def signing(verb: Any) -> Any:
        def do(given: Given, signed: Signed) -> None:
            verb(who, version, credentials=signed.credentials, seen=signed.seen)

        return do

    return [
        Step(
            "offer",
            "Offer for signature",
            "preclinical.offer_protocol",
            lambda given, _: workflow.offer_protocol(who, version),
            ready=version.state == "draft" and mine,
            done="The protocol is frozen; quality assurance reviews it.",
        ),
        Step(
            "review",
            "Sign the GLP review",
            "preclinical.review_protocol",
            signing(workflow.review_protocol),
            ready=offered and Meaning.REVIEWED not in have,
            signs=version,
            done="The review is signed.",
        ),
        Step(
            "sign",
            "Sign as study director",
            "preclinical.sign_protocol",
            signing(workflow.sign_protocol),
            ready=offered and mine and Meaning.REVIEWED in have and Meaning.AUTHORED not in have,
            signs=version,
            done="The protocol is signed; management approves it.",
        ),
        Step(
            "approve",
            "Approve for the facility",
            "preclinical.approve_protocol",
            signing(workflow.approve_protocol),
            ready=offered and Meaning.AUTHORED in have,
            signs=version,
            done="The protocol is in force.",
        ),
        Step(
            "discard",
            "Discard this draft",
            "preclinical.discard_protocol",
            lambda given, _: workflow.discard_protocol(who, version, reason=given["reason"]),
            ReasonForm,
            ready=version.state in ("draft", "final") and mine,
            done="The draft is void.",
        ),
    ]


def protocol(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show the protocol as it stands, or the version that is on its way, with its signatures."""
    found = find(request, code)

    def contents() -> dict[str, Any]:
        version = latest_protocol(found)
        visits = in_force(found, Visit, version) if version else []
        marked = (
            {(m.visit_id, m.activity_id) for m in in_force(found, ScheduledActivity, version)} if version else set()
        )
        mine = found.lead_id == request.person.pk and not found.is_imported
        drafts = version is None and may(request, "preclinical.draft_protocol") and mine
        amends = version is not None and version.state == "effective" and may(request, "preclinical.amend_protocol")
        return {
            **frame(request, found, "protocol"),
            "version": version,
            "arms": in_force(found, Arm, version) if version else [],
            "visits": visits,
            "rows": [
                {"activity": one, "cells": [(visit.id, one.id) in marked for visit in visits]}
                for one in (in_force(found, Activity, version) if version else [])
            ],
            "changes": [
                {**one, "words": one.get("name") or f"{one['activity']} at {one['visit']}"}
                for one in ((version.changes or changes_of(version)) if version and version.is_amendment else [])
            ],
            "blocks": blocks(version.text) if version else [],
            "versions": found.protocols.filter(is_void=False).order_by("-number"),
            "signatures": signatures_of(version) if version else [],
            "draft_url": at(request, "protocol_draft", found)
            if drafts or (amends and mine and found.state in ("active", "completed"))
            else "",
            "draft_word": "Draft the protocol" if drafts else "Draft an amendment",
        }

    return page(request, lambda: _steps(request, latest_protocol(found)), "preclinical/protocol.html", contents)


class DraftForm(StepForm):
    """The text of a protocol or an amendment."""

    text = prose(
        "Text of the protocol", "Purpose, methods, statistics, records to be kept: 21 CFR 58.120. Markdown.", rows=8
    )
    retire = prose("Days that end", "Codes of days that this amendment takes out, such as D15.", required=False, rows=1)
    reason = prose("Reason of the amendment", required=False)


def draft(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Draft the protocol, or an amendment of the one in force."""
    found = find(request, code)
    stands = protocol_in_force(found)
    form = DraftForm(request.POST or None, initial={"text": stands.text if stands else ""})
    if stands is None:
        del form.fields["retire"], form.fields["reason"]
    posted = [
        dict(zip(COLUMNS, row, strict=True))
        for row in zip(*(request.POST.getlist(f"line_{name}") for name in COLUMNS), strict=False)
    ]
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data

        def do() -> ProtocolVersion:
            design = design_of_lines(posted)
            if stands is None:
                return workflow.draft_protocol(request.person, found, text=given["text"], **design)
            return workflow.amend_protocol(
                request.person,
                found,
                text=given["text"],
                retire=given["retire"].replace(",", " ").split(),
                reason=given["reason"],
                **design,
            )

        made = form.attempt(do)
        if made is not None:
            messages.success(request, f"{made} is drafted. Look at it, then offer it for signature.")
            return HttpResponseRedirect(protocol_address(made))
    rows = posted or lines_of_design() if stands is None else posted
    rows = [row for row in rows if any(str(value).strip() for value in row.values())]
    contents = {
        **frame(request, found, "protocol"),
        "form": form,
        "columns": COLUMNS,
        "rows": [*rows, *({name: "" for name in COLUMNS} for _ in range(6))],
        "amends": stands,
        "back": at(request, "protocol", found),
        "epochs": in_force(found, Epoch) if stands else [],
    }
    return render(request, "preclinical/protocol_draft.html", contents, status=form.status)


urlpatterns = [
    path("studies/<str:code>/protocol/", protocol, name="protocol"),
    path("studies/<str:code>/protocol/draft/", draft, name="protocol_draft"),
]
PAGES = {
    "preclinical:protocol": Page("preclinical.view", FORM),
    "preclinical:protocol_draft": Page(("preclinical.draft_protocol", "preclinical.amend_protocol"), FORM),
}
