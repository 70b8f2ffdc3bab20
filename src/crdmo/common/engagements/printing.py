"""Invoices and the transfer of obligations as PDF/A. They follow from the records alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from crdmo.foundation.accounts.models import Program
from crdmo.foundation.documents import blocks, pdf
from crdmo.foundation.documents.printing import dated, day, footer, header

from . import queries, responsibility
from .models import Invoice

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


FILES: dict[str, tuple[Callable[[Invoice, str], bytes], str]] = {"pdf": (invoice_pdf, "application/pdf")}
