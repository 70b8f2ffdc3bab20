"""Change orders to the cent at any day; invoices of what records earned and of nothing else; duties with one holder."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crdmo.common.engagements import queries, responsibility, workflow
from crdmo.common.engagements.measures import scoreboard
from crdmo.common.engagements.models import ChangeOrder, Invoice, OutOfScope, WorkOrder
from crdmo.common.engagements.money import Money, converted, line_total
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger.acts import SYSTEM, act
from crdmo.foundation.ledger.thread import stale_causes
from crdmo.foundation.refusals import Conflict, Invalid, NotPermitted, Refused
from crdmo.foundation.signing import signatures_of
from tests import factories
from tests.common.market import Market

ADDED = {
    "service": "quality",
    "description": "Ethics",
    "unit": "one-off",
    "quantity": "1",
    "unit_price": "9500.00",
    "one_off": True,
}


def changed(market: Market, order: WorkOrder, *, sign: bool = True, **more) -> ChangeOrder:
    visits = order.lines.get(position=2)
    values = {"title": "Amendment 2", "why": "Two visits more", "document": "Protocol 2.0",
              "lines": [{"line": visits, "quantity": "22"}, ADDED]}  # fmt: skip
    made = workflow.draft_change_order(market.manager, order, **{**values, **more})
    for person in (market.manager, market.lead) if sign else ():
        made = workflow.sign_change_order(person, made, credentials=market.sign(person))
    return made


def issued(market: Market, order: WorkOrder, items=None) -> Invoice:
    made = workflow.draft_invoice(market.biller, order, items=items)
    return workflow.issue_invoice(market.biller, made, due_on=market.today)


@pytest.fixture
def order(market: Market) -> WorkOrder:
    return market.order()


def test_the_contract_value_is_the_original_and_the_executed_changes_at_any_day(
    market: Market, order: WorkOrder
) -> None:
    draft = changed(market, order, sign=False)
    assert queries.value(order).amount == Decimal("41500.00")
    workflow.sign_change_order(market.manager, draft, credentials=market.sign(market.manager))
    assert queries.value(order).amount == Decimal("41500.00")
    workflow.sign_change_order(market.lead, draft, credentials=market.sign(market.lead))
    assert queries.value(order).amount == Decimal("53300.00")  # + 2 × 1150 + 9500
    assert queries.value(order, market.today - dt.timedelta(days=1)).amount == Decimal("41500.00")
    assert queries.original_value(order).amount == Decimal("41500.00")
    steps = queries.value_history(order)
    assert [str(step.adds.amount) for step in steps] == ["41500.00", "11800.00"]
    assert steps[-1].value == queries.value(order) == Money(Decimal("53300.00"), "EUR")
    assert order.lines.get(added_by=draft).description == "Ethics"


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 99_999)), min_size=1, max_size=5))
@settings(max_examples=50, deadline=None)
def test_the_effects_of_changes_sum_up_to_the_cent_whatever_the_rounding(quantities: list[tuple[int, int]]) -> None:
    before, worth = "7.5", line_total("7.5", "333.335", "EUR")
    first = worth
    effects = []
    for whole, part in quantities:
        after = f"{whole}.{part:05d}"
        effects.append(line_total(after, "333.335", "EUR").amount - line_total(before, "333.335", "EUR").amount)
        before, worth = after, line_total(after, "333.335", "EUR")
    assert first.amount + sum(effects) == worth.amount


def test_a_line_can_be_taken_out_and_a_second_change_counts_from_the_first(market: Market, order: WorkOrder) -> None:
    changed(market, order)
    visits, transfer = order.lines.get(position=2), order.lines.get(position=1)
    second = changed(market, order, lines=[{"line": visits, "quantity": "10"}, {"line": transfer, "quantity": "0"}])
    assert second.lines.get(line=visits).quantity_before == "22"
    assert queries.effect(second).amount == Decimal("-32300.00")
    assert queries.value(order).amount == Decimal("21000.00")


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"why": " "}, "has its reason"),
        ({"lines": []}, "changes something"),
        ({"delay_days": 5}, "of a line of the plan"),
        ({"lines": [{**ADDED, "quantity": "-1"}]}, "zero or more"),
        ({"lines": [{**ADDED, "unit_price": "many"}]}, "decimal"),
        ({"lines": [{**ADDED, "earned_by": "nobody.counts"}]}, "nothing counts"),
    ],
)
def test_a_change_that_changes_nothing_or_has_no_price_is_refused(
    market: Market, order: WorkOrder, more: dict, why: str
) -> None:
    with pytest.raises(Invalid, match=why):
        changed(market, order, **more)
    assert not ChangeOrder.objects.exists()


def test_a_change_priced_on_another_quantity_is_not_executed(market: Market, order: WorkOrder) -> None:
    late = changed(market, order, sign=False)
    changed(market, order)
    with pytest.raises(Conflict, match="another quantity"):
        workflow.sign_change_order(market.lead, late, credentials=market.sign(market.lead))
    with pytest.raises(Invalid, match="does not change"):
        changed(market, order, lines=[{"line": order.lines.get(position=2), "quantity": "22.0"}])
    rejected = workflow.reject_change_order(market.lead, late, reason="Overtaken")
    with pytest.raises(Refused, match="not to be signed"):
        workflow.sign_change_order(market.lead, rejected, credentials=market.sign(market.lead))


def test_only_work_that_is_to_come_is_taken_out(market: Market, order: WorkOrder) -> None:
    market.receive("V-1", "V-2", "V-3")
    visits = order.lines.get(position=2)
    with pytest.raises(Refused, match="below what was earned"):
        changed(market, order, lines=[{"line": visits, "quantity": "2"}])
    changed(market, order, lines=[{"line": visits, "quantity": "3"}])


def test_an_order_that_is_not_in_force_or_another_orders_line_is_not_changed(market: Market, order: WorkOrder) -> None:
    other = market.order()
    with pytest.raises(Refused, match="line of its order once"):
        changed(market, order, lines=[{"line": other.lines.get(position=2), "quantity": "3"}])
    draft = workflow.draft_work_order(
        market.manager, order.agreement, title="D", currency="EUR", starts_on=market.today,
        lines=[{**ADDED, "one_off": False}] and [{k: v for k, v in ADDED.items() if k != "one_off"}],
    )  # fmt: skip
    with pytest.raises(Refused, match="not in force"):
        workflow.draft_change_order(market.manager, draft, title="x", why="y", lines=[ADDED])


def test_a_change_order_is_stale_when_what_it_stands_on_changes(market: Market, order: WorkOrder) -> None:
    made = changed(market, order, sign=False, because=[order.agreement])
    assert not stale_causes([made.pk])
    with act(SYSTEM, "test.change", "Clause corrected") as opened:
        order.agreement.refresh_from_db()
        opened.change(order.agreement, title="Master services, corrected")
    assert made.pk in stale_causes([made.pk])


def test_work_outside_the_order_is_listed_and_covered_by_a_change(market: Market, order: WorkOrder) -> None:
    found = workflow.log_out_of_scope(
        market.proposals, order, text="Extra courier", found_on=market.today, estimate="300.00"
    )
    assert found.state == OutOfScope.State.OPEN
    assert queries.value(order).amount == Decimal("41500.00") and not queries.billable(order)
    change = changed(market, order, sign=False, covers=[found])
    workflow.reject_change_order(market.lead, change, reason="Too dear")
    found.refresh_from_db()
    assert (found.state, found.change) == ("open", None)
    changed(market, order, covers=[found])
    found.refresh_from_db()
    assert found.state == "covered"
    with pytest.raises(Invalid, match="when it is found"):
        workflow.log_out_of_scope(market.manager, order, text="x", found_on=market.today + dt.timedelta(days=1))
    with pytest.raises(Refused, match="covered"):
        workflow.decline_out_of_scope(market.lead, found, reason="x")


def test_an_invoice_holds_what_records_earned_and_nothing_else(market: Market, order: WorkOrder) -> None:
    with pytest.raises(Refused, match="nothing is earned"):
        workflow.draft_invoice(market.biller, order)
    market.receive("S-1", "V-2")
    assert [(x.key, x.quantity, str(x.amount.amount)) for x in queries.billable(order)] == [
        ("milestone-1", "1", "18500.00"), ("line-2", "2", "2300.00")
    ]  # fmt: skip
    made = issued(market, order)
    assert queries.invoice_total(made).amount == Decimal("20800.00")
    assert all(match.holds and match.evidence for match in queries.three_way(made))
    assert queries.earned(order) == queries.invoiced(order) == Money(Decimal("20800.00"), "EUR")
    accepted = workflow.accept_invoice(market.payer, made)
    paid = workflow.record_payment(market.payer, accepted, on=market.today, payment="E2E-77")
    assert (paid.state, paid.payment) == ("paid", "E2E-77")


def test_a_milestone_is_not_invoiced_twice_nor_a_record_as_two_units(market: Market, order: WorkOrder) -> None:
    market.receive("S-1")
    issued(market, order)
    with pytest.raises(Refused, match="nothing is earned"):
        workflow.draft_invoice(market.biller, order)
    with pytest.raises(Invalid, match="nobody invoiced"):
        workflow.draft_invoice(market.biller, order, items=["milestone-1"])
    market.receive("V-2")
    second = workflow.draft_invoice(market.biller, order)
    assert [(x.line.position, x.quantity) for x in queries.lines_of(second)] == [(2, "1")]
    with pytest.raises(Refused, match="nothing is earned"):
        workflow.draft_invoice(market.biller, order)
    workflow.discard_invoice(market.biller, second, reason="Wrong month")
    assert [x.key for x in queries.billable(order)] == ["line-2"]


def test_units_beyond_the_contract_are_not_billable(market: Market, order: WorkOrder) -> None:
    visits = order.lines.get(position=2)
    changed(market, order, lines=[{"line": visits, "quantity": "1"}])
    market.receive("V-1", "V-2", "V-3")
    assert [(x.key, x.quantity) for x in queries.billable(order)] == [("line-2", "1")]


def test_the_sum_of_invoices_stays_within_the_contract(market: Market, order: WorkOrder) -> None:
    couriers = order.lines.get(position=3)
    filed = {"supplier": "DHX", "on": market.today, "currency": "EUR"}
    workflow.file_receipt(market.biller, couriers, number="1", amount="2000.00", **filed)
    issued(market, order)
    workflow.file_receipt(market.biller, couriers, number="2", amount="100.01", **filed)
    made = workflow.draft_invoice(market.biller, order)
    with pytest.raises(Refused, match="exceed the pass-through estimate"):
        workflow.issue_invoice(market.biller, made, due_on=market.today)
    changed(market, order, lines=[{"line": couriers, "quantity": "2"}])
    assert workflow.issue_invoice(market.biller, made, due_on=market.today).state == "issued"
    assert queries.invoiced(order, pass_through=True).amount == Decimal("2100.01")
    assert queries.invoiced(order).amount == 0


def test_an_invoice_above_a_contract_that_shrank_is_refused(market: Market, order: WorkOrder) -> None:
    market.receive("S-1")
    made = workflow.draft_invoice(market.biller, order, items=["milestone-1"])
    transfer, visits = order.lines.get(position=1), order.lines.get(position=2)
    changed(market, order, lines=[{"line": transfer, "quantity": "0"}, {"line": visits, "quantity": "1"}])
    with pytest.raises(Refused, match="exceed the value of the contract"):
        workflow.issue_invoice(market.biller, made, due_on=market.today)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"currency": "USD"}, "currency of the order"),
        ({"amount": "0"}, "more than zero"),
        ({"amount": "-5"}, "zero or more"),
        ({"on": dt.date(2999, 1, 1)}, "a day that was"),
        ({"file": b"0" * (10 * 1024 * 1024 + 1)}, "small"),
    ],
)
def test_a_receipt_that_cannot_be_is_refused(market: Market, order: WorkOrder, values: dict, why: str) -> None:
    filed = {"supplier": "DHX", "number": "1", "on": market.today, "amount": "5.00", "currency": "EUR", **values}
    with pytest.raises(Invalid, match=why):
        workflow.file_receipt(market.biller, order.lines.get(position=3), **filed)


def test_a_receipt_is_filed_once_and_for_a_line_at_cost(market: Market, order: WorkOrder) -> None:
    filed = {"supplier": "DHX", "number": "1", "on": market.today, "amount": "5.00", "currency": "EUR"}
    workflow.file_receipt(market.biller, order.lines.get(position=3), **filed)
    with pytest.raises(Refused, match="filed before"):
        workflow.file_receipt(market.biller, order.lines.get(position=3), **filed)
    with pytest.raises(Refused, match="does not pass through"):
        workflow.file_receipt(market.biller, order.lines.get(position=1), **{**filed, "number": "2"})


def test_evidence_voided_after_the_invoice_stops_its_acceptance(market: Market, order: WorkOrder) -> None:
    first, second = market.receive("S-1", "V-2")
    made = issued(market, order)
    with act(SYSTEM, "materials.void", "Entered twice") as opened:
        opened.void(second)
    assert [m.holds for m in queries.three_way(made)] == [True, False]
    with pytest.raises(Refused, match="1 of 2 records no longer show it"):
        workflow.accept_invoice(market.payer, made)
    with act(SYSTEM, "materials.void", "Another program's") as opened:
        opened.void(first)
    with pytest.raises(Refused, match="no record shows it any longer"):
        workflow.accept_invoice(market.payer, made)
    disputed = workflow.dispute_invoice(market.payer, made, reason="Records are void")
    note = workflow.draft_credit_note(market.biller, disputed, positions=[1, 2], reason="Evidence void")
    workflow.issue_invoice(market.biller, note, due_on=market.today)
    assert queries.invoice_total(note).amount == Decimal("-20800.00")
    assert queries.invoiced(order).amount == 0
    with pytest.raises(Invalid, match="lines that stand"):
        workflow.draft_credit_note(market.biller, disputed, positions=[1], reason="Again")


def test_a_credited_milestone_can_be_invoiced_again(market: Market, order: WorkOrder) -> None:
    market.receive("S-1")
    made = issued(market, order, ["milestone-1"])
    note = workflow.draft_credit_note(market.biller, made, positions=[1], reason="Wrong order number")
    assert note.code.startswith("CRN-") and [x.key for x in queries.billable(order)] == ["milestone-1", "line-2"]
    with pytest.raises(Refused, match="is a credit note"):
        workflow.draft_credit_note(market.biller, note, positions=[1], reason="x")


def test_each_side_does_its_own_part_of_an_invoice(market: Market, order: WorkOrder) -> None:
    market.receive("S-1")
    with pytest.raises(NotPermitted, match="does not invoice for"):
        workflow.draft_invoice(market.payer, order)
    with pytest.raises(NotPermitted):
        workflow.draft_invoice(market.manager, order)
    made = issued(market, order)
    with pytest.raises(NotPermitted, match="does not accept an invoice for"):
        workflow.accept_invoice(market.biller, made)
    stale = Invoice.objects.get(pk=made.pk)
    workflow.accept_invoice(market.payer, made)
    with pytest.raises(Conflict, match="changed since"):
        workflow.accept_invoice(market.payer, stale)
    with pytest.raises(Refused, match="is accepted"):
        workflow.dispute_invoice(market.payer, made, reason="x")
    with pytest.raises(Invalid, match="bank"):
        workflow.record_payment(market.payer, made, on=market.today, payment=" ")


@pytest.mark.clause("21 CFR 11.200(a)")
def test_a_hold_is_a_signed_act_and_stops_the_invoice_until_it_is_lifted(market: Market, order: WorkOrder) -> None:
    market.receive("S-1")
    milestone = order.milestones.get()
    with pytest.raises(Invalid, match="reason"):
        workflow.hold_milestone(market.lead, milestone, credentials=market.sign(market.lead))
    hold = workflow.hold_milestone(
        market.lead, milestone, credentials=market.sign(market.lead), reason="Report is missing"
    )
    assert [m.meaning for m in signatures_of(hold)] == ["rejected"]
    assert [x.key for x in queries.billable(order)] == ["line-2"]
    assert queries.milestones(order)[0].is_met and not queries.milestones(order)[0].earns
    with pytest.raises(Refused, match="held already"):
        workflow.hold_milestone(market.lead, milestone, credentials=market.sign(market.lead), reason="Again")
    lifted = workflow.lift_hold(market.lead, hold, credentials=market.sign(market.lead))
    assert lifted.state == "lifted" and [x.key for x in queries.billable(order)] == ["milestone-1", "line-2"]


def test_milestones_and_units_do_not_pay_more_than_the_order(market: Market) -> None:
    milestone = {
        "name": "All", "condition": "record_in_state", "parameters": {"type": "a", "code": "b", "state": "c"},
        "due_on": market.today, "amount": "18500.01",
    }  # fmt: skip
    with pytest.raises(Invalid, match="more than the order is worth"):
        market.order(milestones=[milestone])


# Duties

GMP_ALL = [{"duty": f"gmp.{key}", "party": "partner"} for key in (
    "batch_review", "manufacture", "testing", "materials", "stability", "retained_samples", "deviations", "change_control",
    "complaints", "recall", "subcontracting")] + [{"duty": "gmp.audit", "party": "sponsor"}]  # fmt: skip


def matrix(market: Market, lines, *, covers=("GMP",), sign: bool = True, **more):
    values = {"title": "Duties", "covers": list(covers), "starts_on": market.today, "lines": lines, **more}
    made = workflow.draft_duty_matrix(market.manager, market.program, **values)
    for person in (market.manager, market.lead) if sign else ():
        made = workflow.sign_duty_matrix(person, made, credentials=market.sign(person))
    return made


@pytest.mark.clause("EU GMP 7")
def test_each_duty_has_exactly_one_party_or_the_matrix_is_not_signed(market: Market) -> None:
    with pytest.raises(Refused, match=r"Annex 16.*nobody from"):
        matrix(market, GMP_ALL)
    double = [
        *GMP_ALL,
        {"duty": "gmp.certification", "party": "partner"},
        {"duty": "gmp.certification", "party": "sponsor"},
    ]
    with pytest.raises(Refused, match="double on"):
        matrix(market, double)
    parts = [*GMP_ALL, {"duty": "gmp.certification", "party": "partner", "part": "EU batches"},
             {"duty": "gmp.certification", "party": "sponsor", "part": "US batches"}]  # fmt: skip
    made = matrix(market, parts)
    assert all(row.holds for row in responsibility.coverage(made))
    with pytest.raises(Refused, match="double on"):
        matrix(market, [*GMP_ALL, {"duty": "gmp.certification", "party": "partner"}])


def test_a_duty_may_pass_on_but_not_lapse_within_the_period(market: Market) -> None:
    half = market.today + dt.timedelta(days=30)
    passes = [
        {"duty": "gmp.certification", "party": "partner", "ends_on": half},
        {"duty": "gmp.certification", "party": "sponsor", "starts_on": half + dt.timedelta(days=1)},
    ]
    made = matrix(market, [*GMP_ALL, *passes])
    parties = [
        responsibility.duties_on(market.program, day).holder("gmp.certification")[0]
        for day in (half, half + dt.timedelta(days=1))
    ]
    assert parties == [[market.partner], [market.sponsor]] and made.state == "signed"


def test_a_duty_that_lapses_leaves_a_gap(market: Market) -> None:
    half = market.today + dt.timedelta(days=30)
    with pytest.raises(Refused, match=f"nobody from {half + dt.timedelta(days=1)}"):
        matrix(market, [*GMP_ALL, {"duty": "gmp.certification", "party": "partner", "ends_on": half}])


@pytest.mark.clause("21 CFR 312.52")
def test_what_is_not_listed_is_retained_by_the_sponsor(market: Market) -> None:
    listed = [{"duty": "ind.312.53(a)", "party": "partner"}, {"duty": "ind.312.56(a)", "party": "partner"}]
    matrix(market, listed, covers=("IND",))
    rows = responsibility.transfer_of_obligations(market.program, market.today)
    assert [row.duty.clause for row in rows if row.transferred] == ["21 CFR 312.53(a)", "21 CFR 312.56(a)"]
    assert len(rows) == 26 and all(row.holders == (str(market.sponsor),) for row in rows if not row.transferred)
    with act(market.manager, "engagements.draft_agreement") as opened:
        responsibility.require_duty(opened, market.program, "ind.312.56(a)")
        with pytest.raises(NotPermitted, match=r"312\.32.*retained by the sponsor"):
            responsibility.require_duty(opened, market.program, "ind.312.32")


def test_without_a_signed_matrix_no_verb_is_held_up(market: Market) -> None:
    matrix(market, [*GMP_ALL, {"duty": "gmp.certification", "party": "sponsor"}], sign=False)
    with act(market.manager, "engagements.draft_agreement") as opened:
        responsibility.require_duty(opened, market.program, "gmp.certification")


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"covers": ("NONE",)}, "chapters"),
        ({"covers": ()}, "chapters"),
        ({"lines": [{"duty": "gmp.magic", "party": "partner"}]}, "duty of the catalogue"),
        ({"lines": [{"duty": "gmp.audit", "party": "everybody"}]}, "duty of the catalogue"),
        ({"ends_on": dt.date(2020, 1, 1)}, "after it begins"),
        ({"lines": [{"duty": "gmp.audit", "party": "sponsor", "starts_on": dt.date(2020, 1, 1)}]}, "within the period"),
    ],
)
def test_a_matrix_that_cannot_be_is_refused(market: Market, more: dict, why: str) -> None:
    lines = more.pop("lines", GMP_ALL)
    with pytest.raises(Invalid, match=why):
        matrix(market, lines, sign=False, **more)


# Baseline and scoreboard

FIGURES = [
    {
        "measure": "engagements.contract_value",
        "value": "50000.00",
        "unit": "EUR",
        "source": "Work order of 2024",
        "formula": "sum of its lines",
    },
    {"measure": "engagements.milestones_on_time", "value": "60", "source": "Audit of 2025", "formula": "on time ÷ due"},
]


def test_a_baseline_is_frozen_by_both_signatures_and_figures_come_from_records(
    market: Market, order: WorkOrder
) -> None:
    made = workflow.draft_baseline(market.lead, market.program, title="Before", on=market.today, lines=FIGURES)
    assert scoreboard(market.program) == (None, [])
    for person in (market.lead, market.manager):
        made = workflow.sign_baseline(person, made, credentials=market.sign(person))
    _, rows = scoreboard(market.program)
    assert [(row.now, row.difference, row.is_better) for row in rows] == [
        (Decimal("41500.00"), Decimal("-8500.00"), True),
        (None, None, None),
    ]
    market.receive("S-1")
    rows = scoreboard(market.program)[1]
    assert (rows[1].now, rows[1].difference, rows[1].is_better) == (100, 40, True)
    changed(market, order)
    assert scoreboard(market.program)[1][0].is_better is False
    better = workflow.draft_baseline(market.lead, market.program, title="Nicer", on=market.today, lines=FIGURES)
    with pytest.raises(Refused, match="baseline of this program is signed"):
        workflow.sign_baseline(market.lead, better, credentials=market.sign(market.lead))


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([], "has figures"),
        ([{**FIGURES[0], "measure": "guess"}], "known measure"),
        ([FIGURES[0], FIGURES[0]], "each once"),
        ([{**FIGURES[0], "source": " "}], "where it comes from"),
        ([{**FIGURES[0], "value": "a lot"}], "decimal"),
    ],
)
def test_a_baseline_without_its_source_is_refused(market: Market, lines: list, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        workflow.draft_baseline(market.lead, market.program, title="Before", on=market.today, lines=lines)


# Plan


def planned(market: Market, **more) -> WorkOrder:
    def on(days: int) -> dt.date:
        return market.today + dt.timedelta(days=days)

    shown = {"type": "materials.sample", "code": "S-1", "state": "received"}
    plan = [
        {"name": "Transfer", "starts_on": on(-9), "ends_on": on(0), "ended_when": "record_in_state", "parameters": shown,
         "planned_cost": "18500.00"},
        {"name": "Testing", "starts_on": on(1), "ends_on": on(10), "after": "Transfer", "planned_cost": "20000.00"},
        {"name": "Review", "starts_on": on(3), "ends_on": on(12), "links": [{"after": "Testing", "kind": "SS", "lag": 2}],
         "planned_cost": "3000.00", "earns": "50/50"},
        {"name": "Archive", "starts_on": on(3), "ends_on": on(4)},
    ]  # fmt: skip
    return market.order(plan=plan, **more)


def test_the_plan_shows_slack_and_the_critical_path(market: Market) -> None:
    shown = queries.plan(planned(market), market.today)
    assert [(one.line.name, one.slack, one.critical) for one in shown.lines] == [
        ("Transfer", 0, True), ("Testing", 0, True), ("Review", 0, True), ("Archive", 8, False)
    ]  # fmt: skip
    assert shown.forecast_end == shown.planned_end == market.today + dt.timedelta(days=12)


def test_a_delay_of_a_change_order_moves_what_follows(market: Market) -> None:
    order = planned(market)
    testing = order.plan.get(name="Testing")
    changed(market, order, delayed=order.plan.get(name="Transfer"), delay_days=4)
    shown = {one.line.name: one for one in queries.plan(order, market.today).lines}
    assert (shown["Transfer"].late_by, shown["Testing"].late_by, shown["Review"].late_by) == (4, 4, 4)
    assert shown["Testing"].line == testing


def test_a_line_that_is_over_by_records_is_no_longer_critical_and_earns_its_cost(market: Market) -> None:
    order = planned(market)
    before = queries.value_at(queries.plan(order, market.today), market.today)
    assert (before.found.planned, before.found.earned) == (18500, 0)
    market.receive("S-1")
    issued(market, order, ["milestone-1"])
    shown = queries.plan(order, market.today)
    assert not shown.lines[0].critical and shown.lines[0].ended is not None
    found = queries.value_at(shown, market.today)
    assert (found.found.earned, found.found.spent, found.spent_is) == (18500, 18500, "what was invoiced")


def test_booked_costs_are_seen_by_ones_own_organization_only(market: Market) -> None:
    order = planned(market)
    line = order.plan.get(name="Transfer")
    workflow.book_cost(market.manager, line, on=market.today, amount="20000.00", currency="EUR", note="240 h")
    market.receive("S-1")
    shown = queries.plan(order, market.today)
    ours, theirs = (queries.value_at(shown, market.today, side) for side in (market.partner, market.sponsor))
    assert (ours.found.spent, str(round(ours.found.cost_index, 4))) == (20000, "0.9250")
    assert (theirs.found.spent, theirs.spent_is) == (0, "what was invoiced")
    with pytest.raises(Invalid, match="currency of the order"):
        workflow.book_cost(market.manager, line, on=market.today, amount="1", currency="USD", note="x")
    assert queries.value_figure(shown, market.today, market.partner).svg


def test_a_line_planned_before_its_link_allows_is_refused(market: Market) -> None:
    day = market.today
    plan = [
        {"name": "A", "starts_on": day, "ends_on": day},
        {"name": "B", "starts_on": day, "ends_on": day, "after": "A"},
    ]
    with pytest.raises(Invalid, match="earlier than its link"):
        market.order(plan=plan)
    lead = [plan[0], {"name": "B", "starts_on": day, "ends_on": day, "links": [{"after": "A", "lag": -1}]}]
    assert market.order(plan=lead).plan.count() == 2


def test_a_status_report_keeps_results_that_come_out_again(market: Market) -> None:
    order = planned(market)
    market.receive("S-1")
    made = workflow.report_status(market.manager, order)
    assert [one.method for one in made] == ["engagements.critical_path", "engagements.earned_value"]
    from crdmo.foundation.computing import recompute

    risk = workflow.report_risk(market.manager, order, shape="triangular", best="80", worst="150")
    assert 0 < risk.output["joint"] < 1
    assert all(
        recompute(one).sentence().startswith("identical") or "identical" in recompute(one).sentence()
        for one in [*made, risk]
    )
    with pytest.raises(Invalid, match="around the plan"):
        workflow.report_risk(market.manager, order, shape="triangular", best="120", worst="150")


def test_an_amount_without_a_stated_rate_is_not_converted() -> None:
    with pytest.raises(Invalid, match="no rate is stated"):
        converted(Money(Decimal(1), "JPY"), "EUR", {})


def test_an_operator_does_nothing_of_the_contract(market: Market, order: WorkOrder) -> None:
    operator = factories.person(Role.OPERATOR)
    with pytest.raises(NotPermitted):
        workflow.draft_change_order(operator, order, title="x", why="y", lines=[ADDED])
