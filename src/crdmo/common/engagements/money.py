"""Money: an exact amount in one currency. Currencies are never mixed; a line is rounded to two places, half up."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from crdmo.foundation.refusals import Invalid

CENT = Decimal("0.01")
CURRENCY = re.compile(r"[A-Z]{3}")
WRITTEN = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,6})?")


class Money(NamedTuple):
    """An amount in a currency (ISO 4217)."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return f"{self.amount:,.2f}".replace(",", "\u202f") + f" {self.currency}"


def line_total(quantity: str, unit_price: str, currency: str) -> Money:
    """Return quantity × unit price, rounded to two places, half up."""
    return Money(cents(Decimal(quantity) * Decimal(unit_price)), currency)


def cents(amount: Decimal) -> Decimal:
    """Return an amount rounded to two places, half up."""
    # Adding zero turns a negative zero into zero.
    return amount.quantize(CENT, ROUND_HALF_UP) + 0


def total(amounts: Iterable[Money], currency: str) -> Money:
    """Return the exact sum.

    Raises:
        Invalid: an amount is in another currency.
    """
    summed = Decimal(0)
    for amount in amounts:
        if amount.currency != currency:
            raise Invalid("amounts of different currencies are not added", given=amount.currency, allowed=currency)
        summed += amount.amount
    return Money(summed, currency)


def converted(amount: Money, currency: str, rates: Mapping[str, Mapping[str, Any]]) -> Money:
    """Return an amount in another currency by the rate that was stated beforehand, rounded to two places, half up.

    Raises:
        Invalid: no rate was stated for its currency.
    """
    if amount.currency == currency:
        return amount
    stated = rates.get(amount.currency)
    if stated is None:
        allowed = ", ".join([currency, *sorted(rates)])
        raise Invalid("no rate is stated for this currency", given=amount.currency, allowed=allowed)
    return Money(cents(amount.amount * Decimal(stated["rate"])), currency)


def currency_code(text: str) -> str:
    """Return a currency as its three letters.

    Raises:
        Invalid: it is something else.
    """
    if not CURRENCY.fullmatch(text):
        raise Invalid(
            "a currency is its three letters",
            errors={"currency": "not ISO 4217"},
            given=text,
            allowed="EUR, USD, CHF, …",
        )
    return text


def decimal_text(text: Any, place: str, *, above_zero: bool = False) -> str:
    """Return a quantity or price as the decimal text that was given.

    Raises:
        Invalid: it is no number, below zero, or zero where more is needed.
    """
    given = str(text)
    if not WRITTEN.fullmatch(given):
        raise Invalid(
            "a quantity or price is a decimal number with a point",
            errors={place: "not a number"},
            given=given[:40],
            allowed="at most 12 digits before the point and 6 behind it, such as 1250.00",
        )
    if Decimal(given) < 0:
        raise Invalid("a quantity or price is zero or more", errors={place: "negative"}, given=given)
    if above_zero and Decimal(given) == 0:
        raise Invalid("a quantity is more than zero", errors={place: "zero"}, given=given)
    return given
