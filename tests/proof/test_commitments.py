"""A commitment opens to one value only, and says nothing about it by itself."""

from __future__ import annotations

import hashlib

import pytest

from crdmo.proof import commitments

SALT = bytes(range(32))


def test_a_commitment_is_the_hash_of_salt_and_canonical_value() -> None:
    assert commitments.commit(SALT, {"b": 1, "a": "é"}) == hashlib.sha256(SALT + '{"a":"é","b":1}'.encode()).hexdigest()


def test_it_opens_to_its_value_and_no_other() -> None:
    made = commitments.commit(SALT, "Jane Roe")
    assert commitments.check(made, SALT, "Jane Roe")
    assert not commitments.check(made, SALT, "Jane Doe")
    assert not commitments.check(made, bytes(32), "Jane Roe")


def test_equal_values_have_unequal_commitments() -> None:
    assert commitments.commit(SALT, "Jane Roe") != commitments.commit(bytes(32), "Jane Roe")


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_short_salt_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match=f"a salt has 32 bytes; given: {length}"):
        commitments.commit(bytes(length), "x")
