"""Invoices: built from what records earned, matched three ways, issued by the partner, accepted and paid by the sponsor."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from decimal import Decimal

from crdmo.common.codes import next_code
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.datasets import store
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.thread import sources_of
from crdmo.foundation.refusals import Invalid, Refused

from .. import queries
from ..models import BillingParty, Invoice, InvoiceLine, PriceLine, Receipt, WorkOrder
from ..money import decimal_text
from .desks import BILLING, PAYING, act_for, person_of, program_of

LARGEST_FILE = 10 * 1024 * 1024


@verb("engagements.file_receipt", "file a receipt", roles=BILLING)
def file_receipt(
    act: Act,
    line: PriceLine,
    *,
    supplier: str,
    number: str,
    on: dt.date,
    amount: str,
    currency: str,
    file_name: str = "",
    file: bytes = b"",
) -> Receipt:
    """File what a supplier charged for a line that passes through at cost. A receipt is filed once.

    Raises:
        Invalid: no amount, another currency than the order's, a day to come.
        Refused: the line does not pass through, or the receipt was filed before.
    """
    order = line.work_order
    act_for(act, order.agreement.partner, "file receipts")
    if not line.pass_through:
        raise Refused(f"{line} does not pass through at cost", next="Choose a line that does")
    if currency != order.currency:
        raise Invalid(
            "a receipt is charged in the currency of the order", errors={"currency": "another one"}, given=currency,
            allowed=order.currency, next="Let the supplier invoice in it, or agree on a rate by a change order",
        )  # fmt: skip
    if on > act.now.date():
        raise Invalid("a receipt is of a day that was", errors={"on": "in the future"}, given=str(on))
    if len(file) > LARGEST_FILE:
        raise Invalid("a receipt's file is small", errors={"file": "too large"}, given=f"{len(file)} bytes")
    if Receipt.objects.filter(program=order.program, supplier=supplier, number=number, is_void=False).exists():
        raise Refused("this receipt was filed before", given=f"{number} of {supplier}", next="File each receipt once")
    return act.create(
        Receipt, program=order.program, line=line, supplier=supplier, number=number, on=on,
        amount=decimal_text(amount, "amount", above_zero=True), currency=currency, file_name=file_name,
        blob=store.put(file) if file else "",
    )  # fmt: skip


CATEGORIES = ("S", "Z", "E", "AE", "G", "O")


@verb("engagements.state_billing_party", "state how one's organization is billed", roles=BILLING)
def state_billing_party(
    act: Act,
    program: Program,
    *,
    legal_name: str,
    country: str,
    street: str = "",
    city: str = "",
    postal_code: str = "",
    vat_id: str = "",
    registration: str = "",
    tax_category: str = "",
    tax_rate: str = "0",
    tax_reason: str = "",
) -> BillingParty:
    """State or correct name, address and VAT of one's own organization for electronic invoices of a program.

    Args:
        act: the open act; a correction needs its reason.
        program: of the invoices.
        legal_name: as registered.
        country: two letters (ISO 3166-1).
        street: of the postal address.
        city: of the postal address.
        postal_code: of the postal address.
        vat_id: with its country in front.
        registration: number in the register of companies.
        tax_category: of the seller: S, Z, E, AE (reverse charge), G or O (outside the scope of VAT).
        tax_rate: in percent, of the seller.
        tax_reason: why nothing is charged.
    """
    person = person_of(act)
    home = person.organization
    if home is None or home.pk not in (program.organization_id, program.partner_id):
        raise Refused("only the parties are billed here", given=str(home))
    if not re.fullmatch(r"[A-Z]{2}", country):
        raise Invalid(
            "a country is its two letters", errors={"country": "not ISO 3166"}, given=country, allowed="DE, CH, …"
        )
    if tax_category and tax_category not in CATEGORIES:
        raise Invalid(
            "this is no VAT category",
            errors={"tax_category": "not known"},
            given=tax_category,
            allowed=", ".join(CATEGORIES),
        )
    values = {
        "legal_name": legal_name, "country": country, "street": street, "city": city, "postal_code": postal_code,
        "vat_id": vat_id, "registration": registration, "tax_category": tax_category,
        "tax_rate": decimal_text(tax_rate or "0", "tax_rate"), "tax_reason": tax_reason,
    }  # fmt: skip
    before = BillingParty.objects.filter(program=program, party=home, is_void=False).first()
    if before is not None:
        return act.change(before, **values)
    return act.create(BillingParty, program=program, party=home, **values)


@verb("engagements.draft_invoice", "draft an invoice", roles=BILLING)
def draft_invoice(act: Act, order: WorkOrder, *, items: Sequence[str] | None = None) -> Invoice:
    """Draft an invoice of what records have earned and nobody invoiced yet: all of it, or the items named.

    Raises:
        Refused: the order is not in force, or nothing is earned that was not invoiced.
        Invalid: an item is named that is not earned, or was invoiced before.
    """
    act_for(act, order.agreement.partner, "invoice")
    if order.state != "signed":
        raise Refused(f"{order} is not in force", given=order.get_state_display())
    found = {item.key: item for item in queries.billable(order)}
    if items is not None and (unknown := [key for key in items if key not in found]):
        raise Invalid(
            "only what records have earned and nobody invoiced is invoiced", errors={"items": "not billable"},
            given=", ".join(unknown), allowed=", ".join(found) or "nothing at present",
            next="A milestone becomes billable when its record is there; an invoiced one needs a credit note first",
        )  # fmt: skip
    chosen = [found[key] for key in (items if items is not None else found)]
    if not chosen:
        raise Refused("nothing is earned that was not invoiced", next="Wait for the records, or see the milestones")
    invoice = act.create(
        Invoice, program=order.program, work_order=order, code=next_code(act, Invoice, "INV", program_of(order)),
        currency=order.currency,
    )  # fmt: skip
    for i, item in enumerate(chosen, 1):
        act.create(
            InvoiceLine, program=order.program, invoice=invoice, position=i, description=item.description,
            milestone=item.milestone, line=item.line, receipt=item.receipt, unit=item.unit, quantity=item.quantity,
            unit_price=item.unit_price, sources=sources_of(item.records),
        )  # fmt: skip
    return invoice


@verb("engagements.discard_invoice", "discard a draft invoice", roles=BILLING)
def discard_invoice(act: Act, invoice: Invoice) -> Invoice:
    """Discard a draft, with a reason; its lines can be invoiced again."""
    act_for(act, invoice.work_order.agreement.partner, "discard an invoice")
    _in_state(invoice, Invoice.State.DRAFT)
    for line in invoice.lines.filter(is_void=False):
        act.void(line)
    return act.void(invoice)


@verb("engagements.issue_invoice", "issue an invoice", roles=BILLING)
def issue_invoice(act: Act, invoice: Invoice, *, due_on: dt.date) -> Invoice:
    """Issue an invoice or a credit note. Each line must match contract and evidence, and the sum must stay in the contract.

    Raises:
        Refused: a line does not match, or all invoices together exceed the contract value.
    """
    order = invoice.work_order
    act_for(act, order.agreement.partner, "issue an invoice")
    _in_state(invoice, Invoice.State.DRAFT)
    if due_on < act.now.date():
        raise Invalid("an invoice is due after it is issued", errors={"due_on": "in the past"}, given=str(due_on))
    _matched(invoice)
    if invoice.credits_id is None:
        for name, worth, asked in queries.against_contract(invoice):
            if asked.amount > worth.amount:
                raise Refused(
                    f"the invoices of {order.code} exceed the {name} of the contract", given=str(asked), allowed=str(worth),
                    next="Sign a change order first",
                )  # fmt: skip
    return act.change(invoice, state=Invoice.State.ISSUED, issued_on=act.now.date(), due_on=due_on)


def _in_state(invoice: Invoice, *allowed: str) -> None:
    if invoice.state not in allowed:
        raise Refused(
            f"{invoice} is {invoice.get_state_display().lower()}", given=invoice.get_state_display(),
            allowed=", ".join(Invoice.State(one).label for one in allowed),
        )  # fmt: skip


def _matched(invoice: Invoice) -> None:
    wrong = [f"{one.line.description}: {one.said}" for one in queries.three_way(invoice) if not one.holds]
    if wrong:
        raise Refused(
            f"{invoice} does not match contract and evidence", given="; ".join(wrong), allowed="every line matches",
            next="Discard the draft, or ask for a credit note",
        )  # fmt: skip


@verb("engagements.accept_invoice", "accept an invoice", roles=PAYING)
def accept_invoice(act: Act, invoice: Invoice) -> Invoice:
    """Accept an issued or disputed invoice, matched once more: evidence voided since it was issued stops it."""
    act_for(act, invoice.organization, "accept an invoice")
    _in_state(invoice, Invoice.State.ISSUED, Invoice.State.DISPUTED)
    _matched(invoice)
    return act.change(invoice, state=Invoice.State.ACCEPTED)


@verb("engagements.dispute_invoice", "dispute an invoice", roles=PAYING)
def dispute_invoice(act: Act, invoice: Invoice) -> Invoice:
    """Dispute an issued invoice, with a reason."""
    act_for(act, invoice.organization, "dispute an invoice")
    _in_state(invoice, Invoice.State.ISSUED)
    if not act.reason:
        raise Invalid("a dispute has its reason", errors={"reason": "say which line, and why"})
    return act.change(invoice, state=Invoice.State.DISPUTED, dispute=act.reason)


@verb("engagements.record_payment", "record the payment of an invoice", roles=PAYING)
def record_payment(act: Act, invoice: Invoice, *, on: dt.date, payment: str) -> Invoice:
    """Record that an accepted invoice was paid: the day and the bank's reference."""
    act_for(act, invoice.organization, "pay an invoice")
    _in_state(invoice, Invoice.State.ACCEPTED)
    if on > act.now.date() or (invoice.issued_on and on < invoice.issued_on):
        raise Invalid("a payment lies between issue and today", errors={"on": "another day"}, given=str(on))
    if not payment.strip():
        raise Invalid("a payment has the bank's reference", errors={"payment": "needed"})
    return act.change(invoice, state=Invoice.State.PAID, paid_on=on, payment=payment.strip())


@verb("engagements.draft_credit_note", "draft a credit note", roles=BILLING)
def draft_credit_note(act: Act, invoice: Invoice, *, positions: Sequence[int]) -> Invoice:
    """Draft a credit note over whole lines of an invoice, with the act's reason. A line is credited once.

    Raises:
        Refused: the invoice was not issued, or is a credit note itself.
        Invalid: no such line, or it was credited before.
    """
    order = invoice.work_order
    act_for(act, order.agreement.partner, "credit")
    if invoice.credits_id is not None:
        raise Refused(f"{invoice} is a credit note", next="Invoice the lines again")
    issued = (Invoice.State.ISSUED, Invoice.State.ACCEPTED, Invoice.State.DISPUTED, Invoice.State.PAID)
    _in_state(invoice, *issued)
    if not act.reason:
        raise Invalid("a credit note has its reason", errors={"reason": "say why"})
    left = {line.position: line for line in queries.uncredited(invoice)}
    if not positions or (unknown := [one for one in positions if one not in left]):
        given = ", ".join(map(str, unknown if positions else [])) or "none"
        raise Invalid(
            "a credit note takes back lines that stand", errors={"positions": "not there"}, given=given,
            allowed=", ".join(map(str, left)) or "none: all are credited",
        )  # fmt: skip
    note = act.create(
        Invoice, program=order.program, work_order=order, credits=invoice, currency=invoice.currency,
        code=next_code(act, Invoice, "CRN", program_of(order)),
    )  # fmt: skip
    for i, position in enumerate(positions, 1):
        line = left[position]
        act.create(
            InvoiceLine, program=order.program, invoice=note, position=i, description=line.description,
            milestone=line.milestone, line=line.line, receipt=line.receipt, unit=line.unit,
            quantity=f"{-Decimal(line.quantity)}", unit_price=line.unit_price, sources=line.sources,
        )  # fmt: skip
    return note
