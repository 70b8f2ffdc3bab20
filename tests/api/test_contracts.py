"""The contract by program: figures as text, sealed bids for their bidder only, nothing of another room."""

from __future__ import annotations

from typing import Any

import pytest

from crdmo.common.engagements import queries, workflow
from crdmo.common.engagements.models import Envelope
from tests.api.asker import Asker
from tests.common.market import Market, bid, open_market

HOME = "programs/CRD-101/contracts/"


@pytest.fixture
def market(db: None, settings: Any) -> Market:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return open_market()


def offer(**more: Any) -> dict[str, Any]:
    lines = [{"position": i, "unit_price": price} for i, price in enumerate(("18500.00", "1150.77", "2100.00"), 1)]
    return {"currency": "EUR", "lines": lines, "answers": {"q1": "Two", "q2": "2011"}, **more}


def test_a_bid_is_sealed_by_program_and_read_by_its_bidder_only(market: Market) -> None:
    request = market.issued()
    mine = market.invitation(request, market.partner)
    room = f"programs/{mine.program.code}/contracts/bid"
    ours, lead, rival = (Asker(p) for p in (market.proposals, market.lead, market.rival_proposals))
    answer = ours.post(f"{room}/submit", offer())
    assert answer.status_code == 200, answer.content
    assert answer.json()["own_bid"]["lines"][1]["unit_price"] == "1150.77"
    seen = lead.get(room)
    assert seen.json()["handed_in"] and seen.json()["own_bid"] is None and b"1150.77" not in seen.content
    assert b"weight" not in seen.content
    none = rival.get("programs/CRD-999/contracts/bid")
    for answer in (rival.get(room), rival.post(f"{room}/submit", offer()), rival.get(f"records/{mine.pk}")):
        assert answer.status_code == none.status_code == 404
    assert lead.post(f"{room}/submit", offer()).status_code == 403
    assert {one["code"] for one in rival.get("programs").json()["items"]} == {
        market.invitation(request, market.rival).program.code
    }


@pytest.mark.parametrize(
    "more",
    [
        {"currency": "CHF"},
        {"lines": []},
        {"answers": {}},
        {"lines": [{"position": 1, "unit_price": "-1"}]},
        {"more": 1},
    ],
)
def test_a_bid_that_does_not_fit_is_refused_and_nothing_is_sealed(market: Market, more: dict) -> None:
    mine = market.invitation(market.issued(), market.partner)
    answer = Asker(market.proposals).post(f"programs/{mine.program.code}/contracts/bid/submit", offer(**more))
    assert answer.status_code == 422 and not Envelope.objects.exists()


def test_an_opened_bid_is_not_answered_to_another_bidder(market: Market) -> None:
    request = market.opened(bid(("18500.00", "1150.77", "2100.00")))
    proposal = next(one for one in queries.proposals_of(request) if one.bidder_id == market.partner.pk)
    assert Asker(market.rival_proposals).get(f"records/{proposal.pk}").status_code == 404
    assert Asker(market.lead).get(f"records/{proposal.pk}").status_code == 200


def test_orders_plan_changes_and_invoices_are_read_with_their_figures(market: Market) -> None:
    day = market.today
    plan = [{"name": "Transfer", "starts_on": day, "ends_on": day, "planned_cost": "18500.00"}]
    order = market.order(plan=plan)
    market.receive("S-1")
    made = workflow.draft_invoice(market.biller, order)
    workflow.issue_invoice(market.biller, made, due_on=day)
    reader = Asker(market.payer)
    (line,) = reader.get(HOME + "orders").json()["items"]
    assert (line["value"], line["earned"], line["invoiced"]) == ("41500.00", "19650.00", "19650.00")
    read = reader.get(HOME + f"orders/{order.code}").json()
    assert [one["amount"] for one in read["lines"]] == ["18500.00", "23000.00", "2100.00"]
    assert read["milestones"][0]["met"] and read["milestones"][0]["entry"]
    shown = reader.get(HOME + f"orders/{order.code}/plan").json()
    assert shown["lines"][0]["critical"] and shown["earned_value"]["spent"] == "19650.00"
    (one,) = reader.get(HOME + "invoices").json()["items"]
    matched = reader.get(HOME + f"invoices/{one['code']}").json()["lines"]
    assert all(row["holds"] and row["evidence"] for row in matched)
    assert reader.get(HOME + "changes").json()["items"] == []
    assert reader.get(HOME + "orders?format=csv").content.count(b"41500.00") == 2
    logged = Asker(market.manager).post(
        HOME + f"orders/{order.code}/out-of-scope", {"text": "Courier", "found_on": str(day)}
    )
    assert logged.json()["state"] == "open"
    for place in ("orders/NONE", "orders/NONE/plan", "invoices/NONE", "bid"):
        assert reader.get(HOME + place).status_code == 404
