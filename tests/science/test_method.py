"""A method is found by its name, runs on plain JSON, and gives plain JSON that stands for its result."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdmo.science import method as methods
from crdmo.science.method import MethodError, call, find, from_json, method, registered, to_json


class Side(Enum):
    LOWER = "lower"
    UPPER = "upper"


class Rank(IntEnum):
    FIRST = 1


@dataclass(frozen=True)
class Bound:
    value: float
    side: Side = Side.LOWER


@dataclass(frozen=True)
class Answer:
    total: float
    bounds: tuple[Bound, ...]
    text: Decimal
    months: float | None
    pair: tuple[str, int]
    by_name: dict[str, float]
    reasons: tuple[str, ...]


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test register methods of its own without leaving them behind."""
    monkeypatch.setattr(methods, "_METHODS", dict(methods._METHODS))

    @method("probe.answer", version="2.1", source="made for this test", title="Everything at once")
    def answer(
        *,
        values: Sequence[float],
        bounds: Sequence[Bound] = (),
        text: Decimal = Decimal("98.0"),
        months: float | None = None,
        kind: Literal["mean", "sum"] = "sum",
        pair: tuple[str, int] = ("a", 1),
        by_name: Mapping[str, float] = {},
        whole: int = 0,
        either: int | str = 0,
    ) -> Answer:
        total = math.fsum(values) / (len(values) if kind == "mean" else 1)
        return Answer(
            total, tuple(bounds), text, months, pair, dict(by_name), (f"{kind} of {len(values)}, {either!r}",)
        )

    @method("probe.draw", version="1.0", source="made for this test", title="Random")
    def draw(*, seed: int) -> float:
        return float(np.random.default_rng(seed).normal())


def test_a_method_carries_its_name_version_title_and_source() -> None:
    found = find("probe.answer")
    assert (found.version, found.title, found.source) == ("2.1", "Everything at once", "made for this test")
    assert found.tolerance == 1e-9


def test_a_method_that_takes_a_seed_is_a_random_one() -> None:
    assert find("probe.draw").is_random
    assert not find("probe.answer").is_random


def test_a_method_is_still_the_plain_function() -> None:
    assert find("probe.draw").function(seed=7) == call("probe.draw", {}, {"seed": 7})


def test_every_method_of_the_house_states_version_title_and_source() -> None:
    for name, one in registered().items():
        assert one.name == name
        assert one.version and one.title and len(one.source) > 10, name
        assert one.function.__doc__ or name.startswith(("tests.", "probe.")), name


def test_the_registry_cannot_be_changed_from_outside() -> None:
    with pytest.raises(TypeError, match="item assignment"):
        registered()["probe.other"] = find("probe.draw")  # type: ignore[index]


def test_an_unknown_method_is_refused_with_the_known_names() -> None:
    with pytest.raises(MethodError, match=r"no such method.*Given: quality\.nothing.*probe\.answer"):
        find("quality.nothing")


def test_two_functions_cannot_have_one_name() -> None:
    with pytest.raises(ValueError, match=r"probe\.draw is registered twice"):

        @method("probe.draw", version="1.0", source="made for this test", title="Another")
        def another(*, seed: int) -> float:
            return 0.0


def test_two_functions_of_the_same_name_in_two_modules_are_two_functions() -> None:
    def draw(*, seed: int) -> float:
        return 0.0

    draw.__qualname__ = find("probe.draw").function.__qualname__
    draw.__module__ = "somewhere.else"
    with pytest.raises(ValueError, match=r"registered twice: by .* and by somewhere\.else"):
        method("probe.draw", version="1.0", source="made for this test", title="Another")(draw)


def test_a_module_that_is_loaded_again_registers_its_methods_again() -> None:
    function = find("probe.draw").function
    assert method("probe.draw", version="1.1", source="made for this test", title="Random")(function) is function
    assert find("probe.draw").version == "1.1"


def test_plain_json_becomes_the_types_that_the_function_states() -> None:
    made = call(
        "probe.answer",
        {"values": [1, 2.5], "bounds": [{"value": 95, "side": "upper"}, {"value": 1.5}], "pair": ["b", 2]},
        {"text": "98.0", "months": None, "kind": "mean", "by_name": {"x": 1}, "either": "six"},
    )
    assert made.total == 1.75
    assert made.bounds == (Bound(95.0, Side.UPPER), Bound(1.5, Side.LOWER))
    assert isinstance(made.bounds[0].value, float)
    assert made.text.as_tuple().exponent == -1
    assert (made.months, made.pair, made.by_name) == (None, ("b", 2), {"x": 1.0})
    assert made.reasons == ("mean of 2, 'six'",)


@pytest.mark.parametrize("text", ["inf", "-inf", "nan"])
def test_infinite_and_undefined_numbers_are_read_from_their_text(text: str) -> None:
    assert str(call("probe.answer", {"values": [text]}, {}).total) == text


@pytest.mark.parametrize(
    ("inputs", "parameters", "message"),
    [
        ({"values": [1.0], "valeus": [2.0]}, {}, "no such argument.*Given: valeus.*Allowed: values, bounds"),
        ({}, {"text": "1"}, "lacks an argument.*Allowed: values"),
        ({"values": [1.0]}, {"values": [2.0]}, "given an argument twice.*Given: values"),
        ({"values": 1.0}, {}, "values is of the wrong kind.*Given: 1.0.*Allowed: a list"),
        ({"values": "123"}, {}, "values is of the wrong kind.*Allowed: a list"),
        ({"values": [1.0, "2,5"]}, {}, "values/1 is of the wrong kind.*Given: '2,5'.*Allowed: float"),
        ({"values": [True]}, {}, "values/0 is of the wrong kind.*Given: True"),
        ({"values": [None]}, {}, "values/0 is of the wrong kind.*Given: None"),
        ({"values": [10**400]}, {}, "values/0 is of the wrong kind.*a double holds"),
        ({"values": [1.0]}, {"text": 98.0}, "text is of the wrong kind.*a decimal number as text"),
        ({"values": [1.0]}, {"text": "98,0"}, "text is of the wrong kind.*a decimal number as text"),
        ({"values": [1.0]}, {"text": "1_000"}, "text is of the wrong kind.*a decimal number as text"),
        ({"values": [1.0]}, {"text": True}, "text is of the wrong kind.*a decimal number as text"),
        ({"values": [1.0]}, {"kind": "median"}, "kind is of the wrong kind.*Allowed: 'mean', 'sum'"),
        ({"values": [1.0]}, {"whole": 1.5}, "whole is of the wrong kind.*Allowed: int"),
        ({"values": [1.0]}, {"whole": True}, "whole is of the wrong kind.*Allowed: int"),
        ({"values": [1.0]}, {"either": 1.5}, "either is of the wrong kind.*Allowed: int or str"),
        ({"values": [1.0]}, {"pair": ["a"]}, "pair is of the wrong kind.*a list of 2"),
        ({"values": [1.0]}, {"by_name": [1.0]}, "by_name is of the wrong kind.*an object"),
        ({"values": [1.0], "bounds": [{"value": 1, "side": "left"}]}, {}, "bounds/0/side.*lower, upper"),
        ({"values": [1.0], "bounds": [{"value": 1, "colour": "red"}]}, {}, "bounds/0.*Given: 'colour'.*value, side"),
        ({"values": [1.0], "bounds": [{"side": "lower"}]}, {}, "bounds/0.*missing 1 required"),
        ({"values": [1.0], "bounds": [5]}, {}, "bounds/0.*an object with the fields of Bound"),
    ],
)
def test_an_argument_that_does_not_fit_is_refused_with_its_place(
    inputs: dict[str, Any], parameters: dict[str, Any], message: str
) -> None:
    with pytest.raises(MethodError, match=message):
        call("probe.answer", inputs, parameters)


def test_a_refusal_says_what_was_given_what_is_allowed_and_what_to_do() -> None:
    error = MethodError("too few points", given="2", allowed="3 or more", next_step="wait for the next pull")
    assert str(error) == "too few points. Given: 2. Allowed: 3 or more. wait for the next pull."
    assert (error.what, error.given, error.allowed, error.next_step) == (
        "too few points",
        "2",
        "3 or more",
        "wait for the next pull",
    )
    assert isinstance(error, ValueError)


def test_a_result_is_plain_json_and_comes_back_the_same() -> None:
    made = call("probe.answer", {"values": [0.1, 0.2], "bounds": [{"value": 1.5}]}, {"text": "98.0", "months": "inf"})
    stored = json.loads(json.dumps(to_json(made)))
    assert stored["text"] == "98.0"
    assert stored["months"] == "inf"
    assert from_json("probe.answer", stored) == made


@given(st.lists(st.floats(allow_nan=False), min_size=1), st.decimals(allow_nan=False, allow_infinity=False, places=6))
def test_any_result_comes_back_the_same(values: list[float], text: Decimal) -> None:
    made = Answer(values[0], (Bound(values[-1], Side.UPPER),), text, None, ("a", 1), {"v": values[0]}, ())
    stored = json.loads(json.dumps(to_json(made), allow_nan=False))
    assert methods._convert(stored, Answer, "output") == made


def test_a_stored_result_of_another_layout_is_refused() -> None:
    with pytest.raises(MethodError, match=r"output of probe\.answer"):
        from_json("probe.answer", {"sum": 3})


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (np.float64(0.1), 0.1),
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.array([[1.0, np.inf], [np.nan, -np.inf]]), [[1.0, "inf"], ["nan", "-inf"]]),
        (float("-inf"), "-inf"),
        (Side.UPPER, "upper"),
        (Rank.FIRST, 1),
        (Decimal("1.50"), "1.50"),
        (Decimal("3E-4"), "0.0003"),
        ({Side.LOWER: (1, 2)}, {"lower": [1, 2]}),
        (frozenset({"b", "a"}), ["a", "b"]),
        ({2, "b"}, ["b", 2]),
        (None, None),
        (True, True),
    ],
)
def test_numbers_enums_and_decimals_become_plain(value: object, plain: object) -> None:
    made = to_json(value)
    assert made == plain
    assert type(made) is type(plain)


@pytest.mark.parametrize("value", [object(), 1j, b"bytes", np.array([1j]), {"f": print}])
def test_what_is_not_data_is_refused(value: object) -> None:
    with pytest.raises(MethodError, match="holds something that is not data"):
        to_json(value)


def test_two_keys_with_the_same_text_are_refused() -> None:
    with pytest.raises(MethodError, match="two keys of a result have the same text"):
        to_json({1: "a", "1": "b"})
