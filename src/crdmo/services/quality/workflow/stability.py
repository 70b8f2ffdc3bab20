"""Stability: protocols, lots laid in, pulls in their windows, excursions, shelf life with its reasons."""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from crdmo.common.codes import next_code
from crdmo.common.materials import workflow as materials
from crdmo.common.materials.models import Lot, Sample, Substance
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.computing import run
from crdmo.foundation.computing.models import Result as Computed
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.models import Record
from crdmo.foundation.ledger.thread import sources_of
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.foundation.signing import Credentials, Meaning, sign
from crdmo.science.method import MethodError
from crdmo.science.quality.limits import Limit

from ..models import Condition, Criterion, Excursion, Protocol, Pull, Result, ShelfLife, Specification, StudyLot
from ..stability_tables import standing
from .desks import QUALITY_UNIT, STABILITY


@verb("quality.draft_protocol", "draft a stability protocol", roles=STABILITY)
def draft_protocol(
    act: Act,
    substance: Substance,
    *,
    title: str,
    specification: Specification,
    pack: str,
    conditions: Sequence[dict[str, Any]],
    guideline: str = "Q1A-E",
) -> Protocol:
    """Draft a protocol with its conditions: kind, temperature, humidity, months, optionally orientations and units."""
    if specification.substance_id != substance.id or specification.state != Specification.State.APPROVED:
        raise Refused("a study runs against an approved specification of its product", given=str(specification))
    assert substance.program is not None
    made = act.create(
        Protocol,
        program=substance.program,
        code=next_code(act, Protocol, "STAB", substance.program),
        title=title,
        substance=substance,
        specification=specification,
        pack=pack,
        guideline=guideline,
    )
    for condition in conditions:
        months = [str(m) for m in condition["months"]]
        if not months or sorted(months, key=Decimal) != months:
            raise Invalid(
                "the months of a condition rise", errors={"months": "rising, at least one"}, given=", ".join(months)
            )
        act.create(Condition, program=substance.program, protocol=made, **{**condition, "months": months})
    return made


@verb("quality.approve_protocol", "approve a stability protocol", roles=QUALITY_UNIT, signs=Meaning.APPROVED)
def approve_protocol(act: Act, protocol: Protocol, *, credentials: Credentials) -> Protocol:
    """Approve a protocol by signature; only then are lots laid in."""
    if protocol.state != "draft":
        raise Refused(f"{protocol} is no draft", given=protocol.get_state_display())
    act.change(protocol, state="approved")
    sign(act, [protocol], Meaning.APPROVED, credentials)
    return protocol


def months_later(day: dt.date, months: Decimal) -> dt.date:
    """Return a day some months later; of a part of a month, 30.4375 days make a whole one."""
    whole, part = int(months), months - int(months)
    total = day.month - 1 + whole
    year, month = day.year + total // 12, total % 12 + 1
    there = dt.date(year, month, min(day.day, monthrange(year, month)[1]))
    return there + dt.timedelta(days=round(float(part) * 30.4375))


@verb("quality.lay_in", "put a lot on stability", roles=STABILITY)
def lay_in(act: Act, protocol: Protocol, lot: Lot, *, started_on: dt.date, units: int) -> StudyLot:
    """Lay a lot in: its units must cover every pull of every condition; the calendar is made at once."""
    if protocol.state != "approved":
        raise Refused(
            f"{protocol} is not approved", given=protocol.get_state_display(), next="QA approves the protocol first"
        )
    if lot.substance_id != protocol.substance_id:
        raise Refused(f"{lot} is no lot of {protocol.substance}")
    plan = [
        (condition, orientation, month)
        for condition in protocol.conditions.filter(is_void=False)
        for orientation in (condition.orientations or [""])
        for month in condition.months
    ]
    needed = sum(condition.units_per_pull for condition, _, _ in plan)
    if units < needed:
        raise Refused("the units laid in do not cover the pulls", given=f"{units} units", allowed=f"{needed} or more")
    study = act.create(
        StudyLot, program=protocol.program, protocol=protocol, lot=lot, started_on=started_on, units=units
    )
    act.create_many(
        Pull,
        [
            {
                "program": protocol.program,
                "study_lot": study,
                "condition": condition,
                "orientation": orientation,
                "month": month,
                "due_on": months_later(started_on, Decimal(month)),
            }
            for condition, orientation, month in plan
        ],
    )
    return study


@verb("quality.pull", "pull a stability sample", roles=STABILITY)
def pull(act: Act, planned: Pull, *, on: dt.date, amount: str, unit: str, note: str = "") -> Sample:
    """Draw the sample of a planned pull. Outside its window it is late and says why."""
    if planned.state != Pull.State.PLANNED:
        raise Refused("this pull is done", given=planned.get_state_display())
    if on > act.now.date():
        raise Invalid("a pull is not recorded ahead", errors={"on": "in the future"}, given=str(on))
    late = abs((on - planned.due_on).days) > planned.condition.window_days
    if late and not note.strip():
        window = f"{planned.due_on} ± {planned.condition.window_days} days"
        raise Invalid(
            "a pull outside its window says why",
            errors={"note": f"say why: {on} lies outside {window}"},
            given=str(on),
            allowed=window,
        )
    sample = materials.register_sample.within(
        act,
        planned.study_lot.lot,
        purpose=Sample.Purpose.STABILITY,
        amount=amount,
        unit=unit,
        taken_on=on,
        location=planned.condition.chamber,
    )
    act.change(planned, state=Pull.State.LATE if late else Pull.State.PULLED, pulled_on=on, sample=sample, note=note)
    return sample


@verb("quality.miss_pull", "record a missed pull", roles=STABILITY)
def miss_pull(act: Act, planned: Pull, *, note: str) -> Pull:
    """Record that a pull was missed, and why."""
    if planned.state != Pull.State.PLANNED or not note.strip():
        raise Invalid("a planned pull is missed with a note", errors={"note": "say why it was missed"})
    return act.change(planned, state=Pull.State.MISSED, note=note)


def points(protocol: Protocol, condition: Condition, criterion: Criterion) -> list[tuple[str, str, Result]]:
    """Return (lot, month, result) of an attribute at a condition: the results that stand, by lot and month."""
    pulls = Pull.objects.filter(condition=condition, study_lot__protocol=protocol, sample__isnull=False, is_void=False)
    drawn = {p.sample_id: p for p in pulls.select_related("study_lot__lot")}
    found = Result.objects.filter(test__sample__in=list(drawn), test__criterion__name=criterion.name, is_void=False)
    kept = standing(found.select_related("test__sample", "test__criterion").order_by("entry"))
    rows = [(drawn[r.test.sample_id].study_lot.lot.code, drawn[r.test.sample_id].month, r) for r in kept]
    return sorted(rows, key=lambda row: (row[0], Decimal(row[1]), row[2].entry))


def limits_of(criterion: Criterion) -> dict[str, float]:
    """Return the numeric limits of a line for a statistical evaluation."""
    limit = Limit.parse(criterion.limit)
    ends = {"lower_limit": limit.low, "upper_limit": limit.high}
    found = {name: float(text) for name, text in ends.items() if text is not None}
    if not found:
        raise Refused(f"{criterion} has no numeric limit", given=criterion.limit)
    return found


@verb("quality.evaluate_stability", "evaluate a stability study", roles=STABILITY)
def evaluate_stability(
    act: Act,
    protocol: Protocol,
    *,
    condition: Condition,
    criterion: Criterion,
    mean_square: str = "pooled",
    sides: int = 0,
    transformation: str = "none",
    storage: str = "room temperature",
    accelerated: str = "not studied",
    intermediate: str = "not studied",
    little_change: bool = False,
    supporting_data: bool = True,
    rationale: str = "",
) -> ShelfLife:
    """Evaluate one attribute over all lots at a condition (ICH Q1E), and walk the extrapolation tree where data allow.

    `sides` 0 takes a two-sided bound where there are two limits, else a one-sided one.
    """
    rows = points(protocol, condition, criterion)
    if not rows:
        raise Refused(f"{criterion} has no verified results at {condition}", next="Pull, test and verify first")
    limits, last = limits_of(criterion), max(float(month) for _, month, _ in rows)
    settings = {**limits, "sides": sides or len(limits), "mean_square": mean_square, "transformation": transformation}
    title = f"{criterion.name}, {protocol.code}, {condition}"
    tree = {
        "months_of_data": last,
        "storage": storage,
        "accelerated": accelerated,
        "intermediate": intermediate,
        "little_change_and_variability": little_change,
        "statistical_analysis": True,
        "supporting_data": supporting_data,
    }
    asked = accelerated != "not studied" or storage == "freezer"
    try:
        computed = _shelf_life(act, protocol, rows, settings, title)
        further = _extrapolation(act, protocol, computed, tree, title) if asked else None
    except MethodError as error:
        raise Invalid(error.what, given=error.given, allowed=error.allowed, next=error.next_step) from error
    more = further.output["reasons"] if further else ["no extrapolation beyond the data was asked for"]
    months = computed.output["months"]
    assert protocol.program is not None
    return act.create(
        ShelfLife,
        program=protocol.program,
        code=next_code(act, ShelfLife, "SL", protocol.program),
        protocol=protocol,
        condition=condition,
        criterion=criterion,
        computed=computed,
        extrapolated=further,
        proposed_months=_proposed(computed.output, further.output["months"] if further else int(last)),
        estimate="" if months is None else f"{months:.5f}",
        rationale="\n".join([*computed.output["reasons"], *more, rationale]).strip(),
        sources=sources_of([computed, *([further] if further else [])]),
    )


def _shelf_life(
    act: Act, protocol: Protocol, rows: Sequence[tuple[str, str, Result]], settings: dict[str, Any], title: str
) -> Computed:
    """Run the evaluation over the points; too few of them are refused, for there is nothing to propose."""
    inputs = {
        "batch": [batch for batch, _, _ in rows],
        "month": [float(month) for _, month, _ in rows],
        "value": [float(result.calculated) for _, _, result in rows],
    }
    sources: list[Record] = [result for _, _, result in rows]
    made = run(
        act,
        "quality.shelf_life_q1e",
        inputs=inputs,
        parameters=settings,
        sources=sources,
        program=protocol.program,
        title=title,
    )
    if made.output["outcome"] == "too few points":
        raise Refused(made.output["reasons"][-1], next="Wait for the next pull, or evaluate without this lot")
    return made


def _extrapolation(act: Act, protocol: Protocol, basis: Computed, tree: dict[str, Any], title: str) -> Computed:
    return run(
        act,
        "quality.extrapolation_q1e",
        inputs=tree,
        sources=[basis],
        program=protocol.program,
        title=f"Extrapolation: {title}",
    )


def _proposed(output: dict[str, Any], most: int) -> int | None:
    """Return what may be proposed: what the bound gives, at most `most`; where no bound ends it, `most`."""
    whole: int | None = output["whole_months"]
    if whole is None:
        return most if output["outcome"] == "no intersection" else None
    return min(whole, most)


@verb("quality.approve_shelf_life", "approve a shelf life", roles=QUALITY_UNIT, signs=Meaning.APPROVED)
def approve_shelf_life(act: Act, shelf_life: ShelfLife, *, credentials: Credentials) -> ShelfLife:
    """Approve a proposed shelf life by signature."""
    if shelf_life.state != "proposed" or shelf_life.proposed_months is None:
        raise Refused(
            f"{shelf_life} cannot be approved",
            given=shelf_life.get_state_display(),
            allowed="Proposed, with a number of months",
        )
    act.change(shelf_life, state="approved")
    sign(act, [shelf_life], Meaning.APPROVED, credentials)
    return shelf_life


@verb("quality.record_excursion", "record an excursion of a chamber", roles=STABILITY)
def record_excursion(
    act: Act,
    condition: Condition,
    *,
    started: dt.datetime,
    ended: dt.datetime,
    celsius: Sequence[float],
    assessment: str,
) -> Excursion:
    """Record that a chamber left its condition, with the mean kinetic temperature of what it did."""
    if ended <= started or not assessment.strip():
        raise Invalid("an excursion has an end after its start and an assessment", errors={"assessment": "needed"})
    try:
        computed = run(
            act,
            "quality.mean_kinetic_temperature",
            inputs={"celsius": list(celsius)},
            sources=[condition],
            program=condition.program,
        )
    except MethodError as error:
        raise Invalid(error.what, given=error.given, allowed=error.allowed, next=error.next_step) from error
    return act.create(
        Excursion,
        program=condition.program,
        condition=condition,
        started=started,
        ended=ended,
        computed=computed,
        assessment=assessment,
    )
