"""Limits are read as specifications write them; a result is rounded by the limit's text and judged."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdmo.science.method import MethodError, call, to_json
from crdmo.science.quality.limits import Limit, LimitReading, convert, evaluate, loose_or_tight


@pytest.mark.parametrize(
    ("text", "low", "high", "unit"),
    [
        ("≥ 98.0", "98.0", None, ""),
        (">= 98.0 %", "98.0", None, "%"),
        ("NLT 98.0", "98.0", None, ""),
        ("not less than 98.0 % of label claim", "98.0", None, "% of label claim"),
        ("min. 98.0", "98.0", None, ""),
        ("≤ 0.02", None, "0.02", ""),
        ("NMT 2.0", None, "2.0", ""),
        ("nmt 2.0%", None, "2.0", "%"),
        ("max 2.0 ppm", None, "2.0", "ppm"),
        ("≤ 100 CFU/g", None, "100", "CFU/g"),
        ("≤ 0.25 [iU]/mg", None, "0.25", "[iU]/mg"),
        ("98.0 – 102.0", "98.0", "102.0", ""),
        ("98.0 to 102.0", "98.0", "102.0", ""),
        ("98.0-102.0 %", "98.0", "102.0", "%"),
        ("98.0 % – 102.0 %", "98.0", "102.0", "%"),
        ("20 °C to 25 °C", "20", "25", "°C"),
        ("between 4.5 and 7.5", "4.5", "7.5", ""),
        ("-5 – 5", "-5", "5", ""),
        ("−5 – −1", "-5", "-1", ""),
        ("5.0 ± 0.5", "4.5", "5.5", ""),
        ("NLT 98.0 % and NMT 102.0 %", "98.0", "102.0", "%"),
        ("≤ 102.0, ≥ 98.0", "98.0", "102.0", ""),
        ("≤ 1.5 × 10^3 CFU/g", None, "1.5e3", "CFU/g"),
        ("≤ 3e-4", None, "3e-4", ""),
    ],
)
def test_a_limit_of_numbers_is_understood(text: str, low: str | None, high: str | None, unit: str) -> None:
    limit = Limit.parse(text)
    assert (limit.low, limit.high, limit.unit, limit.is_numeric) == (low, high, unit, True)
    assert not limit.low_open and not limit.high_open


def test_an_end_that_itself_fails_is_open() -> None:
    assert Limit.parse("< 1").high_open
    assert Limit.parse("> 90.0").low_open
    both = Limit.parse("> 90.0 and ≤ 110.0")
    assert (both.low_open, both.high_open) == (True, False)


@pytest.mark.parametrize(
    "text", ["absent", "conforms", "White to off-white powder", "Maximum at the wavelength of the standard"]
)
def test_a_limit_in_words_stays_in_words(text: str) -> None:
    assert Limit.parse(text).wording == text
    with pytest.raises(MethodError, match="a limit in words has no places"):
        _ = Limit.parse(text).quantum


@pytest.mark.parametrize(
    "text",
    [
        "≤ 1,500 ppm",
        "1,500 – 2,000",
        "NMT 1,500",
        "max 1,500",
        "98.0",
        "2 spots at most",
        "98,0 – 102,0",
        "≤ 10^3 CFU/g",
        "≤ 10³ CFU/g",
        "≥ 98.0 % and not more than two impurities",
        "≥ 98.0 and ≥ 99.0",
        "NLT ninety",
        "± 5 %",
        "98.0 % – 102.0 ppm",
        "NLT 98.0 ppm and NMT 102.0 %",
        "≤ 5 mg, each",
        "≤ .5",
    ],
)
def test_a_limit_that_cannot_be_read_with_certainty_is_refused_and_not_taken_for_words(text: str) -> None:
    with pytest.raises(MethodError, match="cannot be read with certainty"):
        Limit.parse(text)


def test_an_empty_limit_is_refused() -> None:
    with pytest.raises(MethodError, match="a limit is empty"):
        Limit.parse("  ")


def test_limits_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(MethodError, match="lower limit lies above the upper one"):
        Limit.parse("102.0 – 98.0")


@pytest.mark.clause("USP General Notices 7.20")
def test_98_0_is_another_limit_than_98() -> None:
    assert evaluate("97.6", "≥ 98").passes
    assert not evaluate("97.6", "≥ 98.0").passes


def test_both_ends_judge() -> None:
    assert evaluate("97.94", "98.0 – 102.0").reason == "97.9 is below the limit 98.0 – 102.0"
    assert evaluate("102.05", "98.0 – 102.0").reason == "102.1 is above the limit 98.0 – 102.0"
    assert evaluate("102.04", "98.0 – 102.0").reason == "102.0 meets 98.0 – 102.0"


def test_ends_with_different_places_round_to_the_finer_one() -> None:
    verdict = evaluate("97.6", "98 – 102.5")
    assert (verdict.rounded, verdict.passes) == ("97.6", False)


def test_the_end_of_a_limit_with_less_than_fails() -> None:
    assert not evaluate("0.5", "< 1").passes
    assert evaluate("0.49", "< 1").passes
    assert not evaluate("90.04", "> 90.0").passes


def test_rounding_to_tens_follows_a_limit_with_a_power_of_ten() -> None:
    assert evaluate("1549", "≤ 1.5e3").rounded == "1500"
    assert not evaluate("1550", "≤ 1.5e3").passes


@pytest.mark.parametrize(
    ("value", "unit", "limit", "rounded", "passes"),
    [
        ("3.4", "ppm", "≤ 0.0003 %", "0.0003", True),
        ("3.5", "ppm", "≤ 0.0003 %", "0.0004", False),
        ("0.00034", "%", "≤ 3 ppm", "3", True),
        ("250", "ppb", "≤ 0.3 ppm", "0.3", True),
        ("98.5", "mg", "≥ 98.0 mg", "98.5", True),
        ("98.5", "", "≥ 98.0 mg", "98.5", True),
    ],
)
def test_fractions_are_converted_before_rounding(value: str, unit: str, limit: str, rounded: str, passes: bool) -> None:
    verdict = evaluate(value, limit, unit)
    assert (verdict.rounded, verdict.passes) == (rounded, passes)


def test_3_ppm_is_0_0003_percent_and_back() -> None:
    assert convert("3", "ppm", "%") == "0.0003"
    assert convert("0.0003", "%", "ppm") == "3"
    assert convert("98.0", "%", "%") == "98.0"


def test_another_unit_is_refused() -> None:
    with pytest.raises(MethodError, match=r"another unit than the limit. Given: mg. Allowed: %"):
        evaluate("98.5", "≥ 98.0 %", "mg")


@pytest.mark.parametrize(
    ("value", "limit", "passes"),
    [
        ("< 0.05", "≤ 0.10", True),
        ("< 0.05", "≤ 0.05", True),
        ("<0.024", "≤ 0.02", True),
        ("< 1", "< 1", True),
        ("> 99.0", "≥ 98.0", True),
        ("< 90.0", "≥ 98.0", False),
        ("> 5.0", "≤ 2.0", False),
        ("< 90.0", "98.0 – 102.0", False),
        ("> 110.0", "98.0 – 102.0", False),
    ],
)
def test_a_result_beyond_the_range_of_its_method_is_judged_where_it_is_certain(
    value: str, limit: str, passes: bool
) -> None:
    verdict = evaluate(value, limit)
    assert (verdict.passes, verdict.rounded) == (passes, value)


@pytest.mark.parametrize(
    ("value", "limit"),
    [
        ("< 0.05", "≤ 0.02"),
        ("< 0.05", "≥ 0.02"),
        ("> 0.05", "≤ 0.10"),
        ("> 2.0", "≤ 2.0"),
        ("< 100.0", "98.0 – 102.0"),
        ("< 98.0", "≥ 98.0"),
    ],
)
def test_a_result_that_may_lie_on_either_side_is_refused(value: str, limit: str) -> None:
    with pytest.raises(MethodError, match="nothing can be said about this result"):
        evaluate(value, limit)


def test_a_censored_result_in_another_unit_is_shown_in_that_of_the_limit() -> None:
    assert evaluate("< 5", "≤ 0.002 %", "ppm").rounded == "< 0.0005"


@pytest.mark.parametrize(
    ("value", "limit", "passes"),
    [
        ("conforms", "White to off-white powder", True),
        ("Complies.", "White to off-white powder", True),
        ("white to off-white powder", "White to off-white powder", True),
        ("does not conform: yellow", "White to off-white powder", False),
        ("Fails", "conforms", False),
        ("absent", "absent", True),
        ("not detected", "Absent", True),
        ("present", "absent", False),
        ("not detected", "not detected", True),
    ],
)
def test_words_are_judged_by_words(value: str, limit: str, passes: bool) -> None:
    assert evaluate(value, limit).passes is passes


@pytest.mark.parametrize("value", ["not cloudy", "yellow", "not detected", "98.5", "failure of the lamp"])
def test_words_that_do_not_say_whether_they_conform_are_refused(value: str) -> None:
    with pytest.raises(MethodError, match="says whether it conforms"):
        evaluate(value, "Clear, colourless solution")


@pytest.mark.parametrize("value", ["1,500", "0,5", "about 5", "≤ 5", "98.5 %", "conforms"])
def test_a_result_that_is_no_plain_number_is_refused(value: str) -> None:
    with pytest.raises(MethodError, match=r"two ways|not a number"):
        evaluate(value, "≤ 2000")


def test_an_empty_result_is_refused() -> None:
    with pytest.raises(MethodError, match="a result is empty"):
        evaluate(" ", "≤ 2.0")


def test_the_verdict_is_a_method_on_plain_json() -> None:
    made = to_json(call("quality.evaluate", {"value": "97.95"}, {"limit": "≥ 98.0"}))
    assert made == {
        "raw": "97.95",
        "rounded": "98.0",
        "passes": True,
        "limit": "≥ 98.0",
        "reason": "98.0 meets ≥ 98.0",
    }


def test_two_hundred_thousand_verdicts_are_those_of_integers() -> None:
    draw = random.Random(7)
    for _ in range(200_000):
        places, dropped = draw.randrange(5), draw.randrange(1, 4)
        limit = draw.randrange(1, 300)
        units = limit * 10**dropped + draw.randrange(-15, 16) * 10 ** (dropped - 1) + draw.randrange(-1, 2)
        number, value = (f"{Decimal(n).scaleb(-p):f}" for n, p in ((limit, places), (units, places + dropped)))
        rounded = (2 * abs(units) + 10**dropped) // (2 * 10**dropped) * (1 if units >= 0 else -1)
        assert evaluate(value, f"≥ {number}").passes is (rounded >= limit)
        assert evaluate(value, f"NMT {number}").passes is (rounded <= limit)


@given(
    st.integers(1, 10**6),
    st.integers(0, 4),
    st.decimals(-(10**6), 10**6, allow_nan=False, allow_infinity=False, places=7),
)
def test_a_loose_end_is_the_last_value_with_one_more_place_that_passes(limit: int, places: int, value: Decimal) -> None:
    parsed = Limit.parse(f"≤ {Decimal(limit).scaleb(-places):f}")
    _, end = parsed.ends(LimitReading.LOOSE)
    assert end is not None
    step = parsed.quantum.scaleb(-1)
    assert evaluate(f"{end:f}", parsed.text).passes
    assert not evaluate(f"{end + step:f}", parsed.text).passes
    if value <= end:
        assert evaluate(f"{value:f}", parsed.text).passes


@pytest.mark.parametrize(
    ("limit", "low", "high"),
    [
        ("≥ 95.0", "94.95", None),
        ("1.5 to 3.5", "1.45", "3.54"),
        ("≤ 2", None, "2.4"),
        ("-1.5 – 1.5", "-1.54", "1.54"),
        ("< 1", None, "0.4"),
        ("> 1", "1.5", None),
    ],
)
def test_loose_ends_round_into_the_limit(limit: str, low: str | None, high: str | None) -> None:
    ends = Limit.parse(limit).ends(LimitReading.LOOSE)
    assert ends == (None if low is None else Decimal(low), None if high is None else Decimal(high))


def test_the_ends_have_the_names_that_shelf_life_methods_give_them() -> None:
    assert loose_or_tight("≥ 95.0", LimitReading.LOOSE) == {"lower_limit": 94.95}
    assert loose_or_tight("95.0 – 105.0", LimitReading.TIGHT) == {"lower_limit": 95.0, "upper_limit": 105.0}
    with pytest.raises(MethodError, match="a limit in words has no numbers"):
        loose_or_tight("conforms", LimitReading.TIGHT)
