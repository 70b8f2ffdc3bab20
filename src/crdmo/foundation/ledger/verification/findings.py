"""What a verification found: each check with its first problems, and the counts that say how much was looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Progress = Callable[[int, int, str], None]
MOST = 20


@dataclass(frozen=True)
class Problem:
    """One thing that does not hold: which check, where, and what."""

    check: str
    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.check}: {self.place}: {self.what}"


@dataclass(frozen=True)
class Verification:
    """The outcome. `problems` are in the order of the checks, within each the first ones by sequence."""

    deep: bool
    entries: int
    rows: int
    signatures: int
    blobs: int
    personal: int
    checkpoints: int
    root: str
    head: str
    seconds: float
    chain_seconds: float
    problems: tuple[Problem, ...]
    not_shown: int

    @property
    def holds(self) -> bool:
        """True when nothing is wrong."""
        return not self.problems

    def first(self, check: str) -> Problem | None:
        """Return the first problem of a check, or None if it holds."""
        return next((problem for problem in self.problems if problem.check == check), None)

    def sentence(self) -> str:
        """Return the outcome in one line."""
        looked = f"{self.entries} entries, {self.rows} rows, {self.signatures} signatures, {self.blobs} files, "
        looked += f"{self.checkpoints} checkpoints in {self.seconds:.1f} s"
        if self.holds:
            return f"Verified: {looked}."
        more = len(self.problems) + self.not_shown - 1
        return f"NOT VERIFIED: {self.problems[0]}" + (f" (and {more} more)" if more else "") + f". Looked at {looked}."

    def as_json(self) -> dict[str, Any]:
        """Return the outcome as plain JSON."""
        told = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "problems"}
        return {"holds": self.holds, **told, "problems": [vars(problem) for problem in self.problems]}


@dataclass
class Findings:
    """Collects while the checks run."""

    progress: Progress | None = None
    entries: int = 0
    rows: int = 0
    signatures: int = 0
    blobs: int = 0
    personal: int = 0
    checkpoints: int = 0
    root: bytes = b""
    head: bytes = b""
    chain_seconds: float = 0.0
    problems: list[Problem] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, check: str, place: str, what: str) -> None:
        """Note a problem; of one check the first twenty are kept, the others counted."""
        self.counts[check] = self.counts.get(check, 0) + 1
        if self.counts[check] <= MOST:
            self.problems.append(Problem(check, place, what))

    def tell(self, done: int, of: int, what: str) -> None:
        """Report progress."""
        if self.progress is not None:
            self.progress(done, of, what)

    def verification(self, *, deep: bool, seconds: float) -> Verification:
        """Return what was found, for good."""
        return Verification(
            deep=deep, entries=self.entries, rows=self.rows, signatures=self.signatures, blobs=self.blobs,
            personal=self.personal, checkpoints=self.checkpoints, root=self.root.hex(), head=self.head.hex(),
            seconds=seconds, chain_seconds=self.chain_seconds, problems=tuple(self.problems),
            not_shown=sum(self.counts.values()) - len(self.problems),
        )  # fmt: skip
