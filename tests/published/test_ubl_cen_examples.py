"""EN 16931: the sums of an example published by CEN/TC 434 (eInvoicing-EN16931, ubl-tc434-example5)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from lxml import etree

from crdmo.standards.ubl import Invoice, Line, Party, Tax, check, tax_groups, totals, write

DAY = dt.date(2013, 4, 10)
SELLER, BUYER = Party("SelCo", "NL", vat_id="NL16356706"), Party("Buyco", "DK", vat_id="DK16356607")


def s(rate: str) -> Tax:
    return Tax("S", Decimal(rate))


def test_example_5_two_rates() -> None:
    """Lines of 1000, 500 and 2500 DKK, at 25, 25 and 12 %: taxable 1500 and 2500, tax 375 and 300, payable 4675."""
    lines = (
        Line("1", "Printing paper", Decimal(1000), Decimal("1.00"), s("25")),
        Line("2", "Parker Pen", Decimal(100), Decimal("5.00"), s("25")),
        Line("3", "American Cookies", Decimal(500), Decimal("5.00"), s("12")),
    )
    invoice = Invoice("TOSL110", DAY, dt.date(2013, 5, 10), "DKK", SELLER, BUYER, lines)
    assert [(g.taxable, g.amount) for g in tax_groups(invoice)] == [(1500, 375), (2500, 300)]
    found = totals(invoice)
    assert (found.lines, found.tax, found.payable) == (4000, 675, 4675)
    assert check(invoice) == []
    root = etree.fromstring(write(invoice))
    space = {"c": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"}
    told = [x.text for x in root.iterfind(".//c:TaxableAmount", space)] + [
        x.text for x in root.iterfind(".//c:PayableAmount", space)
    ]
    assert told == ["1500.00", "2500.00", "4675.00"]
