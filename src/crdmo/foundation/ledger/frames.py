"""The canonical text of entries, written around what differs from one to the next.

RFC 8785 orders members by name, so that in every entry the same members stand between record, number, state and version.
They are encoded once for all entries of an act that share them; the rest is put in between. The bytes are those of
`canonical.encode` of the whole entry (shown by a property test).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crdmo.proof import canonical

BEFORE_RECORD = ("act", "action", "actor", "at", "name", "operation", "organization", "reason")
BEFORE_SEQUENCE = ("role", "schema")


class Frame:
    """What entries of one act, stream, type and operation have in common."""

    def __init__(self, fixed: Mapping[str, Any]) -> None:
        def members(*names: str) -> str:
            return canonical.encode({name: fixed[name] for name in names}).decode()[1:-1]

        self.start = "{" + members(*BEFORE_RECORD) + ',"record":"'
        self.number = '",' + members(*BEFORE_SEQUENCE) + ',"seq":'
        self.stream = "," + members("stream") + ',"stream_seq":'
        self.end = "," + members("type") + ',"v":1,"version":'

    def body(self, record: str, seq: int, contents: str, stream_seq: int, version: int) -> bytes:
        """Return the bytes of one entry. `contents` is the canonical text of its state."""
        return (
            f'{self.start}{record}{self.number}{seq},"state":{contents}{self.stream}{stream_seq}{self.end}{version}}}'
        ).encode()
