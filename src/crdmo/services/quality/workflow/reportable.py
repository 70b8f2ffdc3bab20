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

from ..models import Method, Reading, Reagent, Result, Test, Worksheet

REPORTABLE = "quality.reportable_result"


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
    """Write the reportable results of one round of a test."""
    assert isinstance(act.actor, Person)
    computed, _ = compute(act, sheet, test, readings, place)
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
            for i, line in enumerate(_lines(computed), 1)
        ],
    )


def _lines(computed: Computed) -> list[dict[str, Any]]:
    return [
        {
            "calculated": line["calculated"],
            "rounded": line["rounded"],
            "passes": line["passes"],
            "verdict": line["reason"],
        }
        for line in computed.output["results"]
    ]


def again(act: Act, reading: Reading) -> Result:
    """Calculate a round anew after a reading was corrected, as new versions of its results."""
    return renew(act, reading.test, reading.round)[0]


def renew(act: Act, test: Test, turn: int) -> list[Result]:
    """Calculate a round of a test anew from its readings as they stand now; what was invalidated stays so."""
    readings = list(
        test.readings.filter(round=turn, is_void=False).select_related("worksheet__method").order_by("replicate")
    )
    sheet = readings[0].worksheet
    assert sheet is not None
    computed, _ = compute(act, sheet, test, readings, 0)
    results = list(test.results.filter(round=turn, is_void=False).order_by("replicate"))
    for result, line in zip(results, _lines(computed), strict=True):
        state = result.state if result.state == Result.State.INVALIDATED else Result.State.ENTERED
        act.change(result, computed=computed, sources=sources_of([computed]), state=state, **line)
    return results
