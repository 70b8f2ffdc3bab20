"""The verbs of the contract layer. Both organizations sign; what is signed does not change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from crdmo.common.codes import next_code
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.models import Organization, Person, Program
from crdmo.foundation.accounts.roles import EVERYONE, Role
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.foundation.signing import Credentials, Meaning, sign, signatures_of

from .conditions import checked
from .models import Agreement, Milestone, PlanLine, PriceLine, WorkOrder

MANAGERS = (Role.PROJECT_MANAGER, Role.SPONSOR_LEAD)
CURRENCY_LENGTH = 3
VIEWERS = EVERYONE


@verb("engagements.draft_agreement", "draft an agreement", roles=MANAGERS)
def draft_agreement(
    act: Act,
    program: Program,
    *,
    kind: str,
    title: str,
    effective_from: dt.date,
    ends_on: dt.date | None = None,
    clauses: Sequence[Mapping[str, str]] = (),
    code: str = "",
) -> Agreement:
    """Draft an agreement between the program's sponsor and its partner."""
    if ends_on is not None and ends_on <= effective_from:
        raise Invalid(
            "an agreement ends after it begins", errors={"ends_on": "before the beginning"}, given=str(ends_on)
        )
    return act.create(
        Agreement,
        program=program,
        partner=program.partner,
        kind=kind,
        title=title,
        effective_from=effective_from,
        ends_on=ends_on,
        clauses=[dict(clause) for clause in clauses],
        code=code or next_code(act, Agreement, kind.upper(), program),
    )


def _sides(record: Agreement | WorkOrder) -> set[Any]:
    """Return the organizations whose signature a record carries."""
    people = [m.signer_id for m in signatures_of(record) if m.meaning == Meaning.ACCEPTED and m.holds]
    return set(Person.objects.filter(pk__in=people).values_list("organization_id", flat=True))


def _accept(
    act: Act, record: Agreement | WorkOrder, credentials: Credentials, parties: Sequence[Organization | None]
) -> bool:
    """Sign for one's own organization; say whether now both have."""
    if not isinstance(act.actor, Person):
        raise Refused("only a person signs", given=act.actor.printed_name)
    mine, keys = act.actor.organization_id, {party.id for party in parties if party}
    if mine not in keys:
        raise Refused(
            "only the parties sign", given=str(act.actor.organization), allowed=", ".join(str(p) for p in parties)
        )
    if mine in _sides(record):
        raise Refused(f"{act.actor.organization} has signed {record}", next="The other party signs")
    sign(act, [record], Meaning.ACCEPTED, credentials)
    return _sides(record) | {mine} >= keys


@verb("engagements.sign_agreement", "sign an agreement", roles=MANAGERS, signs=Meaning.ACCEPTED)
def sign_agreement(act: Act, agreement: Agreement, *, credentials: Credentials) -> Agreement:
    """Sign for one's organization; in force once both have."""
    if agreement.state != "draft":
        raise Refused(f"{agreement} is signed", given=agreement.get_state_display())
    both = _accept(act, agreement, credentials, [agreement.organization, agreement.partner])
    return act.change(agreement, state="signed") if both else agreement


def _decimal(text: str, place: str) -> str:
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise Invalid(
            "a quantity or price is a decimal number with a point", errors={place: "not a number"}, given=text
        ) from error
    if not value.is_finite() or value < 0:
        raise Invalid("a quantity or price is zero or more", errors={place: "negative"}, given=text)
    return text


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
) -> WorkOrder:
    """Draft an order with its priced lines, its milestones and its plan."""
    if agreement.state != "signed":
        raise Refused(f"{agreement} is not signed", next="Both parties sign the agreement first")
    if len(currency) != CURRENCY_LENGTH or not currency.isupper():
        raise Invalid(
            "a currency is its three letters",
            errors={"currency": "not ISO 4217"},
            given=currency,
            allowed="EUR, USD, CHF, …",
        )
    program = agreement.program
    assert program is not None
    order = act.create(
        WorkOrder,
        program=program,
        agreement=agreement,
        code=next_code(act, WorkOrder, "WO", program),
        title=title,
        scope=scope,
        currency=currency,
        starts_on=starts_on,
    )
    for i, line in enumerate(lines, 1):
        made = {
            **line,
            "quantity": _decimal(line["quantity"], f"lines/{i}/quantity"),
            "unit_price": _decimal(line["unit_price"], f"lines/{i}/unit_price"),
        }
        act.create(PriceLine, program=program, work_order=order, position=i, **made)
    for i, milestone in enumerate(milestones, 1):
        checked(milestone["condition"], milestone.get("parameters", {}))
        act.create(Milestone, program=program, work_order=order, position=i, **milestone)
    _plan(act, order, plan)
    return order


def _plan(act: Act, order: WorkOrder, plan: Sequence[Mapping[str, Any]]) -> None:
    made: dict[str, PlanLine] = {}
    for i, line in enumerate(plan, 1):
        if line["ends_on"] < line["starts_on"]:
            raise Invalid("a line of the plan ends after it starts", errors={f"plan/{i}/ends_on": "before the start"})
        values = dict(line)
        after = values.pop("after", "")
        if after and after not in made:
            raise Invalid(
                "a line follows one that stands before it",
                errors={f"plan/{i}/after": "not there"},
                given=after,
                allowed=", ".join(made),
            )
        made[values["name"]] = act.create(
            PlanLine, program=order.program, work_order=order, position=i, after=made.get(after), **values
        )


@verb("engagements.sign_work_order", "sign a work order", roles=MANAGERS, signs=Meaning.ACCEPTED)
def sign_work_order(act: Act, order: WorkOrder, *, credentials: Credentials) -> WorkOrder:
    """Sign for one's organization; the order is in force once both have. Its lines do not change afterwards."""
    if order.state != "draft":
        raise Refused(f"{order} is signed", given=order.get_state_display())
    if not order.lines.filter(is_void=False).exists():
        raise Refused(f"{order} has no priced line", next="Draft it with its price")
    both = _accept(act, order, credentials, [order.organization, order.agreement.partner])
    return act.change(order, state="signed") if both else order
