"""The hash chain. An entry's hash is at the same time its leaf hash in the RFC 6962 tree."""

from __future__ import annotations

import hashlib

GENESIS = bytes(32)


def entry_hash(prev: bytes, stream_prev: bytes, body: bytes) -> bytes:
    """Return SHA-256(0x00 || prev || stream_prev || body)."""
    return hashlib.sha256(b"\x00" + prev + stream_prev + body).digest()
