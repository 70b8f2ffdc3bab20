"""Invoices as PDF/A and as EN 16931 XML, the transfer of obligations as PDF/A. They follow from the records alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

from crdmo.foundation.accounts.models import Organization, Program
from crdmo.foundation.documents import blocks, pdf
from crdmo.foundation.documents.printing import dated, day, footer, header
from crdmo.foundation.refusals import Refused
from crdmo.standards import ubl
from crdmo.standards.refusals import FormatError

from . import queries, responsibility
from .models import BillingParty, Invoice

TONES = {"draft": "neutral", "issued": "info", "accepted": "ok", "paid": "ok", "disputed": "warning"}


def invoice_pdf(invoice: Invoice, printed_by: str = "") -> bytes:
    """Return an invoice or credit note: parties, order, lines with what shows them, fees and pass-through apart."""
    order = invoice.work_order
    kind = f"Credit note on {invoice.credits.code}" if invoice.credits else "Invoice"
    matches = queries.three_way(invoice)
    rows = [
        [
            str(match.line.position), match.line.description, _shown(match), f"{match.line.quantity} {match.line.unit}",
            match.line.unit_price, f"{queries.line_amount(match.line).amount}",
        ]
        for match in matches
    ]  # fmt: skip
    columns = [
        blocks.column("No."), blocks.column("Line", width="1fr"), blocks.column("Shown by", width="1fr"),
        blocks.column("Quantity", align="right"), blocks.column("Price", align="right"),
        blocks.column("Amount", unit=invoice.currency, align="decimal"),
    ]  # fmt: skip
    facts = [
        ["From", str(order.agreement.partner)],
        ["To", str(order.organization)],
        ["Work order", f"{order.code} {order.title}"],
        ["Agreement", str(order.agreement)],
        ["Issued", day(invoice.issued_on) or "not issued"],
        ["Due", day(invoice.due_on) or "–"],
        ["Contract value without pass-through", str(queries.value(order))],
    ]
    data = {
        **header(invoice), "title": f"{kind} {invoice.code}", "kind": kind, "code": invoice.code,
        "version": f"Version {invoice.version}", "state": invoice.get_state_display(), "tone": TONES[invoice.state],
        "footer": footer(printed_by, None, controlled=False, issued="Invoice from the ledger"), "dated": dated(invoice),
        "description": f"{kind} {invoice.code} on {order.code}", "facts": facts,
        "blocks": [
            blocks.heading("Lines"), blocks.table(columns, rows),
            blocks.facts([["Total", str(queries.invoice_total(invoice))]]),
        ],
    }  # fmt: skip
    return pdf.render("report", data, watermark="Draft" if invoice.state == "draft" else None)


def _shown(match: queries.Match) -> str:
    if len(match.evidence) > 2:
        return f"{len(match.evidence)} records, the first {match.evidence[0]}"
    return ", ".join(map(str, match.evidence)) or match.said


def transfer_pdf(program: Program, on: dt.date, printed_by: str = "") -> bytes:
    """Return the transfer of obligations of a program on a day: every obligation of 21 CFR 312, transferred or retained."""
    rows = [
        [
            one.duty.clause, one.duty.text, ", ".join(one.holders), "; ".join(part for part in one.parts if part),
            "transferred" if one.transferred else "retained", one.writing,
        ]
        for one in responsibility.transfer_of_obligations(program, on)
    ]  # fmt: skip
    columns = [
        blocks.column("Clause"), blocks.column("Obligation", width="1fr"), blocks.column("Accountable"),
        blocks.column("Part"), blocks.column("State"), blocks.column("By"),
    ]  # fmt: skip
    data = {
        **header(program), "organization": str(program.organization), "program": program.code,
        "title": f"Transfer of obligations, {program.code}", "kind": "Transfer of obligations", "code": "21 CFR 312.52",
        "version": f"On {day(on)}", "state": "", "tone": "neutral", "dated": on.isoformat(),
        "footer": footer(printed_by, None, controlled=False, issued="Computed from the signed matrices"),
        "description": f"Transfer of obligations of {program.code} on {on}",
        "facts": [["Sponsor", str(program.organization)], ["Partner", str(program.partner)]],
        "blocks": [
            blocks.text("An obligation that is not listed in a signed matrix is retained by the sponsor (21 CFR 312.52(a))."),
            blocks.table(columns, rows),
        ],
    }  # fmt: skip
    return pdf.render("report", data)


def invoice_xml(invoice: Invoice, printed_by: str = "") -> bytes:
    """Return an issued invoice or credit note as EN 16931 XML (UBL 2.1), for the other side's books.

    Raises:
        Refused: it is a draft, a party has not stated how it is billed, or a rule of the standard is broken.
    """
    if invoice.issued_on is None or invoice.due_on is None:
        raise Refused(f"{invoice} is a draft", given=invoice.get_state_display(), allowed="an issued one")
    order, credit = invoice.work_order, invoice.credits
    seller, buyer = _billed(invoice, order.agreement.partner), _billed(invoice, order.organization)
    tax = ubl.Tax(seller.tax_category, Decimal(seller.tax_rate), seller.tax_reason)
    made = ubl.Invoice(
        invoice.code, invoice.issued_on, invoice.due_on, invoice.currency, _party(seller), _party(buyer),
        tuple(
            ubl.Line(
                str(line.position), line.description, abs(Decimal(line.quantity)), Decimal(line.unit_price), tax,
                description=f"{line.quantity} {line.unit}",
            )
            for line in queries.lines_of(invoice)
        ),
        type_code="381" if credit else "380", order=order.code, contract=order.agreement.code,
        preceding=credit.code if credit else "", buyer_reference=order.program.code if order.program else "",
    )  # fmt: skip
    try:
        return ubl.write(made)
    except FormatError as error:
        raise Refused(error.what, given=error.given, allowed=error.allowed, next=error.next_step) from error


def _billed(invoice: Invoice, party: Organization | None) -> BillingParty:
    found = BillingParty.objects.filter(program=invoice.program, party=party, is_void=False).first()
    if found is None:
        raise Refused(
            f"{party} has not stated how it is billed", given="no billing details",
            next=f"Its finance states name, address and VAT on the page of {invoice.work_order.code}",
        )  # fmt: skip
    return found


def _party(stated: BillingParty) -> ubl.Party:
    names = ("country", "street", "city", "postal_code", "vat_id", "registration")
    return ubl.Party(stated.legal_name, **{name: getattr(stated, name) for name in names})


FILES: dict[str, tuple[Callable[[Invoice, str], bytes], str]] = {
    "pdf": (invoice_pdf, "application/pdf"),
    "xml": (invoice_xml, "application/xml"),
}
