"""Master batch records: drafted whole, approved by production, made effective by QA, superseded by the next version."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from crdmo.common.codes import next_code
from crdmo.common.controls.models import Control
from crdmo.common.materials.models import Substance
from crdmo.common.materials.quantities import quantity
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.foundation.signing import Credentials, Meaning, require_signed, sign
from crdmo.science.quality.limits import Limit

from ..models import MasterMaterial, MasterRecord, MasterStep, MasterValue
from .desks import AUTHORS, Seen

Line = Mapping[str, Any]


@verb("manufacturing.draft_master", "draft a master batch record", roles=AUTHORS)
def draft_master(
    act: Act,
    product: Substance,
    *,
    title: str,
    size: str,
    unit: str,
    yield_limit: str,
    materials: Sequence[Line],
    steps: Sequence[Line],
    code: str = "",
    storage: str = "",
    shelf_life_months: int | None = None,
    supersedes: MasterRecord | None = None,
) -> MasterRecord:
    """Draft a master whole: every line is checked, and one that could not be run refuses all.

    A material is `substance`, `quantity`, `unit`, `tolerance` (percent) and `is_basis`; a step is `title`, `instruction`,
    `equipment_class`, `is_checked` and `values`, each with `name`, `limit`, `unit`. A value with a `control` takes its name,
    limit and unit from the control strategy in force and is pinned to that version of it.
    """
    assert product.program is not None
    steps = [{**line, "values": [_from_control(v) for v in line.get("values", [])]} for line in steps]
    errors = _wrong(product, size, unit, yield_limit, materials, steps)
    if errors:
        raise Invalid("this master batch record cannot be run; nothing was saved", errors=errors)
    number = _number(act, product.program, product, code, supersedes)
    made = act.create(
        MasterRecord,
        program=product.program,
        product=product,
        code=supersedes.code if supersedes else code or next_code(act, MasterRecord, "MBR", product.program),
        number=number,
        title=title.strip(),
        size=size,
        unit=unit,
        yield_limit=yield_limit.strip(),
        storage=storage,
        shelf_life_months=shelf_life_months,
        supersedes=supersedes,
    )
    _lines(act, made, materials, steps)
    return made


def _number(act: Act, program: Program, product: Substance, code: str, supersedes: MasterRecord | None) -> int:
    """Return the number of the version.

    Raises:
        Refused: the next version of what is not effective, of another product, or while another is drafted.
        Invalid: the code is taken.
    """
    if supersedes is None:
        if code and MasterRecord.objects.filter(program=program, code=code).exists():
            raise Invalid("this code is taken in the program", errors={"code": "taken"}, given=code)
        return 1
    if supersedes.state != MasterRecord.State.EFFECTIVE or supersedes.product_id != product.id:
        raise Refused(
            f"{supersedes} is not the version in force of {product}",
            given=f"{supersedes.get_state_display()}, {supersedes.product}",
            allowed="the effective version of the same product",
        )
    versions = MasterRecord.objects.filter(program=program, code=supersedes.code)
    waiting = versions.filter(state__in=("draft", "reviewed"), is_void=False).first()
    if waiting is not None:
        raise Refused(f"{waiting} is on its way", next="Approve it, or discard it with a reason")
    return max(versions.values_list("number", flat=True)) + 1


def _wrong(
    product: Substance, size: str, unit: str, yield_limit: str, materials: Sequence[Line], steps: Sequence[Line]
) -> dict[str, str]:
    """Return what would keep a batch from being made by these lines, each at its place."""
    found: dict[str, str] = {}
    if (problem := _amount(size, unit)) is not None:
        found["size"] = problem
    if (problem := _limit(yield_limit, numeric=True)) is not None:
        found["yield_limit"] = problem
    if not materials:
        found["materials"] = "at least one"
    if not steps:
        found["steps"] = "at least one"
    for i, line in enumerate(materials, 1):
        found |= {f"materials/{i}/{place}": text for place, text in _wrong_material(product, line)}
    names = [getattr(line.get("substance"), "pk", None) for line in materials]
    if len(set(names)) != len(names):
        found.setdefault("materials", "one substance stands in two lines")
    if sum(bool(line.get("is_basis")) for line in materials) > 1:
        found.setdefault("materials", "the yield is counted from one material at most")
    for i, line in enumerate(steps, 1):
        found |= {f"steps/{i}/{place}": text for place, text in _wrong_step(product, line)}
    return found


def _wrong_material(product: Substance, line: Line) -> list[tuple[str, str]]:
    found = []
    substance = line.get("substance")
    if not isinstance(substance, Substance) or substance.program_id != product.program_id or substance.is_void:
        found.append(("substance", "a substance of this program"))
    elif substance.id == product.id:
        found.append(("substance", "the product is no material of itself"))
    if (problem := _amount(str(line.get("quantity", "")), str(line.get("unit", "")))) is not None:
        found.append(("quantity", problem))
    try:
        tolerance = Decimal(str(line.get("tolerance", "")))
        good = tolerance.is_finite() and 0 <= tolerance < 100
    except InvalidOperation:
        good = False
    return found if good else [*found, ("tolerance", "percent, from 0 to below 100")]


def _wrong_step(product: Substance, line: Line) -> list[tuple[str, str]]:
    found = [(name, "needed") for name in ("title", "instruction") if not str(line.get(name, "")).strip()]
    values = line.get("values", [])
    names = [str(value.get("name", "")).strip() for value in values]
    if len(set(names)) != len(names) or not all(names):
        found.append(("values", "each has a name of its own"))
    for value in values:
        if (problem := _limit(str(value.get("limit", "")))) is not None or (
            problem := _control(product, value)
        ) is not None:
            found.append((f"values/{value.get('name')}", problem))
    return found


def _from_control(value: Line) -> Line:
    """Fill what a value leaves open from its control."""
    control = value.get("control")
    if not isinstance(control, Control):
        return value
    own = {"name": control.name, "limit": control.limit, "unit": control.unit}
    return {**value, **{name: str(value.get(name) or "").strip() or text for name, text in own.items()}}


def _control(product: Substance, value: Line) -> str | None:
    """Return why a value cannot be pinned to its control, or None."""
    control = value.get("control")
    if control is None:
        return None
    if not isinstance(control, Control) or control.program_id != product.program_id or control.is_void:
        return "no control of this program"
    if control.state != Control.State.EFFECTIVE:
        return f"{control} is superseded; take the version in force"
    if (value["limit"], value["unit"]) != (control.limit, control.unit):
        return f"given {value['limit']} {value['unit']}; {control} says {control.limit} {control.unit}"
    return None


def superseded_controls(master: MasterRecord) -> list[MasterValue]:
    """Return the values of a master whose control is no longer in force."""
    rows = MasterValue.objects.filter(step__master=master, is_void=False, control__state=Control.State.SUPERSEDED)
    return list(rows.select_related("control").order_by("step__position", "position"))


def _amount(text: str, unit: str) -> str | None:
    try:
        return None if quantity(text, unit).amount > 0 else "more than zero"
    except Invalid as refused:
        return refused.sentence()


def _limit(text: str, *, numeric: bool = False) -> str | None:
    if not text.strip():
        return "a limit is missing; words are allowed where it is no number"
    try:
        bound = Limit.parse(text)
    except ValueError as error:
        return str(error)
    return "a range in percent, such as 95.0 – 101.0" if numeric and not bound.is_numeric else None


def _lines(act: Act, made: MasterRecord, materials: Sequence[Line], steps: Sequence[Line]) -> None:
    act.create_many(
        MasterMaterial,
        [
            {
                "program": made.program,
                "master": made,
                "position": i,
                "substance": line["substance"],
                "quantity": line["quantity"],
                "unit": line["unit"],
                "tolerance": line["tolerance"],
                "is_basis": bool(line.get("is_basis")),
            }
            for i, line in enumerate(materials, 1)
        ],
    )
    for i, line in enumerate(steps, 1):
        step = act.create(
            MasterStep,
            program=made.program,
            master=made,
            position=i,
            title=line["title"].strip(),
            instruction=line["instruction"].strip(),
            equipment_class=line.get("equipment_class", "").strip(),
            is_checked=bool(line.get("is_checked")),
        )
        act.create_many(
            MasterValue,
            [
                {
                    "program": made.program,
                    "step": step,
                    "position": j,
                    "name": value["name"].strip(),
                    "limit": value["limit"].strip(),
                    "unit": value.get("unit", ""),
                    "control": value.get("control"),
                }
                for j, value in enumerate(line.get("values", []), 1)
            ],
        )


@verb(
    "manufacturing.approve_master",
    "approve a master batch record for production",
    roles=(Role.PRODUCTION_HEAD,),
    signs=Meaning.APPROVED,
)
def approve_master(
    act: Act, master: MasterRecord, *, credentials: Credentials, seen: Seen | None = None
) -> MasterRecord:
    """Approve a draft for production by signature; by nobody who wrote it."""
    if master.state != MasterRecord.State.DRAFT or master.is_void:
        raise Refused(f"{master} is no draft", given=master.get_state_display(), allowed="Draft")
    act.change(master, state=MasterRecord.State.REVIEWED)
    sign(act, [master], Meaning.APPROVED, credentials, seen=seen, independent_of=parts_of(master))
    return master


@verb(
    "manufacturing.release_master",
    "make a master batch record effective",
    roles=(Role.QA,),
    signs=Meaning.APPROVED,
)
def release_master(
    act: Act,
    master: MasterRecord,
    *,
    effective_from: dt.date,
    credentials: Credentials,
    decision: str = "",
    seen: Seen | None = None,
) -> MasterRecord:
    """Make a master effective by QA's signature over production's; the version before is superseded.

    Batches that were issued from the version before go on by it. Where a control that the master pins was superseded
    meanwhile, `decision` says why its limit still holds.
    """
    if master.state != MasterRecord.State.REVIEWED or master.is_void:
        raise Refused(
            f"{master} does not wait for QA",
            given=master.get_state_display(),
            allowed="Approved by production",
            next="The head of production approves it first",
        )
    if effective_from < act.now.date():
        raise Invalid(
            "a master is not made effective in the past",
            errors={"effective_from": "today or later"},
            given=str(effective_from),
        )
    old = superseded_controls(master)
    if old and not decision.strip():
        raise Refused(
            f"{master} takes limits from a control strategy that is no longer in force",
            given=", ".join(str(value.control) for value in old),
            allowed="controls in force, or a decision that says why the old limits hold",
            next="Discard it and draft it from the strategy in force, or write the decision",
        )
    require_signed(master, [Meaning.APPROVED])
    act.change(
        master,
        state=MasterRecord.State.EFFECTIVE,
        effective_from=effective_from,
        control_decision=decision.strip() if old else "",
    )
    if master.supersedes is not None:
        act.change(master.supersedes, state=MasterRecord.State.SUPERSEDED)
    sign(act, [master], Meaning.APPROVED, credentials, seen=seen, independent_of=parts_of(master))
    return master


@verb("manufacturing.discard_master", "discard a draft of a master batch record", roles=(*AUTHORS, Role.QA))
def discard_master(act: Act, master: MasterRecord) -> MasterRecord:
    """Void a version that is not effective yet, with a reason; another is drafted in its place."""
    if master.state not in (MasterRecord.State.DRAFT, MasterRecord.State.REVIEWED):
        raise Refused(f"{master} is in use", given=master.get_state_display(), next="Draft the next version instead")
    return act.void(master)


def parts_of(master: MasterRecord) -> list[MasterMaterial | MasterStep]:
    """Return the lines that a signature over a master covers."""
    return [*master.materials.all(), *master.instructions.all()]
