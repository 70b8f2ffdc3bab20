"""Tests on the bench: assign, run a worksheet, enter readings, verify. A second person verifies; nobody their own work."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from crdmo.common.codes import next_code
from crdmo.common.materials import workflow as materials
from crdmo.common.materials.models import Sample
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.models import Person, Program
from crdmo.foundation.datasets.models import Dataset
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.foundation.signing import Credentials, Meaning, sign
from crdmo.science.quality.limits import evaluate

from ..models import (
    ControlResult,
    Criterion,
    Instrument,
    Method,
    Reading,
    Reagent,
    Result,
    Specification,
    Test,
    Worksheet,
    WorksheetReagent,
)
from . import bench, investigations, reportable
from .desks import BENCH, CHECKERS, SPECIFIERS


@verb("quality.assign_tests", "assign the tests of a sample", roles=(*BENCH, *SPECIFIERS))
def assign_tests(
    act: Act, sample: Sample, *, specification: Specification, criteria: Sequence[Criterion] = (),
    analyst: Person | None = None, due_on: dt.date | None = None,
) -> list[Test]:  # fmt: skip
    """Assign all lines of a specification to a received sample, or those chosen. The version of the limits is pinned."""
    materials.usable(sample, act.now.date())
    if specification.state != Specification.State.APPROVED:
        raise Refused(f"{specification} is not in force", given=specification.get_state_display(), allowed="Approved")
    if specification.substance_id != sample.lot.substance_id:
        raise Refused(f"{specification} is not for {sample.lot.substance}", given=str(specification.substance))
    lines = list(criteria) or list(specification.criteria.filter(is_void=False).order_by("position"))
    taken = set(sample.tests.filter(is_void=False).values_list("criterion_id", flat=True))
    fresh = [line for line in lines if line.id not in taken]
    if not fresh:
        raise Refused(f"{sample} has these tests already", next="Open its worklist")
    made = act.create_many(
        Test,
        [{"program": sample.program, "sample": sample, "criterion": line, "analyst": analyst, "due_on": due_on or sample.due_on}
         for line in fresh],
    )  # fmt: skip
    if sample.state == Sample.State.RECEIVED:
        act.change(sample, state=Sample.State.ASSIGNED)
    return made


@verb("quality.open_worksheet", "open a worksheet", roles=BENCH)
def open_worksheet(
    act: Act, program: Program, *, method: Method, instrument: Instrument | None = None, reagents: Sequence[Reagent] = (),
    code: str = "",
) -> Worksheet:  # fmt: skip
    """Open a run: the analyst is qualified, the instrument calibrated, every reagent in date, or it does not open."""
    person, today = _analyst(act), act.now.date()
    if method.state != Method.State.EFFECTIVE:
        raise Refused(f"{method} is not effective", given=method.get_state_display(), allowed="Effective")
    bench.qualified(person, method, today)
    if method.instrument_kind and (instrument is None or instrument.kind != method.instrument_kind):
        raise Refused(f"{method} runs on another kind of instrument", given=instrument.kind if instrument else "none",
                      allowed=method.instrument_kind)  # fmt: skip
    until = bench.calibrated_until(instrument, today) if instrument else None
    for reagent in reagents:
        bench.in_date(reagent, today)
    sheet = act.create(
        Worksheet, program=program, code=code or next_code(act, Worksheet, "WS", program), method=method,
        instrument=instrument, calibrated_until=until, analyst=person, started=act.now,
        state=Worksheet.State.OPEN if method.suitability else Worksheet.State.SUITABLE,
    )  # fmt: skip
    act.create_many(WorksheetReagent, [{"program": program, "worksheet": sheet, "reagent": r} for r in reagents])
    return sheet


def _analyst(act: Act) -> Person:
    if not isinstance(act.actor, Person):
        raise Refused("only a person works at the bench", given=act.actor.printed_name)
    return act.actor


@verb("quality.record_controls", "record system suitability and controls", roles=BENCH)
def record_controls(act: Act, sheet: Worksheet, *, values: dict[str, str]) -> list[ControlResult]:
    """Record the controls that the method asks for, all of them; one that fails blocks every result of the run."""
    _own(act, sheet)
    if sheet.state != Worksheet.State.OPEN:
        raise Refused(f"the controls of {sheet} are recorded", given=sheet.get_state_display(), next="Open a new worksheet")
    wanted = {str(line["name"]): line for line in sheet.method.suitability}
    if set(values) != set(wanted):
        odd = sorted(set(values) ^ set(wanted))
        raise Invalid("the method asks for exactly these controls", errors={name: "missing or not asked for" for name in odd},
                      given=", ".join(values), allowed=", ".join(wanted))  # fmt: skip
    made = []
    for name, value in values.items():
        line = wanted[name]
        verdict = evaluate(value, line["limit"])
        made.append(
            act.create(
                ControlResult, program=sheet.program, worksheet=sheet, kind=line.get("kind", "suitability"), name=name,
                value=value, unit=line.get("unit", ""), limit=line["limit"], passes=verdict.passes,
            )
        )  # fmt: skip
    good = all(control.passes for control in made)
    act.change(sheet, state=Worksheet.State.SUITABLE if good else Worksheet.State.UNSUITABLE)
    return made


def _own(act: Act, sheet: Worksheet) -> None:
    if str(sheet.analyst_id) != act.actor.actor_id:
        raise Refused(f"{sheet} is the worksheet of {sheet.analyst}", next="Open a worksheet of your own")


@dataclass(frozen=True)
class Entry:
    """Readings for one test: their texts in order, optionally named and numbered by preparation."""

    test: Test
    values: tuple[str, ...]
    names: tuple[str, ...] = ()
    preparations: tuple[int, ...] = ()


@verb("quality.enter_results", "enter results", roles=BENCH)
def enter_results(
    act: Act, sheet: Worksheet, entries: Sequence[Entry], *, source: str = Reading.Source.TYPED, file: Dataset | None = None
) -> list[Result]:
    """Enter readings for tests of a run; each is calculated, rounded as its limit is written, and judged at once.

    All or nothing: one reading that cannot be taken refuses the whole entry and names its place.
    """
    _own(act, sheet)
    if sheet.state != Worksheet.State.SUITABLE:
        raise Refused(f"{sheet} reports no results", given=sheet.get_state_display(), allowed="System suitable",
                      next="Record the controls; if they failed, find out why and open a new worksheet")  # fmt: skip
    if sheet.instrument is not None:
        bench.calibrated_until(sheet.instrument, act.now.date())
    seen: set[object] = set()
    made: list[Result] = []
    for place, entry in enumerate(entries):
        if entry.test.id in seen:
            raise Invalid("a test stands twice in this entry", errors={f"entries/{place}": str(entry.test)})
        seen.add(entry.test.id)
        made += _enter(act, sheet, entry, place, source, file)
    return made


def _enter(act: Act, sheet: Worksheet, entry: Entry, place: int, source: str, file: Dataset | None) -> list[Result]:
    test, method = entry.test, sheet.method
    if test.criterion.method.code != method.code:
        raise Refused(f"{test} is not tested by {method.code}", given=method.code, allowed=test.criterion.method.code)
    if test.program_id != sheet.program_id:
        raise Refused("a worksheet holds the tests of one program")
    if test.state not in (Test.State.ASSIGNED, Test.State.RETEST):
        raise Refused(f"{test} takes no result now", given=test.get_state_display(), allowed="To be tested, To be retested",
                      next="A reported result is corrected with a reason, or investigated; it is not entered again")  # fmt: skip
    materials.usable(test.sample, act.now.date())
    turn = investigations.next_round(test, _analyst(act), len(entry.values))
    readings = [
        act.create(
            Reading, program=test.program, test=test, worksheet=sheet, round=turn, replicate=i,
            preparation=entry.preparations[i - 1] if entry.preparations else 1,
            name=entry.names[i - 1] if entry.names else "", value=value.strip(), unit=test.criterion.unit,
            source=source, file=file, read_at=act.now,
        )
        for i, value in enumerate(entry.values, 1)
    ]  # fmt: skip
    results = reportable.report(act, sheet, test, readings, turn, place)
    act.change(test, state=Test.State.ENTERED, analyst=_analyst(act))
    return results


@verb("quality.verify_results", "verify results", roles=CHECKERS, signs=Meaning.VERIFIED)
def verify_results(act: Act, results: Sequence[Result], *, credentials: Credentials) -> list[Result]:
    """Verify results of others by signature. One that is out of specification opens its investigation."""
    person = _analyst(act)
    for result in results:
        if result.state != Result.State.ENTERED:
            raise Refused(f"{result} waits for no verification", given=result.get_state_display(), allowed="To be verified")
        if person.id in (result.entered_by_id, result.test.analyst_id):
            raise Refused("nobody verifies their own work", given=f"entered by {result.entered_by}",
                          next="Another reviewer can verify it")  # fmt: skip
        act.change(result, state=Result.State.VERIFIED, verified_by=person)
    sign(act, list(results), Meaning.VERIFIED, credentials)
    for test in {result.test_id: result.test for result in results}.values():
        investigations.after_verification(act, test)
    return list(results)


@verb("quality.return_results", "return results to the analyst", roles=CHECKERS)
def return_results(act: Act, results: Sequence[Result]) -> list[Result]:
    """Return results with a reason; the analyst corrects the reading, which keeps its history."""
    if not act.reason:
        raise Invalid("say what is to be looked at", errors={"reason": "needed"})
    for result in results:
        if result.state != Result.State.ENTERED:
            raise Refused(f"{result} waits for no verification", given=result.get_state_display())
        act.change(result, state=Result.State.RETURNED)
    return list(results)


@verb("quality.correct_reading", "correct a reading", roles=BENCH)
def correct_reading(act: Act, reading: Reading, *, value: str) -> Result:
    """Correct a reading with a reason before it is verified; the result is calculated anew, the old value stays readable."""
    results = list(reading.test.results.filter(round=reading.round, is_void=False))
    if any(r.state not in (Result.State.ENTERED, Result.State.RETURNED) for r in results):
        raise Refused("a verified result is not corrected at the bench", next="Open an investigation or ask the supervisor")
    act.change(reading, value=value.strip())
    return reportable.again(act, reading)


@verb("quality.close_worksheet", "close a worksheet", roles=BENCH, signs=Meaning.PERFORMED)
def close_worksheet(act: Act, sheet: Worksheet, *, credentials: Credentials) -> Worksheet:
    """Close a run by the analyst's signature: everything done on it was done as recorded."""
    _own(act, sheet)
    if sheet.state == Worksheet.State.CLOSED:
        raise Refused(f"{sheet} is closed")
    act.change(sheet, state=Worksheet.State.CLOSED)
    sign(act, [sheet], Meaning.PERFORMED, credentials)
    return sheet
