"""Animals: received, put into groups by weight, dosed for the first time, ended."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from crdmo.common.studies import workflow as steps
from crdmo.common.studies.models import Arm, Finding, Place, Study, Subject
from crdmo.common.studies.queries import arms_of, in_force
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.computing import run
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.thread import sources_of
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.science.method import MethodError

from ..models import Analysis
from .desks import BENCH, DIRECTOR, as_director

Row = Mapping[str, Any]
METHOD = "preclinical.assign_by_weight"
# How an animal leaves a study, in SEND terminology (codelist DSDECOD), and which it is where the words are other ones.
ENDINGS = (
    "ACCIDENTAL DEATH",
    "FOUND DEAD",
    "INTERIM SACRIFICE",
    "MISSING",
    "MORIBUND SACRIFICE",
    "NON-MORIBUND SACRIFICE",
    "RECOVERY SACRIFICE",
    "REMOVED FROM STUDY ALIVE",
    "TERMINAL SACRIFICE",
)
ENDINGS_OF_STATE = {
    "completed": "TERMINAL SACRIFICE",
    "dead": "FOUND DEAD",
    "withdrawn": "REMOVED FROM STUDY ALIVE",
}


@verb("preclinical.receive_animals", "receive animals into a study", roles=BENCH)
def receive_animals(act: Act, study: Study, rows: Sequence[Row], *, on: dt.date | None = None) -> list[Subject]:
    """Take animals in and house them: code, sex, born_on, cage. A cage that is named for the first time is entered."""
    cages = {one.code: one for one in Place.objects.filter(study=study, kind="cage", is_void=False)}
    named = sorted({str(row.get("cage", "")).strip() for row in rows} - {""} - set(cages))
    if named:
        made = steps.add_places(act, study, [{"kind": "cage", "code": code} for code in named])
        cages |= {one.code: one for one in made}
    values = []
    for row in rows:
        given = dict(row)
        cage = str(given.pop("cage", "")).strip()
        values.append({**given, "place": cages.get(cage), **({"screened_on": on} if on else {})})
    made_of = steps.register_subjects(act, study, values)
    return steps.enroll(act, made_of, on=on)


def weights_before(study: Study, subjects: Sequence[Subject]) -> dict[Any, Finding]:
    """Return the last body weight of each animal before its first dose."""
    rows = Finding.objects.filter(study=study, domain="BW", code="BW", subject__in=subjects, is_void=False)
    found: dict[Any, Finding] = {}
    for one in rows.exclude(number="").select_related("subject").order_by("starts", "entry"):
        first = one.subject.reference_on
        if first is None or one.starts[:10] < first.isoformat():
            found[one.subject_id] = one
    return found


@verb("preclinical.assign_animals", "assign animals to groups", roles=DIRECTOR)
def assign_animals(act: Act, study: Study, *, seed: int) -> Analysis:
    """Put the animals of each sex into the groups by their weight, at random from a seed.

    Raises:
        Refused: animals have their group, or the first dose was given.
        Invalid: an animal has no weight, or there are fewer than the groups need.
    """
    as_director(act, study)
    waiting = [one for one in study.subjects.filter(is_void=False).order_by("code") if one.is_in_study]
    if arms_of(waiting):
        raise Refused(
            f"the animals of {study} have their groups", next="Void an allocation that is wrong, with a reason"
        )
    weights = weights_before(study, waiting)
    if lacking := [one.code for one in waiting if one.id not in weights]:
        raise Invalid(
            "an animal is assigned by its weight",
            errors={"weights": f"missing: {', '.join(lacking[:10])}"},
            given=f"{len(lacking)} without a weight",
        )
    arms = in_force(study, Arm)
    basis = [weights[one.id] for one in waiting]
    if len(units := {one.unit for one in basis}) != 1:
        raise Invalid("weights are in one unit", errors={"weights": ", ".join(sorted(units))})
    inputs = {
        "animals": [one.code for one in waiting],
        "sexes": [one.sex for one in waiting],
        "weights": [float(one.number) for one in basis],
    }
    try:
        result = run(
            act, METHOD, inputs, {"groups": _places(arms, waiting)}, sources=basis, program=study.program, seed=seed,
            title=f"Assignment of the animals of {study} to groups",
        )  # fmt: skip
    except MethodError as error:
        raise Refused(
            "the animals cannot be assigned", given=error.given, allowed=error.allowed, next=str(error)
        ) from error
    by_code, by_arm = {one.code: one for one in waiting}, {one.code: one for one in arms}
    placed = [one for one in result.output["placed"] if one["group"]]
    pairs = [(by_code[one["animal"]], by_arm[one["group"]]) for one in placed]
    steps.allocate(act, study, pairs, sources=[result])
    return act.create(
        Analysis,
        program=study.program,
        study=study,
        kind=Analysis.Kind.ASSIGNMENT,
        title=result.title,
        sex="B",
        result=result,
        sources=sources_of([result]),
    )


def _places(arms: Sequence[Arm], animals: Sequence[Subject]) -> dict[str, int]:
    """Return how many animals of each sex a group takes: as planned, else as many as there are for each."""
    counts = [sum(one.sex == sex for one in animals) for sex in ("F", "M")]
    share = min((count for count in counts if count), default=0) // max(len(arms), 1)
    return {one.code: one.planned or share for one in arms}


@verb("preclinical.start_dosing", "set the first day of dosing", roles=BENCH)
def start_dosing(act: Act, study: Study, *, on: dt.date | None = None, codes: Sequence[str] = ()) -> list[Subject]:
    """Set day 1 of the animals that have a group, or of those named."""
    rows = study.subjects.filter(is_void=False, state="enrolled").order_by("code")
    rows = rows.filter(code__in=codes) if codes else rows
    animals = list(rows)
    placed = arms_of(animals)
    if missing := [one.code for one in animals if one.id not in placed]:
        raise Refused(
            "an animal has its group before its first dose",
            given=", ".join(missing[:10]),
            next="Assign the animals first",
        )
    if not animals:
        raise Refused(f"there is no animal in {study} to be dosed")
    return steps.start_exposure(act, animals, on=on)


@verb("preclinical.end_animals", "record how animals left a study", roles=BENCH)
def end_animals(
    act: Act, study: Study, *, codes: Sequence[str], state: str, ending: str, on: dt.date | None = None
) -> list[Subject]:
    """Record scheduled sacrifice (completed), death (dead) or removal (withdrawn) of animals, and its disposition event."""
    found = {one.code: one for one in study.subjects.filter(code__in=codes, is_void=False)}
    if missing := [code for code in codes if code not in found]:
        raise Invalid("this animal is not in the study", errors={"codes": ", ".join(missing)}, given=missing[0])
    day = on or act.now.date()
    ended = [steps.end_subject(act, found[code], state=state, on=day, ending=ending) for code in codes]
    decoded = ending.upper() if ending.upper() in ENDINGS else ENDINGS_OF_STATE[state]
    common = {"domain": "DS", "term": ending, "decoded": decoded, "starts": day.isoformat()}
    rows = [{**common, "subject": one} for one in ended]
    steps.record_events(act, study, rows)
    return ended
