"""Canonical bytes are those of RFC 8785, whichever way they were made, and what has none is refused."""

from __future__ import annotations

import datetime as dt
import enum
import json
from collections import OrderedDict
from decimal import Decimal
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from crdmo.proof import canonical, verify
from crdmo.proof.canonical import CanonicalError

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SAFE = st.integers(-canonical.SAFE, canonical.SAFE)
LEAVES = st.none() | st.booleans() | SAFE | st.floats(allow_nan=False, allow_infinity=False) | TEXT


def nested(names: st.SearchStrategy[str], leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4))


@given(nested(TEXT, LEAVES))
def test_the_bytes_are_those_of_rfc8785(value: Any) -> None:
    assert canonical.encode(value) == rfc8785.dumps(value)


@given(nested(st.text(st.characters(max_codepoint=127)), st.none() | st.booleans() | SAFE | TEXT))
def test_the_quick_way_gives_the_same_bytes(value: Any) -> None:
    assert canonical._plain(value)
    assert canonical.encode(value) == rfc8785.dumps(value)


@given(nested(TEXT, LEAVES))
def test_the_verifiers_own_writer_gives_the_same_bytes(value: Any) -> None:
    assert verify.canonical(value).encode() == rfc8785.dumps(value)


@given(nested(TEXT, LEAVES))
def test_what_was_encoded_is_decoded_and_encodes_to_the_same_bytes(value: Any) -> None:
    data = canonical.encode(value)
    assert canonical.encode(canonical.decode(data)) == data


@given(nested(TEXT, LEAVES))
def test_the_verifier_accepts_canonical_bytes(value: Any) -> None:
    data = canonical.encode(value)
    assert verify.canonical(verify.read_json(data, "here")).encode() == data


def test_members_are_sorted_by_utf_16_units() -> None:
    assert canonical.encode({"\ufb33": 1, "\U0001f600": 2, "a": 3}) == '{"a":3,"\U0001f600":2,"\ufb33":1}'.encode()


def test_a_decimal_string_keeps_its_digits() -> None:
    assert canonical.encode({"value": "99.80"}) == b'{"value":"99.80"}'


def test_a_tuple_is_a_list() -> None:
    assert canonical.encode((1, ("a",))) == b'[1,["a"]]'


def test_subclasses_of_text_and_mappings_are_written_as_what_they_are() -> None:
    class Colour(enum.StrEnum):
        RED = "red"

    assert canonical.encode(OrderedDict(b=Colour.RED, a=1)) == b'{"a":1,"b":"red"}'


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        -float("inf"),
        2**53,
        -(2**53),
        10**400,
        "\ud800",
        {"\udfff": 1},
        {1: "a"},
        {None: 1},
        {("a",): 1},
        Decimal("1.0"),
        dt.datetime(2026, 11, 24),
        dt.date(2026, 11, 24),
        b"bytes",
        {1, 2},
        object(),
    ],
    ids=lambda one: type(one).__name__,  # a repr may hold an address, and then two processes collect different tests
)
def test_what_is_not_json_is_refused_anywhere(value: Any) -> None:
    for given_ in (value, [value], {"a": {"b": value}}):
        with pytest.raises(CanonicalError, match="cannot be written as canonical JSON") as refused:
            canonical.encode(given_)
        assert refused.value.given and refused.value.allowed.startswith("JSON of text")


def test_a_value_that_holds_itself_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(CanonicalError, match="cannot be written"):
        canonical.encode(loop)


@pytest.mark.parametrize("data", [b"NaN", b"[Infinity]", b"\xff", b"{", b"1 2", b""])
def test_bytes_that_are_not_json_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        canonical.decode(data)


def test_a_view_of_bytes_is_decoded() -> None:
    assert canonical.decode(memoryview(b'{"a":1}')) == {"a": 1}  # type: ignore[arg-type]


def test_large_numbers_come_back_as_the_floats_that_they_were() -> None:
    assert canonical.encode([1e20, 2.0**60]) == b"[100000000000000000000,1152921504606847000]"
    assert canonical.decode(b"[100000000000000000000,9007199254740991]") == [1e20, 9007199254740991]


def test_the_quick_way_is_several_times_as_quick_as_the_library() -> None:
    import timeit

    state = {f"field_{i}": "a value of some length" for i in range(18)} | {"n": 3, "ok": True, "list": [1, 2, "x"]}
    assert len(json.dumps(state)) > 600
    ours, library = (
        min(timeit.repeat(lambda f=f: f(state), number=300, repeat=5)) for f in (canonical.encode, rfc8785.dumps)
    )
    assert ours < library / 2
