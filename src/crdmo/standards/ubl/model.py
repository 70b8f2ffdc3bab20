"""What an invoice says: parties, lines, taxes; and the sums that follow from them, each line and tax group rounded once."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


def cents(amount: Decimal) -> Decimal:
    """Return an amount with two decimals, half up, without a negative zero (BR-DEC rules)."""
    return amount.quantize(CENT, ROUND_HALF_UP) + 0


@dataclass(frozen=True)
class Party:
    """Seller or buyer: names, postal address with country (ISO 3166-1 alpha-2), VAT identifier where there is one."""

    name: str
    country: str
    street: str = ""
    city: str = ""
    postal_code: str = ""
    vat_id: str = ""
    registration: str = ""


@dataclass(frozen=True)
class Tax:
    """A VAT category of UNTDID 5305 with its rate in percent, and the reason where nothing is charged.

    S standard rate, Z zero rate, E exempt, AE reverse charge, G export, O outside the scope of VAT.
    """

    category: str
    rate: Decimal = Decimal(0)
    reason: str = ""


@dataclass(frozen=True)
class Line:
    """A line: net price of one unit, quantity with its UN/ECE Recommendation 20 code, what it is, its tax."""

    number: str
    name: str
    quantity: Decimal
    price: Decimal
    tax: Tax
    unit: str = "C62"
    description: str = ""

    @property
    def amount(self) -> Decimal:
        """The net amount of the line, rounded (BT-131)."""
        return cents(self.quantity * self.price)


@dataclass(frozen=True)
class Invoice:
    """An invoice (type 380) or a credit note (type 381, with the invoice that it takes back in `preceding`)."""

    number: str
    issued_on: dt.date
    due_on: dt.date
    currency: str
    seller: Party
    buyer: Party
    lines: tuple[Line, ...]
    type_code: str = "380"
    order: str = ""
    contract: str = ""
    preceding: str = ""
    note: str = ""
    buyer_reference: str = ""


@dataclass(frozen=True)
class TaxGroup:
    """All lines of one category and rate: what is taxable, and the tax (BG-23)."""

    tax: Tax
    taxable: Decimal
    amount: Decimal


@dataclass(frozen=True)
class Totals:
    """The totals of a document (BG-22)."""

    lines: Decimal
    tax: Decimal
    payable: Decimal


def tax_groups(invoice: Invoice) -> tuple[TaxGroup, ...]:
    """Return the tax breakdown, in the order in which the groups appear: taxable sums, each taxed and rounded once."""
    sums: dict[tuple[str, Decimal], tuple[Tax, Decimal]] = {}
    for line in invoice.lines:
        key = (line.tax.category, line.tax.rate)
        before = sums[key][1] if key in sums else Decimal(0)
        sums[key] = (sums[key][0] if key in sums else line.tax, before + line.amount)
    return tuple(TaxGroup(tax, taxable, cents(taxable * tax.rate / 100)) for tax, taxable in sums.values())


def totals(invoice: Invoice) -> Totals:
    """Return the totals: sum of lines, sum of taxes, and both together."""
    net = sum((line.amount for line in invoice.lines), Decimal("0.00"))
    tax = sum((group.amount for group in tax_groups(invoice)), Decimal("0.00"))
    return Totals(net, tax, net + tax)
