"""How records of quality control look to programs: one line each, described so that the description can be relied on."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ninja import Schema

from crdmo.common.routes import Header, header

from .models import Analysis, Reading, Result, Test, Worksheet


class ResultLine(Header):
    """A result: what was calculated, rounded and judged, and where its number comes from."""

    test: str
    sample: str
    lot: str
    round: int
    replicate: int
    stage: str
    calculated: str
    rounded: str
    unit: str
    limit: str
    passes: bool | None
    verdict: str
    state: str
    computed: str
    entered_by: str
    verified_by: str | None


class ReadingLine(Header):
    """A raw reading, as text."""

    name: str
    value: str
    unit: str
    round: int
    replicate: int
    source: str


class ResultRead(ResultLine):
    """A result with its raw readings."""

    readings: list[ReadingLine]


class GateLine(Schema):
    """One condition of release."""

    name: str
    met: bool
    text: str
    who: str
    records: list[str]


class Gates(Schema):
    """What stands between a lot and its release."""

    lot: str
    releasable: bool
    gates: list[GateLine]


class TestLine(Header):
    """A test of a sample."""

    test: str
    state: str


class Tests(Schema):
    """Tests that were assigned."""

    items: list[TestLine]


class WorksheetLine(Header):
    """A run."""

    code: str
    method: str
    instrument: str | None
    analyst: str
    state: str


class ControlLine(Schema):
    """A control of a run."""

    name: str
    value: str
    limit: str
    passes: bool


class Controlled(Schema):
    """The state of a run after its controls."""

    state: str
    items: list[ControlLine]


class Results(Schema):
    """Results that were entered together."""

    items: list[ResultLine]


class AnalysisLine(Header):
    """An evaluation of a table."""

    code: str
    kind: str
    title: str
    state: str
    finding: str
    conclusion: str
    dataset: str
    output: Any
    result: UUID


def result_line(result: Result) -> dict[str, Any]:
    """Return a result as JSON."""
    test = result.test
    return {
        **header(result),
        "test": test.criterion.name,
        "sample": test.sample.code,
        "lot": test.sample.lot.code,
        "round": result.round,
        "replicate": result.replicate,
        "stage": result.stage,
        "calculated": result.calculated,
        "rounded": result.rounded,
        "unit": result.unit,
        "limit": result.limit,
        "passes": result.passes,
        "verdict": result.verdict,
        "state": result.state,
        "computed": str(result.computed_id or ""),
        "entered_by": result.entered_by.user_id,
        "verified_by": result.verified_by.user_id if result.verified_by else None,
    }


def reading_line(reading: Reading) -> dict[str, Any]:
    """Return a reading as JSON."""
    return {
        **header(reading),
        "name": reading.name,
        "value": reading.value,
        "unit": reading.unit,
        "round": reading.round,
        "replicate": reading.replicate,
        "source": reading.source,
    }


def test_line(test: Test) -> dict[str, Any]:
    """Return a test as JSON."""
    return {**header(test), "test": test.criterion.name, "state": test.state}


def worksheet_line(sheet: Worksheet) -> dict[str, Any]:
    """Return a run as JSON."""
    return {
        **header(sheet),
        "code": sheet.code,
        "method": sheet.method.code,
        "instrument": sheet.instrument.code if sheet.instrument else None,
        "analyst": sheet.analyst.user_id,
        "state": sheet.state,
    }


def analysis_line(analysis: Analysis) -> dict[str, Any]:
    """Return an evaluation as JSON."""
    return {
        **header(analysis),
        "code": analysis.code,
        "kind": analysis.kind,
        "title": analysis.title,
        "state": analysis.state,
        "finding": analysis.finding,
        "conclusion": analysis.conclusion,
        "dataset": analysis.dataset.blob,
        "output": analysis.computed.output,
        "result": str(analysis.computed_id),
    }
