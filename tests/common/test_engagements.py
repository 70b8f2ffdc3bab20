"""Contracts: both sign, what is signed stays, money is exact, and a milestone is met by a record or not at all."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdmo.common.engagements import queries, workflow
from crdmo.common.engagements.models import Agreement, WorkOrder
from crdmo.common.engagements.money import Money, line_total, total
from crdmo.common.materials import workflow as stock
from crdmo.foundation.ledger.acts import SYSTEM, act
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.refusals import Invalid, NotPermitted, Refused

LINES = [
    {"service": "quality", "description": "Release testing", "unit": "lot", "quantity": "3", "unit_price": "1234.565"},
    {
        "service": "quality",
        "description": "Freight",
        "unit": "lot",
        "quantity": "1",
        "unit_price": "500",
        "pass_through": True,
    },
]


def agreement(house) -> Agreement:
    made = workflow.draft_agreement(
        house.manager, house.program, kind="msa", title="Master services", effective_from=house.today
    )
    for person in (house.manager, house.lead):
        made = workflow.sign_agreement(person, made, credentials=house.sign(person))
    return made


def order(house, **more) -> WorkOrder:
    return workflow.draft_work_order(
        house.manager,
        agreement(house),
        **{"title": "Release", "currency": "EUR", "starts_on": house.today, "lines": LINES, **more},
    )


def received(code: str) -> list[dict]:
    met = {"type": "materials.sample", "code": code, "state": "received"}
    return [
        {
            "name": "Sample is here",
            "condition": "record_in_state",
            "parameters": met,
            "due_on": dt.date(2026, 1, 1),
            "amount": "1000.00",
        }
    ]


def test_an_agreement_is_in_force_once_both_have_signed(house) -> None:
    made = workflow.draft_agreement(
        house.manager, house.program, kind="msa", title="Master services", effective_from=house.today
    )
    assert workflow.sign_agreement(house.lead, made, credentials=house.sign(house.lead)).state == "draft"
    assert workflow.sign_agreement(house.manager, made, credentials=house.sign(house.manager)).state == "signed"


def test_nobody_signs_twice_or_after_the_end(house) -> None:
    made = workflow.draft_agreement(
        house.manager, house.program, kind="msa", title="Master services", effective_from=house.today
    )
    workflow.sign_agreement(house.lead, made, credentials=house.sign(house.lead))
    with pytest.raises(Refused, match="has signed"):
        workflow.sign_agreement(house.lead, made, credentials=house.sign(house.lead))
    workflow.sign_agreement(house.manager, made, credentials=house.sign(house.manager))
    with pytest.raises(Refused, match="is signed"):
        workflow.sign_agreement(house.manager, made, credentials=house.sign(house.manager))


def test_a_keeper_of_samples_signs_no_contract(house) -> None:
    with pytest.raises(NotPermitted, match="may not draft an agreement"):
        workflow.draft_agreement(house.keeper, house.program, kind="msa", title="M", effective_from=house.today)


def test_work_is_not_ordered_under_an_unsigned_agreement(house) -> None:
    made = workflow.draft_agreement(house.manager, house.program, kind="msa", title="M", effective_from=house.today)
    with pytest.raises(Refused, match="is not signed"):
        workflow.draft_work_order(house.manager, made, title="W", currency="EUR", starts_on=house.today, lines=LINES)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"currency": "eur"}, "three letters"),
        ({"lines": [{**LINES[0], "quantity": "-1"}]}, "zero or more"),
        ({"lines": [{**LINES[0], "unit_price": "1,50"}]}, "decimal"),
        (
            {"milestones": [{"name": "x", "condition": "nobody.ticks", "due_on": dt.date(2026, 1, 1)}]},
            "no such condition",
        ),
        (
            {
                "milestones": [
                    {"name": "x", "condition": "record_in_state", "parameters": {}, "due_on": dt.date(2026, 1, 1)}
                ]
            },
            "own parameters",
        ),
        (
            {"plan": [{"name": "x", "starts_on": dt.date(2026, 2, 1), "ends_on": dt.date(2026, 1, 1)}]},
            "ends after it starts",
        ),
        (
            {"plan": [{"name": "x", "starts_on": dt.date(2026, 2, 1), "ends_on": dt.date(2026, 3, 1), "after": "y"}]},
            "stands before it",
        ),
    ],
)
def test_an_order_that_cannot_be_is_refused_whole(house, more: dict, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        order(house, **more)
    assert not WorkOrder.objects.exists()


def test_an_order_without_a_price_is_not_signed(house) -> None:
    with pytest.raises(Refused, match="no priced line"):
        workflow.sign_work_order(house.lead, order(house, lines=[]), credentials=house.sign(house.lead))


def test_the_value_is_the_sum_of_rounded_lines_without_what_passes_through(house) -> None:
    assert queries.value(order(house)) == Money(Decimal("3703.70"), "EUR")  # 3 × 1234.565 = 3703.695, half up


def test_a_milestone_is_met_by_a_record_at_the_instant_of_its_entry(house) -> None:
    sample = house.sample(house.lot(), code="S-1")
    made = order(house, milestones=received("S-1"))
    assert [m.is_met for m in queries.milestones(made)] == [False]
    assert queries.earned(made) == Money(Decimal(0), "EUR")
    stock.receive_sample(house.keeper, sample, location="R3")
    met = queries.milestones(made)[0]
    assert met.is_met and met.evidence is not None
    assert met.evidence.at == Entry.objects.get(seq=met.evidence.entry).at
    assert queries.earned(made) == Money(Decimal("1000.00"), "EUR")


def test_a_milestone_opens_again_when_its_record_is_void(house) -> None:
    sample = stock.receive_sample(house.keeper, house.sample(house.lot(), code="S-1"), location="R3")
    made = order(house, milestones=received("S-1"))
    assert queries.milestones(made)[0].is_met
    with act(SYSTEM, "materials.void", "Registered for the wrong program") as opened:
        opened.void(sample)
    assert not queries.milestones(made)[0].is_met
    assert queries.earned(made).amount == 0


def test_a_milestone_that_is_late_is_counted_as_late(house) -> None:
    made = order(house, milestones=received("S-1"))
    for person in (house.lead, house.manager):
        made = workflow.sign_work_order(person, made, credentials=house.sign(person))
    standing = queries.standing(house.program)[0]
    assert (standing.met, standing.late, standing.percent) == (0, 1, 0)


def test_the_plan_shows_planned_and_actual_days(house) -> None:
    stock.receive_sample(house.keeper, house.sample(house.lot(), code="S-1"), location="R3")
    line = {
        "name": "Receipt",
        "starts_on": house.today,
        "ends_on": house.today,
        "ended_when": "record_in_state",
        "parameters": received("S-1")[0]["parameters"],
    }
    bars = queries.bars(order(house, plan=[line]))
    assert [(bar.name, bar.end, bar.actual_end, bar.met) for bar in bars] == [
        ("Receipt", house.today, house.today, True)
    ]


def test_currencies_are_not_added() -> None:
    with pytest.raises(Invalid, match="different currencies"):
        total([Money(Decimal(1), "EUR"), Money(Decimal(1), "USD")], "EUR")


@given(st.lists(st.decimals(min_value=0, max_value=10**7, places=2, allow_nan=False)))
def test_a_total_is_exact_in_any_order(amounts: list[Decimal]) -> None:
    lines = [Money(a, "EUR") for a in amounts]
    assert total(lines, "EUR") == total(reversed(lines), "EUR") == Money(sum(amounts, Decimal(0)), "EUR")


@pytest.mark.parametrize(
    ("quantity", "price", "value"),
    [("1", "0.005", "0.01"), ("3", "0.335", "1.01"), ("7", "1.00", "7.00"), ("0.5", "0.01", "0.01")],
)
def test_a_line_is_rounded_half_up_once(quantity: str, price: str, value: str) -> None:
    assert line_total(quantity, price, "EUR").amount == Decimal(value)
