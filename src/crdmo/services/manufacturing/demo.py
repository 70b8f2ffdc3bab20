"""The part of manufacturing in the demo: a plant, a master, a batch made with one exception, a second one on the floor.

The numbers are made up for the demo and simulate a small direct-compression process.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from crdmo.common.controls.models import Control
from crdmo.common.controls.queries import effective
from crdmo.common.materials.models import Container, Substance
from crdmo.foundation.accounts.models import Person
from crdmo.foundation.refusals import Refused
from crdmo.foundation.signing import Credentials

from .models import Batch, Equipment, MasterMaterial, MasterRecord, StepRecord
from .progress import progress
from .workflow import batches, equipment, exceptions, floor, masters, review


@dataclass(frozen=True)
class Crew:
    """Who plays which part, and how they sign."""

    operator: Person
    second: Person
    supervisor: Person
    head: Person
    qa: Person
    sign: Callable[[str], Credentials]


@dataclass(frozen=True)
class Plant:
    """The equipment by code."""

    equipment: Mapping[str, Equipment]


EQUIPMENT = (
    ("BAL-03", "Dispensing balance 3", "Scale", None, "20", "g"),
    ("BLD-01", "Bin blender 200 L", "Blender", 7, "", ""),
    ("BLD-02", "Bin blender 200 L, not cleaned", "Blender", 7, "", ""),
    ("TP-02", "Rotary tablet press 2", "Tablet press", 3, "", ""),
)
STEPS: tuple[dict[str, Any], ...] = (
    {
        "title": "Blend",
        "instruction": "Sieve drug substance and cellulose through 0.8 mm into the bin.\nBlend at 12 rpm.",
        "equipment_class": "Blender",
        "is_checked": True,
        "values": [
            {"name": "Blend time", "from": "strategy"},
            {"name": "Blend appearance", "limit": "White, free of lumps"},
        ],
    },
    {
        "title": "Lubricate",
        "instruction": "Add magnesium stearate through 0.5 mm. Blend at 12 rpm.",
        "equipment_class": "Blender",
        "is_checked": False,
        "values": [{"name": "Lubrication time", "from": "strategy"}],
    },
    {
        "title": "Compress",
        "instruction": "Set the press to 100 mg. Sample ten tablets at the start, the middle and the end.",
        "equipment_class": "Tablet press",
        "is_checked": True,
        "values": [
            {"name": "Mean weight", "limit": "97.0 – 103.0", "unit": "mg"},
            {"name": "Main compression force", "from": "strategy"},
            {"name": "Hardness", "from": "strategy"},
            {"name": "Friability", "limit": "≤ 1.0", "unit": "%"},
        ],
    },
)


def set_up_plant(crew: Crew, today: dt.date) -> Plant:
    """Register equipment, calibrate it, clean what is to be used."""
    house = crew.qa.organization
    assert house is not None
    made = {}
    for code, name, kind, clean_days, minimum, unit in EQUIPMENT:
        one = equipment.register_equipment(
            crew.supervisor,
            house,
            code=code,
            name=name,
            kind=kind,
            location="Suite 2",
            clean_days=clean_days,
            minimum=minimum,
            minimum_unit=unit,
        )
        kept = "calibration" if minimum else "qualification"
        on = today - dt.timedelta(days=30)
        equipment.log_equipment(
            crew.supervisor, one, kind=kept, on=on, due_on=on + dt.timedelta(days=365), note="All checks within limits"
        )
        if not minimum and code != "BLD-02":
            equipment.log_equipment(crew.operator, one, kind="cleaning", on=today, note="CL-014, visually clean")
        one.refresh_from_db()
        made[code] = one
    return Plant(made)


def write_master(crew: Crew, product: Substance, materials: Mapping[str, Substance], today: dt.date) -> MasterRecord:
    """Draft a master with limits of the control strategy in force, approve it for production, make it effective."""
    held = {one.name: one for one in effective(product.program)}
    lines = [
        {"substance": materials["VT-API"], "quantity": "4.000", "unit": "kg", "tolerance": "0.5", "is_basis": True},
        {"substance": materials["MCC"], "quantity": "15.800", "unit": "kg", "tolerance": "1.0"},
        {"substance": materials["MGST"], "quantity": "0.200", "unit": "kg", "tolerance": "2.0"},
    ]
    drafted = masters.draft_master(
        crew.supervisor,
        product,
        code="MBR-VT20",
        title="Velatide 20 mg tablets, direct compression, 200 000 tablets",
        size="200000",
        unit="{tablet}",
        yield_limit="95.0 – 101.0",
        shelf_life_months=30,
        storage="Below 30 °C",
        materials=lines,
        steps=[{**line, "values": [_value(one, held) for one in line["values"]]} for line in STEPS],
    )
    masters.approve_master(crew.head, drafted, credentials=crew.sign("head"))
    return masters.release_master(crew.qa, drafted, effective_from=today, credentials=crew.sign("qa"))


def _value(line: Mapping[str, str], held: Mapping[str, Control]) -> dict[str, Any]:
    """Return a value of a step; one that comes from the strategy is pinned to its control."""
    return {"name": line["name"], "control": held[line["name"]]} if "from" in line else dict(line)


WEIGHED = {"VT-API": "4.004", "MCC": "15.82", "MGST": "0.201"}


def dispense(
    crew: Crew, plant: Plant, batch: Batch, stock: Mapping[str, Container], names: tuple[str, ...] = ()
) -> None:
    """Weigh the materials, or those named, and have each checked by the second person."""
    for name in names or tuple(WEIGHED):
        material = MasterMaterial.objects.get(master=batch.master, substance__code=name)
        weighed = floor.dispense(
            crew.operator,
            batch,
            material,
            container=Container.objects.select_related("lot__substance", "lot__program").get(pk=stock[name].pk),
            scale=plant.equipment["BAL-03"],
            gross=WEIGHED[name],
            unit="kg",
            credentials=crew.sign("operator"),
        )
        floor.check(crew.second, weighed, credentials=crew.sign("second"))
        batch.refresh_from_db()


def step(crew: Crew, batch: Batch, position: int, vessel: Equipment, values: dict[str, str]) -> StepRecord:
    """Do a step; where it asks for that, the second person checks it."""
    made = floor.perform_step(
        crew.operator, batch, position, values=values, equipment=vessel, credentials=crew.sign("operator")
    )
    if made.step.is_checked:
        floor.check(crew.second, made, credentials=crew.sign("second"))
    return made


def make_batch(crew: Crew, plant: Plant, master: MasterRecord, stock: Mapping[str, Container], lot: str) -> Batch:
    """Make a whole batch: one value is out of limit and explained, one is corrected, the yield is in range; QA reviews it."""
    blender, press = plant.equipment["BLD-01"], plant.equipment["TP-02"]
    force = effective(master.program).get(name="Main compression force").set_point
    batch = batches.issue_batch(crew.supervisor, master, lot=lot)
    dispense(crew, plant, batch, stock)
    _unclean_is_refused(crew, batch, plant.equipment["BLD-02"])
    step(crew, batch, 1, blender, {"Blend time": "15", "Blend appearance": "conforms"})
    lubricated = step(crew, batch, 2, blender, {"Lubrication time": "3.2"})
    floor.correct_value(
        crew.operator,
        lubricated.values.get(),
        new="3.0",
        credentials=crew.sign("operator"),
        reason="Transcription error: the timer shows 3.0 min",
    )
    compressed = {"Mean weight": "100.4", "Main compression force": force, "Hardness": "104", "Friability": "0.2"}
    step(crew, batch, 3, press, compressed)
    batch.refresh_from_db()
    batches.complete_batch(
        crew.operator, batch, output="197350", samples="300", rejects="1620", credentials=crew.sign("operator")
    )
    for one in progress(batch).open_exceptions:
        exceptions.explain_exception(
            crew.supervisor,
            one,
            explanation="Main compression force was set 2 kN too high for the first ten minutes and corrected. "
            "Tablets of that time are among the rejects; disintegration of the rest is unchanged.",
        )
    batch.refresh_from_db()
    review.review_batch(
        crew.qa,
        batch,
        conclusion="One hardness value is explained, its tablets are rejected; the correction is justified.",
        credentials=crew.sign("qa"),
    )
    return batch


def _unclean_is_refused(crew: Crew, batch: Batch, vessel: Equipment) -> None:
    """Try what is not possible: a step in a vessel that was not cleaned. The refusal stays in the ledger."""
    values = {"Blend time": "15", "Blend appearance": "conforms"}
    try:
        floor.perform_step(crew.operator, batch, 1, values=values, equipment=vessel, credentials=crew.sign("operator"))
    except Refused:
        return
    raise AssertionError("a step was done in a vessel that was not cleaned")


def begin_batch(
    crew: Crew, plant: Plant, master: MasterRecord, stock: Mapping[str, Container], lot: str, today: dt.date
) -> Batch:
    """Clean after the batch before, issue one and dispense its first material; the operator goes on from there."""
    for code in ("BLD-01", "TP-02"):
        equipment.log_equipment(crew.operator, plant.equipment[code], kind="cleaning", on=today, note="CL-014")
    batch = batches.issue_batch(crew.supervisor, master, lot=lot, due_on=today + dt.timedelta(days=2))
    dispense(crew, plant, batch, stock, ("VT-API",))
    return batch
