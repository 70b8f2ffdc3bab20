"""Money: an exact amount in one currency. Currencies are never mixed; a line is rounded to two places, half up."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from crdmo.foundation.refusals import Invalid

CENT = Decimal("0.01")


class Money(NamedTuple):
    """An amount in a currency (ISO 4217)."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return f"{self.amount:,.2f}".replace(",", "\u202f") + f" {self.currency}"


def line_total(quantity: str, unit_price: str, currency: str) -> Money:
    """Return quantity × unit price, rounded to two places, half up."""
    return Money((Decimal(quantity) * Decimal(unit_price)).quantize(CENT, ROUND_HALF_UP), currency)


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
