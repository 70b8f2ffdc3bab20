"""Equipment: registered, kept in a log in the order of time, and refused where it is not fit."""

from __future__ import annotations

import datetime as dt

from crdmo.common.codes import next_code
from crdmo.common.materials.quantities import quantity
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.models import Organization
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.refusals import Invalid, Refused

from ..models import Batch, Equipment, EquipmentEvent
from ..plant import DATED, standing
from .desks import PLANNERS, UPKEEP, worker

Kind = EquipmentEvent.Kind


@verb("manufacturing.register_equipment", "register equipment", roles=(*PLANNERS, Role.METROLOGIST))
def register_equipment(
    act: Act,
    plant: Organization,
    *,
    name: str,
    kind: str,
    code: str = "",
    location: str = "",
    clean_days: int | None = None,
    minimum: str = "",
    minimum_unit: str = "",
) -> Equipment:
    """Register a vessel, machine or scale. Before it is qualified or calibrated, and clean, it cannot be used."""
    code = code or next_code(act, Equipment, "EQ", plant)
    if Equipment.objects.filter(organization=plant, code=code).exists():
        raise Invalid("this code is taken", errors={"code": "taken"}, given=code)
    if minimum and quantity(minimum, minimum_unit).amount <= 0:
        raise Invalid("a minimum weight is more than zero", errors={"minimum": "more than zero"}, given=minimum)
    if clean_days is not None and clean_days < 1:
        raise Invalid("a clean hold is a day at least", errors={"clean_days": "1 or more"}, given=str(clean_days))
    return act.create(
        Equipment,
        organization=plant,
        code=code,
        name=name,
        kind=kind,
        location=location,
        clean_days=clean_days,
        minimum=minimum,
        minimum_unit=minimum_unit if minimum else "",
    )


@verb("manufacturing.log_equipment", "write in an equipment log", roles=UPKEEP)
def log_equipment(
    act: Act,
    equipment: Equipment,
    *,
    kind: str,
    on: dt.date,
    passed: bool = True,
    due_on: dt.date | None = None,
    note: str = "",
) -> EquipmentEvent:
    """Write a line. A use is written by the step that uses; a failure takes it out of service."""
    if kind == Kind.USE or kind not in Kind.values:
        allowed = ", ".join(v for v in Kind.values if v != Kind.USE)
        raise Invalid(
            "a use is written by the batch record alone", errors={"kind": "another one"}, given=kind, allowed=allowed
        )
    if on > act.now.date():
        raise Invalid("the log is not written ahead", errors={"on": "in the future"}, given=str(on))
    if kind in DATED and passed and (due_on is None or due_on <= on):
        raise Invalid("a calibration says until when it holds", errors={"due_on": "a date after the calibration"})
    event = _write(act, equipment, kind, on=on, due_on=due_on, passed=passed, note=note)
    good = passed and kind != Kind.FAILURE
    # A cleaning that failed leaves the vessel unclean; it is cleaned again, not repaired.
    if not good and kind != Kind.CLEANING and equipment.state == "in_service":
        act.change(equipment, state="out_of_service")
    elif good and kind in DATED and equipment.state == "out_of_service":
        act.change(equipment, state="in_service")
    return event


def _write(
    act: Act,
    equipment: Equipment,
    kind: str,
    *,
    on: dt.date,
    due_on: dt.date | None = None,
    passed: bool = True,
    batch: Batch | None = None,
    note: str = "",
) -> EquipmentEvent:
    return act.create(
        EquipmentEvent,
        organization=equipment.organization,
        equipment=equipment,
        kind=kind,
        on=on,
        at=act.now,
        due_on=due_on,
        passed=passed,
        batch=batch,
        person=worker(act),
        note=note,
    )


def use(act: Act, equipment: Equipment, batch: Batch) -> EquipmentEvent:
    """Write the use of equipment by a batch, where it is fit for that.

    Raises:
        Refused: it is out of service, its calibration is overdue, or it is not clean.
    """
    if batch.program is not None and equipment.organization_id != batch.program.partner_id:
        raise Refused("a batch is made on the plant's own equipment", given=str(equipment))
    equipment.refresh_from_db(fields=["state", "is_void"])
    found = standing([equipment], act.now.date(), batch=batch)[equipment.id]
    if not found.fit:
        raise Refused(
            f"{equipment.code} cannot be used",
            given=found.words,
            allowed="in service, in date, clean",
            next="See its log; take another of its class",
        )
    return _write(act, equipment, Kind.USE, on=act.now.date(), batch=batch)
