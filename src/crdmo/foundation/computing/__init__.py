"""Numbers that know where they came from: results of registered methods, recomputed at will; jobs with progress.

    result = run(act, "quality.shelf_life_q1e", inputs={...}, parameters={...}, sources=[...], program=program)
    recompute(result).sentence()      # identical, within tolerance, or different and where
    impact(record)                    # what stands on it
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .comparison import Outcome, Verdict
    from .models import Job, Result
    from .running import column, run

# Loaded on first use: Django imports this package before its models can be, and a bundle is recomputed without Django.
_PLACES = {
    "Job": "models", "Outcome": "comparison", "Result": "models", "Verdict": "comparison", "column": "running",
    "run": "running",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f".{place}", __name__), name)
    globals()[name] = found
    return found


__all__ = ["Job", "Outcome", "Result", "Verdict", "column", "run"]
