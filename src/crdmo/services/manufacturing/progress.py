"""How far a batch is: what was dispensed and done, what waits for a second person, and what comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias
from uuid import UUID

from crdmo.common.materials.quantities import Quantity, plain, quantity, total

from .models import Batch, BatchException, Dispensing, MasterMaterial, MasterStep, MasterValue, StepRecord, ValueRecord

OPEN = (Batch.State.ISSUED, Batch.State.IN_PROGRESS)


def bounds(material: MasterMaterial) -> tuple[Decimal, Decimal]:
    """Return the least and the most that may be dispensed; a weight on the bound is inside."""
    target, share = Decimal(material.quantity), Decimal(material.tolerance) / 100
    return target * (1 - share), target * (1 + share)


@dataclass(frozen=True)
class MaterialLine:
    """A material with what was dispensed of it."""

    material: MasterMaterial
    dispensings: list[Dispensing]

    @property
    def charged(self) -> Quantity:
        """What went in, in the unit of the master."""
        return total([quantity(d.net, d.unit) for d in self.dispensings], self.material.unit)

    @property
    def low(self) -> str:
        """The least that is enough."""
        return plain(bounds(self.material)[0].normalize() + 0)

    @property
    def high(self) -> str:
        """The most that is allowed."""
        return plain(bounds(self.material)[1].normalize() + 0)

    @property
    def missing(self) -> str:
        """What the target still lacks."""
        return plain(max(Decimal(0), Decimal(self.material.quantity) - self.charged.amount))

    @property
    def is_done(self) -> bool:
        """Whether enough is in."""
        low, high = bounds(self.material)
        return low <= self.charged.amount <= high

    @property
    def state(self) -> str:
        """A word for the chip."""
        if not self.dispensings:
            return "pending"
        if not self.is_done:
            return "in_progress"
        return "done" if all(d.state == "checked" for d in self.dispensings) else "to_check"


@dataclass(frozen=True)
class StepLine:
    """A step with its record and values, where it is done."""

    step: MasterStep
    asked: list[MasterValue]
    record: StepRecord | None
    values: list[ValueRecord]

    @property
    def state(self) -> str:
        """A word for the chip."""
        if self.record is None:
            return "pending"
        return "to_check" if self.step.is_checked and self.record.state != "checked" else "done"


Waiting: TypeAlias = Dispensing | StepRecord


@dataclass
class Progress:
    """A batch as it stands."""

    batch: Batch
    materials: list[MaterialLine] = field(default_factory=list)
    steps: list[StepLine] = field(default_factory=list)
    exceptions: list[BatchException] = field(default_factory=list)

    @property
    def to_check(self) -> list[Waiting]:
        """What waits for a second person."""
        weighed: list[Waiting] = [d for line in self.materials for d in line.dispensings if d.state != "checked"]
        done: list[Waiting] = [line.record for line in self.steps if line.state == "to_check" and line.record]
        return weighed + done

    @property
    def next_material(self) -> MaterialLine | None:
        """The material that is dispensed next."""
        return next((line for line in self.materials if not line.is_done), None)

    @property
    def next_step(self) -> StepLine | None:
        """The step that is done next; whether it may be done now says `blocked`."""
        return next((line for line in self.steps if line.record is None), None)

    @property
    def blocked(self) -> str:
        """Why the next step cannot be done now, in words; nothing where it can."""
        if (line := self.next_material) is not None:
            return f"{line.material.substance.name} is not dispensed"
        return f"{self.to_check[0]} waits for a second person" if self.to_check else ""

    @property
    def is_ready(self) -> bool:
        """Whether nothing is left to do but to complete it."""
        return not self.blocked and self.next_step is None

    @property
    def open_exceptions(self) -> list[BatchException]:
        """What is not explained yet."""
        return [one for one in self.exceptions if one.state == "open"]

    @property
    def stage(self) -> str:
        """What comes next, in one word: dispense, check, step, complete, or nothing where the batch is over."""
        if self.batch.state not in OPEN:
            return ""
        if self.next_material is not None:
            return "dispense"
        if self.to_check:
            return "check"
        return "step" if self.next_step is not None else "complete"

    @property
    def done(self) -> int:
        """How many materials and steps are done and checked."""
        states = [line.state for line in self.materials] + [line.state for line in self.steps]
        return states.count("done")

    @property
    def count(self) -> int:
        """How many materials and steps there are."""
        return len(self.materials) + len(self.steps)


def progress_of(batches: Sequence[Batch]) -> list[Progress]:
    """Return how far batches are, in a few queries however many there are."""
    masters = {batch.master_id for batch in batches}
    found = {batch.id: Progress(batch) for batch in batches}
    materials = list(
        MasterMaterial.objects.filter(master__in=masters, is_void=False)
        .select_related("substance")
        .order_by("position")
    )
    steps = list(MasterStep.objects.filter(master__in=masters, is_void=False).order_by("position"))
    asked: dict[object, list[MasterValue]] = {}
    for one in MasterValue.objects.filter(step__master__in=masters, is_void=False).order_by("position"):
        asked.setdefault(one.step_id, []).append(one)
    weighed = _weighed(found)
    records, values = _recorded(found)
    for progress in found.values():
        batch = progress.batch
        progress.materials = [
            MaterialLine(m, weighed.get((batch.id, m.id), [])) for m in materials if m.master_id == batch.master_id
        ]
        for step in (s for s in steps if s.master_id == batch.master_id):
            record = records.get((batch.id, step.id))
            own = values.get(record.id, []) if record else []
            progress.steps.append(StepLine(step, asked.get(step.id, []), record, own))
    for exception in (
        BatchException.objects.filter(batch__in=list(found), is_void=False)
        .select_related("explained_by")
        .order_by("code")
    ):
        found[exception.batch_id].exceptions.append(exception)
    return [found[batch.id] for batch in batches]


def progress(batch: Batch) -> Progress:
    """Return how far one batch is."""
    return progress_of([batch])[0]


def _weighed(found: dict[UUID, Progress]) -> dict[tuple[object, object], list[Dispensing]]:
    weighed: dict[tuple[object, object], list[Dispensing]] = {}
    rows = Dispensing.objects.filter(batch__in=list(found), is_void=False)
    for one in rows.select_related("container__lot", "scale", "operator", "checked_by").order_by("at"):
        one.batch = found[one.batch_id].batch
        weighed.setdefault((one.batch_id, one.material_id), []).append(one)
    return weighed


def _recorded(
    found: dict[UUID, Progress],
) -> tuple[dict[tuple[object, object], StepRecord], dict[object, list[ValueRecord]]]:
    records: dict[tuple[object, object], StepRecord] = {}
    by_key: dict[object, StepRecord] = {}
    rows = StepRecord.objects.filter(batch__in=list(found), is_void=False)
    for record in rows.select_related("step", "equipment", "operator", "checked_by"):
        record.batch = found[record.batch_id].batch
        records[record.batch_id, record.step_id] = by_key[record.id] = record
    values: dict[object, list[ValueRecord]] = {}
    for value in (
        ValueRecord.objects.filter(record__in=list(by_key), is_void=False)
        .select_related("asked")
        .order_by("asked__position")
    ):
        value.record = by_key[value.record_id]
        values.setdefault(value.record_id, []).append(value)
    return records, values
