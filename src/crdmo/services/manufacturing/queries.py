"""Reads that pages and API of manufacturing share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from crdmo.common.materials.models import Container, Flow, Lot
from crdmo.common.materials.quantities import Quantity, converted, quantity
from crdmo.foundation.accounts.models import Organization, Program
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.refusals import NotFound

from .models import Batch, BatchException, Dispensing, Equipment, MasterMaterial, MasterRecord, StepRecord, ValueRecord
from .plant import Standing, standing


def find_batch(program: Program | None, code: str) -> Batch:
    """Return a batch of a program.

    Raises:
        NotFound: there is none.
    """
    rows = Batch.objects.filter(program=program, code=code, is_void=False)
    found = rows.select_related("master__product", "lot", "program__partner", "issued_by", "computed").first()
    if found is None:
        raise NotFound("there is no such batch", given=code)
    return found


def find_master(program: Program | None, code: str, number: int) -> MasterRecord:
    """Return a version of a master.

    Raises:
        NotFound: there is none.
    """
    rows = MasterRecord.objects.filter(program=program, code=code, number=number)
    # A discarded draft leaves its number to the next one.
    found = rows.select_related("product", "program", "supersedes").order_by("is_void", "-entry").first()
    if found is None:
        raise NotFound("there is no such master batch record", given=f"{code} version {number}")
    return found


def find_equipment(plant: Organization | None, code: str) -> Equipment:
    """Return a piece of equipment of a plant.

    Raises:
        NotFound: there is none.
    """
    found = Equipment.objects.filter(organization=plant, code=code, is_void=False).first()
    if found is None:
        raise NotFound("there is no such equipment", given=code)
    return found


def stock_for(material: MasterMaterial, on: dt.date) -> list[tuple[Container, Quantity]]:
    """Return the containers that may be dispensed from, first to expire first, each with what is left in it.

    A lot that is not released, or past its expiry or retest date, is not offered.
    """
    rows = Container.objects.filter(
        program=material.program_id,
        lot__substance=material.substance_id,
        lot__status=Lot.Status.RELEASED,
        state="stored",
        is_void=False,
    ).select_related("lot__substance")
    usable = [c for c in rows if all(day is None or day >= on for day in (c.lot.expires_on, c.lot.retest_on))]
    gone: dict[UUID | None, list[Quantity]] = {}
    for flow in Flow.objects.filter(from_container__in=usable, is_void=False):
        gone.setdefault(flow.from_container_id, []).append(quantity(flow.amount, flow.unit))
    found = []
    for one in sorted(usable, key=lambda c: (c.lot.expires_on or c.lot.retest_on or dt.date.max, c.code)):
        out = sum((converted(q, one.unit).amount for q in gone.get(one.id, [])), start=quantity("0", one.unit).amount)
        found.append((one, Quantity(quantity(one.amount, one.unit).amount - out, one.unit)))
    return found


def fit_equipment(plant: Organization | None, kind: str, batch: Batch, on: dt.date) -> list[Standing]:
    """Return the equipment of a class (scales where none is named) as it stands for a batch, what is fit first."""
    rows = Equipment.objects.filter(organization=plant, is_void=False).order_by("code")
    rows = rows.filter(kind=kind) if kind else rows.exclude(minimum="")
    found = standing(rows, on, batch=batch)
    return sorted(found.values(), key=lambda one: (not one.fit, one.equipment.code))


def parts_of(batch: Batch) -> list[UUID]:
    """Return the keys of everything in a batch record, void parts and all."""
    keys: list[UUID] = [batch.id, *batch.reviews.values_list("id", flat=True)]
    parts: Iterable[tuple[Any, str]] = (
        (Dispensing, "batch"),
        (StepRecord, "batch"),
        (ValueRecord, "record__batch"),
        (BatchException, "batch"),
    )
    for model, path in parts:
        keys += model.objects.filter(**{path: batch}).values_list("id", flat=True)
    return keys


def trail_of(batch: Batch) -> Sequence[Entry]:
    """Return every entry on anything in a batch record, newest first."""
    return list(Entry.objects.filter(record_id__in=parts_of(batch)).order_by("-seq"))
