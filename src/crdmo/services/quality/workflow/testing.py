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
from crdmo.foundation.ledger.thread import stale_causes
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.foundation.signing import Credentials, Meaning, sign
from crdmo.science.method import MethodError
from crdmo.science.quality.limits import Verdict, evaluate

from ..models import (
    WAITING,
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
from .desks import BENCH, CHECKERS, SPECIFIERS, Seen


@verb("quality.assign_tests", "assign the tests of a sample", roles=(*BENCH, *SPECIFIERS))
def assign_tests(
    act: Act,
    sample: Sample,
    *,
    specification: Specification,
    criteria: Sequence[Criterion] = (),
    analyst: Person | None = None,
    due_on: dt.date | None = None,
) -> list[Test]:
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
        [
            {
                "program": sample.program,
                "sample": sample,
                "criterion": line,
                "analyst": analyst,
                "due_on": due_on or sample.due_on,
            }
            for line in fresh
        ],
    )
    if sample.state == Sample.State.RECEIVED:
        act.change(sample, state=Sample.State.ASSIGNED)
    return made


@verb("quality.open_worksheet", "open a worksheet", roles=BENCH)
def open_worksheet(
    act: Act,
    program: Program,
    *,
    method: Method,
    instrument: Instrument | None = None,
    reagents: Sequence[Reagent] = (),
    code: str = "",
) -> Worksheet:
    """Open a run: the analyst is qualified, the instrument calibrated, every reagent in date, or it does not open."""
    person, today = _analyst(act), act.now.date()
    if method.state != Method.State.EFFECTIVE:
        raise Refused(f"{method} is not effective", given=method.get_state_display(), allowed="Effective")
    bench.qualified(person, method, today)
    if method.instrument_kind and (instrument is None or instrument.kind != method.instrument_kind):
        raise Refused(
            f"{method} runs on another kind of instrument",
            given=instrument.kind if instrument else "none",
            allowed=method.instrument_kind,
        )
    until = bench.calibrated_until(instrument, today) if instrument else None
    for reagent in reagents:
        bench.in_date(reagent, today)
    sheet = act.create(
        Worksheet,
        program=program,
        code=code or next_code(act, Worksheet, "WS", program),
        method=method,
        instrument=instrument,
        calibrated_until=until,
        analyst=person,
        started=act.now,
        state=Worksheet.State.OPEN if method.suitability else Worksheet.State.SUITABLE,
    )
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
        raise Refused(
            f"the controls of {sheet} are recorded", given=sheet.get_state_display(), next="Open a new worksheet"
        )
    wanted = {str(line["name"]): line for line in sheet.method.suitability}
    if set(values) != set(wanted):
        odd = sorted(set(values) ^ set(wanted))
        raise Invalid(
            "the method asks for exactly these controls",
            errors={name: "missing or not asked for" for name in odd},
            given=", ".join(values),
            allowed=", ".join(wanted),
        )
    verdicts = _judged({name: (value, str(wanted[name]["limit"])) for name, value in values.items()})
    made = [
        act.create(
            ControlResult,
            program=sheet.program,
            worksheet=sheet,
            kind=wanted[name].get("kind", "suitability"),
            name=name,
            value=verdict.raw,
            unit=wanted[name].get("unit", ""),
            limit=wanted[name]["limit"],
            passes=verdict.passes,
        )
        for name, verdict in verdicts.items()
    ]
    good = all(control.passes for control in made)
    act.change(sheet, state=Worksheet.State.SUITABLE if good else Worksheet.State.UNSUITABLE)
    return made


def _judged(given: dict[str, tuple[str, str]]) -> dict[str, Verdict]:
    """Hold values against their limits; every one that cannot be read is named."""
    found: dict[str, Verdict] = {}
    errors: dict[str, str] = {}
    for place, (value, limit) in given.items():
        try:
            found[place] = evaluate(value, limit)
        except MethodError as error:
            errors[place] = str(error)
    if errors:
        raise Invalid("a value cannot be taken; nothing was recorded", errors=errors)
    return found


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
    act: Act,
    sheet: Worksheet,
    entries: Sequence[Entry],
    *,
    source: str = Reading.Source.TYPED,
    file: Dataset | None = None,
) -> list[Result]:
    """Enter readings for tests of a run; each is calculated, rounded as its limit is written, and judged at once.

    All or nothing: one reading that cannot be taken refuses the whole entry and names its place.
    """
    _own(act, sheet)
    if sheet.state != Worksheet.State.SUITABLE:
        raise Refused(
            f"{sheet} reports no results",
            given=sheet.get_state_display(),
            allowed="System suitable",
            next="Record the controls; if they failed, find out why and open a new worksheet",
        )
    _still_fit(act, sheet)
    twice = {e.test.id for e in entries if sum(other.test.id == e.test.id for other in entries) > 1}
    if twice or not entries:
        errors = {f"entries/{i}": f"{e.test} stands twice" for i, e in enumerate(entries) if e.test.id in twice}
        raise Invalid("a test stands twice in this entry" if twice else "there is nothing to enter", errors=errors)
    _readable(sheet.method, entries)
    return [result for place, entry in enumerate(entries) for result in _enter(act, sheet, entry, place, source, file)]


def _still_fit(act: Act, sheet: Worksheet) -> None:
    """Refuse a run whose analyst, instrument or reagents were fit when it was opened and are no longer."""
    today = act.now.date()
    bench.qualified(_analyst(act), sheet.method, today)
    if sheet.instrument is not None:
        bench.calibrated_until(sheet.instrument, today)
    for use in sheet.reagents.filter(is_void=False).select_related("reagent"):
        bench.in_date(use.reagent, today)


def _readable(method: Method, entries: Sequence[Entry]) -> None:
    """Refuse readings that cannot be read with certainty, all of them at once, each with its place."""
    errors: dict[str, str] = {}
    for place, entry in enumerate(entries):
        for i, value in enumerate(entry.values):
            if found := _unreadable(method, entry.test, value):
                errors[f"entries/{place}/values/{i}"] = found
    if errors:
        raise Invalid(f"{len(errors)} of the readings cannot be taken; nothing was entered", errors=errors)


def _unreadable(method: Method, test: Test, value: str) -> str:
    whole = test.criterion.acceptance == Criterion.Acceptance.LIMIT
    by_itself = whole and method.reporting in (Method.Reporting.SINGLE, Method.Reporting.EACH)
    limit = test.criterion.limit if by_itself else "≥ 0"
    try:
        evaluate(value, limit)
    except MethodError as error:
        return str(error)
    return ""


def _enter(act: Act, sheet: Worksheet, entry: Entry, place: int, source: str, file: Dataset | None) -> list[Result]:
    test, method = entry.test, sheet.method
    if test.criterion.method.code != method.code:
        raise Refused(f"{test} is not tested by {method.code}", given=method.code, allowed=test.criterion.method.code)
    if test.program_id != sheet.program_id:
        raise Refused("a worksheet holds the tests of one program")
    if test.state not in WAITING:
        raise Refused(
            f"{test} takes no result now",
            given=test.get_state_display(),
            allowed=", ".join(state.label for state in WAITING),
            next="A reported result is corrected with a reason, or investigated; it is not entered again",
        )
    materials.usable(test.sample, act.now.date())
    turn = investigations.next_round(test, _analyst(act), len(entry.values))
    before = test.readings.filter(round=turn, is_void=False).count()
    readings = [
        act.create(
            Reading,
            program=test.program,
            test=test,
            worksheet=sheet,
            round=turn,
            replicate=before + i + 1,
            preparation=entry.preparations[i] if entry.preparations else 1,
            name=entry.names[i] if entry.names else "",
            value=value.strip(),
            unit=test.criterion.unit,
            source=source,
            file=file,
            read_at=act.now,
        )
        for i, value in enumerate(entry.values)
    ]
    results = reportable.report(act, sheet, test, readings, turn, place)
    act.change(test, state=Test.State.ENTERED, analyst=_analyst(act))
    return results


@verb("quality.verify_results", "verify results", roles=CHECKERS, signs=Meaning.VERIFIED)
def verify_results(
    act: Act, results: Sequence[Result], *, credentials: Credentials, seen: Seen | None = None
) -> list[Result]:
    """Verify results of others by signature, each round whole. One that is out of specification opens its investigation."""
    person = _analyst(act)
    _whole(results)
    for result in results:
        if result.state != Result.State.ENTERED:
            raise Refused(
                f"{result} waits for no verification", given=result.get_state_display(), allowed="To be verified"
            )
        if person.id in (result.entered_by_id, result.test.analyst_id):
            raise Refused(
                "nobody verifies their own work",
                given=f"entered by {result.entered_by}",
                next="Another reviewer can verify it",
            )
        act.change(result, state=Result.State.VERIFIED, verified_by=person)
    sign(act, list(results), Meaning.VERIFIED, credentials, seen=seen)
    for test in {result.test_id: result.test for result in results}.values():
        investigations.after_verification(act, test)
    return list(results)


def _whole(results: Sequence[Result]) -> None:
    """Refuse a choice among the results of one round: what a round gave is looked at together."""
    chosen = {result.id for result in results}
    rounds = {(result.test_id, result.round) for result in results}
    waiting = Result.objects.filter(
        test__in={test for test, _ in rounds}, state__in=(Result.State.ENTERED, Result.State.RETURNED), is_void=False
    )
    for other in waiting.select_related("test__criterion", "test__sample"):
        if (other.test_id, other.round) in rounds and other.id not in chosen:
            raise Refused(
                f"the results of one round of {other.test} are verified or returned together",
                given=f"{other} is left out",
                allowed="all of them",
                next="Choose all results of the test, or none",
            )


@verb("quality.return_results", "return results to the analyst", roles=CHECKERS)
def return_results(act: Act, results: Sequence[Result]) -> list[Result]:
    """Return results with a reason; the analyst corrects the reading, which keeps its history."""
    if not act.reason:
        raise Invalid("say what is to be looked at", errors={"reason": "needed"})
    _whole(results)
    for result in results:
        if result.state != Result.State.ENTERED:
            raise Refused(f"{result} waits for no verification", given=result.get_state_display())
        act.change(result, state=Result.State.RETURNED)
    return list(results)


@verb("quality.correct_reading", "correct a reading", roles=BENCH)
def correct_reading(act: Act, reading: Reading, *, value: str) -> Result:
    """Correct a reading with a reason before it is verified; the result is calculated anew, the old value stays readable."""
    results = reportable.made_of(reading)
    if reading.worksheet is not None:
        _readable(reading.worksheet.method, [Entry(reading.test, (value,))])
    if any(r.state not in (Result.State.ENTERED, Result.State.RETURNED) for r in results):
        raise Refused(
            "a verified result is not corrected at the bench", next="Open an investigation or ask the supervisor"
        )
    act.change(reading, value=value.strip())
    return reportable.renew(act, results)[0]


@verb("quality.close_worksheet", "close a worksheet", roles=BENCH, signs=Meaning.PERFORMED)
def close_worksheet(act: Act, sheet: Worksheet, *, credentials: Credentials, seen: Seen | None = None) -> Worksheet:
    """Close a run by the analyst's signature: everything done on it was done as recorded."""
    _own(act, sheet)
    if sheet.state == Worksheet.State.CLOSED:
        raise Refused(f"{sheet} is closed")
    act.change(sheet, state=Worksheet.State.CLOSED)
    sign(act, [sheet], Meaning.PERFORMED, credentials, seen=seen)
    return sheet


@verb("quality.recalculate", "calculate results anew", roles=(*BENCH, *CHECKERS))
def recalculate(act: Act, test: Test) -> list[Result]:
    """Calculate the results of a test anew, with a reason, because something they stand on was changed.

    Readings stay as they were read. What comes out waits for a second person again, and the test with it.
    """
    if not act.reason:
        raise Invalid("say why this is calculated anew", errors={"reason": "needed"})
    if test.state not in (Test.State.ENTERED, Test.State.VERIFIED):
        raise Refused(
            f"{test} cannot be calculated anew now",
            given=test.get_state_display(),
            allowed="Result entered, Verified",
            next="Bring its investigation to its end first",
        )
    old = list(test.results.filter(is_void=False).order_by("round", "replicate"))
    marked = stale_causes([r.id for r in old])
    if not marked:
        raise Refused(f"the results of {test} stand on what is recorded now", next="There is nothing to calculate anew")
    turns = sorted({r.round for r in old if r.id in marked})
    made = [result for turn in turns for result in reportable.renew(act, [r for r in old if r.round == turn])]
    if any(r.state == Result.State.ENTERED for r in made) and test.state == Test.State.VERIFIED:
        act.change(test, state=Test.State.ENTERED)
    return made


@verb("quality.cancel_test", "cancel a test that has no result", roles=SPECIFIERS)
def cancel_test(act: Act, test: Test) -> Test:
    """Cancel a test that was assigned by mistake, with a reason. One that has a result comes to its end instead."""
    if not act.reason:
        raise Invalid("a cancellation has a reason", errors={"reason": "say why"})
    if test.state != Test.State.ASSIGNED or test.readings.exists():
        raise Refused(
            f"{test} has begun and is not cancelled",
            given=test.get_state_display(),
            allowed="To be tested, without readings",
        )
    act.change(test, state=Test.State.CANCELLED)
    investigations.settle_sample(act, test.sample)
    return test
