"""Requests and their bids, as the sponsor and each bidder may see them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from crdmo.foundation.accounts.models import Organization, Person, Program
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.refusals import NotFound

from ..comparison import Bid, Comparison, compare
from ..models import BidQuestion, BidScore, Clarification, Envelope, Invitation, Proposal, Request
from ..sealing import unseal


def requests_of(organization: Organization | None) -> list[Request]:
    """Return the requests of a sponsor, newest first."""
    rows = Request.objects.filter(organization=organization, program__isnull=True, is_void=False)
    return list(rows.select_related("for_program", "awarded_to").order_by("-entry"))


def find_request(person: Person, code: str) -> Request:
    """Return a request of the person's own organization.

    Raises:
        NotFound: there is none; another sponsor's answers the same.
    """
    found = next((one for one in requests_of(person.organization) if one.code == code), None)
    if found is None:
        raise NotFound("there is no such request", given=code)
    return found


def rooms_of(request: Request) -> list[Program]:
    """Return the bidding rooms of a request, in the order in which they were opened."""
    rooms = {str(room.pk): room for room in Program.objects.filter(pk__in=request.rooms).select_related("partner")}
    return [rooms[key] for key in request.rooms if key in rooms]


def invitations_of(request: Request) -> list[Invitation]:
    """Return the invitations of a request, one a room."""
    rows = Invitation.objects.filter(program__in=request.rooms, request_key=request.pk, is_void=False)
    return list(rows.select_related("program__partner", "organization").order_by("entry"))


def invitation_in(room: Program) -> Invitation:
    """Return the invitation of a bidding room.

    Raises:
        NotFound: the program is no bidding room, or nothing was issued to it yet.
    """
    found = Invitation.objects.filter(program=room, is_void=False).select_related("program__partner").first()
    if found is None:
        raise NotFound("there is no invitation here")
    return found


def invitations_for(person: Person) -> list[Invitation]:
    """Return the invitations to the person's own organization, newest first."""
    rows = Invitation.objects.filter(program__partner=person.organization, is_void=False)
    return list(rows.select_related("program__organization").order_by("-entry"))


def rooms_to_bid(person: Person) -> list[Program]:
    """Return the bidding rooms in which the person's own organization can hand in a bid now."""
    return [one.program for one in invitations_for(person) if one.state == Invitation.State.OPEN and one.program]


def asked_of_bidders(request: Request) -> list[dict[str, Any]]:
    """Return the questions as bidders see them: without the weights."""
    return [{"key": question["key"], "text": question["text"]} for question in request.questions]


def clarifications_of(request: Request) -> list[Clarification]:
    """Return what all bidders were told, once each, by number."""
    rows = Clarification.objects.filter(invitation__in=invitations_of(request), is_void=False).order_by(
        "number", "entry"
    )
    once: dict[int, Clarification] = {}
    for row in rows:
        once.setdefault(row.number, row)
    return list(once.values())


def open_questions(request: Request) -> list[BidQuestion]:
    """Return what bidders asked and nobody answered."""
    rows = BidQuestion.objects.filter(invitation__in=invitations_of(request), answered=False, is_void=False)
    return list(rows.order_by("entry"))


def sealed_bid(invitation: Invitation) -> Envelope | None:
    """Return the bid that counts, still sealed; None where there is none."""
    return invitation.envelopes.filter(state=Envelope.State.SEALED, is_void=False).order_by("-entry").first()


def own_bid(person: Person, invitation: Invitation) -> dict[str, Any] | None:
    """Return what the person's own organization handed in; nobody else reads a sealed bid.

    Raises:
        NotFound: the person is of another organization.
    """
    if invitation.program is None or invitation.program.partner_id != person.organization_id:
        raise NotFound("there is no bid to be seen here")
    rows = invitation.envelopes.filter(is_void=False).exclude(state=Envelope.State.REPLACED)
    envelope = rows.order_by("-entry").first()
    return None if envelope is None else unseal(envelope.contents, envelope.commitment).contents


def proposals_of(request: Request) -> list[Proposal]:
    """Return the opened proposals of a request, in the order in which the rooms were opened."""
    rows = Proposal.objects.filter(
        program__in=request.rooms, envelope__invitation__request_key=request.pk, is_void=False
    )
    return list(rows.select_related("bidder", "program").order_by("entry"))


def scored_by(request: Request, bidder: Organization, person: Person) -> bool:
    """Say whether a person has scored a bidder: who wrote a score stands in its ledger entry."""
    keys = BidScore.objects.filter(request=request, bidder=bidder, is_void=False).values_list("pk", flat=True)
    return Entry.objects.filter(record_id__in=list(keys), version=1, actor=person.actor_id).exists()


def scores_of(request: Request, bidder: Organization) -> dict[str, Decimal]:
    """Return the average score of each answer of a bidder; nothing where nobody scored."""
    rows = list(BidScore.objects.filter(request=request, bidder=bidder, is_void=False))
    if not rows:
        return {}
    keys = [question["key"] for question in request.questions]
    return {key: Decimal(sum(int(row.scores[key]) for row in rows)) / len(rows) for key in keys}


def side_by_side(request: Request) -> Comparison:
    """Return all proposals of a request side by side."""
    bids = [
        Bid(str(one.bidder), one.currency, one.lines, scores_of(request, one.bidder)) for one in proposals_of(request)
    ]
    return compare(request.lines, request.questions, bids, request.currency, request.rates)
