"""Numbers that know where they came from: results of registered methods, recomputed at will; jobs with progress.

result = run(act, "quality.shelf_life_q1e", inputs={...}, parameters={...}, sources=[...], program=program)
recompute(result).sentence()      # identical, within tolerance, or different and where
impact(record)                    # what stands on it
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .bundle_recompute import BundleReport, recompute_bundle
    from .comparison import Outcome, Verdict
    from .figures import figure_of
    from .impact_list import Impact, Touched, corrections, impact
    from .jobs import cancel, enqueue, job, job_state
    from .models import Job, Result
    from .program_recompute import ProgramReport, recompute_program
    from .progress import Progress
    from .renewing import Rerun, is_stale, recompute, rerun, stale
    from .running import column, run

# Loaded on first use: Django imports this package before its models can be, and a bundle is recomputed without Django.
_PLACES = {
    "BundleReport": "bundle_recompute", "Impact": "impact_list", "Job": "models", "Outcome": "comparison",
    "ProgramReport": "program_recompute", "Progress": "progress", "Rerun": "renewing", "Result": "models",
    "Verdict": "comparison", "Touched": "impact_list", "cancel": "jobs", "column": "running", "corrections": "impact_list",
    "enqueue": "jobs", "figure_of": "figures",
    "impact": "impact_list", "is_stale": "renewing", "job": "jobs", "job_state": "jobs",
    "recompute": "renewing", "recompute_bundle": "bundle_recompute", "recompute_program": "program_recompute",
    "rerun": "renewing", "run": "running", "stale": "renewing",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f".{place}", __name__), name)
    globals()[name] = found
    return found


__all__ = [
    "BundleReport", "Impact", "Job", "Outcome", "ProgramReport", "Progress", "Rerun", "Result", "Touched",
    "Verdict", "cancel", "column", "corrections", "enqueue", "figure_of", "impact", "is_stale", "job", "job_state", "recompute",
    "recompute_bundle", "recompute_program", "rerun", "run", "stale",
]  # fmt: skip
