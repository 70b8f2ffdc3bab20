"""Whether equipment is fit for use today, for many in a few queries: in service, in date, clean."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from .models import Batch, Equipment, EquipmentEvent

Kind = EquipmentEvent.Kind
DATED = (Kind.CALIBRATION, Kind.QUALIFICATION)


@dataclass(frozen=True)
class Standing:
    """How one piece of equipment stands: whether it is fit, its state as a word for a chip, and why in words."""

    equipment: Equipment
    fit: bool
    state: str
    words: str
    due_on: dt.date | None


def standing(equipment: Iterable[Equipment], on: dt.date, *, batch: Batch | None = None) -> dict[UUID, Standing]:
    """Return how equipment stands on a day; what a batch used itself since the last cleaning is clean enough for it."""
    wanted = list(equipment)
    due: dict[UUID, dt.date] = {}
    last: dict[tuple[UUID, str], EquipmentEvent] = {}
    since: dict[UUID, set[UUID | None]] = {}
    rows = EquipmentEvent.objects.filter(equipment__in=wanted, is_void=False).order_by("entry")
    for event in rows.only("equipment_id", "kind", "on", "due_on", "passed", "batch_id", "entry"):
        key = event.equipment_id
        if event.kind == Kind.CLEANING and not event.passed:
            last.pop((key, Kind.CLEANING), None)
        elif event.kind in DATED and event.passed and event.due_on is not None and event.on <= on:
            due[key] = max(due.get(key, event.due_on), event.due_on)
        elif event.kind == Kind.USE:
            since.setdefault(key, set()).add(event.batch_id)
            last[key, Kind.USE] = event
        elif event.kind == Kind.CLEANING:
            used = last.get((key, Kind.USE))
            # A cleaning that is dated before the last use cleaned nothing that the use left.
            if used is None or event.on >= used.on:
                since[key] = set()
                last[key, Kind.CLEANING] = event
    own = {batch.id} if batch is not None else set()
    return {
        one.id: _judged(one, on, due.get(one.id), last.get((one.id, Kind.CLEANING)), since.get(one.id, set()) - own)
        for one in wanted
    }


def _judged(
    one: Equipment, on: dt.date, due: dt.date | None, cleaned: EquipmentEvent | None, others: set[UUID | None]
) -> Standing:
    why = _unfit(one, on, due, cleaned, others)
    if why is not None:
        return Standing(one, False, *why, due)
    words = (
        f"in date until {due}" if cleaned is None or one.is_scale else f"clean since {cleaned.on}, in date until {due}"
    )
    return Standing(one, True, "in_service", words, due)


def _unfit(
    one: Equipment, on: dt.date, due: dt.date | None, cleaned: EquipmentEvent | None, others: set[UUID | None]
) -> tuple[str, str] | None:
    """Return state and reason where equipment is not fit."""
    if one.state != "in_service" or one.is_void:
        return "out_of_service", "out of service"
    if due is None or due < on:
        return "overdue", f"calibration overdue since {due}" if due else "never calibrated or qualified"
    if one.is_scale:
        return None
    if cleaned is None or others:
        return "unclean", "used since the last cleaning" if cleaned else "not cleaned"
    ends = cleaned.on + dt.timedelta(days=one.clean_days) if one.clean_days is not None else on
    return ("unclean", f"clean hold ended {ends}") if ends < on else None
