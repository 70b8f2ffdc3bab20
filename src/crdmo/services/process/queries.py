"""Reads that pages and API of process development share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from crdmo.foundation.accounts.models import Program
from crdmo.foundation.refusals import NotFound

from .models import (
    Attribute,
    ControlStrategy,
    DesignSpace,
    Observation,
    Parameter,
    ProfileElement,
    ResponseModel,
    RiskAssessment,
    RiskLine,
    Study,
    UnitOperation,
)


def find_study(program: Program | None, code: str) -> Study:
    """Return a study of a program.

    Raises:
        NotFound: there is none.
    """
    found = Study.objects.filter(program=program, code=code).select_related("program", "design").first()
    if found is None:
        raise NotFound("there is no such study", given=code)
    return found


def find_risk(program: Program | None, code: str, number: int) -> RiskAssessment:
    """Return a version of a risk assessment.

    Raises:
        NotFound: there is none.
    """
    rows = RiskAssessment.objects.filter(program=program, code=code, number=number)
    found = rows.select_related("program", "supersedes").order_by("is_void", "-entry").first()
    if found is None:
        raise NotFound("there is no such risk assessment", given=f"{code} version {number}")
    return found


def find_strategy(program: Program | None, code: str, number: int) -> ControlStrategy:
    """Return a version of a control strategy.

    Raises:
        NotFound: there is none.
    """
    rows = ControlStrategy.objects.filter(program=program, code=code, number=number)
    # A discarded draft leaves its number to the next one.
    found = rows.select_related("program", "supersedes").order_by("is_void", "-entry").first()
    if found is None:
        raise NotFound("there is no such control strategy", given=f"{code} version {number}")
    return found


def latest_risk(program: Program | None) -> RiskAssessment | None:
    """Return the approved risk assessment, or the first draft where none is approved."""
    rows = RiskAssessment.objects.filter(program=program, is_void=False).exclude(state="superseded")
    return rows.order_by("state", "-number").first()


def risk_lines(assessment: RiskAssessment) -> QuerySet[RiskLine]:
    """Return the lines of an assessment with their names."""
    rows = assessment.lines.filter(is_void=False).select_related("parameter__operation", "attribute", "evidence")
    return rows.order_by("parameter__operation__position", "parameter__code", "attribute__code")


@dataclass(frozen=True)
class MatrixRow:
    """A parameter with its risk on each attribute, in the order of the matrix."""

    parameter: Parameter
    cells: list[RiskLine | None]


@dataclass(frozen=True)
class Thread:
    """The chain of a process: elements with attributes, operations with parameters, the risk between them, and gaps."""

    elements: list[tuple[ProfileElement, list[Attribute]]]
    operations: list[tuple[UnitOperation, list[Parameter]]]
    attributes: list[Attribute]
    matrix: list[MatrixRow]
    assessment: RiskAssessment | None
    gaps: list[str]


def thread_of(program: Program | None) -> Thread:
    """Return the chain from profile to parameters; what hangs in the air is named in `gaps`."""
    attributes = list(
        Attribute.objects.filter(program=program, is_void=False).select_related("element", "program").order_by("code")
    )
    parameters = list(
        Parameter.objects.filter(program=program, is_void=False)
        .select_related("operation", "program")
        .order_by("operation__position", "code")
    )
    elements = list(ProfileElement.objects.filter(program=program, is_void=False).order_by("code"))
    operations = list(UnitOperation.objects.filter(program=program, is_void=False).order_by("position"))
    assessment = latest_risk(program)
    risks = {(r.parameter_id, r.attribute_id): r for r in risk_lines(assessment)} if assessment else {}
    matrix = [MatrixRow(p, [risks.get((p.id, a.id)) for a in attributes]) for p in parameters]
    gaps = [f"{e} has no quality attribute" for e in elements if not any(a.element_id == e.id for a in attributes)]
    if assessment:
        gaps += [f"{row.parameter} is linked to no attribute" for row in matrix if not any(row.cells)]
        linked = {attribute for _, attribute in risks}
        gaps += [f"{a} is reached by no parameter" for a in attributes if a.is_critical and a.id not in linked]
    return Thread(
        [(e, [a for a in attributes if a.element_id == e.id]) for e in elements],
        [(o, [p for p in parameters if p.operation_id == o.id]) for o in operations],
        attributes,
        matrix,
        assessment,
        gaps,
    )


def sheet_of(study: Study) -> dict[str, Any]:
    """Return the run sheet of a study: its columns and its runs with settings and values, in the order to be done."""
    factors = list(study.factors.filter(is_void=False).select_related("parameter").order_by("position"))
    responses = list(study.responses.filter(is_void=False).select_related("attribute").order_by("position"))
    seen = {(o.run_id, o.response_id): o for o in Observation.objects.filter(run__study=study, is_void=False)}
    rows = []
    for run in study.runs.filter(is_void=False).select_related("done_by").order_by("order"):
        run.study = study
        settings = run.achieved if run.state == "done" else run.planned
        rows.append(
            {
                "run": run,
                "settings": [
                    {
                        "name": f.parameter.name,
                        "unit": f.parameter.unit,
                        "planned": run.planned.get(f.parameter.name, ""),
                        "value": settings.get(f.parameter.name, ""),
                    }
                    for f in factors
                ],
                "values": [
                    {"name": r.attribute.name, "unit": r.attribute.unit, "seen": seen.get((run.id, r.id))}
                    for r in responses
                ],
            }
        )
    return {"factors": factors, "responses": responses, "rows": rows}


def models_of(study: Study) -> QuerySet[ResponseModel]:
    """Return the models of a study that stand or wait."""
    rows = study.models.filter(is_void=False).exclude(state="superseded")
    rows = rows.select_related(
        "response__attribute", "computed", "stationary", "contour", "made_by", "judged_by", "study"
    )
    return rows.order_by("response__position", "-entry")


def space_of(study: Study) -> DesignSpace | None:
    """Return the latest design space of a study."""
    return study.spaces.filter(is_void=False).select_related("map", "box", "study").order_by("-entry").first()
