"""A bidding room for who writes proposals: what is asked, the answers to all, and the own sealed bid."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect

from crdmo.common.engagements import queries, workflow
from crdmo.common.engagements.models import Invitation, Proposal
from crdmo.foundation.refusals import Refused

from .. import stepping
from ..request import PageRequest
from ..stepping import Step
from ..steps import may
from . import forms, grids

BID = ("position", "unit_price", "quantity", "assumptions")


def bid(request: PageRequest, program: str) -> HttpResponse:
    """Show the invitation of a bidding room; its bidder prices it here."""
    assert request.program is not None
    found = queries.invitation_in(request.program)
    refused: Refused | None = None
    if request.method == "POST" and request.POST.get("step") == "bid":
        try:
            _hand_in(request, found)
            messages.success(request, "Handed in and sealed. Until the opening only your organization can read it.")
            return HttpResponseRedirect(request.path)
        except Refused as error:
            refused = error
        # The page is shown again, with what was typed.
        request.method = "GET"
    answer = stepping.page(
        request, lambda: _steps(request, found), "web/contracts/bid.html", lambda: _contents(request, found, refused)
    )
    if refused is not None:
        answer.status_code = refused.status
    return answer


def _hand_in(request: PageRequest, found: Invitation) -> None:
    rows = grids.rows(request.POST, "line", BID)
    lines = [
        {
            "position": int(row["position"]) if row["position"].isdigit() else row["position"],
            "unit_price": grids.number(row["unit_price"], f"line {row['position']}"),
            "quantity": grids.number(row["quantity"], f"line {row['position']}") if row["quantity"] else "",
            "assumptions": row["assumptions"],
        }
        for row in rows
    ]
    workflow.submit_bid(
        request.person,
        found,
        currency=request.POST.get("currency", ""),
        lines=lines,
        answers={one["key"]: request.POST.get(f"answer_{one['key']}", "") for one in found.questions},
        final=request.POST.get("final") == "yes",
    )


def _contents(request: PageRequest, found: Invitation, refused: Refused | None) -> dict[str, Any]:
    assert found.program is not None
    ours = found.program.partner_id == request.person.organization_id
    own = queries.own_bid(request.person, found) if ours else None
    typed = {row["position"]: row for row in grids.rows(request.POST, "line", BID)} if refused else {}
    sent = {str(line["position"]): line for line in own["lines"]} if own else {}
    rows = [
        {"asked": line, "given": typed.get(str(line["position"])) or sent.get(str(line["position"]), {})}
        for line in found.lines
    ]
    answers = [
        {
            **one,
            "given": request.POST.get(f"answer_{one['key']}", "") or (own or {}).get("answers", {}).get(one["key"], ""),
        }
        for one in found.questions
    ]
    envelope = queries.sealed_bid(found)
    return {
        "record": found,
        "rows": rows,
        "answers": answers,
        "ours": ours,
        "envelope": envelope,
        "own": own,
        "currencies": [found.currency, *sorted(found.rates)],
        "bid_refused": refused,
        "proposal": Proposal.objects.filter(program=found.program, is_void=False).first(),
        "clarifications": found.clarifications.filter(is_void=False).order_by("number"),
        "may_bid": ours
        and found.state == "open"
        and dt.datetime.now(dt.UTC) < found.due_at
        and may(request, "engagements.submit_bid"),
    }


def _steps(request: PageRequest, found: Invitation) -> list[Step]:
    who = request.person
    assert found.program is not None
    ready = found.state == "open" and found.program.partner_id == who.organization_id
    return [
        Step(
            "ask", "Ask the sponsor", "engagements.ask_sponsor",
            lambda given, _: workflow.ask_sponsor(who, found, text=given["text"]), forms.QuestionForm, ready=ready,
            done="Asked.",
        ),
        Step(
            "decline", "Decline", "engagements.decline_invitation",
            lambda given, _: workflow.decline_invitation(who, found, reason=given["reason"]), forms.ReasonForm,
            ready=ready, done="Declined.",
        ),
    ]  # fmt: skip
