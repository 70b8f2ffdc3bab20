"""The hash chain. An entry's hash is at the same time its leaf hash in the RFC 6962 tree.

    leaf  = prev (32 bytes) || stream_prev (32 bytes) || body (RFC 8785 JSON, one line)
    hash  = SHA-256(0x00 || leaf)

`prev` is the hash of the entry before, `stream_prev` that of the entry before in the same stream. So one stream can be
shown complete without the others, and one entry without its stream.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

GENESIS = bytes(32)


class ChainError(ValueError):
    """The chain is broken. `seq` is the first entry at which that shows."""

    def __init__(self, seq: int, what: str) -> None:
        self.seq = seq
        super().__init__(f"entry {seq}: {what}")


def entry_hash(prev: bytes, stream_prev: bytes, body: bytes) -> bytes:
    """Return SHA-256(0x00 || prev || stream_prev || body)."""
    return hashlib.sha256(b"\x00" + prev + stream_prev + body).digest()


def verify_chain(
    entries: Iterable[tuple[int, bytes, bytes, bytes, bytes]], *, after: tuple[int, bytes] = (0, GENESIS)
) -> tuple[int, bytes]:
    """Check entries (seq, prev, stream_prev, body, hash) that continue the chain after a known head.

    Returns:
        The sequence and hash of the last entry.

    Raises:
        ChainError: names the first entry that is missing, does not follow, or is not what its hash says.
    """
    last, head = after
    sha256 = hashlib.sha256
    for seq, prev, stream_prev, body, digest in entries:
        if seq != last + 1:
            raise ChainError(last + 1, f"missing; entry {seq} comes next")
        if prev != head:
            raise ChainError(seq, "does not follow the entry before it: the chain was cut or forked here")
        if sha256(b"\x00" + prev + stream_prev + body).digest() != digest:
            raise ChainError(seq, "its bytes are not those that were hashed")
        last, head = seq, digest
    return last, head
