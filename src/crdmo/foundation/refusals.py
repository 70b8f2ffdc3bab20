"""How the house says no.

Every refusal names the rule, what was given, what is allowed and what to do next, so that a page, the API (as
problem+json) and the command line can all say the same thing. `status` is the HTTP status, `exit_code` the exit code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Refused(Exception):
    """A rule of the workflow forbids the act in the present state. Nothing was written."""

    status = 409
    exit_code = 1
    kind = "refused"
    # What must be on record although the act is undone (a failed attempt to sign): called once, after the undoing.
    aftermath: Callable[[], None] | None = None

    def __init__(self, what: str, *, given: str = "", allowed: str = "", next: str = "") -> None:
        self.what, self.given, self.allowed, self.next = what, given, allowed, next
        super().__init__(self.sentence())

    def sentence(self) -> str:
        """Return the refusal as text: what, then given, allowed and next where they are known."""
        parts = [self.what.rstrip(".") + "."]
        if self.given:
            parts.append(f"Given: {self.given}.")
        if self.allowed:
            parts.append(f"Allowed: {self.allowed}.")
        if self.next:
            parts.append(self.next.rstrip(".") + ".")
        return " ".join(parts)

    def as_json(self) -> dict[str, Any]:
        """Return the four parts as plain JSON."""
        return {"what": self.what, "given": self.given, "allowed": self.allowed, "next": self.next}


class NotPermitted(Refused):
    """The person holds no role here that may do this."""

    status = 403
    exit_code = 6
    kind = "not-permitted"


class NotFound(Refused):
    """No such record in what the person may see. Another sponsor's record answers exactly the same."""

    status = 404
    exit_code = 2
    kind = "not-found"


class Conflict(Refused):
    """The record was changed by somebody else since it was read."""

    status = 409
    exit_code = 5
    kind = "conflict"


class Invalid(Refused):
    """What was given cannot be taken. `errors` names each place: field or JSON pointer → refusal."""

    status = 422
    exit_code = 3
    kind = "not-valid"

    def __init__(
        self, what: str, *, errors: dict[str, str] | None = None, given: str = "", allowed: str = "", next: str = ""
    ) -> None:
        self.errors = errors or {}
        super().__init__(what, given=given, allowed=allowed, next=next)

    def as_json(self) -> dict[str, Any]:
        """Return the parts and the errors by place."""
        return {**super().as_json(), "errors": self.errors}
