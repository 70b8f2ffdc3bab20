"""The conditions that milestones name. A condition looks for a record; nobody can tick a milestone off by hand.

    @condition("quality.lot_released", "a lot was released", needs=("lot",))
    def lot_released(program, parameters): return Disposition.objects.filter(...).first()

The milestone is met at the instant of the ledger entry that shows it, and open again when that record is voided.

    @counter("quality.pulls_tested", "a stability pull is tested")
    def pulls_tested(program): return Pull.objects.filter(...)

A line of which records are the units is earned record by record.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from crdmo.foundation.accounts.models import Program
from crdmo.foundation.ledger.models import Entry, Record, record_types
from crdmo.foundation.refusals import Invalid

Finder = Callable[[Program, Mapping[str, Any]], Record | None]
Counted = Callable[[Program], Iterable[Record]]


@dataclass(frozen=True)
class Evidence:
    """The record that meets a condition, and the ledger entry that shows it."""

    record: Record
    entry: int
    at: dt.datetime


@dataclass(frozen=True)
class Condition:
    """A registered condition: its name, what it says, which parameters it needs."""

    name: str
    says: str
    needs: tuple[str, ...]
    find: Finder


CONDITIONS: dict[str, Condition] = {}


@dataclass(frozen=True)
class Counter:
    """A registered count of records, each of which earns one unit of a priced line."""

    name: str
    says: str
    find: Counted


COUNTERS: dict[str, Counter] = {}


def condition(name: str, says: str, *, needs: tuple[str, ...] = ()) -> Callable[[Finder], Finder]:
    """Register a condition."""

    def register(function: Finder) -> Finder:
        CONDITIONS[name] = Condition(name, says, needs, function)
        return function

    return register


def counter(name: str, says: str) -> Callable[[Counted], Counted]:
    """Register a count of records, oldest first: what earns a unit is an event that a record shows, not a percentage."""

    def register(function: Counted) -> Counted:
        COUNTERS[name] = Counter(name, says, function)
        return function

    return register


def checked_counter(name: str) -> None:
    """Say nothing if there is a counter of this name.

    Raises:
        Invalid: there is none.
    """
    if name not in COUNTERS:
        raise Invalid(
            "nothing counts the units of this line",
            errors={"earned_by": "not one of them"},
            given=name,
            allowed=", ".join(sorted(COUNTERS)) or "none",
        )


def counted(name: str, program: Program | None) -> list[Record]:
    """Return the records that a counter finds in a program, oldest first, without void ones."""
    found = COUNTERS.get(name)
    return [record for record in found.find(program) if not record.is_void] if found and program else []


def checked(name: str, parameters: Mapping[str, Any]) -> None:
    """Say nothing if a condition exists and its parameters are those that it needs.

    Raises:
        Invalid: they are not.
    """
    found = CONDITIONS.get(name)
    if found is None:
        raise Invalid(
            "there is no such condition",
            errors={"condition": "not one of them"},
            given=name,
            allowed=", ".join(CONDITIONS),
        )
    if set(parameters) != set(found.needs):
        raise Invalid(
            "a condition has its own parameters",
            errors={"parameters": "do not fit"},
            given=", ".join(parameters) or "none",
            allowed=", ".join(found.needs) or "none",
        )


def answerable(name: str, parameters: Mapping[str, Any]) -> None:
    """Say nothing if a condition exists and all its parameters are among those given, which others may share.

    Raises:
        Invalid: there is no such condition, or it lacks a parameter.
    """
    needs = CONDITIONS[name].needs if name in CONDITIONS else ()
    checked(name, {key: value for key, value in parameters.items() if key in needs})


def evidence_for(name: str, program: Program | None, parameters: Mapping[str, Any]) -> Evidence | None:
    """Return the evidence for a condition in a program, or None while there is none."""
    found = CONDITIONS.get(name)
    record = found.find(program, parameters) if found and program else None
    if record is None or record.is_void:
        return None
    entry = Entry.objects.filter(seq=record.entry).only("seq", "at").first()
    return Evidence(record, record.entry, entry.at) if entry else None


@condition("record_in_state", "a record of a type, with a code, is in a state", needs=("type", "code", "state"))
def record_in_state(program: Program, parameters: Mapping[str, Any]) -> Record | None:
    """Find a record by type and code that is in the state asked for."""
    model = record_types().get(str(parameters["type"]))
    if model is None:
        return None
    manager: Any = model._default_manager
    rows = manager.filter(program=program, code=parameters["code"], is_void=False)
    found: Record | None = rows.filter(state=parameters["state"]).order_by("-entry").first()
    return found
