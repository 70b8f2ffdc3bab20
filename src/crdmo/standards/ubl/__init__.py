"""Electronic invoices after EN 16931, in the syntax UBL 2.1: the model, its rules, the writer.

    invoice = Invoice(number="INV-26-0001", ..., lines=(Line(...),))
    check(invoice)          # the rules that are broken, each with its number in the standard
    write(invoice)          # bytes; refused while a rule is broken

Source: EN 16931-1:2017 (semantic model and business rules), CEN/TS 16931-3-2 (binding to UBL 2.1), OASIS UBL 2.1.
"""

from __future__ import annotations

from .model import Invoice, Line, Party, Tax, TaxGroup, Totals, tax_groups, totals
from .rules import check
from .writer import write

__all__ = ["Invoice", "Line", "Party", "Tax", "TaxGroup", "Totals", "check", "tax_groups", "totals", "write"]
