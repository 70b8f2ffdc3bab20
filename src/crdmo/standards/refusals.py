"""How a reader, a writer or a validator of a format says no, and how it reports what it found.

`FormatError` refuses a whole file or request: nothing is read or written by halves. `Finding` is one thing to know
about a file that can be read: a rule of the standard, where it is broken, and what was seen.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class FormatError(ValueError):
    """A file or a request does not follow the standard and is refused whole."""

    def __init__(self, what: str, *, given: str = "", allowed: str = "", next_step: str = "") -> None:
        self.what, self.given, self.allowed, self.next_step = what, given, allowed, next_step
        parts = [what.rstrip(".") + "."]
        parts += [f"Given: {given}."] if given else []
        parts += [f"Allowed: {allowed}."] if allowed else []
        parts += [next_step.rstrip(".") + "."] if next_step else []
        super().__init__(" ".join(parts))


class Severity(enum.StrEnum):
    """How much a finding weighs: an error breaks the standard, a warning is refused by some receivers, a note informs."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """One rule that is broken, or one thing to know. `place` names file, variable, row or element.

    `criterion` is the short number of the rule in the validator's table, `reason` says which text it comes from.
    """

    criterion: str
    severity: Severity
    place: str
    what: str
    reason: str
