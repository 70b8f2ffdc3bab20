"""The gates of a lot's release. Each service says for its own records what is still open; the disposition counts them all.

    @joins("manufacturing")
    def gates(lots): return {lot.id: [Gate("Batch record", ...)] for lot in lots}

A lot of which a service knows nothing gets no gate from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from crdmo.common.materials.models import Lot


@dataclass(frozen=True)
class Gate:
    """One condition of release: whether it is met, what is open, and who can close it."""

    name: str
    met: bool
    text: str
    who: str = ""
    records: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the gate as JSON."""
        return {**asdict(self), "records": list(self.records)}


Provider = Callable[[Sequence[Lot]], Mapping[UUID, list[Gate]]]
_ROOMS: dict[str, Provider] = {}


def joins(room: str) -> Callable[[Provider], Provider]:
    """Register the function by which a room says what it holds against the release of lots, in few queries for many."""

    def register(function: Provider) -> Provider:
        _ROOMS[room] = function
        return function

    return register


def joined(lots: Sequence[Lot]) -> dict[UUID, list[Gate]]:
    """Return the gates of all rooms, by the lot's key."""
    found: dict[UUID, list[Gate]] = {lot.id: [] for lot in lots}
    for room in _ROOMS.values():
        for key, own in room(lots).items():
            found[key] += own
    return found
