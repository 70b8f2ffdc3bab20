"""What an ADME run must keep before its number may be used: each criterion with what was seen and what is allowed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Criterion:
    """One acceptance criterion: what was observed, the limits in the same unit (None: no limit on that side)."""

    name: str
    observed: float
    lower: float | None
    upper: float | None

    @property
    def passes(self) -> bool:
        """Whether the observed value lies inside the limits."""
        above = self.lower is None or self.observed >= self.lower
        return above and (self.upper is None or self.observed <= self.upper)


def broken(criteria: tuple[Criterion, ...]) -> tuple[str, ...]:
    """Say in words which criteria are not kept."""
    return tuple(
        f"{one.name}: {one.observed:.4g} is outside {_end(one.lower)} to {_end(one.upper)}"
        for one in criteria
        if not one.passes
    )


def _end(value: float | None) -> str:
    return "no limit" if value is None else f"{value:g}"
