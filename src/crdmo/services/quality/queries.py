"""Reads that the pages of quality control share, each in few queries: what this person may do here, and what waits."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q

from crdmo.foundation.accounts.models import Person, Program
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.refusals import NotFound
from crdmo.foundation.signing import Manifestation, signatures_of_many

from .models import Instrument, InstrumentEvent, Reading, Reagent, Result, Test
from .workflow.bench import use_by


@dataclass(frozen=True)
class Round:
    """What one round of a test gave, as a second person looks at it: results, readings, and what is unusual."""

    test: Test
    round: int
    results: list[Result]
    readings: list[Reading]
    earlier: dict[UUID, list[str]]

    @property
    def key(self) -> str:
        """How a form names the round."""
        return f"{self.test.pk}:{self.round}"

    @property
    def worksheet(self) -> Any:
        """The run in which it was read."""
        return self.readings[0].worksheet if self.readings else None

    @property
    def passes(self) -> bool:
        """Whether every result of the round meets its limit."""
        return all(result.passes for result in self.results)

    @property
    def fails(self) -> bool:
        """Whether a result of the round is out of its limit."""
        return any(result.fails for result in self.results)

    @property
    def unusual(self) -> list[str]:
        """Return why this round deserves a second look, in words; nothing where it is plain."""
        found = ["out of limit"] if self.fails else [] if self.passes else ["next stage"]
        found += ["retest"] if self.round else []
        found += ["corrected"] if self.earlier else []
        found += ["worksheet still open"] if self.worksheet is not None and self.worksheet.state != "closed" else []
        return found


def waiting_rounds(program: Program, person: Person, most: int) -> list[Round]:
    """Return what colleagues entered and nobody verified, the unusual first."""
    rows = (
        Result.objects.filter(program=program, state="entered", is_void=False)
        .exclude(entered_by=person)
        .exclude(test__analyst=person)
    )
    found = rows.select_related(
        "test__criterion__method", "test__sample__lot", "entered_by", "program", "computed"
    ).order_by("entry")[:most]
    return sorted(_rounds(list(found)), key=lambda one: (not one.fails, not one.unusual, one.test.sample.code))


def _rounds(results: Iterable[Result]) -> list[Round]:
    by_round: dict[tuple[UUID, int], list[Result]] = {}
    for result in results:
        by_round.setdefault((result.test_id, result.round), []).append(result)
    rows = (
        Reading.objects.filter(test__in={test for test, _ in by_round}, is_void=False)
        .select_related("worksheet__instrument", "file")
        .order_by("replicate")
    )
    readings: dict[tuple[UUID, int], list[Reading]] = {}
    for reading in rows:
        readings.setdefault((reading.test_id, reading.round), []).append(reading)
    before = earlier_values([r for own in readings.values() for r in own])
    return [
        Round(
            own[0].test,
            key[1],
            sorted(own, key=lambda r: r.replicate),
            readings.get(key, []),
            {r.pk: before[r.pk] for r in readings.get(key, []) if r.pk in before},
        )
        for key, own in by_round.items()
    ]


def earlier_values(readings: Iterable[Reading]) -> dict[UUID, list[str]]:
    """Return the values that corrected readings had before, oldest first."""
    readings = list(readings)
    changed = [reading.pk for reading in readings if reading.version > 1]
    found: dict[UUID, list[str]] = {}
    if changed:
        now = {reading.pk: reading.version for reading in readings}
        for entry in Entry.objects.filter(record_id__in=changed).order_by("version"):
            if entry.version < now[entry.record_id]:
                found.setdefault(entry.record_id, []).append(json.loads(bytes(entry.body))["state"]["value"])
    return found


def chosen_results(program: Program, keys: Iterable[str]) -> list[Result]:
    """Return the results that wait in the rounds which a form names.

    Raises:
        NotFound: a key names no round of the program.
    """
    wanted = Q(pk__in=[])
    for key in keys:
        test, _, number = key.partition(":")
        try:
            wanted |= Q(test=UUID(test), round=int(number))
        except ValueError as error:
            raise NotFound("there is no such round", given=key) from error
    rows = Result.objects.filter(wanted, program=program, state="entered", is_void=False)
    return list(rows.select_related("test__criterion", "test__sample__lot", "entered_by").order_by("test", "replicate"))


def instruments_of(person: Person, on: Any) -> list[tuple[Instrument, str]]:
    """Return the laboratory's instruments, each with why it cannot be used today, or until when it can."""
    instruments = list(Instrument.objects.filter(organization=person.organization, is_void=False).order_by("code"))
    rows = InstrumentEvent.objects.filter(
        instrument__in=instruments, kind="calibration", passed=True, is_void=False, on__lte=on
    )
    last: dict[UUID, Any] = {}
    for event in rows.order_by("due_on"):
        last[event.instrument_id] = event.due_on
    return [(one, _fitness(one, last.get(one.pk), on)) for one in instruments]


def _fitness(instrument: Instrument, due: Any, on: Any) -> str:
    if instrument.state != "in_service":
        return "out of service"
    if due is None:
        return "never calibrated"
    return f"calibration overdue since {due}" if due < on else f"calibrated until {due}"


def reagents_of(person: Person, on: Any) -> list[tuple[Reagent, str]]:
    """Return the laboratory's reagents and standards, in date first, each with its last day."""
    rows = Reagent.objects.filter(organization=person.organization, is_void=False).order_by("code")
    found = [
        (one, f"use by {use_by(one)}" if use_by(one) >= on else f"may no longer be used, use by {use_by(one)}")
        for one in rows
    ]
    return sorted(found, key=lambda pair: pair[1].startswith("may"))


def signed(records: Iterable[Any]) -> dict[UUID, list[Manifestation]]:
    """Return the signatures over several records in one read."""
    return signatures_of_many(list(records))
