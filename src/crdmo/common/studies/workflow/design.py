"""The study and the elements of its design. Elements come and go with a draft of the protocol, never beside one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from crdmo.common.materials.models import Lot, Substance
from crdmo.foundation.accounts.models import Person, Program
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.models import Record
from crdmo.foundation.refusals import Invalid, Refused

from ..models import Activity, Arm, Epoch, Planned, ProtocolVersion, ScheduledActivity, Study, Visit
from ..queries import in_force
from ..units import checked
from .states import draft_of, now, open_study, with_reason

E = TypeVar("E", bound=Planned)
Row = Mapping[str, Any]
CODE = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*\Z")


def create_study(
    act: Act,
    program: Program,
    *,
    code: str,
    title: str,
    kind: str,
    lead: Person | None = None,
    substance: Substance | None = None,
    lot: Lot | None = None,
    **more: Any,
) -> Study:
    """Enter a study in a program, with what is tested in it.

    Raises:
        Invalid: the code is taken, or substance and lot do not fit the program or each other.
    """
    if not CODE.match(code):
        raise Invalid(
            "a study has a code without spaces", errors={"code": "letters, digits, point, hyphen"}, given=code
        )
    if Study.objects.filter(program=program, code=code).exists():
        raise Invalid("this code is taken in the program", errors={"code": "taken"}, given=code)
    if substance is not None and substance.program_id != program.id:
        raise Invalid("a study tests a substance of its program", errors={"substance": "not of this program"})
    if lot is not None and (substance is None or lot.substance_id != substance.id):
        raise Invalid("the lot is one of the substance", errors={"lot": "of another substance"}, given=lot.code)
    starts, ends = more.get("starts_on"), more.get("ends_on")
    if starts and ends and ends < starts:
        raise Invalid("a study ends after it starts", errors={"ends_on": "before the start"}, given=str(ends))
    return act.create(
        Study,
        program=program,
        code=code,
        title=title.strip(),
        kind=kind,
        lead=lead,
        substance=substance,
        lot=lot,
        **more,
    )


def replace_lead(act: Act, study: Study, lead: Person) -> Study:
    """Put another person in charge of a study, with a reason; from here on the former one signs nothing for it."""
    open_study(study)
    with_reason(act, "a replacement")
    if study.lead_id == lead.id:
        raise Invalid(f"{lead} leads {study} already", errors={"lead": "another person"})
    return act.change(study, lead=lead)


def complete_study(act: Act, study: Study) -> Study:
    """End the work with subjects; what was observed can still be corrected."""
    if now(study).state != Study.State.ACTIVE:
        raise Refused(f"{study} is not active", given=study.get_state_display(), allowed="Active")
    return act.change(study, state=Study.State.COMPLETED, completed_on=act.now.date())


def lock_study(act: Act, study: Study) -> Study:
    """Close the data of a study for good."""
    if now(study).state != Study.State.COMPLETED:
        raise Refused(
            f"{study} is not completed", given=study.get_state_display(), allowed="Completed", next="Complete it first"
        )
    return act.change(study, state=Study.State.LOCKED, locked_on=act.now.date())


def cancel_study(act: Act, study: Study) -> Study:
    """Give up a study, with a reason."""
    open_study(study)
    with_reason(act, "a cancellation")
    return act.change(study, state=Study.State.CANCELLED)


def _added(act: Act, version: ProtocolVersion, model: type[E], rows: Sequence[Row], errors: dict[str, str]) -> list[E]:
    """Add elements to a draft, all or none."""
    draft_of(version)
    taken = {one.code: one for one in in_force(version.study, model, version)}
    seen = set(taken)
    place = len(taken)
    values = []
    for i, row in enumerate(rows, 1):
        code, name = str(row.get("code", "")).strip(), str(row.get("name", "")).strip()
        if not CODE.match(code):
            errors[f"{i}/code"] = "letters, digits, point, hyphen, no spaces"
        elif code in seen:
            errors[f"{i}/code"] = f"{code} is taken"
        if not name:
            errors[f"{i}/name"] = "needed"
        seen.add(code)
        values.append({**row, "code": code, "name": name, "position": row.get("position", place + i)})
    if errors:
        raise Invalid(f"the design cannot take this {model._meta.verbose_name}; nothing was saved", errors=errors)
    common = {"program": version.program, "study": version.study, "since": version}
    return act.create_many(model, [{**common, **one} for one in values])


def add_arms(act: Act, version: ProtocolVersion, rows: Sequence[Row]) -> list[Arm]:
    """Add arms to a draft: code, name, ratio, dose, unit, treatment, is_control, planned."""
    errors: dict[str, str] = {}
    for i, row in enumerate(rows, 1):
        if row.get("ratio", 1) < 1:
            errors[f"{i}/ratio"] = "1 or more"
        if row.get("dose") and not row.get("unit"):
            errors[f"{i}/unit"] = "a dose has a unit"
        try:
            checked(str(row.get("unit", "")))
        except Invalid as refused:
            errors[f"{i}/unit"] = refused.sentence()
    return _added(act, version, Arm, rows, errors)


def add_epochs(act: Act, version: ProtocolVersion, rows: Sequence[Row]) -> list[Epoch]:
    """Add epochs to a draft, in their order."""
    return _added(act, version, Epoch, rows, {})


def add_activities(act: Act, version: ProtocolVersion, rows: Sequence[Row]) -> list[Activity]:
    """Add activities to a draft: code, name, domain, and the items that each records."""
    errors: dict[str, str] = {}
    for i, row in enumerate(rows, 1):
        keys = [
            tuple(str(item.get(n, "")) for n in ("code", "specimen", "time_point")) for item in row.get("items", [])
        ]
        if not all(key[0] for key in keys) or len(set(keys)) != len(keys):
            errors[f"{i}/items"] = "each item has its code, and stands once for a specimen and time point"
    return _added(act, version, Activity, rows, errors)


def add_visits(act: Act, version: ProtocolVersion, rows: Sequence[Row]) -> list[Visit]:
    """Add visits or time points to a draft: code, name, day, before, after, epoch."""
    errors: dict[str, str] = {}
    for i, row in enumerate(rows, 1):
        if row.get("day", 0) == 0:
            errors[f"{i}/day"] = "there is no study day 0"
        if row.get("before", 0) < 0 or row.get("after", 0) < 0:
            errors[f"{i}/window"] = "days before and after are 0 or more"
        epoch = row.get("epoch")
        if epoch is not None and (epoch.study_id != version.study_id or epoch.is_void):
            errors[f"{i}/epoch"] = "an epoch of this study"
    return _added(act, version, Visit, rows, errors)


def schedule(act: Act, version: ProtocolVersion, marks: Mapping[Visit, Sequence[Activity]]) -> list[ScheduledActivity]:
    """Put activities at visits: the marks of the schedule of activities. What is marked already stays."""
    draft_of(version)
    study = version.study
    stands = {(one.visit_id, one.activity_id) for one in in_force(study, ScheduledActivity, version)}
    rows = []
    for visit, activities in marks.items():
        for activity in activities:
            if visit.study_id != study.id or activity.study_id != study.id:
                raise Invalid("visit and activity are of this study", given=f"{activity} at {visit}")
            if (visit.id, activity.id) not in stands:
                stands.add((visit.id, activity.id))
                rows.append({"visit": visit, "activity": activity})
    common = {"program": version.program, "study": study, "since": version}
    return act.create_many(ScheduledActivity, [{**common, **row} for row in rows])


def drop(act: Act, version: ProtocolVersion, element: Record) -> Record:
    """Take an element out of the draft that brought it, with a reason."""
    draft_of(version)
    if getattr(element, "since_id", None) != version.id:
        raise Refused(f"{element} was not brought by {version}", next="Retire it by this amendment instead")
    return act.void(element)


def retire(act: Act, version: ProtocolVersion, elements: Sequence[Record]) -> list[Record]:
    """Let elements that earlier versions brought end with this amendment. What was recorded by them stays."""
    draft_of(version)
    for one in elements:
        if getattr(one, "study_id", None) != version.study_id or one.is_void or getattr(one, "retired_by_id", None):
            raise Refused(f"{one} does not stand in {version.study}")
        if getattr(one, "since_id", None) == version.id:
            raise Refused(f"{one} is new in {version}", next="Drop it from the draft instead")
    return [act.change(one, retired_by=version) for one in elements]
