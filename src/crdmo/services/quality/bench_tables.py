"""What stands on the bench today: which instruments and reagents may be used, and what a failed check puts in doubt."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F

from crdmo.foundation.accounts import authority
from crdmo.foundation.accounts.models import Organization, Person

from .models import Instrument, InstrumentEvent, Method, Reagent, Result
from .workflow.bench import use_by

SOON = dt.timedelta(days=30)
GOOD_KINDS = (InstrumentEvent.Kind.CALIBRATION, InstrumentEvent.Kind.QUALIFICATION, InstrumentEvent.Kind.CHECK)


@dataclass(frozen=True)
class Standing:
    """How an instrument stands: its state in a word, until when its calibration holds, its last line in the logbook."""

    instrument: Instrument
    state: str
    until: dt.date | None
    last: InstrumentEvent | None

    @property
    def usable(self) -> bool:
        """Whether a run may be opened on it."""
        return self.state in ("in_service", "expiring")


def standing(instrument: Instrument, events: Sequence[InstrumentEvent], today: dt.date) -> Standing:
    """Return how an instrument stands on a day, by its logbook."""
    held = [
        e.due_on
        for e in events
        if e.kind == InstrumentEvent.Kind.CALIBRATION and e.passed and e.due_on and e.on <= today
    ]
    until = max(held, default=None)
    last = max(events, key=lambda e: (e.on, e.entry), default=None)
    if instrument.state == "out_of_service":
        return Standing(instrument, "out_of_service", until, last)
    if until is None:
        return Standing(instrument, "not_calibrated", until, last)
    state = "overdue" if until < today else "expiring" if until - today <= SOON else "in_service"
    return Standing(instrument, state, until, last)


def instruments(laboratory: Organization | None, today: dt.date) -> list[Standing]:
    """Return every instrument of a laboratory with how it stands."""
    found = Instrument.objects.filter(organization=laboratory, is_void=False).order_by("kind", "code")
    events: dict[object, list[InstrumentEvent]] = {}
    for event in InstrumentEvent.objects.filter(instrument__in=found, is_void=False):
        events.setdefault(event.instrument_id, []).append(event)
    return [standing(instrument, events.get(instrument.pk, []), today) for instrument in found]


@dataclass(frozen=True)
class Doubt:
    """What a failed check puts in doubt: the failure, the last good line, the results made in between."""

    failure: InstrumentEvent
    good: InstrumentEvent | None
    results: tuple[Result, ...]
    hidden: int


def in_doubt(instrument: Instrument, events: Sequence[InstrumentEvent], person: Person) -> Doubt | None:
    """Return the results to be looked at again after the latest failure, as far as `person` may see them, or None."""
    ordered = sorted(events, key=lambda e: (e.on, e.entry))
    failures = [e for e in ordered if not e.passed or e.kind == InstrumentEvent.Kind.FAILURE]
    if not failures:
        return None
    failure = failures[-1]
    before = ordered[: ordered.index(failure)]
    good = next((e for e in reversed(before) if e.passed and e.kind in GOOD_KINDS), None)
    made = Result.objects.filter(
        test__readings__worksheet__instrument=instrument, round=F("test__readings__round"), is_void=False
    )
    made = made.filter(test__readings__worksheet__started__date__lte=failure.on).distinct()
    if good is not None:
        made = made.filter(test__readings__worksheet__started__date__gte=good.on)
    seen = made.filter(program__in=authority.programs_of(person))
    shown = tuple(seen.select_related("test__criterion", "test__sample__lot", "program").order_by("entry"))
    return Doubt(failure, good, shown, made.count() - len(shown))


@dataclass(frozen=True)
class Shelf:
    """A reagent with its use-by date and how it stands."""

    reagent: Reagent
    until: dt.date
    state: str


def shelf(reagent: Reagent, today: dt.date) -> Shelf:
    """Return how a reagent stands on a day."""
    until = use_by(reagent)
    state = "expired" if until < today else "expiring" if until - today <= SOON else "in_date"
    return Shelf(reagent, until, state)


COMPARED = ("title", "technique", "reporting", "replicates", "calculation", "instrument_kind", "procedure")


def changes(method: Method) -> list[dict[str, str]]:
    """Return what a version of a method changes against the one that it supersedes."""
    before = method.supersedes
    if before is None:
        return []
    rows = [
        {"name": name.replace("_", " "), "old": str(getattr(before, name)), "new": str(getattr(method, name))}
        for name in COMPARED
        if getattr(before, name) != getattr(method, name)
    ]
    old, new = ({line["name"]: line["limit"] for line in m.suitability} for m in (before, method))
    rows += [
        {"name": name, "old": old.get(name, ""), "new": new.get(name, "")}
        for name in dict.fromkeys((*old, *new))
        if old.get(name) != new.get(name)
    ]
    keys = dict.fromkeys((*before.parameters, *method.parameters))
    rows += [
        {"name": key, "old": str(before.parameters.get(key, "")), "new": str(method.parameters.get(key, ""))}
        for key in keys
        if before.parameters.get(key) != method.parameters.get(key)
    ]
    return rows
