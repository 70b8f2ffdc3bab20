"""From readings to reportable results: one calculation a result, kept with its provenance, so that it can be run again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crdmo.foundation.accounts.models import Person
from crdmo.foundation.computing import Result as Computed
from crdmo.foundation.computing import run
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.models import Record
from crdmo.foundation.ledger.thread import sources_of
from crdmo.foundation.refusals import Invalid
from crdmo.science.method import MethodError

from ..models import Criterion, Method, Reading, Reagent, Result, Test, Worksheet

REPORTABLE, STAGED = "quality.reportable_result", "quality.staged_result"


def _standard(sheet: Worksheet) -> Reagent | None:
    """Return the reference standard of a run."""
    used = sheet.reagents.filter(reagent__kind=Reagent.Kind.STANDARD, is_void=False).select_related("reagent").first()
    return used.reagent if used else None


def compute(
    act: Act, sheet: Worksheet, test: Test, readings: Sequence[Reading], place: int
) -> tuple[Computed, list[Record]]:
    """Run the method's calculation over readings and return the computed result with its sources."""
    method, criterion = sheet.method, test.criterion
    sources: list[Record] = [*readings, criterion]
    inputs: dict[str, Any] = {"readings": [reading.value for reading in readings]}
    parameters: dict[str, Any] = {
        "reporting": method.reporting,
        "limit": criterion.limit,
        "replicates": method.replicates,
    }
    if method.reporting == Method.Reporting.CALCULATED:
        parameters = {"calculation": method.calculation, "limit": criterion.limit, "constants": dict(method.parameters)}
        inputs = {"quantities": _named(readings)}
        if standard := _standard(sheet):
            inputs["quantities"]["standard_potency"] = [standard.potency]
            sources.append(standard)
    name = "quality.calculated_result" if method.reporting == Method.Reporting.CALCULATED else REPORTABLE
    if criterion.acceptance != Criterion.Acceptance.LIMIT:
        name, parameters = STAGED, {"limit": criterion.limit, **criterion.parameters}
    try:
        return run(act, name, inputs=inputs, parameters=parameters, sources=sources, program=test.program), sources
    except MethodError as error:
        raise Invalid(f"{test}: {error}", errors={f"entries/{place}": str(error)}) from error


def _named(readings: Sequence[Reading]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for reading in readings:
        found.setdefault(reading.name, []).append(reading.value)
    return found


def report(act: Act, sheet: Worksheet, test: Test, readings: Sequence[Reading], turn: int, place: int) -> list[Result]:
    """Write the reportable results of one round of a test; of a test in stages, that of the stage just tested."""
    assert isinstance(act.actor, Person)
    earlier = test.readings.filter(round=turn, is_void=False, replicate__lt=readings[0].replicate).order_by("replicate")
    computed, _ = compute(act, sheet, test, [*earlier, *readings], place)
    before = test.results.filter(round=turn, is_void=False).count()
    return act.create_many(
        Result,
        [
            {
                "program": test.program,
                "test": test,
                "round": turn,
                "replicate": i,
                "unit": test.criterion.unit,
                "limit": test.criterion.limit,
                "entered_by": act.actor,
                "computed": computed,
                "sources": sources_of([computed]),
                **line,
            }
            for i, line in enumerate(_lines(computed), before + 1)
        ],
    )


def _lines(computed: Computed) -> list[dict[str, Any]]:
    return [
        {
            "stage": computed.output.get("stage", ""),
            "calculated": line["calculated"],
            "rounded": line["rounded"],
            "passes": line["passes"],
            "verdict": line["reason"],
        }
        for line in computed.output["results"]
    ]


def made_of(reading: Reading) -> list[Result]:
    """Return the results that a reading went into; of a test in stages, those of its stage and of the later ones."""
    results = reading.test.results.filter(round=reading.round, is_void=False).select_related("computed")
    return [r for r in results.order_by("replicate") if not r.stage or _units(r) >= reading.replicate]


def _units(result: Result) -> int:
    assert result.computed is not None
    return int(result.computed.output["units"])


def renew(act: Act, results: Sequence[Result]) -> list[Result]:
    """Calculate results of one round anew from its readings as they stand now; what was invalidated stays so."""
    test, turn = results[0].test, results[0].round
    readings = list(
        test.readings.filter(round=turn, is_void=False).select_related("worksheet__method").order_by("replicate")
    )
    sheet = readings[0].worksheet
    assert sheet is not None
    for group in [[r] for r in results] if results[0].stage else [results]:
        own = readings[: _units(group[0])] if group[0].stage else readings
        computed, _ = compute(act, sheet, test, own, 0)
        for result, line in zip(group, _lines(computed), strict=True):
            state = result.state if result.state == Result.State.INVALIDATED else Result.State.ENTERED
            act.change(result, computed=computed, sources=sources_of([computed]), state=state, **line)
    return list(results)
