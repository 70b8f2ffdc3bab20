"""Every result of a program recomputed where it is kept, as a job with its outcome on record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from crdmo.foundation.accounts import authority
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.accounts.roles import EVERYONE
from crdmo.foundation.datasets.store import BlobAltered, BlobMissing
from crdmo.foundation.ledger.acts import SYSTEM, act

from ..refusals import NotFound
from .comparison import Outcome, Verdict
from .jobs import job
from .models import Result
from .progress import Progress
from .renewing import recompute

RECOMPUTE = authority.declare("computing.recompute", "recompute results", EVERYONE, trained=False)
NAMED = 200
Step = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Recomputed:
    """One result of a program and what its recomputation found."""

    result: Result
    outcome: Outcome


@dataclass(frozen=True)
class ProgramReport:
    """All results of a program."""

    counts: dict[str, int]
    exceptions: tuple[Recomputed, ...]

    @property
    def came_out(self) -> bool:
        """Whether every number came out again."""
        return not self.exceptions

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain JSON, as it is written to the ledger; at most 200 exceptions are named."""
        named = [
            {"record": str(one.result.id), "version": one.result.version, "finding": one.outcome.sentence()}
            for one in self.exceptions[:NAMED]
        ]
        return {"counts": self.counts, "exceptions": named, "exception_count": len(self.exceptions)}


def recompute_program(program: Program, step: Step | None = None) -> ProgramReport:
    """Recompute every result of a program that is not void; `step` hears how far it is. Nothing is written."""
    total = Result.objects.filter(program=program, is_void=False).count()
    counts: Counter[str] = Counter()
    exceptions = []
    for number, found in enumerate(_each(program), 1):
        counts[found.outcome.verdict.value] += 1
        if not found.outcome.came_out:
            exceptions.append(found)
        if step is not None:
            step(number, total, f"{number} of {total} results recomputed")
    return ProgramReport(dict(counts), tuple(exceptions))


def _each(program: Program) -> Iterator[Recomputed]:
    for result in Result.objects.filter(program=program, is_void=False).order_by("entry").iterator(200):
        try:
            outcome = recompute(result)
        except (BlobMissing, BlobAltered) as error:
            outcome = Outcome(Verdict.IMPOSSIBLE, 0.0, notes=(error.sentence(),))
        yield Recomputed(result, outcome)


@job(RECOMPUTE.name)
def recompute_job(progress: Progress, *, program_id: str) -> str:
    """Recompute a program for the person who asked, and write what was found to the ledger."""
    person = progress.job.person
    seen = Program.objects.all() if person is None else authority.programs_of(person)
    found = seen.filter(pk=program_id).first()
    if found is None:
        raise NotFound("there is no such program", given=program_id)
    report = recompute_program(found, progress.step)
    with act(person or SYSTEM, RECOMPUTE.name) as opened:
        opened.event("computing.recomputation", report.as_json(), program=found.id)
    told = ", ".join(f"{count} {word}" for word, count in sorted(report.counts.items())) or "no results"
    progress.step(sum(report.counts.values()), 0, told)
    return ""
