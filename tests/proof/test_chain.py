"""The chain names the first entry that is missing, does not follow, or is not what its hash says."""

from __future__ import annotations

import hashlib
import random

import pytest

from crdmo.proof import merkle
from crdmo.proof.chain import GENESIS, ChainError, entry_hash, verify_chain

Row = tuple[int, bytes, bytes, bytes, bytes]


def chain(length: int = 20, streams: int = 3) -> list[Row]:
    rows: list[Row] = []
    prev, heads = GENESIS, [GENESIS] * streams
    for seq in range(1, length + 1):
        body, stream = b'{"seq":%d}' % seq, seq % streams
        digest = entry_hash(prev, heads[stream], body)
        rows.append((seq, prev, heads[stream], body, digest))
        prev = heads[stream] = digest
    return rows


def test_a_whole_chain_gives_its_head() -> None:
    rows = chain()
    assert verify_chain(rows) == (20, rows[-1][4])


def test_an_empty_chain_is_at_its_beginning() -> None:
    assert verify_chain([]) == (0, GENESIS)


def test_a_chain_is_continued_from_a_known_head() -> None:
    rows = chain()
    assert verify_chain(rows[10:], after=verify_chain(rows[:10])) == (20, rows[-1][4])


def test_the_hash_of_an_entry_is_its_leaf_in_the_tree() -> None:
    prev, stream_prev, body = b"\x01" * 32, b"\x02" * 32, b"{}"
    assert entry_hash(prev, stream_prev, body) == merkle.leaf_hash(prev + stream_prev + body)
    assert entry_hash(prev, stream_prev, body) == hashlib.sha256(b"\0" + prev + stream_prev + body).digest()


def test_a_gap_is_named() -> None:
    rows = chain()
    with pytest.raises(ChainError, match=r"^entry 6: missing; entry 7 comes next$") as found:
        verify_chain(rows[:5] + rows[6:])
    assert found.value.seq == 6


def test_a_repeated_entry_is_named() -> None:
    rows = chain()
    with pytest.raises(ChainError, match="entry 6: missing; entry 5 comes next"):
        verify_chain(rows[:5] + rows[4:])


def test_a_fork_is_named() -> None:
    rows = chain()
    seq, _, stream_prev, body, _ = rows[9]
    other = rows[7][4]
    rows[9] = (seq, other, stream_prev, body, entry_hash(other, stream_prev, body))
    with pytest.raises(ChainError, match="entry 10: does not follow the entry before it"):
        verify_chain(rows)


@pytest.mark.parametrize("column", [2, 3, 4])
def test_altered_bytes_are_named(column: int) -> None:
    rows = chain()
    row = list(rows[9])
    row[column] = bytes([row[column][0] ^ 1]) + row[column][1:]  # type: ignore[index, operator]
    rows[9] = tuple(row)  # type: ignore[assignment]
    with pytest.raises(ChainError, match="entry 10: its bytes are not those that were hashed"):
        verify_chain(rows)


def test_any_flipped_bit_is_found_at_its_entry_or_the_next() -> None:
    chance = random.Random(7)
    for _ in range(300):
        rows = chain()
        at, column = chance.randrange(20), chance.randrange(1, 5)
        row = list(rows[at])
        data = bytearray(row[column])  # type: ignore[arg-type]
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        row[column] = bytes(data)
        rows[at] = tuple(row)  # type: ignore[assignment]
        with pytest.raises(ChainError, match="entry") as found:
            verify_chain(rows)
        assert found.value.seq == at + 1
