"""Methods, qualifications, instruments with their gates, reagents and standards."""

from __future__ import annotations

import datetime as dt
from typing import Any

from crdmo.common.codes import next_code
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.models import Organization, Person
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.foundation.signing import Credentials, Meaning, sign
from crdmo.science import method as methods

from ..models import Instrument, InstrumentEvent, Method, Qualification, Reagent
from .desks import BENCH, METROLOGY, SPECIFIERS


@verb("quality.draft_method", "draft an analytical method", roles=SPECIFIERS)
def draft_method(
    act: Act,
    laboratory: Organization,
    *,
    title: str,
    technique: str,
    code: str = "",
    reporting: str = "single",
    replicates: int = 1,
    calculation: str = "",
    parameters: dict[str, Any] | None = None,
    suitability: list[dict[str, str]] | None = None,
    instrument_kind: str = "",
    procedure: str = "",
    supersedes: Method | None = None,
) -> Method:
    """Draft a method, or the next version of one."""
    if replicates < 1:
        raise Invalid(
            "a method takes at least one reading", errors={"replicates": "one or more"}, given=str(replicates)
        )
    if (reporting == Method.Reporting.CALCULATED) != bool(calculation):
        raise Invalid(
            "a calculated result names its calculation, others have none", errors={"calculation": "does not fit"}
        )
    if calculation:
        methods.find(calculation)
    return act.create(
        Method,
        organization=laboratory,
        code=supersedes.code if supersedes else code or next_code(act, Method, "M", laboratory),
        number=supersedes.number + 1 if supersedes else 1,
        title=title,
        technique=technique,
        reporting=reporting,
        replicates=replicates,
        calculation=calculation,
        parameters=parameters or {},
        suitability=suitability or [],
        instrument_kind=instrument_kind,
        procedure=procedure,
        supersedes=supersedes,
    )


@verb("quality.approve_method", "approve an analytical method", roles=SPECIFIERS, signs=Meaning.APPROVED)
def approve_method(act: Act, method: Method, *, credentials: Credentials) -> Method:
    """Make a draft effective, by signature of somebody other than its author; the version before is superseded."""
    if method.state != Method.State.DRAFT:
        raise Refused(f"{method} is no draft", given=method.get_state_display(), allowed="Draft")
    act.change(method, state=Method.State.EFFECTIVE)
    if method.supersedes is not None:
        act.change(method.supersedes, state=Method.State.SUPERSEDED)
    sign(act, [method], Meaning.APPROVED, credentials)
    return method


@verb("quality.qualify_analyst", "qualify an analyst for a method", roles=SPECIFIERS)
def qualify_analyst(act: Act, person: Person, *, method: Method, starts: dt.date, ends: dt.date) -> Qualification:
    """Record that a person may run a method between two dates. Nobody qualifies themselves."""
    if str(person.id) == act.actor.actor_id:
        raise Refused("nobody qualifies themselves", next="A colleague with this role can do it")
    if ends < starts:
        raise Invalid("the qualification ends before it starts", errors={"ends": "before the start"})
    return act.create(
        Qualification,
        organization=method.organization,
        person=person,
        method_code=method.code,
        starts=starts,
        ends=ends,
    )


def qualified(person: Person, method: Method, on: dt.date) -> None:
    """Say nothing if the person may run the method on a day.

    Raises:
        Refused: there is no qualification in force.
    """
    held = Qualification.objects.filter(person=person, method_code=method.code, is_void=False)
    if not held.filter(starts__lte=on, ends__gte=on).exists():
        last = held.order_by("-ends").first()
        raise Refused(
            f"{person.printed_name} is not qualified for {method.code}",
            given=f"qualified until {last.ends}" if last else "never qualified",
            allowed=f"a qualification in force on {on}",
            next="A supervisor can record the qualification",
        )


@verb("quality.register_instrument", "register an instrument", roles=METROLOGY)
def register_instrument(
    act: Act, laboratory: Organization, *, name: str, kind: str, code: str = "", serial: str = "", location: str = ""
) -> Instrument:
    """Register an instrument. Before its first calibration it cannot be used."""
    code = code or next_code(act, Instrument, "I", laboratory)
    if Instrument.objects.filter(organization=laboratory, code=code).exists():
        raise Invalid("this code is taken", errors={"code": "taken"}, given=code)
    return act.create(
        Instrument, organization=laboratory, code=code, name=name, kind=kind, serial=serial, location=location
    )


@verb("quality.log_instrument", "write in an instrument's logbook", roles=(*METROLOGY, *BENCH))
def log_instrument(
    act: Act,
    instrument: Instrument,
    *,
    kind: str,
    on: dt.date,
    passed: bool = True,
    due_on: dt.date | None = None,
    note: str = "",
) -> InstrumentEvent:
    """Write a line in the logbook. A failure or a failed check takes the instrument out of service."""
    dated = kind in (InstrumentEvent.Kind.CALIBRATION, InstrumentEvent.Kind.QUALIFICATION)
    if dated and passed and (due_on is None or due_on <= on):
        raise Invalid("a calibration says until when it holds", errors={"due_on": "a date after the calibration"})
    if on > act.now.date():
        raise Invalid("the logbook is not written ahead", errors={"on": "in the future"}, given=str(on))
    event = act.create(
        InstrumentEvent,
        organization=instrument.organization,
        instrument=instrument,
        kind=kind,
        on=on,
        due_on=due_on,
        passed=passed,
        note=note,
    )
    good = passed and kind != InstrumentEvent.Kind.FAILURE
    if not good and instrument.state == "in_service":
        act.change(instrument, state="out_of_service")
    elif good and dated and instrument.state == "out_of_service":
        act.change(instrument, state="in_service")
    return event


def calibrated_until(instrument: Instrument, on: dt.date) -> dt.date:
    """Return the date until which an instrument may be used.

    Raises:
        Refused: it is out of service, was never calibrated, or its calibration is overdue.
    """
    if instrument.state != "in_service" or instrument.is_void:
        raise Refused(
            f"{instrument.code} is out of service", next="See its logbook; a passed calibration brings it back"
        )
    held = instrument.events.filter(kind=InstrumentEvent.Kind.CALIBRATION, passed=True, is_void=False, on__lte=on)
    last = held.order_by("-due_on").first()
    if last is None or last.due_on is None:
        raise Refused(f"{instrument.code} was never calibrated", next="Record its calibration in the logbook")
    if last.due_on < on:
        raise Refused(
            f"the calibration of {instrument.code} is overdue", given=f"due {last.due_on}", allowed=f"{on} or later"
        )
    return last.due_on


@verb("quality.register_reagent", "register a reagent or standard", roles=(*BENCH, *METROLOGY))
def register_reagent(
    act: Act,
    laboratory: Organization,
    *,
    name: str,
    kind: str,
    lot_number: str,
    expires_on: dt.date,
    code: str = "",
    supplier: str = "",
    potency: str = "",
    potency_unit: str = "",
    opened_on: dt.date | None = None,
    open_days: int | None = None,
    prepared_from: Reagent | None = None,
) -> Reagent:
    """Register a lot of a reagent, solution, column or standard."""
    if kind == Reagent.Kind.STANDARD and not potency:
        raise Invalid("a reference standard has a potency", errors={"potency": "as certified, with all its digits"})
    if prepared_from is not None:
        in_date(prepared_from, act.now.date())
    return act.create(
        Reagent,
        organization=laboratory,
        code=code or next_code(act, Reagent, "R", laboratory),
        name=name,
        kind=kind,
        lot_number=lot_number,
        supplier=supplier,
        potency=potency,
        potency_unit=potency_unit,
        expires_on=expires_on,
        opened_on=opened_on,
        open_days=open_days,
        prepared_from=prepared_from,
    )


@verb("quality.open_reagent", "open a reagent", roles=BENCH)
def open_reagent(act: Act, reagent: Reagent, *, on: dt.date) -> Reagent:
    """Record the day of opening; from then on the open-until date counts."""
    if reagent.opened_on:
        raise Refused(f"{reagent.code} was opened before", given=str(reagent.opened_on))
    return act.change(reagent, opened_on=on)


@verb("quality.correct_potency", "correct the potency of a standard", roles=SPECIFIERS)
def correct_potency(act: Act, reagent: Reagent, *, potency: str) -> Reagent:
    """Correct the certified potency, with a reason. Every result that stands on it becomes stale."""
    return act.change(reagent, potency=potency)


def use_by(reagent: Reagent) -> dt.date:
    """Return the last day a reagent may be used: its expiry or its open-until date, the earlier."""
    if reagent.opened_on and reagent.open_days is not None:
        return min(reagent.expires_on, reagent.opened_on + dt.timedelta(days=reagent.open_days))
    return reagent.expires_on


def in_date(reagent: Reagent, on: dt.date) -> None:
    """Say nothing if a reagent may be used on a day.

    Raises:
        Refused: it has expired, or has been open for too long.
    """
    if reagent.is_void or use_by(reagent) < on:
        raise Refused(
            f"{reagent.code} {reagent.name} may no longer be used",
            given=f"use by {use_by(reagent)}",
            allowed=f"{on} or later",
            next="Take another lot",
        )
