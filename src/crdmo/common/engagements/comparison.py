"""Proposals side by side: the same lines, one currency, pass-through apart, quantities told from prices.

A bid that counts fewer units is not a cheaper bid. For each line the price is compared at the quantity that was asked for
(like for like); what another quantity makes is shown beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from .money import Money, converted, line_total, total

TENTH = Decimal("0.01")


@dataclass(frozen=True)
class Bid:
    """One bid as the comparison takes it; scores are the averages of its evaluators by question."""

    bidder: str
    currency: str
    lines: Sequence[Mapping[str, Any]]
    scores: Mapping[str, Decimal]


@dataclass(frozen=True)
class Cell:
    """One bid on one line. Amounts in the request's currency but for `as_bid`, which is in the bid's own."""

    bidder: str
    quantity: str
    unit_price: str
    as_bid: Money
    amount: Money
    like_for_like: Money
    by_quantity: Money
    assumptions: str
    cheapest: bool


@dataclass(frozen=True)
class Row:
    """One line of the request with every bid on it."""

    line: Mapping[str, Any]
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Column:
    """One bid in sum: fees like for like, what other quantities make, fees as bid, pass-through, and its points."""

    bidder: str
    currency: str
    fees: Money
    by_quantity: Money
    fees_as_bid: Money
    pass_through: Money
    price_points: Decimal
    question_points: Mapping[str, Decimal]
    points: Decimal | None


@dataclass(frozen=True)
class Comparison:
    """The whole grid."""

    currency: str
    rows: tuple[Row, ...]
    columns: tuple[Column, ...]


def compare(
    asked: Sequence[Mapping[str, Any]],
    questions: Sequence[Mapping[str, Any]],
    bids: Sequence[Bid],
    currency: str,
    rates: Mapping[str, Mapping[str, Any]],
) -> Comparison:
    """Return the bids side by side, in the order given.

    The price gets points by the ratio of the lowest fees, like for like, to a bid's own, of 10. All points are weighted;
    the weight of the price is what the questions leave of 100.
    """
    rows = tuple(_row(line, bids, currency, rates) for line in asked)
    sums = [_sums(i, rows, currency) for i in range(len(bids))]
    lowest = min((one[0].amount for one in sums), default=Decimal(0))
    columns = []
    for i, bid in enumerate(bids):
        fees, by_quantity, as_bid, passed = sums[i]
        price = Decimal(10) if not fees.amount else 10 * lowest / fees.amount
        marks = dict(bid.scores)
        scored = set(marks) == {question["key"] for question in questions}
        weight = 100 - sum(int(question["weight"]) for question in questions)
        points = (
            price * weight + sum((marks[q["key"]] * int(q["weight"]) for q in questions), Decimal(0))
            if scored
            else None
        )
        columns.append(
            Column(
                bid.bidder,
                bid.currency,
                fees,
                by_quantity,
                as_bid,
                passed,
                _rounded(price),
                marks,
                None if points is None else _rounded(points / 100),
            )
        )
    return Comparison(currency, rows, tuple(columns))


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(TENTH, ROUND_HALF_UP)


def _row(line: Mapping[str, Any], bids: Sequence[Bid], currency: str, rates: Mapping[str, Mapping[str, Any]]) -> Row:
    made = []
    for bid in bids:
        own = next(one for one in bid.lines if one["position"] == line["position"])
        as_bid = line_total(own["quantity"], own["unit_price"], bid.currency)
        amount = converted(as_bid, currency, rates)
        like = converted(line_total(line["quantity"], own["unit_price"], bid.currency), currency, rates)
        made.append((bid.bidder, own, as_bid, amount, like))
    least = min((like.amount for *_, like in made), default=Decimal(0))
    return Row(
        line,
        tuple(
            Cell(
                bidder, own["quantity"], own["unit_price"], as_bid, amount, like,
                Money(amount.amount - like.amount, currency), own["assumptions"], like.amount == least,
            )
            for bidder, own, as_bid, amount, like in made
        ),
    )  # fmt: skip


def _sums(i: int, rows: Sequence[Row], currency: str) -> tuple[Money, Money, Money, Money]:
    fees = [row.cells[i] for row in rows if not row.line["pass_through"]]
    passed = [row.cells[i] for row in rows if row.line["pass_through"]]
    return (
        total([cell.like_for_like for cell in fees], currency),
        total([cell.by_quantity for cell in fees], currency),
        total([cell.amount for cell in fees], currency),
        total([cell.amount for cell in passed], currency),
    )
