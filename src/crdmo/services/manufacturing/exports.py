"""The executed batch record as one document for programs: the master's version, what was done, by whom, what was unusual."""

from __future__ import annotations

from typing import Any

from crdmo.foundation.accounts.models import Person
from crdmo.foundation.signing import signatures_of_many

from .models import Batch, MasterRecord
from .progress import MaterialLine, StepLine, progress
from .trail import exceptions_of, in_range

FORMAT = "crdmo.batch-record/1"


def _who(person: Person | None) -> str | None:
    return person.printed_name if person else None


def _at(instant: Any) -> str | None:
    return instant.isoformat() if instant else None


def master_record(master: MasterRecord) -> dict[str, Any]:
    """Return a version of a master as it would be imported again."""
    materials = master.materials.filter(is_void=False).select_related("substance").order_by("position")
    steps = master.instructions.filter(is_void=False).order_by("position").prefetch_related("values__control")
    return {
        "code": master.code,
        "version": master.number,
        "title": master.title,
        "state": master.state,
        "product": master.product.code,
        "size": master.size,
        "unit": master.unit,
        "yield_limit": master.yield_limit,
        "materials": [
            {
                "substance": one.substance.code,
                "quantity": one.quantity,
                "unit": one.unit,
                "tolerance": one.tolerance,
                "is_basis": one.is_basis,
            }
            for one in materials
        ],
        "steps": [
            {
                "position": step.position,
                "title": step.title,
                "instruction": step.instruction,
                "equipment_class": step.equipment_class,
                "is_checked": step.is_checked,
                "values": [
                    {
                        "name": value.name,
                        "limit": value.limit,
                        "unit": value.unit,
                        "control": value.control.source if value.control else None,
                    }
                    for value in sorted(step.values.all(), key=lambda v: v.position)
                ],
            }
            for step in steps
        ],
    }


def batch_record(batch: Batch) -> dict[str, Any]:
    """Return an executed batch record whole."""
    found = progress(batch)
    records = [batch, *batch.reviews.filter(is_void=False)]
    signatures = signatures_of_many(records)
    return {
        "format": FORMAT,
        "batch": batch.code,
        "state": batch.state,
        "master": {"code": batch.master.code, "version": batch.master.number, "id": str(batch.master_id)},
        "lot": {"code": batch.lot.code, "status": batch.lot.status, "amount": batch.lot.amount, "unit": batch.lot.unit},
        "issued": {"by": _who(batch.issued_by), "at": _at(batch.issued_at)},
        "started_at": _at(batch.started_at),
        "completed_at": _at(batch.completed_at),
        "materials": [_material(line) for line in found.materials],
        "steps": [_step(line) for line in found.steps],
        "yield": batch.computed.output if batch.computed else None,
        "exceptions": exceptions_of(batch),
        "in_range": in_range(found),
        "signatures": [
            {"by": m.printed_name, "meaning": m.meaning, "at": _at(m.signed_at), "holds": m.holds}
            for record in records
            for m in signatures.get(record.id, [])
        ],
    }


def _material(line: MaterialLine) -> dict[str, Any]:
    return {
        "substance": line.material.substance.code,
        "target": line.material.quantity,
        "unit": line.material.unit,
        "allowed": [line.low, line.high],
        "charged": str(line.charged.amount),
        "weighings": [
            {
                "container": one.container.code,
                "lot": one.container.lot.code,
                "scale": one.scale.code,
                "gross": one.gross,
                "tare": one.tare,
                "net": one.net,
                "unit": one.unit,
                "by": _who(one.operator),
                "at": _at(one.at),
                "checked_by": _who(one.checked_by),
                "checked_at": _at(one.checked_at),
            }
            for one in line.dispensings
        ],
    }


def _step(line: StepLine) -> dict[str, Any]:
    record = line.record
    return {
        "position": line.step.position,
        "title": line.step.title,
        "equipment": record.equipment.code if record and record.equipment else None,
        "by": _who(record.operator) if record else None,
        "done_at": _at(record.done_at) if record else None,
        "written_at": _at(record.at) if record else None,
        "late": record.is_late if record else None,
        "comment": record.comment if record else "",
        "checked_by": _who(record.checked_by) if record else None,
        "values": [
            {
                "name": v.asked.name,
                "value": v.value,
                "unit": v.unit,
                "limit": v.limit,
                "passes": v.passes,
                "version": v.version,
            }
            for v in line.values
        ],
    }
