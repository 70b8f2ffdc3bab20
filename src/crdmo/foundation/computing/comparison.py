"""Whether a number came out again: identical, within the tolerance that the method states, or different, and where."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from crdmo.proof import canonical

SHOWN = 50


class Verdict(Enum):
    """How a recomputed output compares with the stored one."""

    IDENTICAL = "identical"
    WITHIN = "within tolerance"
    DIFFERENT = "different"
    IMPOSSIBLE = "cannot be recomputed here"


@dataclass(frozen=True)
class Difference:
    """One place of an output (a JSON pointer) with both values."""

    place: str
    stored: Any
    now: Any
    relative: float | None


@dataclass(frozen=True)
class Outcome:
    """What a recomputation found. `notes` name what else is not as it was: method version, code, environment."""

    verdict: Verdict
    tolerance: float
    differences: tuple[Difference, ...] = ()
    difference_count: int = 0
    notes: tuple[str, ...] = ()

    @property
    def came_out(self) -> bool:
        """Whether the number came out again."""
        return self.verdict in (Verdict.IDENTICAL, Verdict.WITHIN)

    def sentence(self) -> str:
        """Return the finding in one line."""
        if self.verdict is Verdict.IDENTICAL:
            return "identical"
        if self.verdict is Verdict.IMPOSSIBLE:
            return "cannot be recomputed here: " + "; ".join(self.notes)
        if self.verdict is Verdict.WITHIN:
            largest = max(d.relative or 0.0 for d in self.differences)
            return f"within tolerance: largest relative difference {largest:.2e}, allowed {self.tolerance:.2e}"
        first = self.differences[0] if self.differences else None
        where = f": {first.place or '/'} was {_short(first.stored)}, is now {_short(first.now)}" if first else ""
        return f"different in {self.difference_count} places{where}"

    def as_json(self) -> dict[str, Any]:
        """Return the finding as plain JSON."""
        rows = [{"place": d.place, "stored": d.stored, "now": d.now, "relative": d.relative} for d in self.differences]
        return {
            "verdict": self.verdict.value, "tolerance": self.tolerance, "differences": rows,
            "difference_count": self.difference_count, "notes": list(self.notes),
        }  # fmt: skip


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def compare(stored: Any, now: Any, tolerance: float, notes: Sequence[str] = ()) -> Outcome:
    """Compare two outputs.

    Numbers may differ by `tolerance`, relative to the larger of the two or, within a list of numbers, to the largest
    of that list: a residual of 1e-17 beside values of 100 is zero on any machine. All else must be equal.
    """
    if canonical.encode(stored) == canonical.encode(now):
        return Outcome(Verdict.IDENTICAL, tolerance, notes=tuple(notes))
    within: list[Difference] = []
    beyond: list[Difference] = []
    for found in _differences(stored, now, "", 0.0):
        (within if found.relative is not None and found.relative <= tolerance else beyond).append(found)
    shown = beyond or sorted(within, key=lambda found: -(found.relative or 0.0))
    verdict = Verdict.DIFFERENT if beyond else Verdict.WITHIN
    return Outcome(verdict, tolerance, tuple(shown[:SHOWN]), len(shown), tuple(notes))


def _differences(stored: Any, now: Any, place: str, scale: float) -> Iterator[Difference]:
    if _is_number(stored) and _is_number(now):
        if stored != now:
            yield Difference(place, stored, now, _relative(stored, now, scale))
    elif isinstance(stored, Mapping) and isinstance(now, Mapping):
        yield from _in_objects(stored, now, place)
    elif isinstance(stored, list) and isinstance(now, list) and len(stored) == len(now):
        size = max((abs(float(v)) for v in stored if _is_number(v)), default=0.0)
        for i, (one, other) in enumerate(zip(stored, now, strict=True)):
            yield from _differences(one, other, f"{place}/{i}", size)
    elif type(stored) is not type(now) or stored != now:
        yield Difference(place, stored, now, None)


def _in_objects(stored: Mapping[str, Any], now: Mapping[str, Any], place: str) -> Iterator[Difference]:
    for key in sorted({*stored, *now}):
        inner = f"{place}/{key.replace('~', '~0').replace('/', '~1')}"
        if key not in stored or key not in now:
            yield Difference(inner, stored.get(key, "absent"), now.get(key, "absent"), None)
        else:
            yield from _differences(stored[key], now[key], inner, 0.0)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _relative(stored: float, now: float, scale: float) -> float:
    size = max(abs(stored), abs(now), scale)
    found = abs(stored - now) / size
    return found if math.isfinite(found) else 1.0
