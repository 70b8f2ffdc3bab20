"""An invoice or credit note as UBL 2.1 XML: the same bytes for the same invoice."""

from __future__ import annotations

from decimal import Decimal

from lxml import etree

from crdmo.standards.refusals import FormatError

from .model import Invoice, Line, Party, Tax, tax_groups, totals
from .rules import check

COMMON = "urn:oasis:names:specification:ubl:schema:xsd:Common"
CBC, CAC = f"{COMMON}BasicComponents-2", f"{COMMON}AggregateComponents-2"
ROOTS = {
    "380": "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2",
    "381": "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2",
}
CUSTOMIZATION = "urn:cen.eu:en16931:2017"


def write(invoice: Invoice) -> bytes:
    """Return the document as UTF-8.

    Raises:
        FormatError: a rule of EN 16931 is broken; names each.
    """
    if broken := check(invoice):
        raise FormatError(
            "this is no invoice after EN 16931",
            given="; ".join(f"{one.criterion} {one.place}" for one in broken),
            allowed="; ".join(dict.fromkeys(one.what for one in broken)),
            next_step="complete the billing details of both parties and write it again",
        )
    credit = invoice.type_code == "381"
    space = ROOTS[invoice.type_code]
    name = "CreditNote" if credit else "Invoice"
    root = etree.Element(f"{{{space}}}{name}", nsmap={None: space, "cac": CAC, "cbc": CBC})
    _text(root, "CustomizationID", CUSTOMIZATION)
    _text(root, "ID", invoice.number)
    _text(root, "IssueDate", invoice.issued_on.isoformat())
    if not credit:
        _text(root, "DueDate", invoice.due_on.isoformat())
    _text(root, f"{name}TypeCode", invoice.type_code)
    _text(root, "Note", invoice.note)
    _text(root, "DocumentCurrencyCode", invoice.currency)
    _text(root, "BuyerReference", invoice.buyer_reference)
    if invoice.order:
        _text(_part(root, "OrderReference"), "ID", invoice.order)
    if invoice.preceding:
        _text(_part(_part(root, "BillingReference"), "InvoiceDocumentReference"), "ID", invoice.preceding)
    if invoice.contract:
        _text(_part(root, "ContractDocumentReference"), "ID", invoice.contract)
    _party(_part(_part(root, "AccountingSupplierParty"), "Party"), invoice.seller)
    _party(_part(_part(root, "AccountingCustomerParty"), "Party"), invoice.buyer)
    if credit:
        # A credit note has no due date of its own in UBL 2.1; the terms say it (BR-CO-25).
        _text(_part(root, "PaymentTerms"), "Note", f"Due on {invoice.due_on.isoformat()}")
    _taxes(root, invoice)
    _totals(root, invoice)
    for line in invoice.lines:
        _line(root, line, invoice.currency, credit)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _part(parent: etree._Element, name: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{CAC}}}{name}")


def _text(parent: etree._Element, name: str, text: str, **attributes: str) -> None:
    if text:
        etree.SubElement(parent, f"{{{CBC}}}{name}", attributes).text = text


def _amount(parent: etree._Element, name: str, amount: Decimal, currency: str) -> None:
    _text(parent, name, f"{amount:f}", currencyID=currency)


def _party(party: etree._Element, given: Party) -> None:
    _text(_part(party, "PartyName"), "Name", given.name)
    address = _part(party, "PostalAddress")
    _text(address, "StreetName", given.street)
    _text(address, "CityName", given.city)
    _text(address, "PostalZone", given.postal_code)
    _text(_part(address, "Country"), "IdentificationCode", given.country)
    if given.vat_id:
        scheme = _part(party, "PartyTaxScheme")
        _text(scheme, "CompanyID", given.vat_id)
        _text(_part(scheme, "TaxScheme"), "ID", "VAT")
    legal = _part(party, "PartyLegalEntity")
    _text(legal, "RegistrationName", given.name)
    _text(legal, "CompanyID", given.registration)


def _category(parent: etree._Element, name: str, tax: Tax, *, reason: bool) -> None:
    part = _part(parent, name)
    _text(part, "ID", tax.category)
    if tax.category != "O":
        _text(part, "Percent", f"{tax.rate:f}")
    if reason:
        _text(part, "TaxExemptionReason", tax.reason)
    _text(_part(part, "TaxScheme"), "ID", "VAT")


def _taxes(root: etree._Element, invoice: Invoice) -> None:
    whole = _part(root, "TaxTotal")
    _amount(whole, "TaxAmount", totals(invoice).tax, invoice.currency)
    for group in tax_groups(invoice):
        part = _part(whole, "TaxSubtotal")
        _amount(part, "TaxableAmount", group.taxable, invoice.currency)
        _amount(part, "TaxAmount", group.amount, invoice.currency)
        _category(part, "TaxCategory", group.tax, reason=True)


def _totals(root: etree._Element, invoice: Invoice) -> None:
    found, part = totals(invoice), _part(root, "LegalMonetaryTotal")
    _amount(part, "LineExtensionAmount", found.lines, invoice.currency)
    _amount(part, "TaxExclusiveAmount", found.lines, invoice.currency)
    _amount(part, "TaxInclusiveAmount", found.payable, invoice.currency)
    _amount(part, "PayableAmount", found.payable, invoice.currency)


def _line(root: etree._Element, line: Line, currency: str, credit: bool) -> None:
    part = _part(root, "CreditNoteLine" if credit else "InvoiceLine")
    _text(part, "ID", line.number)
    quantity = "CreditedQuantity" if credit else "InvoicedQuantity"
    _text(part, quantity, f"{line.quantity:f}", unitCode=line.unit)
    _amount(part, "LineExtensionAmount", line.amount, currency)
    item = _part(part, "Item")
    _text(item, "Description", line.description)
    _text(item, "Name", line.name)
    _category(item, "ClassifiedTaxCategory", line.tax, reason=False)
    _amount(_part(part, "Price"), "PriceAmount", line.price, currency)
