"""Change orders: drafted by either party, executed once both have signed; and the log of work that nothing covers yet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from crdmo.common.codes import next_code
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.models import Record
from crdmo.foundation.ledger.thread import sources_of
from crdmo.foundation.refusals import Conflict, Invalid, Refused
from crdmo.foundation.signing import Credentials, Meaning

from .. import queries
from ..conditions import checked_counter
from ..models import ChangeLine, ChangeOrder, OutOfScope, PlanLine, PriceLine, WorkOrder
from ..money import decimal_text
from .desks import MANAGERS, PRICING, accept, program_of

LONGEST_DELAY = 3650


@verb("engagements.log_out_of_scope", "log work outside an order", roles=PRICING)
def log_out_of_scope(act: Act, order: WorkOrder, *, text: str, found_on: dt.date, estimate: str = "") -> OutOfScope:
    """Log work that no line covers, before it is done. It is not invoiced until a change order covers it."""
    _in_force(order)
    if not text.strip():
        raise Invalid("say which work it is", errors={"text": "needed"})
    if found_on > act.now.date():
        raise Invalid("work is logged when it is found", errors={"found_on": "in the future"}, given=str(found_on))
    return act.create(
        OutOfScope, program=order.program, work_order=order, code=next_code(act, OutOfScope, "OOS", program_of(order)),
        text=text.strip(), found_on=found_on, estimate=decimal_text(estimate, "estimate") if estimate else "",
    )  # fmt: skip


@verb("engagements.decline_out_of_scope", "decline work outside an order", roles=MANAGERS)
def decline_out_of_scope(act: Act, found: OutOfScope) -> OutOfScope:
    """Decline logged work, with a reason: it is not done, or not charged."""
    if found.state != OutOfScope.State.OPEN:
        raise Refused(f"{found} is {found.get_state_display().lower()}", given=found.get_state_display())
    if not act.reason:
        raise Invalid("a decision has its reason", errors={"reason": "say why"})
    return act.change(found, state=OutOfScope.State.DECLINED)


@verb("engagements.draft_change_order", "draft a change order", roles=PRICING)
def draft_change_order(
    act: Act,
    order: WorkOrder,
    *,
    title: str,
    why: str,
    lines: Sequence[Mapping[str, Any]],
    document: str = "",
    because: Sequence[Record] = (),
    delayed: PlanLine | None = None,
    delay_days: int = 0,
    covers: Sequence[OutOfScope] = (),
) -> ChangeOrder:
    """Draft a change of a signed order, with its price.

    Args:
        act: the open act.
        order: a signed order.
        title: what changes.
        why: the reason, such as which amendment.
        lines: each either `{"line": PriceLine, "quantity": "5"}`, another quantity (zero takes the line out), or a new line
            with service, description, unit, quantity, unit_price and, for one-off costs, `one_off`.
        document: the document that made it necessary, as people name it.
        because: the records that made it necessary, in the version at hand; when one changes, the draft is stale.
        delayed: the line of the plan that takes longer.
        delay_days: by how many days; below zero, shorter.
        covers: logged work that the change covers once it is executed.

    Raises:
        Refused: the order is not in force, or a quantity falls below what was earned already.
        Invalid: nothing changes, a line is priced or counted in no way.
    """
    _in_force(order)
    if not why.strip():
        raise Invalid("a change order has its reason", errors={"why": "say what made it necessary"})
    if abs(delay_days) > LONGEST_DELAY or (delay_days and delayed is None):
        raise Invalid(
            "a delay is of a line of the plan, in days", errors={"delay_days": "which line?"}, given=str(delay_days)
        )
    if not lines and not delay_days:
        raise Invalid("a change order changes something", errors={"lines": "none"}, allowed="lines, or a delay")
    if delayed is not None and delayed.work_order_id != order.pk:
        raise Refused(f"{delayed} is not in the plan of {order.code}")
    change = act.create(
        ChangeOrder, program=order.program, work_order=order, code=next_code(act, ChangeOrder, "CO", program_of(order)),
        title=title, why=why.strip(), document=document.strip(), sources=sources_of(because), delayed=delayed,
        delay_days=delay_days,
    )  # fmt: skip
    now = {one.line.pk: one for one in queries.current_lines(order)}
    seen = set()
    for i, given in enumerate(lines, 1):
        line = given.get("line")
        if line is None:
            values = _added(given, f"lines/{i}")
        else:
            if line.pk not in now or line.pk in seen:
                raise Refused("a change order changes a line of its order once", given=str(line))
            seen.add(line.pk)
            values = _requantified(now[line.pk], given, f"lines/{i}")
        act.create(ChangeLine, program=order.program, change=change, position=i, line=line, **values)
    for found in covers:
        if found.work_order_id != order.pk or found.state != OutOfScope.State.OPEN:
            raise Refused(f"{found} is not open in {order.code}", given=found.get_state_display())
        act.change(found, change=change)
    return change


def _in_force(order: WorkOrder) -> None:
    if order.state != "signed":
        raise Refused(f"{order} is not in force", given=order.get_state_display(), next="Both parties sign it first")


def _added(given: Mapping[str, Any], place: str) -> dict[str, Any]:
    if given.get("earned_by"):
        checked_counter(given["earned_by"])
    names = ("service", "description", "unit", "pass_through", "earned_by", "one_off")
    return {
        **{name: given[name] for name in names if name in given},
        "quantity": decimal_text(given.get("quantity", ""), f"{place}/quantity", above_zero=True),
        "unit_price": decimal_text(given.get("unit_price", ""), f"{place}/unit_price"),
    }


def _requantified(current: queries.CurrentLine, given: Mapping[str, Any], place: str) -> dict[str, Any]:
    line, quantity = current.line, decimal_text(given.get("quantity", ""), f"{place}/quantity")
    if Decimal(quantity) == Decimal(current.quantity):
        raise Invalid("this line does not change", errors={f"{place}/quantity": "as before"}, given=quantity)
    earned = queries.earned_units(line)
    if Decimal(quantity) < earned:
        raise Refused(
            f"{line} cannot fall below what was earned", given=quantity, allowed=f"at least {earned}",
            next="Only work that is still to come changes; ask for a credit note for the rest",
        )  # fmt: skip
    return {
        "quantity_before": current.quantity, "quantity": quantity, "service": line.service,
        "description": line.description, "unit": line.unit, "unit_price": line.unit_price,
        "pass_through": line.pass_through, "earned_by": line.earned_by,
    }  # fmt: skip


@verb("engagements.sign_change_order", "sign a change order", roles=MANAGERS, signs=Meaning.ACCEPTED)
def sign_change_order(act: Act, change: ChangeOrder, *, credentials: Credentials) -> ChangeOrder:
    """Sign for one's organization. With the second signature the change is executed: value, plan and scope follow.

    Raises:
        Refused: it is not a draft, or signed by this side already.
        Conflict: a line that it changes has another quantity now.
    """
    order = change.work_order
    if change.state != ChangeOrder.State.DRAFT:
        raise Refused(f"{change} is not to be signed", given=change.get_state_display(), allowed="Draft")
    _in_force(order)
    now = {one.line.pk: one for one in queries.current_lines(order)}
    lines = list(change.lines.filter(is_void=False).select_related("line").order_by("position"))
    for one in lines:
        if one.line is None:
            continue
        quantity = now[one.line.pk].quantity
        if Decimal(quantity) != Decimal(one.quantity_before) or Decimal(one.quantity) < queries.earned_units(one.line):
            raise Conflict(
                f"{one} was priced on another quantity", given=one.quantity_before, allowed=quantity,
                next="Reject this change order and draft it anew",
            )  # fmt: skip
    if not accept(act, change, credentials, [order.organization, order.agreement.partner]):
        return change
    position = max(order.lines.values_list("position", flat=True), default=0)
    names = ("service", "description", "unit", "quantity", "unit_price", "pass_through", "earned_by")
    for one in (line for line in lines if line.line is None):
        position += 1
        values = {name: getattr(one, name) for name in names}
        act.create(PriceLine, program=order.program, work_order=order, added_by=change, position=position, **values)
    for found in change.covers.filter(state=OutOfScope.State.OPEN, is_void=False):
        act.change(found, state=OutOfScope.State.COVERED)
    return act.change(change, state=ChangeOrder.State.EXECUTED, executed_on=act.now.date())


@verb("engagements.reject_change_order", "reject a change order", roles=MANAGERS)
def reject_change_order(act: Act, change: ChangeOrder) -> ChangeOrder:
    """Reject a draft, with a reason. What it was to cover is open again."""
    if change.state != ChangeOrder.State.DRAFT:
        raise Refused(f"{change} is not a draft", given=change.get_state_display())
    if not act.reason:
        raise Invalid("a rejection has its reason", errors={"reason": "say why"})
    for found in change.covers.filter(state=OutOfScope.State.OPEN, is_void=False):
        act.change(found, change=None)
    return act.change(change, state=ChangeOrder.State.REJECTED)
