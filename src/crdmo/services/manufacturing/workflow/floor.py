"""The floor: weigh, do the steps in order, check what a colleague did, correct with a reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from crdmo.common.materials import workflow as stock
from crdmo.common.materials.models import Container
from crdmo.common.materials.quantities import Quantity, converted, plain, quantity
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.refusals import Invalid, NotPermitted, Refused
from crdmo.foundation.signing import Credentials, Meaning, sign
from crdmo.science.method import MethodError
from crdmo.science.quality.limits import Verdict, evaluate

from ..models import Batch, BatchException, Dispensing, Equipment, MasterMaterial, StepRecord, ValueRecord
from ..progress import OPEN, StepLine, Waiting, bounds, progress
from . import equipment as plant
from .desks import FLOOR, Seen, about_its_batch, worker
from .exceptions import raised

# What is written later than this after it was done is a late entry.
PROMPT = dt.timedelta(minutes=15)
UNREVIEWED = (*OPEN, Batch.State.COMPLETED)


def _running(batch: Batch) -> None:
    if batch.state not in OPEN or batch.is_void:
        raise Refused(f"{batch} takes no entry", given=batch.get_state_display(), allowed="Issued, In progress")


def _started(act: Act, batch: Batch) -> None:
    if batch.state == Batch.State.ISSUED:
        act.change(batch, state=Batch.State.IN_PROGRESS, started_at=act.now)


@verb("manufacturing.dispense", "dispense a material", roles=FLOOR, signs=Meaning.PERFORMED)
@about_its_batch
def dispense(
    act: Act,
    batch: Batch,
    material: MasterMaterial,
    *,
    container: Container,
    scale: Equipment,
    gross: str,
    unit: str,
    credentials: Credentials,
    tare: str = "0",
) -> Dispensing:
    """Weigh a material out of one container; what is in may not exceed the tolerance, less waits for another container."""
    _running(batch)
    if material.master_id != batch.master_id:
        raise Refused(f"{material} is not in {batch.master}", next="Dispense what the batch record asks for")
    if container.lot.substance_id != material.substance_id:
        raise Refused(
            f"{container} holds another material",
            given=str(container.lot.substance),
            allowed=str(material.substance),
        )
    net = _net(gross, tare, unit)
    if not scale.is_scale:
        raise Refused(f"{scale.code} is no scale", given=scale.kind, next="Name the scale that gave the reading")
    least = converted(quantity(scale.minimum, scale.minimum_unit), unit)
    if net.amount < least.amount:
        raise Refused(
            f"{scale.code} does not weigh so little",
            given=str(net),
            allowed=f"{least} or more",
            next="Take a finer scale",
        )
    _within(batch, material, net)
    plant.use(act, scale, batch)
    flow = stock.consume(act, container, net, into=batch.lot, note=f"{batch}, {material.substance.code}")
    made = act.create(
        Dispensing,
        program=batch.program,
        batch=batch,
        material=material,
        container=container,
        scale=scale,
        flow=flow,
        gross=gross.strip(),
        tare=tare.strip(),
        net=plain(net.amount),
        unit=unit,
        operator=worker(act),
        at=act.now,
    )
    _started(act, batch)
    sign(act, [made], Meaning.PERFORMED, credentials, seen={})
    return made


def _net(gross: str, tare: str, unit: str) -> Quantity:
    """Return gross less tare, exactly; it carries the digits of the scale."""
    net = quantity(gross.strip(), unit).amount - quantity(tare.strip(), unit).amount
    if net <= 0:
        raise Invalid(
            "gross is more than tare",
            errors={"gross": "more than the tare"},
            given=f"gross {gross}, tare {tare} {unit}",
        )
    return Quantity(net, unit)


def _within(batch: Batch, material: MasterMaterial, net: Quantity) -> None:
    """Refuse more than the tolerance allows, and anything where enough is in."""
    line = next(one for one in progress(batch).materials if one.material.id == material.id)
    if line.is_done:
        raise Refused(f"enough {material.substance.name} is dispensed", given=str(line.charged))
    summed = line.charged.amount + converted(net, material.unit).amount
    if summed > bounds(material)[1]:
        raise Refused(
            f"this is more {material.substance.name} than the tolerance allows",
            given=f"{plain(summed)} {material.unit} in all",
            allowed=f"{line.low} to {line.high} {material.unit}",
            next="Take the excess off the scale and weigh again",
        )


@verb("manufacturing.void_dispensing", "void a weighing", roles=FLOOR)
@about_its_batch
def void_dispensing(act: Act, dispensing: Dispensing) -> Dispensing:
    """Void a weighing before the first step, with a reason; the material goes back to its container."""
    _running(dispensing.batch)
    if dispensing.is_void:
        raise Refused(f"{dispensing} is void")
    if dispensing.batch.records.filter(is_void=False).exists():
        raise Refused(
            "the material is in process",
            given=str(dispensing),
            allowed="a weighing before the first step",
            next="Ask QA",
        )
    stock.put_back(act, dispensing.flow)
    return act.void(dispensing)


@verb("manufacturing.perform_step", "do a step of a batch", roles=FLOOR, signs=Meaning.PERFORMED)
@about_its_batch
def perform_step(
    act: Act,
    batch: Batch,
    position: int,
    *,
    values: Mapping[str, str],
    credentials: Credentials,
    equipment: Equipment | None = None,
    comment: str = "",
    done_at: dt.datetime | None = None,
) -> StepRecord:
    """Record the next step with all its values, by signature. What is out of limit, or late, becomes an exception.

    `position` is the step's place in the master; only the next one is taken. `values` is text by the value's name, each
    that the step asks for and no other. `done_at` is when it was done, where that is not now; a late entry says why.
    """
    _running(batch)
    line = _next(batch, position)
    verdicts = _judged(line, values)
    when, late = _when(act, batch, done_at)
    if late and not comment.strip():
        raise Invalid("a late entry says why it is late", errors={"comment": "needed"}, given=str(done_at))
    if line.step.equipment_class:
        _equipped(act, batch, line, equipment)
    elif equipment is not None:
        raise Invalid("this step uses no equipment", errors={"equipment": "leave it empty"}, given=equipment.code)
    record = act.create(
        StepRecord,
        program=batch.program,
        batch=batch,
        step=line.step,
        equipment=equipment,
        operator=worker(act),
        done_at=when,
        at=act.now,
        is_late=late,
        comment=comment.strip(),
    )
    made = [
        act.create(
            ValueRecord,
            program=batch.program,
            record=record,
            asked=asked,
            unit=asked.unit,
            limit=asked.limit,
            **_kept(verdicts[asked.name]),
        )
        for asked in line.asked
    ]
    for value in made:
        _out_of_limit(act, batch, value)
    if late:
        raised(act, batch, BatchException.Kind.LATE, f"{line.step} was done at {when:%Y-%m-%d %H:%M} UTC: {comment}")
    _started(act, batch)
    sign(act, [record, *made], Meaning.PERFORMED, credentials, seen={})
    return record


def _next(batch: Batch, position: int) -> StepLine:
    """Return the line of the next step.

    Raises:
        Refused: another step is asked for, or something before it is not done and checked.
    """
    found = progress(batch)
    line = found.next_step
    if line is None or line.step.position != position:
        raise Refused(
            "steps are done in their order, each once",
            given=f"step {position}",
            allowed=f"step {line.step.position}" if line else "none: all are done",
            next="A recorded value is corrected with a reason, it is not entered again",
        )
    if found.blocked:
        raise Refused(f"step {position} cannot begin", given=found.blocked, next="Finish what comes before it")
    return line


def _judged(line: StepLine, values: Mapping[str, str]) -> dict[str, Verdict]:
    """Hold every value against its limit; those missing, not asked for or unreadable are named, all of them at once."""
    wanted = {asked.name: asked for asked in line.asked}
    errors = {name: "missing" for name in wanted if not values.get(name, "").strip()}
    errors |= {name: "not asked for" for name in values if name not in wanted}
    found: dict[str, Verdict] = {}
    for name, asked in wanted.items():
        if name not in errors:
            try:
                found[name] = evaluate(values[name].strip(), asked.limit)
            except MethodError as error:
                errors[name] = str(error)
    if errors:
        raise Invalid(f"step {line.step.position} is recorded whole; nothing was written", errors=errors)
    return found


def _kept(verdict: Verdict) -> dict[str, object]:
    return {"value": verdict.raw, "rounded": verdict.rounded, "passes": verdict.passes}


def _when(act: Act, batch: Batch, done_at: dt.datetime | None) -> tuple[dt.datetime, bool]:
    if done_at is None:
        return act.now, False
    if done_at.tzinfo is None:
        raise Invalid("an instant has its zone", errors={"done_at": "with its offset from UTC"}, given=str(done_at))
    last = batch.records.filter(is_void=False).order_by("-done_at").first()
    earliest = last.done_at if last else batch.started_at or batch.issued_at
    if not earliest <= done_at <= act.now:
        raise Invalid(
            "a step is done after the one before it, and not in the future",
            errors={"done_at": f"from {earliest:%Y-%m-%d %H:%M} UTC until now"},
            given=f"{done_at:%Y-%m-%d %H:%M}",
        )
    return done_at, act.now - done_at > PROMPT


def _equipped(act: Act, batch: Batch, line: StepLine, equipment: Equipment | None) -> None:
    if equipment is None or equipment.kind != line.step.equipment_class:
        raise Refused(
            f"step {line.step.position} runs on another class of equipment",
            given=equipment.kind if equipment else "none",
            allowed=line.step.equipment_class,
        )
    plant.use(act, equipment, batch)


def _out_of_limit(act: Act, batch: Batch, value: ValueRecord) -> None:
    if not value.passes:
        text = f"{value.asked.name} {value.value} {value.unit}".strip() + f" against {value.limit}"
        raised(act, batch, BatchException.Kind.LIMIT, text, value)


@verb("manufacturing.check", "check what a colleague recorded", roles=FLOOR, signs=Meaning.VERIFIED)
@about_its_batch
def check(act: Act, waiting: Waiting, *, credentials: Credentials, seen: Seen | None = None) -> Waiting:
    """Check a weighing or a step as the second person, by signature; never what one did oneself."""
    person, batch = worker(act), waiting.batch
    if batch.state not in UNREVIEWED:
        raise Refused(f"{batch} takes no check", given=batch.get_state_display(), allowed="before the review")
    if waiting.is_void or waiting.state == "checked":
        raise Refused(f"{waiting} waits for no check", given="void" if waiting.is_void else waiting.get_state_display())
    if isinstance(waiting, StepRecord) and not waiting.step.is_checked:
        raise Refused(f"{waiting} asks for no second person")
    if waiting.operator_id == person.id:
        raise NotPermitted(
            "nobody checks their own work", given=person.printed_name, next="Ask a colleague at the same step"
        )
    values = list(waiting.values.filter(is_void=False)) if isinstance(waiting, StepRecord) else []
    act.change(waiting, state="checked", checked_by=person, checked_at=act.now)
    sign(act, [waiting, *values], Meaning.VERIFIED, credentials, seen=seen)
    return waiting


@verb("manufacturing.correct_value", "correct a recorded value", roles=FLOOR, signs=Meaning.PERFORMED)
@about_its_batch
def correct_value(act: Act, value: ValueRecord, *, new: str, credentials: Credentials) -> ValueRecord:
    """Correct a value before the review, with a reason; it is judged again, and a checked step is checked again."""
    batch = value.record.batch
    if batch.state not in UNREVIEWED:
        raise Refused(f"{batch} takes no correction", given=batch.get_state_display(), allowed="before the review")
    if not act.reason:
        raise Invalid("a correction has a reason", errors={"reason": "say why"})
    try:
        verdict = evaluate(new.strip(), value.limit)
    except MethodError as error:
        raise Invalid("this value cannot be taken", errors={"new": str(error)}, given=new) from error
    if verdict.raw == value.value:
        raise Invalid("this is the value that stands", errors={"new": "another value"}, given=new)
    act.change(value, **_kept(verdict))
    _out_of_limit(act, batch, value)
    if value.record.state == "checked":
        act.change(value.record, state="done", checked_by=None, checked_at=None)
    sign(act, [value], Meaning.PERFORMED, credentials)
    return value
