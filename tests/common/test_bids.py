"""A request with sealed bids: nobody sees another's bid before the opening, and no bidder ever; the award needs no retyping."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import pytest

from crdmo.common.engagements import queries, workflow
from crdmo.common.engagements.models import Envelope, Invitation, Proposal, Request
from crdmo.common.engagements.sealing import seal, unseal
from crdmo.foundation.accounts import authority
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger import trail
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.refusals import Conflict, Invalid, NotFound, NotPermitted, Refused
from crdmo.proof import commitments
from tests import factories
from tests.common.market import LINES, QUESTIONS, Market, bid, wait_until

SECRET = "1150.77"


def told(person) -> str:
    """Return everything that a person may read of the ledger."""
    return json.dumps([line.as_json() for line in trail.every(trail.Ask(authority.streams_of(person)))])


def test_a_sealed_bid_is_read_by_its_bidder_only(market: Market) -> None:
    request = market.issued()
    mine = market.invitation(request, market.partner)
    workflow.submit_bid(market.proposals, mine, **bid(("18500.00", SECRET, "2100.00")))
    assert queries.own_bid(market.proposals, mine)["lines"][1]["unit_price"] == SECRET
    for other in (market.lead, market.rival_proposals):
        with pytest.raises(NotFound):
            queries.own_bid(other, mine)
    everything = b"".join(bytes(entry.body) for entry in Entry.objects.all())
    assert SECRET.encode() not in everything


def test_a_bidder_reads_nothing_of_another_bidders_room_before_or_after_the_opening(market: Market) -> None:
    request = market.opened(bid(("18500.00", SECRET, "2100.00")))
    theirs = told(market.rival_proposals)
    assert SECRET not in theirs and str(market.partner) not in theirs and "R26" in theirs
    assert str(market.invitation(request, market.partner).program_id) not in theirs
    assert {one.code for one in authority.programs_of(market.rival_proposals)} == {
        f"CRD-101-R{market.today:%y}-1-RIVAL"
    }
    ours = told(market.proposals)
    assert "Rival" not in ours and "RIVAL" not in ours
    assert SECRET in told(market.lead)


def test_opening_is_one_act_and_shows_that_the_bids_are_those_that_were_sealed(market: Market) -> None:
    request = market.opened()
    proposals = queries.proposals_of(request)
    assert len(proposals) == 2
    acts = {Entry.objects.get(record_id=one.pk).act for one in proposals}
    assert acts == {Entry.objects.filter(record_id=request.pk).order_by("-version").first().act}
    for one in proposals:
        contents = {"currency": one.currency, "lines": one.lines, "answers": one.answers}
        assert commitments.check(one.envelope.commitment, bytes.fromhex(one.salt), contents)


def test_bids_stay_sealed_until_the_deadline_unless_all_are_final(market: Market) -> None:
    request = market.issued()
    workflow.submit_bid(
        market.proposals, market.invitation(request, market.partner), **bid(("1", "1", "1")), final=True
    )
    with pytest.raises(Refused, match="until the deadline"):
        workflow.open_bids(market.lead, request)
    workflow.decline_invitation(market.rival_proposals, market.invitation(request, market.rival), reason="No capacity")
    assert len(workflow.open_bids(market.lead, request)) == 1


def test_a_late_bid_is_refused_by_the_acts_own_time(market: Market) -> None:
    request = market.issued(due_in=0.6)
    late = market.invitation(request, market.rival)
    workflow.submit_bid(market.proposals, market.invitation(request, market.partner), **bid(("1", "1", "1")))
    wait_until(request.due_at)
    with pytest.raises(Refused, match="deadline has passed"):
        workflow.submit_bid(market.rival_proposals, late, **bid(("1", "1", "1")))
    with pytest.raises(Refused, match="deadline"):
        workflow.extend_request(market.lead, request, due_at=request.due_at + dt.timedelta(days=1))
    assert len(workflow.open_bids(market.lead, request)) == 1
    late.refresh_from_db()
    with pytest.raises(Refused, match="takes no bids"):
        workflow.submit_bid(market.rival_proposals, late, **bid(("1", "1", "1")))


def test_a_later_bid_replaces_the_earlier_one(market: Market) -> None:
    request = market.issued()
    mine = market.invitation(request, market.partner)
    workflow.submit_bid(market.proposals, mine, **bid(("1", "2", "3")))
    workflow.submit_bid(market.proposals, mine, **bid(("4", "5", "6")))
    assert [one.state for one in mine.envelopes.order_by("entry")] == ["replaced", "sealed"]
    assert queries.own_bid(market.proposals, mine)["lines"][0]["unit_price"] == "4"


@pytest.mark.parametrize("who", ["rival", "sponsor", "stranger"])
def test_who_is_not_invited_does_not_bid(market: Market, who: str) -> None:
    mine = market.invitation(market.issued(), market.partner)
    stranger = factories.person(Role.PROPOSALS, organization=factories.organization("bidder", "THIRD"))
    person = {"rival": market.rival_proposals, "sponsor": market.lead, "stranger": stranger}[who]
    with pytest.raises(NotPermitted):
        workflow.submit_bid(person, mine, **bid(("1", "1", "1")))
    assert not Envelope.objects.exists()


def _changed(position: int, **values: object) -> dict:
    made = bid(("1.00", "2.00", "3.00"))
    made["lines"][position - 1] |= values
    return made


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (bid(("1", "1", "1"), currency="CHF"), "stated rate"),
        (_changed(2, currency="USD"), "in one currency"),
        (_changed(1, unit_price="-1"), "zero or more"),
        (_changed(1, unit_price="1e9"), "decimal"),
        (_changed(1, unit_price="NaN"), "decimal"),
        (_changed(1, unit_price="=1+1"), "decimal"),
        (_changed(1, quantity="-2"), "zero or more"),
        (_changed(2, quantity="0"), "more than zero"),
        (_changed(2, quantity="12"), "needs its assumption"),
        ({**bid(("1", "1", "1")), "lines": bid(("1", "1", "1"))["lines"][:2]}, "every line once"),
        (
            {**bid(("1", "1", "1")), "lines": [*bid(("1", "1", "1"))["lines"], {"position": 3, "unit_price": "1"}]},
            "once",
        ),
        ({**bid(("1", "1", "1")), "answers": {"q1": "x"}}, "few words"),
        ({**bid(("1", "1", "1")), "answers": {"q1": "x", "q2": "y", "q9": "z"}}, "no such question"),
    ],
)
def test_a_bid_that_does_not_fit_is_refused_whole(market: Market, values: dict, why: str) -> None:
    before = Entry.objects.count()
    mine = market.invitation(market.issued(), market.partner)
    after = Entry.objects.count()
    with pytest.raises(Invalid, match=why):
        workflow.submit_bid(market.proposals, mine, **values)
    assert Entry.objects.count() == after > before


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"lines": []}, "has lines"),
        ({"lines": [{**LINES[0], "quantity": "0"}]}, "more than zero"),
        ({"lines": [{**LINES[0], "description": " "}]}, "few words"),
        ({"lines": [{**LINES[0], "earned_by": "nobody.counts"}]}, "nothing counts"),
        ({"questions": [{"text": "All?", "weight": 100}]}, "no weight for the price"),
        ({"questions": [{"text": "All?", "weight": "a"}]}, "whole percentage"),
        ({"rates": {"EUR": {"rate": "1", "on": "2026-01-01", "source": "x"}}}, "to itself"),
        ({"rates": {"USD": {"rate": "0.9", "on": "soon", "source": "x"}}}, "of a day"),
        ({"currency": "euro"}, "three letters"),
    ],
)
def test_a_request_that_cannot_be_compared_is_refused(market: Market, more: dict, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        market.request(**more)
    assert not Request.objects.exists()


def test_a_request_is_issued_to_somebody_and_before_its_deadline(market: Market) -> None:
    with pytest.raises(Refused, match="nobody is invited"):
        workflow.issue_request(market.lead, market.request())
    made = market.request(due_in=-1)
    with pytest.raises(Invalid, match="before now"):
        workflow.issue_request(market.lead, made)
    workflow.invite_bidder(market.lead, made, market.rival)
    made.refresh_from_db()
    with pytest.raises(Refused, match="invited already"):
        workflow.invite_bidder(market.lead, made, market.rival)
    with pytest.raises(Invalid, match="does not bid"):
        workflow.invite_bidder(market.lead, made, factories.agency())


def test_another_sponsors_request_is_not_there(market: Market) -> None:
    request = market.issued()
    other = factories.person(Role.SPONSOR_LEAD, organization=factories.sponsor("OTHER"))
    for stranger in (other, market.rival_proposals, market.proposals):
        with pytest.raises(NotFound):
            queries.find_request(stranger, request.code)
    with pytest.raises(NotPermitted):
        workflow.open_bids(other, request)
    with pytest.raises(Refused, match="not a program of"):
        workflow.draft_request(
            other,
            factories.sponsor("OTHER"),
            program=market.program,
            title="x",
            currency="EUR",
            due_at=request.due_at,
            lines=LINES,
        )


def test_every_bidder_gets_the_same_answer_without_the_askers_name_also_who_is_invited_later(market: Market) -> None:
    request = market.issued()
    asked = workflow.ask_sponsor(market.proposals, market.invitation(request, market.partner), text="How many sites?")
    assert queries.open_questions(request) == [asked]
    workflow.clarify_request(market.lead, request, answer="Twelve", asked=asked)
    third = factories.organization("bidder", "THIRD")
    workflow.invite_bidder(market.lead, request, third)
    request.refresh_from_db()
    workflow.issue_request(market.lead, request)
    for one in queries.invitations_of(request):
        assert [(c.number, c.question, c.answer) for c in one.clarifications.all()] == [
            (1, "How many sites?", "Twelve")
        ]
    assert str(market.partner) not in told(market.rival_proposals)
    assert not queries.open_questions(request)


def test_fewer_visits_show_as_quantity_and_not_as_price(market: Market) -> None:
    grid = queries.side_by_side(market.opened())
    ours, theirs = grid.columns
    # Ours: 18500 + 20 × 1150; theirs: 16000 + 12 × 1200, on 20 visits 40 000.
    assert (ours.fees.amount, ours.by_quantity.amount) == (Decimal("41500.00"), 0)
    assert (theirs.fees.amount, theirs.by_quantity.amount, theirs.fees_as_bid.amount) == (
        40000,
        -9600,
        Decimal("30400.00"),
    )
    assert (ours.pass_through.amount, theirs.pass_through.amount) == (2100, 2400)
    visits = grid.rows[1]
    assert [cell.cheapest for cell in visits.cells] == [True, False]
    assert visits.cells[1].assumptions == "Remote visits"


def test_another_currency_is_compared_at_the_stated_rate(market: Market) -> None:
    grid = queries.side_by_side(market.opened(second=bid(("20000.00", "1000.00", "2000.00"), currency="USD")))
    theirs = grid.columns[1]
    assert (theirs.currency, theirs.fees.currency) == ("USD", "EUR")
    assert theirs.fees.amount == Decimal("36800.00")  # (20 000 + 20 000) × 0.92
    assert str(grid.rows[0].cells[1].as_bid) == "20\u202f000.00 USD"


def test_points_are_weighted_and_the_price_by_its_ratio_to_the_lowest(market: Market) -> None:
    request = market.opened()
    assert [one.points for one in queries.side_by_side(request).columns] == [None, None]
    workflow.score_bid(market.lead, request, market.partner, scores={"q1": 9, "q2": 8}, remark="References")
    second = factories.person(Role.SPONSOR_LEAD)
    workflow.score_bid(second, request, market.partner, scores={"q1": 7, "q2": 8}, remark="Visit")
    ours = queries.side_by_side(request).columns[0]
    # 0.6 × 10 × 40000/41500 + 0.3 × 8 + 0.1 × 8
    assert (ours.price_points, ours.points) == (Decimal("9.64"), Decimal("8.98"))
    with pytest.raises(Refused, match="has scored"):
        workflow.score_bid(second, request, market.partner, scores={"q1": 7, "q2": 8}, remark="Again")
    for scores in ({"q1": 11, "q2": 1}, {"q1": 5}, {"q1": "x", "q2": 1}):
        with pytest.raises(Invalid):
            workflow.score_bid(market.lead, request, market.rival, scores=scores, remark="x")


def test_an_award_needs_scores_a_reason_and_a_bid(market: Market) -> None:
    request = market.opened()
    signed = market.sign(market.lead)
    with pytest.raises(Refused, match="scored before"):
        workflow.award_request(market.lead, request, market.partner, credentials=signed, reason="x")
    for bidder in (market.partner, market.rival):
        workflow.score_bid(market.lead, request, bidder, scores={"q1": 5, "q2": 5}, remark="x")
    with pytest.raises(Invalid, match="reason"):
        workflow.award_request(market.lead, request, market.partner, credentials=signed)
    with pytest.raises(Invalid, match="no bid"):
        workflow.award_request(
            market.lead, request, factories.organization("bidder", "X"), credentials=signed, reason="x"
        )
    assert Request.objects.get().state == "opened"


def test_an_award_becomes_an_order_without_retyping(market: Market) -> None:
    request = market.awarded()
    assert [one.state for one in queries.invitations_of(request)] == ["won", "lost"]
    order = workflow.order_from_award(market.lead, request, market.agreement(), starts_on=market.today)
    rows = [(x.description, x.quantity, x.unit_price, x.earned_by) for x in order.lines.order_by("position")]
    assert rows[:2] == [("Transfer", "1", "18500.00", ""), ("Monitoring visit", "20", "1150.00", "test.received")]
    assert queries.value(order).amount == Decimal("41500.00")
    assert order.proposal == Proposal.objects.get(bidder=market.partner)
    with pytest.raises(Conflict, match="drafted already"):
        workflow.order_from_award(market.lead, request, order.agreement, starts_on=market.today)


def test_a_request_awarded_to_another_is_not_ordered_from_the_partner(market: Market) -> None:
    request = market.opened()
    for bidder in (market.partner, market.rival):
        workflow.score_bid(market.lead, request, bidder, scores={"q1": 5, "q2": 5}, remark="x")
    workflow.award_request(market.lead, request, market.rival, credentials=market.sign(market.lead), reason="Cheaper")
    with pytest.raises(Refused, match="is not with Rival Labs"):
        workflow.order_from_award(market.lead, request, market.agreement(), starts_on=market.today)


def test_a_cancelled_request_leaves_its_bids_sealed(market: Market) -> None:
    request = market.issued()
    workflow.submit_bid(
        market.proposals, market.invitation(request, market.partner), **bid(("1", "1", "1")), final=True
    )
    with pytest.raises(Invalid, match="reason"):
        workflow.cancel_request(market.lead, request)
    workflow.cancel_request(market.lead, request, reason="The program stops")
    with pytest.raises(Refused):
        workflow.open_bids(market.lead, request)
    assert {one.state for one in Invitation.objects.all()} == {"cancelled"}


def test_a_stale_request_is_a_conflict(market: Market) -> None:
    request = market.issued()
    stale = Request.objects.get(pk=request.pk)
    workflow.extend_request(market.lead, request, due_at=request.due_at + dt.timedelta(days=1))
    with pytest.raises(Conflict, match="changed since"):
        workflow.extend_request(market.lead, stale, due_at=request.due_at + dt.timedelta(days=2))


def test_a_deadline_is_never_brought_forward(market: Market) -> None:
    request = market.issued()
    with pytest.raises(Invalid, match="later only"):
        workflow.extend_request(market.lead, request, due_at=request.due_at - dt.timedelta(minutes=1))


def test_a_seal_that_was_altered_does_not_open() -> None:
    sealed = seal({"lines": [1]})
    assert unseal(sealed.text, sealed.commitment).contents == {"lines": [1]}
    with pytest.raises(Refused, match="cannot be opened"):
        unseal(sealed.text[:-4] + "AAA=", sealed.commitment)
    with pytest.raises(Refused, match="committed to"):
        unseal(sealed.text, seal({"lines": [2]}).commitment)


def test_the_length_of_a_seal_tells_nothing_of_a_few_words_more() -> None:
    assert len(seal({"answers": {"q1": "a"}}).text) == len(seal({"answers": {"q1": "a" * 900}}).text)


def test_weights_are_the_sponsors_own_knowledge(market: Market) -> None:
    market.issued()
    assert '"weight"' not in told(market.rival_proposals).replace('\\"', '"') and QUESTIONS[0]["text"] in told(
        market.rival_proposals
    )
