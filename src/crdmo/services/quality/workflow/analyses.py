"""Evaluations of a table that somebody brings: sealed as it came, read by named columns, evaluated, concluded, signed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from crdmo.common.codes import next_code
from crdmo.common.materials.models import Lot
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.computing import run
from crdmo.foundation.datasets.models import Dataset
from crdmo.foundation.datasets.sealing import seal
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.thread import sources_of
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.foundation.signing import Credentials, Meaning, sign
from crdmo.science.method import MethodError

from ..models import Analysis
from .desks import BENCH, CHECKERS, QUALITY_UNIT, STABILITY


@dataclass(frozen=True)
class Kind:
    """A kind of evaluation: its method, the columns it needs, how the table becomes arguments, what it says."""

    name: str
    says: str
    method: str
    columns: tuple[str, ...]
    hint: str
    arguments: Callable[[pl.DataFrame, Mapping[str, Any]], tuple[dict[str, Any], dict[str, Any]]]
    finding: Callable[[Any], str]


def _column(frame: pl.DataFrame, name: str, numeric: bool = True) -> list[Any]:
    if name not in frame.columns:
        raise Invalid(f"the table has no column {name}", errors={name: "missing"}, given=", ".join(frame.columns), allowed=name)
    if not numeric:
        return [str(value) for value in frame[name].to_list()]
    try:
        values = frame[name].cast(pl.Float64).to_list()
    except pl.exceptions.PolarsError as error:
        raise Invalid(f"the column {name} is not numeric", errors={name: str(error)}) from error
    if None in values:
        raise Invalid(f"a value is missing in the column {name}", errors={name: f"row {values.index(None) + 2}"})
    return values


def _shelf_life(frame: pl.DataFrame, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    value = str(given.get("value") or next((c for c in frame.columns if c not in ("batch", "month")), "value"))
    batch = _column(frame, "batch", False) if "batch" in frame.columns else ["1"] * frame.height
    parameters = {k: v for k in ("lower_limit", "upper_limit", "sides", "mean_square") if (v := given.get(k)) not in (None, "")}
    return {"batch": batch, "month": _column(frame, "month"), "value": _column(frame, value)}, parameters


def _profiles(frame: pl.DataFrame, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read one row a unit, one column a time `t.15`, and the group by the column `type` (reference first)."""
    times = [c for c in frame.columns if c.startswith(("t.", "x.")) and c[2:].replace(".", "").isdigit()]
    if not times:
        raise Invalid("the table has no columns t.5, t.10, … with percent dissolved", given=", ".join(frame.columns))
    group = str(given.get("group") or "type")
    labels = _column(frame, group, False)
    reference = str(given.get("reference") or labels[0])
    test = str(given.get("test") or next((label for label in labels if label != reference), ""))
    if reference not in labels or test not in labels:
        raise Invalid("two groups are compared", errors={"test": "not in the table"}, given=f"{reference}, {test}", allowed=", ".join(dict.fromkeys(labels)))
    rows = list(zip(*(_column(frame, c) for c in times), strict=True))
    made = {
        "times": [float(c[2:]) for c in times],
        "reference": [list(r) for r, label in zip(rows, labels, strict=True) if label == reference],
        "test": [list(r) for r, label in zip(rows, labels, strict=True) if label == test],
    }
    drop = [i for i, t in enumerate(made["times"]) if t == 0]
    for i in reversed(drop):
        made["times"].pop(i)
        for row in (*made["reference"], *made["test"]):
            row.pop(i)
    units = min(len(made["reference"]), len(made["test"]))
    return made, {"regulator": given.get("regulator") or "EMA", "required_units": min(12, units)}


def _precision(frame: pl.DataFrame, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    value = str(given.get("value") or next((c for c in ("y", "value", "result") if c in frame.columns), frame.columns[-1]))
    factors = [c for c in frame.columns if c in ("site", "day", "run", "operator", "instrument")]
    if not factors:
        raise Invalid("the table names no factor", given=", ".join(frame.columns), allowed="site, day, run, operator, instrument")
    samples = _column(frame, "sample", False) if "sample" in frame.columns else ["1"] * frame.height
    levels = [_column(frame, c, False) for c in factors]
    order = sorted(range(len(factors)), key=lambda i: ("site", "instrument", "operator", "day", "run").index(factors[i]))
    return {"values": _column(frame, value), "factor_names": [factors[i] for i in order],
            "factor_levels": [levels[i] for i in order], "samples": samples}, {}  # fmt: skip


def _shelf_life_finding(output: Any) -> str:
    months = f"{output['months']:.5f} months" if output["months"] is not None else output["outcome"]
    return f"Model {output['model']}, worst batch {output['worst_batch']}: {months}; whole months {output['whole_months']}"


def _profile_finding(output: Any) -> str:
    return f"f2 = {output['f2']:.5f}, f1 = {output['f1']:.5f}: {'; '.join(output['reasons'])}"


def _precision_finding(output: Any) -> str:
    said = []
    for one in output:
        parts = ", ".join(f"{c['name']} SD {c['sd']:.6g}" for c in one["components"])
        said.append(f"sample {one.get('sample') or '1'}: {parts}")
    return "; ".join(said)


KINDS: dict[str, Kind] = {
    "shelf_life": Kind("shelf_life", "Shelf life of a stability table (ICH Q1E)", "quality.shelf_life_q1e",
                       ("month", "a value"), "Columns: batch, month, and the attribute.", _shelf_life, _shelf_life_finding),
    "dissolution": Kind("dissolution", "Similarity of dissolution profiles (f1, f2)", "quality.compare_profiles",
                        ("type", "t.…"), "One row a unit: type (reference, test) and columns t.5, t.10, …", _profiles, _profile_finding),
    "precision": Kind("precision", "Precision of a method (variance components)", "quality.precision_by_sample",
                      ("day", "a value"), "Columns: site, day, run and the value; optionally sample.", _precision, _precision_finding),
}  # fmt: skip


@verb("quality.analyse_table", "evaluate a table of results", roles=(*BENCH, *STABILITY, *CHECKERS))
def analyse_table(
    act: Act, program: Program, *, kind: str, title: str, frame: pl.DataFrame, original: bytes, file_name: str,
    conclusion: str = "", options: Mapping[str, Any] | None = None, lot: Lot | None = None,
    units: Mapping[str, str] | None = None,
) -> Analysis:  # fmt: skip
    """Seal a table with the file that it came in, evaluate it, and draft the conclusion."""
    how = KINDS.get(kind)
    if how is None:
        raise Invalid("there is no such evaluation", errors={"kind": "not one of them"}, given=kind, allowed=", ".join(KINDS))
    dataset = seal(act, program=program, name=title, data=frame, kind=f"quality.{kind}", original=original, file_name=file_name, units=units)
    return _evaluate(act, program, how, title, dataset, frame, options or {}, lot, conclusion)


def _evaluate(act: Act, program: Program, how: Kind, title: str, dataset: Dataset, frame: pl.DataFrame,
              options: Mapping[str, Any], lot: Lot | None, conclusion: str) -> Analysis:  # fmt: skip
    inputs, parameters = how.arguments(frame, options)
    try:
        computed = run(act, how.method, inputs=inputs, parameters=parameters, sources=[dataset], program=program, title=title)
    except MethodError as error:
        raise Invalid(str(error), errors={"table": str(error)}) from error
    return act.create(
        Analysis, program=program, code=next_code(act, Analysis, "AN", program), kind=how.name, title=title, lot=lot,
        dataset=dataset, computed=computed, finding=how.finding(computed.output), conclusion=conclusion, sources=sources_of([computed]),
    )  # fmt: skip


@verb("quality.conclude_analysis", "write the conclusion of an evaluation", roles=(*BENCH, *STABILITY, *CHECKERS))
def conclude_analysis(act: Act, analysis: Analysis, *, conclusion: str) -> Analysis:
    """Write or change the conclusion of a draft, with a reason."""
    if analysis.state != "draft":
        raise Refused(f"{analysis} is signed", next="Evaluate the table again; the signed one stays")
    return act.change(analysis, conclusion=conclusion.strip())


@verb("quality.sign_analysis", "sign an evaluation", roles=(*CHECKERS, *QUALITY_UNIT), signs=Meaning.APPROVED)
def sign_analysis(act: Act, analysis: Analysis, *, credentials: Credentials) -> Analysis:
    """Approve an evaluation with its conclusion; not by a person who made it."""
    if analysis.state != "draft":
        raise Refused(f"{analysis} is signed", next="Evaluate the table again; the signed one stays")
    if not analysis.conclusion:
        raise Refused(f"{analysis} has no conclusion", next="Its author writes what follows from it first")
    act.change(analysis, state="signed")
    sign(act, [analysis], Meaning.APPROVED, credentials)
    return analysis
