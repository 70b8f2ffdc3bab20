"""Routes of process development. What asks for a signature is done by people on pages; a token never signs."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpResponse
from ninja import Path, Router, Schema

from crdmo.common.controls.models import Control
from crdmo.common.routes import (
    After,
    Format,
    Given,
    Header,
    Limit,
    Listing,
    LongText,
    ProgramCode,
    Text,
    header,
    listed,
    permission,
    tag,
)

from . import exports, queries
from .models import Attribute, ControlStrategy, Parameter, RiskLine, Study
from .workflow import analysis, studies
from .workflow.desks import refuse

router = Router()
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


class AttributeLine(Header):
    """A quality attribute."""

    code: str
    name: str
    unit: str
    criterion: str
    severity: int
    critical: bool
    serves: str


class ParameterLine(Header):
    """A process parameter with the range in which it can be set."""

    code: str
    operation: str
    name: str
    unit: str
    low: str
    high: str


class RiskRead(Header):
    """A line of a risk assessment."""

    assessment: str
    number: int
    parameter: str
    attribute: str
    failure: str
    severity: int
    occurrence: int
    detectability: int
    priority: int


class StudyLine(Header):
    """A study."""

    code: str
    title: str
    design: str
    model: str
    state: str


class StudyRead(Schema):
    """A study whole, as `crdmo.study/1`."""

    format: str
    code: str
    title: str
    kind: str
    order: str
    state: str
    seed: int | None
    factors: list[dict[str, Any]]
    responses: list[dict[str, Any]]
    runs: list[dict[str, Any]]
    models: list[dict[str, Any]]
    design_space: dict[str, Any] | None


class StrategyLineRead(Header):
    """A version of a control strategy."""

    code: str
    number: int
    title: str
    state: str
    effective_from: dt.date | None


class StrategyRead(Schema):
    """A control strategy whole, as `crdmo.control-strategy/1`."""

    format: str
    code: str
    number: int
    title: str
    state: str
    effective_from: str | None
    lines: list[dict[str, Any]]


class ControlLine(Header):
    """A limit in force, or one that was; `proof` is the calculation that proves it."""

    kind: str
    name: str
    operation: str
    unit: str
    limit: str
    set_point: str
    acceptable_low: str
    acceptable_high: str
    proof: UUID | None
    strategy: str
    number: int
    state: str


class ModelLine(Header):
    """The model of a response; `result` is its calculation."""

    study: str
    response: str
    state: str
    judgement: str
    result: UUID


def attribute_line(one: Attribute) -> dict[str, Any]:
    """Return an attribute as JSON."""
    names = ("code", "name", "unit", "criterion", "severity")
    own = {name: getattr(one, name) for name in names}
    return {**header(one), **own, "critical": one.is_critical, "serves": one.element.code}


def parameter_line(one: Parameter) -> dict[str, Any]:
    """Return a parameter as JSON."""
    names = ("code", "name", "unit", "low", "high")
    return {**header(one), **{name: getattr(one, name) for name in names}, "operation": one.operation.name}


def risk_line(one: RiskLine) -> dict[str, Any]:
    """Return a line of a risk assessment as JSON."""
    names = ("failure", "severity", "occurrence", "detectability", "priority")
    return {
        **header(one),
        **{name: getattr(one, name) for name in names},
        "assessment": one.assessment.code,
        "number": one.assessment.number,
        "parameter": one.parameter.name,
        "attribute": one.attribute.name,
    }


def study_line(one: Study) -> dict[str, Any]:
    """Return a study as JSON."""
    own = {name: getattr(one, name) for name in ("code", "title", "state")}
    return {**header(one), **own, "design": one.kind, "model": one.order}


def strategy_line(one: ControlStrategy) -> dict[str, Any]:
    """Return a version of a control strategy as JSON."""
    names = ("code", "number", "title", "state", "effective_from")
    return {**header(one), **{name: getattr(one, name) for name in names}}


def control_line(one: Control) -> dict[str, Any]:
    """Return a control as JSON."""
    names = ("kind", "name", "operation", "unit", "limit", "set_point", "acceptable_low", "acceptable_high", "state")
    own = {name: getattr(one, name) for name in names}
    return {**header(one), **own, "proof": one.proof_id, "strategy": one.source_code, "number": one.source_number}


@router.get("/attributes", url_name="process_attributes", response=Listing[AttributeLine])
@permission("process.view")
def attributes(request: Any, program: ProgramCode, after: After = 0, limit: Limit = 50, format: Format = None) -> Any:
    """List quality attributes."""
    rows = Attribute.objects.filter(program=request.program).select_related("element")
    return listed(rows, after, limit, attribute_line, file=format, name="attributes")


@router.get("/parameters", url_name="process_parameters", response=Listing[ParameterLine])
@permission("process.view")
def parameters(request: Any, program: ProgramCode, after: After = 0, limit: Limit = 50, format: Format = None) -> Any:
    """List process parameters."""
    rows = Parameter.objects.filter(program=request.program).select_related("operation")
    return listed(rows, after, limit, parameter_line, file=format, name="parameters")


@router.get("/risks", url_name="process_risks", response=Listing[RiskRead])
@permission("process.view")
def risks(request: Any, program: ProgramCode, after: After = 0, limit: Limit = 50, format: Format = None) -> Any:
    """List the lines of every version of the risk assessment."""
    rows = RiskLine.objects.filter(program=request.program).select_related("assessment", "parameter", "attribute")
    return listed(rows, after, limit, risk_line, file=format, name="risks")


@router.get("/studies", url_name="process_studies", response=Listing[StudyLine])
@permission("process.view")
def all_studies(request: Any, program: ProgramCode, after: After = 0, limit: Limit = 50, format: Format = None) -> Any:
    """List studies."""
    return listed(Study.objects.filter(program=request.program), after, limit, study_line, file=format, name="studies")


@router.get("/studies/{code}", url_name="process_study", response=StudyRead)
@permission("process.view")
def study(request: Any, response: HttpResponse, program: ProgramCode, code: str) -> dict[str, Any]:
    """Return a study whole: design, runs, models, design space."""
    found = queries.find_study(request.program, code)
    tag(response, found.version)
    return exports.study(found)


class NewRun(Given):
    """A run as it was done: values by response; settings by factor where they are not as planned."""

    run: int
    values: dict[Text, Text]
    achieved: dict[Text, Text] = {}
    comment: LongText = ""


class NewRuns(Given):
    """Runs, all recorded or none; a part of those that are left will do."""

    runs: list[NewRun]


@router.post("/studies/{code}/runs", url_name="process_study_runs", response=StudyLine)
@permission("process.record_runs")
def record(request: Any, program: ProgramCode, code: str, given: NewRuns) -> dict[str, Any]:
    """Record runs of a study that runs."""
    found = queries.find_study(request.program, code)
    studies.record_runs(request.person, found, [run.dict() for run in given.runs], whole=False)
    found.refresh_from_db()
    return study_line(found)


class Fit(Given):
    """How to fit; without `model` that of the study."""

    model: Text = ""


class Fitted(Schema):
    """The models of a study."""

    items: list[ModelLine]


@router.post("/studies/{code}/models", url_name="process_study_models", response=Fitted)
@permission("process.analyse_study")
def fit(request: Any, program: ProgramCode, code: str, given: Fit) -> dict[str, Any]:
    """Fit the models of a completed study; people accept them."""
    found = queries.find_study(request.program, code)
    if given.model and given.model not in Study.Order.values:
        refuse("there is no such model", {"model": f"allowed: {', '.join(Study.Order.values)}"})
    made = analysis.analyse_study(request.person, found, order=given.model)
    return {
        "items": [
            {
                **header(m),
                "study": found.code,
                "response": m.response.attribute.name,
                "state": m.state,
                "judgement": m.judgement,
                "result": m.computed_id,
            }
            for m in made
        ]
    }


@router.get("/controls", url_name="process_controls", response=Listing[ControlLine])
@permission("process.view")
def controls(
    request: Any, program: ProgramCode, after: After = 0, limit: Limit = 50, state: Text = "", format: Format = None
) -> Any:
    """List the controls that strategies put in force, by state if named."""
    rows = Control.objects.filter(program=request.program)
    rows = rows.filter(state=state) if state else rows
    return listed(rows, after, limit, control_line, file=format, name="controls")


@router.get("/strategies", url_name="process_strategies", response=Listing[StrategyLineRead])
@permission("process.view")
def strategies(request: Any, program: ProgramCode, after: After = 0, limit: Limit = 50, format: Format = None) -> Any:
    """List every version of the control strategy."""
    rows = ControlStrategy.objects.filter(program=request.program)
    return listed(rows, after, limit, strategy_line, file=format, name="strategies")


@router.get("/strategies/{code}/{number}", url_name="process_strategy", response=StrategyRead)
@permission("process.view")
def strategy(request: Any, response: HttpResponse, program: ProgramCode, code: str, number: Number) -> dict[str, Any]:
    """Return a version of a control strategy whole."""
    found = queries.find_strategy(request.program, code, number)
    tag(response, found.version)
    return exports.strategy(found)
