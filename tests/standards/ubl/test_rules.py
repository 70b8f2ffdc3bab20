"""Rules of EN 16931: each broken one is named and nothing is written; what is written is read back with its sums."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from crdmo.standards.refusals import FormatError
from crdmo.standards.ubl import Invoice, Line, Party, Tax, check, tax_groups, totals, write

CBC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"
AE = Tax("AE", Decimal(0), "Reverse charge")
GOOD = Invoice(
    "INV-26-0001",
    dt.date(2026, 11, 24),
    dt.date(2026, 12, 24),
    "EUR",
    Party("Northbridge", "CH", vat_id="CHE123456789"),
    Party("Aurelia", "DE", vat_id="DE123456789"),
    (
        Line("1", "Transfer", Decimal(1), Decimal("18500.00"), AE),
        Line("2", "Pull", Decimal(21), Decimal("1150.00"), AE),
    ),
    order="WO-26-0001",
)


def with_line(**values: object) -> Invoice:
    return dataclasses.replace(GOOD, lines=(dataclasses.replace(GOOD.lines[0], **values),))  # type: ignore[arg-type]


def with_tax(category: str, rate: str = "0", reason: str = "because") -> Invoice:
    return with_line(tax=Tax(category, Decimal(rate), reason))


def bare(invoice: Invoice, who: str) -> Invoice:
    return dataclasses.replace(invoice, **{who: dataclasses.replace(getattr(invoice, who), vat_id="")})


BROKEN = {
    "BR-02": dataclasses.replace(GOOD, number=" "),
    "BR-04": dataclasses.replace(GOOD, type_code="999"),
    "BR-05": dataclasses.replace(GOOD, currency="euro"),
    "BR-06": dataclasses.replace(GOOD, seller=Party("", "CH", vat_id="CHE1")),
    "BR-07": dataclasses.replace(GOOD, buyer=Party("", "DE", vat_id="DE1")),
    "BR-09": dataclasses.replace(GOOD, seller=Party("N", "", vat_id="CHE1")),
    "BR-11": dataclasses.replace(GOOD, buyer=Party("A", "Germany", registration="HRB 1")),
    "BR-16": dataclasses.replace(GOOD, lines=()),
    "BR-21": dataclasses.replace(GOOD, lines=(GOOD.lines[0], GOOD.lines[0])),
    "BR-23": with_line(unit="each one"),
    "BR-25": with_line(name=""),
    "BR-27": with_line(price=Decimal(-1)),
    "BR-55": dataclasses.replace(GOOD, type_code="381"),
    "BR-CO-04": with_tax("X"),
    "BR-CO-09": dataclasses.replace(GOOD, seller=Party("N", "CH", vat_id="DE1")),
    "BR-CO-25": dataclasses.replace(GOOD, due_on=dt.date(2026, 1, 1)),
    "BR-S-5": with_tax("S"),
    "BR-AE-5": with_tax("AE", "19"),
    "BR-AE-10": with_tax("AE", reason=""),
    "BR-E-10": with_tax("E", reason=" "),
    "BR-S-2": bare(with_tax("S", "19"), "seller"),
    "BR-AE-2": bare(GOOD, "buyer"),
    "BR-O-2": with_tax("O"),
    "BR-O-5": with_tax("O", "7"),
    "BR-O-11": dataclasses.replace(GOOD, lines=(GOOD.lines[0], dataclasses.replace(GOOD.lines[1], tax=Tax("O", Decimal(0), "x")))),
    "BR-Z-5": with_tax("Z", "1"),
    "BR-G-5": with_tax("G", "1"),
}  # fmt: skip


@pytest.mark.parametrize("rule", BROKEN)
def test_a_broken_rule_is_named_and_nothing_is_written(rule: str) -> None:
    assert rule in {one.criterion for one in check(BROKEN[rule])}
    with pytest.raises(FormatError, match=rule):
        write(BROKEN[rule])


def test_what_is_good_breaks_none_and_comes_out_the_same_every_time() -> None:
    assert check(GOOD) == []
    assert write(GOOD) == write(GOOD)


def test_a_credit_note_is_a_document_of_its_own_with_positive_amounts() -> None:
    note = dataclasses.replace(GOOD, type_code="381", number="CRN-26-0001", preceding="INV-26-0001")
    root = etree.fromstring(write(note))
    assert etree.QName(root).localname == "CreditNote"
    assert root.find(f".//{CBC}CreditedQuantity").text == "1"
    assert root.find(f".//{CBC}DueDate") is None


def test_markup_in_a_name_is_text() -> None:
    root = etree.fromstring(write(with_line(name="<b>&amp;</b>")))
    assert [x.text for x in root.iter(f"{CBC}Name")][-1] == "<b>&amp;</b>"


amounts = st.tuples(
    st.integers(1, 500), st.decimals(0, 10_000, places=3, allow_nan=False), st.sampled_from(["7", "19", "25"])
)


@given(st.lists(amounts, min_size=1, max_size=8))
def test_the_sums_belong_together_whatever_the_lines(rows: list[tuple[int, Decimal, str]]) -> None:
    lines = tuple(Line(str(i), "x", Decimal(q), p, Tax("S", Decimal(r))) for i, (q, p, r) in enumerate(rows, 1))
    invoice = dataclasses.replace(GOOD, lines=lines)
    found, groups = totals(invoice), tax_groups(invoice)
    assert found.lines == sum(line.amount for line in lines) == sum(group.taxable for group in groups)
    assert found.payable == found.lines + found.tax and found.tax == sum(group.amount for group in groups)
    assert all(abs(group.amount - group.taxable * group.tax.rate / 100) <= Decimal("0.005") for group in groups)
