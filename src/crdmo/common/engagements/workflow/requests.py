"""The sponsor's side of a request: draft, invite, issue, clarify, open, score, award, order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from crdmo.common.codes import next_code
from crdmo.foundation.accounts import notices
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.models import Organization, Person, Program
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.refusals import Conflict, Invalid, Refused
from crdmo.foundation.signing import Credentials, Meaning, sign

from .. import bidding, queries
from ..models import (
    Agreement,
    BidQuestion,
    BidScore,
    Clarification,
    Envelope,
    Invitation,
    Proposal,
    Request,
    WorkOrder,
)
from ..money import currency_code
from ..sealing import unseal
from .desks import OUTSOURCING, act_for
from .orders import draft_work_order

BIDDING = (Organization.Kind.PARTNER, Organization.Kind.BIDDER)
LIVE = (Request.State.DRAFT, Request.State.ISSUED)


@verb("engagements.draft_request", "draft a request for proposals", roles=OUTSOURCING)
def draft_request(
    act: Act,
    sponsor: Organization,
    *,
    program: Program,
    title: str,
    currency: str,
    due_at: dt.datetime,
    lines: Sequence[Mapping[str, Any]],
    questions: Sequence[Mapping[str, Any]] = (),
    scope: str = "",
    rates: Mapping[str, Mapping[str, Any]] | None = None,
) -> Request:
    """Draft a request of the sponsor for one of its programs. Nobody else sees it until it is issued."""
    act_for(act, sponsor, "ask for proposals")
    if program.organization_id != sponsor.pk or program.is_bidding_room:
        raise Refused(f"{program.code} is not a program of {sponsor}", next="Choose one of your programs")
    currency_code(currency)
    return act.create(
        Request,
        organization=sponsor,
        code=next_code(act, Request, "RFP", sponsor),
        for_program=program,
        title=title,
        scope=scope,
        currency=currency,
        rates=bidding.stated_rates(rates or {}, currency),
        lines=bidding.scope_lines(lines),
        questions=bidding.question_set(questions),
        due_at=due_at,
    )


@verb("engagements.invite_bidder", "invite an organization to bid", roles=OUTSOURCING)
def invite_bidder(act: Act, request: Request, bidder: Organization) -> Program:
    """Open a bidding room with one organization. No bidder learns of another's room."""
    act_for(act, request.organization, "invite")
    if request.state not in LIVE:
        raise Refused(f"{request} takes no more bidders", given=request.get_state_display())
    if bidder.kind not in BIDDING:
        raise Invalid(
            "this organization does not bid", errors={"bidder": "not a partner or bidder"}, given=str(bidder),
            allowed=", ".join(Organization.Kind(kind).label for kind in BIDDING),
        )  # fmt: skip
    if any(room.partner_id == bidder.pk for room in queries.rooms_of(request)):
        raise Refused(f"{bidder} is invited already", next="Invite another organization, or issue the request")
    issued = request.state == Request.State.ISSUED
    if issued and act.now >= request.due_at:
        raise Refused(
            "the deadline has passed", given=str(bidder), allowed=f"before {request.due_at:%Y-%m-%d %H:%M} UTC"
        )
    room = act.create(
        Program,
        organization=request.organization,
        partner=bidder,
        code=_room_code(request, bidder),
        name=f"Bidding room: {request.title}"[:160],
        is_bidding_room=True,
    )
    act.change(request, rooms=[*request.rooms, str(room.pk)])
    return room


def _room_code(request: Request, bidder: Organization) -> str:
    """Return a code for the room: the program, the number of the request, the bidder. It tells nothing of other rooms."""
    year, number = request.code.split("-")[-2:]
    code = f"{request.for_program.code}-R{year}-{int(number)}-{bidder.code}"[:30]
    if Program.objects.filter(code=code).exists():
        raise Refused("a room of this code is there already", given=code, next="Shorten the program's code")
    return code


@verb("engagements.issue_request", "issue a request for proposals", roles=OUTSOURCING)
def issue_request(act: Act, request: Request) -> list[Invitation]:
    """Send the request to every room that has no invitation yet: at first to all, later to those invited since."""
    act_for(act, request.organization, "issue a request")
    if request.state not in LIVE:
        raise Refused(f"{request} is not to be issued", given=request.get_state_display(), allowed="Draft, Issued")
    if act.now >= request.due_at:
        raise Invalid(
            "the deadline lies before now", errors={"due_at": "in the past"}, given=f"{request.due_at:%Y-%m-%d %H:%M} UTC",
            allowed="an instant to come",
        )  # fmt: skip
    rooms = [room for room in queries.rooms_of(request) if not Invitation.objects.filter(program=room).exists()]
    if not rooms:
        raise Refused("nobody is invited", next="Invite at least one organization")
    told_before = queries.clarifications_of(request)
    made = []
    for room in rooms:
        told = {
            name: getattr(request, name) for name in ("code", "title", "scope", "currency", "rates", "lines", "due_at")
        }
        made.append(
            act.create(
                Invitation,
                program=room,
                request_key=request.pk,
                questions=queries.asked_of_bidders(request),
                state="open",
                **told,
            )
        )
        for one in told_before:
            act.create(
                Clarification, program=room, invitation=made[-1], number=one.number, question=one.question,
                answer=one.answer,
            )  # fmt: skip
        _tell(room, f"You are invited to bid: {request.title}")
    if request.state == Request.State.DRAFT:
        act.change(request, state=Request.State.ISSUED)
    return made


def _tell(room: Program, text: str) -> None:
    people = Person.objects.filter(organization=room.partner, is_active=True, memberships__role="proposals").distinct()
    notices.tell(list(people), text, url=f"/{room.code}/contracts/bid/", why="you write proposals")


@verb("engagements.clarify_request", "answer all bidders", roles=OUTSOURCING)
def clarify_request(
    act: Act, request: Request, *, answer: str, question: str = "", asked: BidQuestion | None = None
) -> list[Clarification]:
    """Write the same answer into every room, without the name of who asked."""
    act_for(act, request.organization, "answer bidders")
    if request.state != Request.State.ISSUED or act.now >= request.due_at:
        raise Refused("bidders are answered until the deadline", given=request.get_state_display())
    if not answer.strip():
        raise Invalid("an answer has words", errors={"answer": "needed"})
    rooms = queries.invitations_of(request)
    if asked is not None:
        if asked.answered or asked.invitation_id not in {one.pk for one in rooms}:
            raise Refused("this question is not open here", given=str(asked))
        act.change(asked, answered=True)
        question = question or asked.text
    number = 1 + len(queries.clarifications_of(request))
    made = [
        act.create(
            Clarification, program=one.program, invitation=one, number=number, question=question.strip(),
            answer=answer.strip(),
        )
        for one in rooms
    ]  # fmt: skip
    for one in rooms:
        assert one.program is not None
        _tell(one.program, f"Clarification {number} on {request.title}")
    return made


@verb("engagements.extend_request", "move the deadline of a request", roles=OUTSOURCING)
def extend_request(act: Act, request: Request, *, due_at: dt.datetime) -> Request:
    """Give all bidders more time, never less: who counted on the old day must not be shut out."""
    act_for(act, request.organization, "move a deadline")
    if request.state != Request.State.ISSUED or act.now >= request.due_at:
        raise Refused("the deadline stands", given=request.get_state_display(), allowed="before it has passed")
    if due_at <= request.due_at:
        raise Invalid(
            "a deadline moves later only", errors={"due_at": "not later"}, given=f"{due_at:%Y-%m-%d %H:%M} UTC"
        )
    for one in queries.invitations_of(request):
        act.change(one, due_at=due_at)
    return act.change(request, due_at=due_at)


@verb("engagements.open_bids", "open the bids on a request", roles=OUTSOURCING)
def open_bids(act: Act, request: Request) -> list[Proposal]:
    """Open all sealed bids in one act, after the deadline, or before it when every bidder has said that its bid is final.

    Raises:
        Refused: it is too early, there is no bid, or a seal does not hold.
    """
    act_for(act, request.organization, "open bids")
    if request.state != Request.State.ISSUED:
        raise Refused(
            f"the bids on {request} are not to be opened", given=request.get_state_display(), allowed="Issued"
        )
    rooms = queries.invitations_of(request)
    sealed = {one.pk: queries.sealed_bid(one) for one in rooms}
    final = {key for key, envelope in sealed.items() if envelope is not None and envelope.final}
    if act.now < request.due_at and not all(one.state == Invitation.State.DECLINED or one.pk in final for one in rooms):
        raise Refused(
            "bids stay sealed until the deadline", given=f"{act.now:%Y-%m-%d %H:%M} UTC",
            allowed=f"from {request.due_at:%Y-%m-%d %H:%M} UTC on, or when every invited bidder has sent a final bid or declined",
        )  # fmt: skip
    if not any(sealed.values()):
        raise Refused("no bid was handed in", next="Cancel the request, or issue it anew")
    made = []
    for one in rooms:
        envelope = sealed[one.pk]
        if one.state == Invitation.State.OPEN:
            act.change(one, state=Invitation.State.CLOSED)
        if envelope is not None:
            made.append(_opened(act, one, envelope))
    act.change(request, state=Request.State.OPENED)
    return made


def _opened(act: Act, invitation: Invitation, envelope: Envelope) -> Proposal:
    assert invitation.program is not None
    found = unseal(envelope.contents, envelope.commitment)
    act.change(envelope, state=Envelope.State.OPENED)
    return act.create(
        Proposal, program=invitation.program, envelope=envelope, bidder=invitation.program.partner, salt=found.salt,
        **found.contents,
    )  # fmt: skip


@verb("engagements.score_bid", "score a proposal", roles=OUTSOURCING)
def score_bid(act: Act, request: Request, bidder: Organization, *, scores: Mapping[str, Any], remark: str) -> BidScore:
    """Score a bidder's answers, each 0 to 10, with a remark. Several evaluators are averaged; each scores a bidder once."""
    person = act_for(act, request.organization, "score proposals")
    if request.state != Request.State.OPENED:
        raise Refused("proposals are scored between opening and award", given=request.get_state_display())
    if bidder.pk not in {one.bidder_id for one in queries.proposals_of(request)}:
        raise Invalid("this organization sent no bid", errors={"bidder": "no bid"}, given=str(bidder))
    if not remark.strip():
        raise Invalid("a score has its grounds", errors={"remark": "say why"})
    if queries.scored_by(request, bidder, person):
        raise Refused(f"{person.printed_name} has scored {bidder}", next="Another evaluator scores, or void the score")
    return act.create(
        BidScore, organization=request.organization, request=request, bidder=bidder,
        scores=bidding.checked_scores(request.questions, scores), remark=remark.strip(),
    )  # fmt: skip


@verb("engagements.award_request", "award a request", roles=OUTSOURCING, signs=Meaning.ACCEPTED)
def award_request(act: Act, request: Request, bidder: Organization, *, credentials: Credentials) -> Request:
    """Award by signature, with the act's reason, after every proposal was scored. Each bidder is told its own outcome."""
    act_for(act, request.organization, "award")
    if request.state != Request.State.OPENED:
        raise Refused(f"{request} is not to be awarded", given=request.get_state_display(), allowed="Opened")
    if not act.reason:
        raise Invalid("an award has its reason", errors={"reason": "say why this bidder"})
    grid = queries.side_by_side(request)
    if unscored := [one.bidder for one in grid.columns if one.points is None]:
        raise Refused("every proposal is scored before the award", given=", ".join(unscored), next="Score it")
    winner = next((one for one in queries.proposals_of(request) if one.bidder_id == bidder.pk), None)
    if winner is None:
        raise Invalid("this organization sent no bid", errors={"bidder": "no bid"}, given=str(bidder))
    for one in queries.invitations_of(request):
        if one.state != Invitation.State.CLOSED:
            continue
        won = one.program_id == winner.program_id
        told = "Your proposal was accepted." if won else "Your proposal was not accepted."
        act.change(one, state=Invitation.State.WON if won else Invitation.State.LOST, decision=told)
    awarded = act.change(request, state=Request.State.AWARDED, awarded_to=bidder, award_reason=act.reason)
    sign(act, [awarded], Meaning.ACCEPTED, credentials)
    return awarded


@verb("engagements.cancel_request", "cancel a request", roles=OUTSOURCING)
def cancel_request(act: Act, request: Request) -> Request:
    """Cancel a request that was not awarded, with a reason. Sealed bids stay sealed for ever."""
    act_for(act, request.organization, "cancel a request")
    if request.state == Request.State.AWARDED:
        raise Refused(f"{request} is awarded", next="End the work order instead")
    if not act.reason:
        raise Invalid("a cancellation has its reason", errors={"reason": "say why"})
    for one in queries.invitations_of(request):
        act.change(one, state=Invitation.State.CANCELLED)
    return act.change(request, state=Request.State.CANCELLED)


@verb("engagements.order_from_award", "draft the work order of an award", roles=OUTSOURCING)
def order_from_award(
    act: Act,
    request: Request,
    agreement: Agreement,
    *,
    starts_on: dt.date,
    milestones: Sequence[Mapping[str, Any]] = (),
    plan: Sequence[Mapping[str, Any]] = (),
) -> WorkOrder:
    """Draft a work order from the awarded proposal: scope, lines and prices as they were bid, nothing typed again.

    Raises:
        Refused: nothing was awarded, the agreement is of another partner or program, or the order is there already.
    """
    act_for(act, request.organization, "order work")
    winner = next((one for one in queries.proposals_of(request) if one.bidder_id == request.awarded_to_id), None)
    if request.state != Request.State.AWARDED or winner is None:
        raise Refused(f"{request} is not awarded", given=request.get_state_display())
    if agreement.program_id != request.for_program_id or agreement.partner_id != request.awarded_to_id:
        raise Refused(
            f"{agreement} is not with {request.awarded_to} for {request.for_program.code}",
            given=f"{agreement.partner}, {agreement.program}",
            next=f"Sign an agreement in a program of {request.awarded_to}; an administrator opens one where there is none",
        )  # fmt: skip
    if winner.work_orders.filter(is_void=False).exists():
        raise Conflict(f"the order of {request} is drafted already", given=str(winner.work_orders.first()))
    prices = {line["position"]: line for line in winner.lines}
    lines = [
        {
            **{name: asked[name] for name in ("service", "description", "unit", "pass_through", "earned_by")},
            "quantity": prices[asked["position"]]["quantity"],
            "unit_price": prices[asked["position"]]["unit_price"],
            "assumptions": prices[asked["position"]]["assumptions"] or asked["assumptions"],
        }
        for asked in request.lines
    ]
    return draft_work_order.within(
        act, agreement, title=request.title, scope=request.scope, currency=winner.currency, starts_on=starts_on,
        lines=lines, milestones=milestones, plan=plan, proposal=winner,
    )  # fmt: skip
