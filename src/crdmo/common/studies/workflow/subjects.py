"""Subjects: registered, enrolled, exposed, ended; and in open studies allocated to an arm."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.models import Record
from crdmo.foundation.ledger.thread import sources_of
from crdmo.foundation.refusals import Invalid, Refused

from ..models import Allocation, Arm, Place, Study, Subject
from ..queries import in_force
from .states import recording, with_reason

Row = Mapping[str, Any]
State = Subject.State
ENDED = (State.COMPLETED, State.WITHDRAWN, State.DEAD, State.FAILED)


def add_places(act: Act, study: Study, rows: Sequence[Row]) -> list[Place]:
    """Add sites or cages: kind, code, name."""
    recording(study)
    taken = set(Place.objects.filter(study=study).values_list("kind", "code"))
    errors = {}
    for i, row in enumerate(rows, 1):
        key = (str(row.get("kind", "")), str(row.get("code", "")))
        if key in taken:
            errors[f"{i}/code"] = f"{key[1]} is taken"
        taken.add(key)
    if errors:
        raise Invalid("these sites or cages cannot be added; nothing was saved", errors=errors)
    return act.create_many(Place, [{"program": study.program, "study": study, **row} for row in rows])


def register_subjects(act: Act, study: Study, rows: Sequence[Row]) -> list[Subject]:
    """Register subjects, all or none: code, sex, place, born_on, age, age_unit, screened_on. They are not enrolled yet.

    Raises:
        Invalid: a code is missing, stands twice or is taken in the study; a day lies in the future.
        Refused: the protocol is not in force.
    """
    recording(study)
    today = act.now.date()
    taken = set(Subject.objects.filter(study=study).values_list("code", flat=True))
    errors: dict[str, str] = {}
    values = []
    for i, row in enumerate(rows, 1):
        code = str(row.get("code", "")).strip()
        if not code:
            errors[f"{i}/code"] = "needed"
        elif code in taken:
            errors[f"{i}/code"] = f"{code} is in the study already"
        taken.add(code)
        place = row.get("place")
        if place is not None and place.study_id != study.id:
            errors[f"{i}/place"] = "a site or cage of this study"
        for name in ("born_on", "screened_on", "enrolled_on", "reference_on", "ended_on"):
            if row.get(name) and row[name] > today:
                errors[f"{i}/{name}"] = f"{today} at the latest"
        values.append({"screened_on": today, **row, "code": code, "program": study.program, "study": study})
    if errors:
        raise Invalid("these subjects cannot be registered; nothing was saved", errors=errors)
    return act.create_many(Subject, values)


def enroll(act: Act, subjects: Sequence[Subject], *, on: dt.date | None = None) -> list[Subject]:
    """Take registered subjects into the study."""
    on = _not_later(act, on)
    for one in subjects:
        recording(one.study)
        if one.state != State.SCREENED or one.is_void:
            raise Refused(f"{one} is not waiting for enrolment", given=one.get_state_display(), allowed="Screened")
    return [act.change(one, state=State.ENROLLED, enrolled_on=on) for one in subjects]


def _not_later(act: Act, on: dt.date | None) -> dt.date:
    today = act.now.date()
    if on is not None and on > today:
        raise Invalid("this day lies in the future", errors={"on": f"{today} at the latest"}, given=str(on))
    return on or today


def start_exposure(act: Act, subjects: Sequence[Subject], *, on: dt.date | None = None) -> list[Subject]:
    """Set day 1 of subjects, the day of first exposure, from which study days are counted. A change has a reason."""
    on = _not_later(act, on)
    for one in subjects:
        recording(one.study)
        if one.state != State.ENROLLED:
            raise Refused(f"{one} is not enrolled", given=one.get_state_display(), allowed="Enrolled")
        if one.reference_on is not None:
            with_reason(act, "another day 1")
    return [act.change(one, reference_on=on) for one in subjects]


def end_subject(act: Act, subject: Subject, *, state: str, on: dt.date | None = None, ending: str = "") -> Subject:
    """End a subject's part: completed, withdrawn, dead, or not eligible. All but completed say how.

    Raises:
        Invalid: no such ending, or it is not said how.
        Refused: it has ended.
    """
    recording(subject.study)
    if state not in ENDED:
        raise Invalid("a subject ends in one of these states", errors={"state": ", ".join(ENDED)}, given=state)
    if not subject.is_in_study:
        raise Refused(f"{subject} is no longer in the study", given=subject.get_state_display())
    if state != State.COMPLETED and not ending.strip():
        raise Invalid("say how the subject left the study", errors={"ending": "needed"})
    return act.change(subject, state=state, ended_on=_not_later(act, on), ending=ending.strip())


def change_subject(act: Act, subject: Subject, **values: Any) -> Subject:
    """Correct what is recorded of a subject, with a reason. Its code and study stay."""
    recording(subject.study)
    with_reason(act, "a correction")
    allowed = {"sex", "place", "born_on", "age", "age_unit", "screened_on", "details"}
    if odd := set(values) - allowed:
        raise Invalid("this is not corrected here", given=", ".join(sorted(odd)), allowed=", ".join(sorted(allowed)))
    return act.change(subject, **values)


def allocate(
    act: Act,
    study: Study,
    rows: Iterable[tuple[Subject, Arm]],
    *,
    sources: Sequence[Record] = (),
    group: str = "",
    ended: bool = False,
) -> list[Allocation]:
    """Put subjects of an open study into arms. Who is in an arm stays there; an error is voided with a reason.

    `ended` takes subjects as well who left the study: for data that came in whole.

    Raises:
        Refused: the study is blinded, or a subject has an arm.
        Invalid: a subject or arm is not of this study.
    """
    recording(study)
    if study.blinding != Study.Blinding.OPEN:
        raise Refused(
            f"{study} is blinded", given=study.get_blinding_display(), next="Its allocation is kept sealed in its room"
        )
    pairs = list(rows)
    arms = {one.id for one in in_force(study, Arm)}
    have = set(Allocation.objects.filter(study=study, is_void=False).values_list("subject_id", flat=True))
    for subject, arm in pairs:
        if subject.study_id != study.id or arm.id not in arms:
            raise Invalid("subject and arm are of this study", given=f"{subject} to {arm}", errors={"arm": "not here"})
        if subject.id in have:
            raise Refused(f"{subject} has its arm", next="Void that allocation with a reason first")
        if not (ended or subject.is_in_study):
            raise Refused(f"{subject} is no longer in the study", given=subject.get_state_display())
        have.add(subject.id)
    made = sources_of(sources)
    common = {"program": study.program, "study": study, "group": group, "sources": made}
    return act.create_many(Allocation, [{**common, "subject": subject, "arm": arm} for subject, arm in pairs])
