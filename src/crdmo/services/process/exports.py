"""Process development as plain data: the run sheet, a study, a control strategy."""

from __future__ import annotations

from typing import Any

import polars as pl

from . import queries
from .models import ControlStrategy, RiskAssessment, StrategyLine, Study


def run_sheet(study: Study) -> pl.DataFrame:
    """Return the run sheet as a table whose headings carry the units; it is read back by `imports.read_runs`."""
    found = queries.sheet_of(study)
    lines = []
    for row in found["rows"]:
        line: dict[str, str] = {"run": str(row["run"].order), "block": row["run"].block, "point": row["run"].point}
        line |= {_heading(s["name"], s["unit"]): s["value"] for s in row["settings"]}
        line |= {_heading(v["name"], v["unit"]): v["seen"].value if v["seen"] else "" for v in row["values"]}
        lines.append({**line, "comment": row["run"].comment})
    return pl.DataFrame(lines, infer_schema_length=None)


def _heading(name: str, unit: str) -> str:
    return f"{name} ({unit})" if unit else name


def study(one: Study) -> dict[str, Any]:
    """Return a study whole: design with seed, runs as planned and achieved, values, models, design space."""
    sheet, space = queries.sheet_of(one), queries.space_of(one)
    return {
        "format": "crdmo.study/1",
        "code": one.code,
        "title": one.title,
        "kind": one.kind,
        "order": one.order,
        "state": one.state,
        "seed": one.design.seed if one.design else None,
        "factors": [
            {"name": f.parameter.name, "unit": f.parameter.unit, "low": f.low, "high": f.high} for f in sheet["factors"]
        ],
        "responses": [
            {"name": r.attribute.name, "unit": r.attribute.unit, "criterion": r.attribute.criterion}
            for r in sheet["responses"]
        ],
        "runs": [
            {
                "run": row["run"].order,
                "standard": row["run"].standard,
                "block": row["run"].block,
                "point": row["run"].point,
                "state": row["run"].state,
                "out_of_order": row["run"].is_out_of_order,
                "planned": row["run"].planned,
                "achieved": row["run"].achieved,
                "values": {v["name"]: v["seen"].value for v in row["values"] if v["seen"]},
                "comment": row["run"].comment,
            }
            for row in sheet["rows"]
        ],
        "models": [
            {
                "response": m.response.attribute.name,
                "state": m.state,
                "judgement": m.judgement,
                "result": str(m.computed_id),
                "output": m.computed.output,
            }
            for m in queries.models_of(one)
        ],
        "design_space": {"reliability": space.reliability, "result": str(space.box_id), "box": space.box.output}
        if space
        else None,
    }


STRATEGY = (
    "control", "operation", "name", "unit", "acceptable_low", "normal_low", "set_point", "normal_high", "acceptable_high",
    "criterion", "proof", "justification",
)  # fmt: skip


def strategy_line(line: StrategyLine) -> dict[str, str]:
    """Return a line of a control strategy as text cells."""
    named = line.parameter or line.attribute
    return {
        "control": line.control,
        "operation": line.parameter.operation.name if line.parameter else "",
        "name": str(named),
        "unit": line.unit or (line.attribute.unit if line.attribute else ""),
        **{name: getattr(line, name) for name in STRATEGY[4:9]},
        "criterion": line.attribute.criterion if line.attribute else "",
        "proof": str(line.proof_id or ""),
        "justification": line.justification,
    }


def strategy_table(one: ControlStrategy) -> pl.DataFrame:
    """Return the lines of a control strategy as a table."""
    rows = one.lines.filter(is_void=False).select_related("parameter__operation", "attribute").order_by("position")
    return pl.DataFrame([strategy_line(line) for line in rows], infer_schema_length=None)


def strategy(one: ControlStrategy) -> dict[str, Any]:
    """Return a control strategy whole."""
    return {
        "format": "crdmo.control-strategy/1",
        "code": one.code,
        "number": one.number,
        "title": one.title,
        "state": one.state,
        "effective_from": one.effective_from.isoformat() if one.effective_from else None,
        "lines": strategy_table(one).to_dicts(),
    }


def risk_table(one: RiskAssessment) -> pl.DataFrame:
    """Return the lines of a risk assessment as a table."""
    names = ("severity", "occurrence", "detectability", "priority")
    return pl.DataFrame(
        [
            {
                "parameter": r.parameter.name,
                "attribute": r.attribute.name,
                "failure": r.failure,
                **{name: getattr(r, name) for name in names},
                "justification": r.justification,
            }
            for r in queries.risk_lines(one)
        ],
        infer_schema_length=None,
    )
