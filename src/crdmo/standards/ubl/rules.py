"""The business rules of EN 16931 that concern what this writer can say, each by its number.

Rules of elements that are never written (allowances, charges, prepayment, payees, representatives) cannot be broken here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from crdmo.standards.refusals import Finding, Severity

from .model import Invoice, Line, Party

CURRENCY = re.compile(r"[A-Z]{3}")
COUNTRY = re.compile(r"[A-Z]{2}")
UNIT = re.compile(r"[A-Z0-9]{2,3}")
CATEGORIES = ("S", "Z", "E", "AE", "G", "O")
# Categories in which nothing is charged and the reason must be said; in all but these and Z, the rate is above zero.
WITH_REASON = {"E": "BR-E-10", "AE": "BR-AE-10", "G": "BR-G-10", "O": "BR-O-10"}
RATE_ZERO = {"Z": "BR-Z-5", "E": "BR-E-5", "AE": "BR-AE-5", "G": "BR-G-5"}
SELLER_VAT = {"S": "BR-S-2", "Z": "BR-Z-2", "E": "BR-E-2", "AE": "BR-AE-2", "G": "BR-G-2"}
SOURCE = "EN 16931-1:2017"


def check(invoice: Invoice) -> list[Finding]:
    """Return every rule that an invoice breaks; none if it can be written."""
    return [
        Finding(criterion=rule, severity=Severity.ERROR, place=place, what=text, reason=SOURCE)
        for rule, place, text in [*_document(invoice), *_parties(invoice), *_lines(invoice), *_taxes(invoice)]
    ]


def _document(invoice: Invoice) -> Iterator[tuple[str, str, str]]:
    if not invoice.number.strip():
        yield "BR-02", "number", "an invoice has a number"
    if invoice.type_code not in ("380", "381"):
        yield "BR-04", "type code", "the type is 380 (invoice) or 381 (credit note)"
    if not CURRENCY.fullmatch(invoice.currency):
        yield "BR-05", "currency", "a currency is its three letters (ISO 4217)"
    if not invoice.lines:
        yield "BR-16", "lines", "an invoice has a line"
    if invoice.type_code == "381" and not invoice.preceding:
        yield "BR-55", "preceding", "a credit note names the invoice that it takes back"
    if invoice.due_on < invoice.issued_on:
        yield "BR-CO-25", "due date", "what is to be paid is due on or after the day of issue"


def _parties(invoice: Invoice) -> Iterator[tuple[str, str, str]]:
    for place, party, name, country in (
        ("seller", invoice.seller, "BR-06", "BR-09"),
        ("buyer", invoice.buyer, "BR-07", "BR-11"),
    ):
        if not party.name.strip():
            yield name, place, f"the {place} has a name"
        if not COUNTRY.fullmatch(party.country):
            yield country, place, f"the {place}'s address has a country of two letters (ISO 3166-1)"
        yield from _vat_id(place, party)


def _vat_id(place: str, party: Party) -> Iterator[tuple[str, str, str]]:
    # Greece writes EL.
    if party.vat_id and party.vat_id[:2] not in (party.country, "EL", "XI"):
        yield "BR-CO-09", place, "a VAT identifier begins with its country"


def _lines(invoice: Invoice) -> Iterator[tuple[str, str, str]]:
    seen: set[str] = set()
    for line in invoice.lines:
        place = f"line {line.number or '?'}"
        if not line.number or line.number in seen:
            yield "BR-21", place, "each line has a number of its own"
        seen.add(line.number)
        if not line.name.strip():
            yield "BR-25", place, "a line has a name"
        if line.price < 0:
            yield "BR-27", place, "a price is not below zero: credit the quantity"
        if not UNIT.fullmatch(line.unit):
            yield "BR-23", place, "a quantity has a unit code (UN/ECE Recommendation 20)"
        yield from _line_tax(place, line)


def _line_tax(place: str, line: Line) -> Iterator[tuple[str, str, str]]:
    tax = line.tax
    if tax.category not in CATEGORIES:
        yield "BR-CO-04", place, f"a line has a VAT category: {', '.join(CATEGORIES)}"
        return
    if tax.category == "S" and tax.rate <= 0:
        yield "BR-S-5", place, "the standard category has a rate above zero"
    if tax.category in RATE_ZERO and tax.rate != 0:
        yield RATE_ZERO[tax.category], place, "this category has a rate of zero"
    if tax.category == "O" and tax.rate != 0:
        yield "BR-O-5", place, "outside the scope of VAT there is no rate"


def _taxes(invoice: Invoice) -> Iterator[tuple[str, str, str]]:
    used = {line.tax.category: line.tax for line in reversed(invoice.lines)}
    for category, tax in used.items():
        if category in WITH_REASON and not tax.reason.strip():
            yield WITH_REASON[category], "tax", "where nothing is charged the reason is said"
        if category in SELLER_VAT and not invoice.seller.vat_id:
            yield SELLER_VAT[category], "seller", "the seller has a VAT identifier in this category"
    if "AE" in used and not (invoice.buyer.vat_id or invoice.buyer.registration):
        yield "BR-AE-2", "buyer", "in the reverse charge the buyer has a VAT identifier or a legal registration"
    if "O" in used and len(used) > 1:
        yield "BR-O-11", "tax", "outside the scope of VAT there is no other category"
    if "O" in used and (invoice.seller.vat_id or invoice.buyer.vat_id):
        yield "BR-O-2", "tax", "outside the scope of VAT neither party states a VAT identifier"
