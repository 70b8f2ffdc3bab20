"""Entries are written in pieces for speed; the bytes are the canonical ones all the same."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdmo.common.materials.models import Lot
from crdmo.foundation.accounts.models import Organization
from crdmo.foundation.computing.models import Result
from crdmo.foundation.ledger import state
from crdmo.foundation.ledger.frames import Frame
from crdmo.foundation.refusals import Invalid
from crdmo.proof import canonical
from crdmo.proof.identifiers import uuid7

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda x: st.lists(x) | st.dictionaries(TEXT, x),
)
NUMBER = st.integers(1, 2**53 - 1)
WORDS = ("act", "action", "actor", "name", "operation", "reason", "role", "stream", "type", "at")


@given(
    st.fixed_dictionaries(
        {n: TEXT for n in ("act", "action", "actor", "name", "operation", "reason", "role", "stream", "type", "at")}
    ),
    st.none() | st.uuids().map(str),
    st.uuids().map(str),
    NUMBER,
    NUMBER,
    NUMBER,
    st.integers(1, 99),
    st.dictionaries(TEXT, JSON),
)
def test_an_entry_in_pieces_is_byte_for_byte_the_canonical_one(
    words: dict[str, str],
    home: str | None,
    record: str,
    seq: int,
    number: int,
    version: int,
    schema: int,
    contents: dict[str, Any],
) -> None:
    fixed = {**words, "organization": home, "schema": schema}
    whole = {**fixed, "v": 1, "record": record, "seq": seq, "stream_seq": number, "version": version, "state": contents}
    made = Frame(fixed).body(record, seq, canonical.encode(contents).decode(), number, version)
    assert made == canonical.encode(whole)


@given(TEXT.filter(lambda text: text and "\x00" not in text), st.none() | st.uuids())
def test_a_state_of_plain_fields_is_written_canonically(name: str, home: UUID | None) -> None:
    record = Organization(code="C", name=name, kind="site", organization_id=home)
    contents = state.of(record)
    assert state.text(Organization, contents).encode() == canonical.encode(contents)


@given(JSON)
def test_a_state_with_json_in_it_is_written_canonically(value: Any) -> None:
    contents = {"parameters": value, "seed": 10**15}
    assert state.text(Result, contents).encode() == canonical.encode(contents)


@pytest.mark.parametrize("name", ["\ud800", "a\udfffb"])
def test_half_a_surrogate_pair_is_refused_by_name(name: str) -> None:
    with pytest.raises(Invalid, match="surrogate"):
        state.of(Organization(code="C", name=name, kind="site"))


def test_an_object_made_quickly_is_the_one_that_the_model_makes() -> None:
    owner = Organization(code="C", name="N", kind="site")
    key = uuid7()
    values = {"id": key, "code": "L", "owner": owner, "amount": "1", "unit": "g", "made_on": dt.date(2026, 11, 24)}
    quick, slow = state.made(Lot, values), Lot(**values)
    names = [field.attname for field in Lot._meta.concrete_fields]
    assert [getattr(quick, name) for name in names] == [getattr(slow, name) for name in names]
    assert quick.owner is owner and quick._state.adding


@pytest.mark.parametrize("values", [{"colour": "red"}, {"owner": Organization(), "owner_id": None}])
def test_an_unknown_name_or_one_given_twice_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="unknown or given twice"):
        state.made(Lot, values)
