"""Which roles sit at which desk of process development, and checks that several verbs share."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

from crdmo.foundation.accounts.authority import declare
from crdmo.foundation.accounts.models import Person
from crdmo.foundation.accounts.roles import DEVELOPMENT, EVERYONE
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.science.method import MethodError

Line = Mapping[str, Any]
# The version of each record that a signer was shown, by its key; who signs without a page gives none.
Seen: TypeAlias = Mapping[Any, int]

ENGINEERS = DEVELOPMENT
VIEW = declare("process.view", "see the process development of a program", EVERYONE)
# Units of settings and attributes, as UCUM codes.
UNITS = (
    "1", "%", "kN", "N", "MPa", "bar", "mbar", "Pa", "Cel", "[degF]", "K", "s", "min", "h", "d", "/min", "mm", "um", "m/s", "mg",
    "g", "kg", "mL", "L", "mL/min", "L/min", "g/min", "kg/h", "g/L", "mg/mL", "mol/L", "W", "W/kg", "[pH]", "Torr",
)  # fmt: skip


def worker(act: Act) -> Person:
    """Return the person who acts.

    Raises:
        Refused: it is the system.
    """
    if not isinstance(act.actor, Person):
        raise Refused("only a person develops a process", given=act.actor.printed_name)
    return act.actor


def number(text: Any) -> Decimal | None:
    """Return a decimal of a written number, or None where it is none."""
    try:
        found = Decimal(str(text).strip())
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def range_problem(low: Any, high: Any) -> str | None:
    """Return what is wrong with a range, or None."""
    ends = number(low), number(high)
    if ends[0] is None or ends[1] is None:
        return f"given {low!r} to {high!r}: two numbers with a point, such as 8.0 and 16.0"
    return None if ends[0] < ends[1] else f"given {low} to {high}: the low end lies below the high end"


def unit_problem(unit: str) -> str | None:
    """Return what is wrong with a unit, or None."""
    return None if unit in UNITS else f"given {unit!r}; allowed: {', '.join(UNITS)}"


def required(**texts: str) -> dict[str, str]:
    """Return the names of texts that are empty, each with what to do."""
    return {name: "needed" for name, text in texts.items() if not str(text).strip()}


def refuse(what: str, errors: Mapping[str, str]) -> None:
    """Say nothing where there are no errors.

    Raises:
        Invalid: names each.
    """
    if errors:
        raise Invalid(what, errors=dict(errors))


def as_invalid(error: MethodError) -> Invalid:
    """Return a method's refusal as one that a form shows."""
    return Invalid(error.what, given=error.given, allowed=error.allowed, next=error.next_step)
