"""Requests for the sponsor's outsourcing lead: ask, invite, answer, open, compare like with like, award, order.

Who sits here must compare what is comparable and award with a reason; what a bidder assumed otherwise stands beside the price.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from crdmo.common.engagements import queries, workflow
from crdmo.common.engagements.conditions import COUNTERS
from crdmo.common.engagements.models import Agreement, Invitation, Request
from crdmo.foundation.accounts import authority
from crdmo.foundation.accounts.models import Organization, Program
from crdmo.foundation.refusals import Invalid, NotFound, Refused
from crdmo.foundation.signing import signatures_of

from .. import stepping
from ..links import page_of
from ..request import PageRequest
from ..stepping import Step
from . import forms, grids

YES = "yes"
LINE = ("service", "description", "unit", "quantity", "assumptions", "earned_by", "pass_through")


@page_of("engagements.request")
def request_page(record: Request) -> str:
    """Return the address of a request's page."""
    return f"/requests/{record.code}/"


@page_of("engagements.invitation")
def invitation_page(record: Invitation) -> str:
    """Return the address of an invitation's page."""
    return grids.at(record.program, "bid/")


def request_list(request: PageRequest) -> HttpResponse:
    """List the requests of the own organization, and the invitations to it."""
    contents = {
        "requests": queries.requests_of(request.person.organization),
        "invitations": queries.invitations_for(request.person),
        "may_ask": authority.may(request.person, "engagements.draft_request", None, request.person.organization_id),
    }
    return render(request, "web/contracts/requests.html", contents)


def _programs(request: PageRequest) -> list[Program]:
    mine = authority.programs_of(request.person).filter(organization=request.person.organization_id)
    return list(mine.filter(is_bidding_room=False).select_related("partner"))


def request_new(request: PageRequest) -> HttpResponse:
    """Draft a request: scope lines, questions with weights, rates, deadline."""
    programs, refused = _programs(request), None
    lines = grids.rows(request.POST, "line", LINE)
    questions = grids.rows(request.POST, "question", ("text", "weight"))
    rates = grids.rows(request.POST, "rate", ("currency", "rate", "on", "source"))
    if request.method == "POST":
        try:
            made = _draft(request, programs, lines, questions, rates)
            messages.success(request, f"{made}: drafted. Invite at least one organization, then issue it.")
            return HttpResponseRedirect(request_page(made))
        except Refused as error:
            refused = error
    contents = {
        "programs": programs,
        "refused": refused,
        "given": request.POST,
        "lines": grids.filled(lines, 6),
        "questions": grids.filled(questions, 3),
        "rates": grids.filled(rates, 2),
        "counters": sorted(COUNTERS.values(), key=lambda one: one.says),
    }
    return render(request, "web/contracts/request_new.html", contents, status=refused.status if refused else 200)


def _draft(
    request: PageRequest,
    programs: list[Program],
    lines: list[dict[str, str]],
    questions: list[dict[str, str]],
    rates: list[dict[str, str]],
) -> Request:
    given, sponsor = request.POST, request.person.organization
    program = next((one for one in programs if one.code == given.get("program")), None)
    if program is None or sponsor is None:
        raise Invalid("choose the program", errors={"program": "not one of yours"}, given=given.get("program", ""))
    try:
        due_at = dt.datetime.fromisoformat(given.get("due_at", "")).replace(tzinfo=dt.UTC)
    except ValueError as error:
        raise Invalid(
            "the deadline is an instant in UTC", errors={"due_at": "not read"}, given=given.get("due_at", ""),
            allowed="2026-12-01T12:00",
        ) from error  # fmt: skip
    return workflow.draft_request(
        request.person,
        sponsor,
        program=program,
        title=given.get("title", "").strip(),
        scope=given.get("scope", "").strip(),
        currency=given.get("currency", "").strip().upper(),
        due_at=due_at,
        lines=[
            {
                **row,
                "quantity": grids.number(row["quantity"], f"line {i}"),
                "pass_through": row["pass_through"] == YES,
            }
            for i, row in enumerate(lines, 1)
        ],
        questions=[{**row, "weight": row["weight"] or "0"} for row in questions],
        rates={row["currency"].upper(): row for row in rates},
    )


def request_one(request: PageRequest, code: str) -> HttpResponse:
    """Show a request with its bids side by side once they are opened, and what can be done next."""

    def contents() -> dict[str, Any]:
        found = queries.find_request(request.person, code)
        rooms = queries.invitations_of(found)
        invited = {one.program_id: one for one in rooms}
        bids = queries.side_by_side(found) if found.state in ("opened", "awarded") else None
        return {
            "record": found,
            "rooms": [{"room": room, "invitation": invited.get(room.pk)} for room in queries.rooms_of(found)],
            "handed_in": {x.pk for x in rooms if queries.sealed_bid(x) is not None},
            "grid": bids,
            "weights": found.questions,
            "clarifications": queries.clarifications_of(found),
            "signatures": signatures_of(found),
            "orders": [order for one in queries.proposals_of(found) for order in one.work_orders.filter(is_void=False)],
        }  # fmt: skip

    return stepping.page(
        request,
        lambda: _steps(request, queries.find_request(request.person, code)),
        "web/contracts/request.html",
        contents,
    )


def _steps(request: PageRequest, found: Request) -> list[Step]:
    who, state = request.person, found.state
    rooms = queries.rooms_of(found)
    taken = {room.partner_id for room in rooms}
    others = Organization.objects.filter(kind__in=("partner", "bidder"), is_void=False).exclude(pk__in=taken)
    asked = {str(one.pk): one for one in queries.open_questions(found)}
    proposals = queries.proposals_of(found)
    bidders = {one.bidder.code: one.bidder for one in proposals}
    agreements = {
        one.code: one
        for one in Agreement.objects.filter(program=found.for_program, state="signed", kind="msa", is_void=False)
    }

    def one_of(known: dict[str, Any], key: str) -> Any:
        if key not in known:
            raise NotFound("there is nothing of this name here", given=key)
        return known[key]

    listed = [("", "Choose"), *((code, str(one)) for code, one in bidders.items())]
    return [
        Step(
            "invite", "Invite an organization", "engagements.invite_bidder",
            lambda given, _: workflow.invite_bidder(who, found, Organization.objects.get(code=given["bidder"])),
            forms.InviteForm, ready=state in ("draft", "issued") and bool(others),
            choices={"bidder": [("", "Choose"), *((one.code, str(one)) for one in others.order_by("name"))]}, done="Invited.",
        ),
        Step(
            "issue", "Issue to those invited", "engagements.issue_request",
            lambda given, _: workflow.issue_request(who, found), ready=state in ("draft", "issued") and bool(rooms),
            done="Issued. Bids stay sealed until the deadline.",
        ),
        Step(
            "clarify", "Answer all bidders", "engagements.clarify_request",
            lambda given, _: workflow.clarify_request(
                who, found, answer=given["answer"], question=given["question"], asked=asked.get(given["asked"])
            ),
            forms.ClarifyForm, ready=state == "issued",
            choices={"asked": [("", "None"), *((key, one.text[:120]) for key, one in asked.items())]}, done="Sent to all bidders.",
        ),
        Step(
            "open", "Open the bids", "engagements.open_bids", lambda given, _: workflow.open_bids(who, found),
            ready=state == "issued", done="Opened, all in one act.",
        ),
        Step(
            "extend", "Give more time", "engagements.extend_request",
            lambda given, _: workflow.extend_request(who, found, due_at=given["due_at"].replace(tzinfo=dt.UTC)),
            forms.DeadlineForm, ready=state == "issued", done="The deadline is later now, for all.",
        ),
        Step(
            "score", "Score a proposal", "engagements.score_bid",
            lambda given, _: workflow.score_bid(
                who, found, one_of(bidders, given["bidder"]), remark=given["remark"],
                scores={question["key"]: given[question["key"]] for question in found.questions},
            ),
            forms.score_form(found.questions), ready=state == "opened", choices={"bidder": listed}, done="Scored.",
        ),
        Step(
            "award", "Award", "engagements.award_request",
            lambda given, signed: workflow.award_request(
                who, found, one_of(bidders, given["bidder"]), credentials=signed.credentials, reason=given["reason"]
            ),
            forms.AwardForm, ready=state == "opened", choices={"bidder": listed}, signs=found, done="Awarded.",
        ),
        Step(
            "order", "Draft the work order", "engagements.order_from_award",
            lambda given, _: workflow.order_from_award(
                who, found, one_of(agreements, given["agreement"]), starts_on=given["starts_on"]
            ),
            forms.OrderForm, ready=state == "awarded" and not any(x.work_orders.exists() for x in proposals),
            choices={"agreement": [("", "Choose"), *((code, str(one)) for code, one in agreements.items())]},
            done="Drafted with the lines and prices of the proposal.",
        ),
        Step(
            "cancel", "Cancel the request", "engagements.cancel_request",
            lambda given, _: workflow.cancel_request(who, found, reason=given["reason"]), forms.ReasonForm,
            ready=state in ("draft", "issued", "opened"), done="Cancelled.",
        ),
    ]  # fmt: skip
