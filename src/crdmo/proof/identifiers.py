"""UUIDv7 (RFC 9562): keys that sort by time and rise within a process."""

from __future__ import annotations

import secrets
import threading
import time
from uuid import UUID

_lock = threading.Lock()
_last = 0


def uuid7(ms: int | None = None) -> UUID:
    """Return a UUIDv7. Without `ms` it is greater than every one made before in this process.

    Raises:
        ValueError: the milliseconds are negative or beyond 48 bits.
    """
    global _last  # noqa: PLW0603 — the only state: what was given out last
    if ms is not None:
        if not 0 <= ms < 1 << 48:
            raise ValueError(f"a UUIDv7 holds 48 bits of milliseconds; given: {ms}")
        return UUID(int=(ms << 80) | (7 << 76) | (secrets.randbits(12) << 64) | (2 << 62) | secrets.randbits(62))
    with _lock:
        # 48 bits of milliseconds, then 12 of a fraction of it: together a clock that only rises.
        ticks = max(time.time_ns() * 4096 // 1_000_000, _last + 1)
        _last = ticks
    return UUID(int=((ticks >> 12) << 80) | (7 << 76) | ((ticks & 0xFFF) << 64) | (2 << 62) | secrets.randbits(62))


def uuid7_milliseconds(key: UUID) -> int:
    """Return the milliseconds since 1970 that a UUIDv7 holds.

    Raises:
        ValueError: the key is not a UUIDv7.
    """
    if key.version != 7:
        raise ValueError(f"{key} is a UUID of version {key.version}; allowed: version 7")
    return key.int >> 80
