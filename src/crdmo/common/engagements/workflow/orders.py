"""Work orders: priced lines, milestones and plan, drafted once and signed by both; a milestone held by the sponsor."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from crdmo.common.codes import next_code
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.foundation.signing import Credentials, Meaning, sign

from ..conditions import answerable, checked, checked_counter
from ..models import Agreement, BookedCost, Milestone, MilestoneHold, PlanLine, PlanLink, PriceLine, Proposal, WorkOrder
from ..money import Money, currency_code, decimal_text, line_total, total
from .desks import MANAGERS, OUTSOURCING, accept, act_for, person_of, program_of, sides_of

# The least start of a line by each kind of link, from start and end of the one before: both days inclusive.
FROM_START = ("SS", "SF")


@verb("engagements.draft_work_order", "draft a work order", roles=MANAGERS)
def draft_work_order(
    act: Act,
    agreement: Agreement,
    *,
    title: str,
    currency: str,
    starts_on: dt.date,
    scope: str = "",
    lines: Sequence[Mapping[str, Any]] = (),
    milestones: Sequence[Mapping[str, Any]] = (),
    plan: Sequence[Mapping[str, Any]] = (),
    proposal: Proposal | None = None,
) -> WorkOrder:
    """Draft an order with its priced lines, its milestones and its plan.

    Raises:
        Refused: the agreement is not signed.
        Invalid: a line, milestone or line of the plan cannot be, or milestones and counted units pay more than the order
            is worth.
    """
    if agreement.state != "signed":
        raise Refused(f"{agreement} is not signed", next="Both parties sign the agreement first")
    currency_code(currency)
    program = program_of(agreement)
    order = act.create(
        WorkOrder,
        program=program,
        agreement=agreement,
        code=next_code(act, WorkOrder, "WO", program),
        title=title,
        scope=scope,
        currency=currency,
        starts_on=starts_on,
        proposal=proposal,
    )
    worth, counted = [], []
    for i, line in enumerate(lines, 1):
        made = priced(line, f"lines/{i}")
        act.create(PriceLine, program=program, work_order=order, position=i, **made)
        if not made.get("pass_through"):
            worth.append(line_total(made["quantity"], made["unit_price"], currency))
            counted += worth[-1:] if made.get("earned_by") else []
    paid = list(counted)
    for i, milestone in enumerate(milestones, 1):
        checked(milestone["condition"], milestone.get("parameters", {}))
        if milestone.get("amount"):
            text = decimal_text(milestone["amount"], f"milestones/{i}/amount")
            paid.append(line_total("1", text, currency))
        act.create(Milestone, program=program, work_order=order, position=i, **milestone)
    _not_more(total(paid, currency), total(worth, currency))
    draft_plan(act, order, plan)
    return order


def priced(line: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Return a priced line as it is written.

    Raises:
        Invalid: quantity or price is none, or nothing counts what earns it.
    """
    if line.get("earned_by"):
        checked_counter(line["earned_by"])
    return {
        **line,
        "quantity": decimal_text(line["quantity"], f"{place}/quantity"),
        "unit_price": decimal_text(line["unit_price"], f"{place}/unit_price"),
    }


def _not_more(paid: Money, worth: Money) -> None:
    if paid.amount > worth.amount:
        raise Invalid(
            "milestones and counted units pay more than the order is worth",
            errors={"milestones": "too much"},
            given=str(paid),
            allowed=f"at most {worth}",
            next="Take an amount out, or leave it to the units",
        )


def draft_plan(act: Act, order: WorkOrder, plan: Sequence[Mapping[str, Any]]) -> None:
    """Write the lines of a plan with what each follows.

    Raises:
        Invalid: a line ends before it starts, follows what does not stand before it, or starts before its links allow.
    """
    made: dict[str, PlanLine] = {}
    for i, line in enumerate(plan, 1):
        made[line["name"]] = _plan_line(act, order, i, line, made)


def _plan_line(act: Act, order: WorkOrder, i: int, line: Mapping[str, Any], made: Mapping[str, PlanLine]) -> PlanLine:
    if line["ends_on"] < line["starts_on"]:
        raise Invalid("a line of the plan ends after it starts", errors={f"plan/{i}/ends_on": "before the start"})
    values = dict(line)
    links = [{"after": values.pop("after")}] if values.get("after") else []
    links += values.pop("links", [])
    values.pop("after", None)
    if values.get("planned_cost"):
        decimal_text(values["planned_cost"], f"plan/{i}/planned_cost")
    for name in ("began_when", "ended_when"):
        if values.get(name):
            answerable(values[name], values.get("parameters") or {})
    one = act.create(PlanLine, program=order.program, work_order=order, position=i, **values)
    for link in links:
        before = made.get(link["after"])
        if before is None:
            raise Invalid(
                "a line follows one that stands before it",
                errors={f"plan/{i}/after": "not there"},
                given=link["after"],
                allowed=", ".join(made),
            )
        kind, lag = link.get("kind", "FS"), link.get("lag", 0)
        _kept(one, before, kind, lag, f"plan/{i}/starts_on")
        act.create(PlanLink, program=order.program, line=one, after=before, kind=kind, lag=lag)
    return one


def _kept(line: PlanLine, before: PlanLine, kind: str, lag: int, place: str) -> None:
    """Refuse planned dates that a link forbids."""
    day = dt.timedelta(days=1)
    base = before.starts_on if kind in FROM_START else before.ends_on + day
    mine = line.ends_on + day if kind in ("FF", "SF") else line.starts_on
    if mine < base + lag * day:
        raise Invalid(
            f"{line.name} is planned earlier than its link to {before.name} allows",
            errors={place: "too early"},
            given=f"{line.starts_on} to {line.ends_on}",
            allowed=f"{kind} with a lag of {lag} days after {before.starts_on} to {before.ends_on}",
            next="Move the line, or state a lead as a lag below zero",
        )


@verb("engagements.add_milestone", "add a milestone to a draft order", roles=MANAGERS)
def add_milestone(
    act: Act,
    order: WorkOrder,
    *,
    name: str,
    condition: str,
    parameters: Mapping[str, str],
    due_on: dt.date,
    amount: str = "",
) -> Milestone:
    """Add a milestone to an order that nobody has signed: what must be on record, until when, what it pays."""
    _unsigned(order)
    checked(condition, parameters)
    text = decimal_text(amount, "amount") if amount else ""
    lines = [line for line in order.lines.filter(is_void=False) if not line.pass_through]
    worth = [line_total(line.quantity, line.unit_price, order.currency) for line in lines]
    paid = [amount for line, amount in zip(lines, worth, strict=True) if line.earned_by]
    paid += [
        line_total("1", one.amount, order.currency) for one in order.milestones.filter(is_void=False) if one.amount
    ]
    _not_more(
        total([*paid, line_total("1", text or "0", order.currency)], order.currency), total(worth, order.currency)
    )
    return act.create(
        Milestone, program=order.program, work_order=order, position=_next(order.milestones), name=name,
        condition=condition, parameters=dict(parameters), due_on=due_on, amount=text,
    )  # fmt: skip


@verb("engagements.add_plan_line", "add a line to the plan of a draft order", roles=MANAGERS)
def add_plan_line(
    act: Act,
    order: WorkOrder,
    *,
    name: str,
    starts_on: dt.date,
    ends_on: dt.date,
    links: Sequence[Mapping[str, Any]] = (),
    began_when: str = "",
    ended_when: str = "",
    parameters: Mapping[str, str] | None = None,
    planned_cost: str = "",
    earns: str = "0/100",
) -> PlanLine:
    """Add a line to the plan of an order that nobody has signed, after those that it follows."""
    _unsigned(order)
    there = {line.name: line for line in order.plan.filter(is_void=False)}
    if name in there:
        raise Invalid("a line of the plan is there already", errors={"name": "taken"}, given=name)
    values = {
        "name": name, "starts_on": starts_on, "ends_on": ends_on, "began_when": began_when, "ended_when": ended_when,
        "parameters": dict(parameters or {}), "planned_cost": planned_cost, "earns": earns, "links": list(links),
    }  # fmt: skip
    return _plan_line(act, order, _next(order.plan), values, there)


def _next(rows: Any) -> int:
    return 1 + max(rows.values_list("position", flat=True), default=0)


def _unsigned(order: WorkOrder) -> None:
    if order.state != "draft" or sides_of(order):
        raise Refused(f"{order} is signed", given=order.get_state_display(), next="Draft a change order")


@verb("engagements.sign_work_order", "sign a work order", roles=MANAGERS, signs=Meaning.ACCEPTED)
def sign_work_order(act: Act, order: WorkOrder, *, credentials: Credentials) -> WorkOrder:
    """Sign for one's organization; the order is in force once both have. Its lines do not change afterwards."""
    if order.state != "draft":
        raise Refused(f"{order} is signed", given=order.get_state_display())
    if not order.lines.filter(is_void=False).exists():
        raise Refused(f"{order} has no priced line", next="Draft it with its price")
    both = accept(act, order, credentials, [order.organization, order.agreement.partner])
    return act.change(order, state="signed") if both else order


@verb("engagements.hold_milestone", "hold a milestone", roles=OUTSOURCING, signs=Meaning.REJECTED)
def hold_milestone(act: Act, milestone: Milestone, *, credentials: Credentials) -> MilestoneHold:
    """Withhold acceptance of a milestone by signature, with the act's reason. It earns nothing until the hold is lifted."""
    act_for(act, milestone.organization, "hold a milestone")
    if not act.reason:
        raise Invalid("a hold needs its reason", errors={"reason": "say what is missing"})
    if milestone.holds.filter(state="held", is_void=False).exists():
        raise Refused(f"{milestone} is held already", next="Lift the hold first")
    if milestone.invoiced.filter(invoice__state__in=("accepted", "paid"), is_void=False).exists():
        raise Refused(f"{milestone} is accepted on an invoice", next="Ask for a credit note")
    hold = act.create(MilestoneHold, program=milestone.program, milestone=milestone, reason=act.reason)
    sign(act, [hold], Meaning.REJECTED, credentials)
    return hold


@verb("engagements.lift_hold", "lift the hold on a milestone", roles=OUTSOURCING, signs=Meaning.ACCEPTED)
def lift_hold(act: Act, hold: MilestoneHold, *, credentials: Credentials) -> MilestoneHold:
    """Lift a hold by signature."""
    act_for(act, hold.organization, "lift a hold")
    if hold.state != "held":
        raise Refused(f"{hold} is lifted already", given=hold.get_state_display())
    lifted = act.change(hold, state="lifted")
    sign(act, [lifted], Meaning.ACCEPTED, credentials)
    return lifted


@verb("engagements.book_cost", "book a cost on a line of the plan", roles=MANAGERS)
def book_cost(act: Act, line: PlanLine, *, on: dt.date, amount: str, currency: str, note: str) -> BookedCost:
    """Book what a line of the plan has cost one's own organization. Only its own people see it."""
    person, order = person_of(act), line.work_order
    if currency != order.currency:
        raise Invalid(
            "costs are booked in the currency of the order",
            errors={"currency": "another one"},
            given=currency,
            allowed=order.currency,
            next="Convert it at your books' rate and note the rate",
        )
    if on > act.now.date():
        raise Invalid("a cost is booked when it is there", errors={"on": "in the future"}, given=str(on))
    return act.create(
        BookedCost,
        organization=person.organization,
        line=line,
        on=on,
        amount=decimal_text(amount, "amount", above_zero=True),
        currency=currency,
        note=note,
    )
