"""Rounding is exact: it equals integer arithmetic on a million numbers, and knows the places of a text."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdmo.science.method import MethodError
from crdmo.science.quality.rounding import parse_number, plain_text, quantum_of, round_to, rounded_like


def _written(units: int, places: int) -> str:
    """Return an integer number of last places as decimal text, without any arithmetic on fractions."""
    digits = str(abs(units)).rjust(places + 1, "0")
    sign = "-" if units < 0 else ""
    return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)


def _oracle(units: int, dropped: int) -> int:
    """Round half away from zero in integers: `units` has `dropped` places more than wanted."""
    tens = 10**dropped
    whole, rest = divmod(abs(units), tens)
    made = whole + (1 if 2 * rest >= tens else 0)
    return -made if units < 0 else made


@pytest.mark.clause("USP General Notices 7.20")
def test_a_million_numbers_are_rounded_as_integers_say() -> None:
    draw = random.Random(20)
    quanta = [Decimal(1).scaleb(-places) for places in range(7)]
    for _ in range(1_000_000):
        places = draw.randrange(7)
        dropped = draw.randrange(5)
        units = draw.randrange(-(10**9), 10**9)
        if draw.random() < 0.3 and dropped:
            units = units // 10**dropped * 10**dropped + 5 * 10 ** (dropped - 1)
        value = Decimal(units).scaleb(-places - dropped)
        assert round_to(value, quanta[places]) == Decimal(_oracle(units, dropped)).scaleb(-places)


@given(st.integers(-(10**30), 10**30), st.integers(0, 9), st.integers(0, 9))
def test_the_text_that_is_shown_is_that_of_the_integers(units: int, places: int, dropped: int) -> None:
    shown = rounded_like(_written(units, places + dropped), _written(1, places))
    wanted = _oracle(units, dropped)
    assert shown == _written(wanted, places)


def test_no_negative_zero_is_shown() -> None:
    assert rounded_like("-0.04", "0.1") == "0.0"


def test_a_binary_double_would_be_wrong_where_the_decimal_is_right() -> None:
    assert round(101.55, 1) != 101.6
    assert round_to(Decimal("101.55"), Decimal("0.1")) == Decimal("101.6")


def test_nothing_is_rounded_twice() -> None:
    assert rounded_like("97.9499999999999999999999999999999999999999", "98.0") == "97.9"


def test_many_digits_are_no_trouble() -> None:
    assert rounded_like("1" * 50 + ".45", "0.1") == "1" * 50 + ".5"


@pytest.mark.parametrize(
    ("text", "number", "last_place"),
    [
        ("98", "98", "1"),
        ("98.0", "98.0", "0.1"),
        ("-0.50", "-0.50", "0.01"),
        ("−0.50", "-0.50", "0.01"),
        ("1.5e3", "1500", "100"),
        ("3E-4", "0.0003", "0.0001"),
        ("3.5 × 10^-4", "0.00035", "0.00001"),
        ("3.5 x 10⁻⁴", "0.00035", "0.00001"),
        ("2 × 10³", "2000", "1000"),
        ("2*10**3", "2000", "1000"),
    ],
)
def test_a_text_keeps_its_places(text: str, number: str, last_place: str) -> None:
    assert parse_number(text) == Decimal(number)
    assert quantum_of(parse_number(text)) == Decimal(last_place)


@pytest.mark.parametrize("text", ["1,500", "12,345,678", "-1,500"])
def test_a_number_with_commas_can_be_read_in_two_ways(text: str) -> None:
    with pytest.raises(MethodError, match=r"read in two ways.*Given: .*1500 or 1\.500"):
        parse_number(text)


@pytest.mark.parametrize(
    "text", ["", "0,5", ".5", "5.", "1 500", "1_500", "٣", "nan", "inf", "98.0 %", "1e", "10-4", "--1"]
)
def test_what_is_no_plain_number_is_refused(text: str) -> None:
    with pytest.raises(MethodError, match="not a number that can be judged"):
        parse_number(text)


@pytest.mark.parametrize("text", ["1e99", "1e-99", "1" * 61])
def test_a_number_longer_than_any_result_is_refused(text: str) -> None:
    with pytest.raises(MethodError, match="longer than any result"):
        parse_number(text)


def test_a_range_is_not_taken_for_a_power_of_ten() -> None:
    assert plain_text("1.5 x 10-4") == "1.5 x 10-4"
