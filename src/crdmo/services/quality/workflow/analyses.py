"""Evaluations of a table that somebody brings: sealed as it came, read by named columns, concluded, signed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from crdmo.common.codes import next_code
from crdmo.common.materials.models import Lot
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.models import Program
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
        raise Invalid(
            f"the table has no column {name}", errors={name: "missing"}, given=", ".join(frame.columns), allowed=name
        )
    if not numeric:
        return [str(value) for value in frame[name].to_list()]
    try:
        values = frame[name].cast(pl.Float64).to_list()
    except pl.exceptions.PolarsError as error:
        raise Invalid(f"the column {name} is not numeric", errors={name: str(error)}) from error
    if None in values:
        raise Invalid(f"a value is missing in the column {name}", errors={name: f"row {values.index(None) + 2}"})
    return values


def _given(frame: pl.DataFrame, given: Mapping[str, Any], option: str, usual: Sequence[str]) -> str | None:
    """Return the column that an option names, or the first usual one that the table has."""
    named = str(given.get(option) or "")
    if named and named not in frame.columns:
        raise Invalid(
            f"the table has no column {named}",
            errors={option: "not in the table"},
            given=named,
            allowed=", ".join(frame.columns),
        )
    return named or next((c for c in usual if c in frame.columns), None)


def _needed(frame: pl.DataFrame, given: Mapping[str, Any], option: str, usual: Sequence[str]) -> str:
    found = _given(frame, given, option, usual)
    if found is None:
        raise Invalid(
            f"the table has no column for the {option}",
            errors={option: "say which column"},
            given=", ".join(frame.columns),
            allowed=", ".join(usual),
        )
    return found


def _settings(given: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name in names if (value := given.get(name)) not in (None, "")}


def _chosen(frame: pl.DataFrame, batch: str | None, given: Mapping[str, Any]) -> pl.DataFrame:
    """Return the rows of the batches that the option `batches` names, with commas; all rows without it."""
    wanted = [name.strip() for name in str(given.get("batches") or "").split(",") if name.strip()]
    if not wanted:
        return frame
    there = list(dict.fromkeys(_column(frame, batch, False))) if batch else []
    if missing := [name for name in wanted if name not in there]:
        raise Invalid(
            "the table has no such batch",
            errors={"batches": "not in the table"},
            given=", ".join(missing),
            allowed=", ".join(there) or "no batches",
        )
    return frame.filter(pl.col(batch or "").cast(pl.String).is_in(wanted))


def _shelf_life(frame: pl.DataFrame, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read one row a result: batch (none: one batch), month, value (by default the first other column)."""
    month, batch = _needed(frame, given, "month", ("month",)), _given(frame, given, "batch", ("batch",))
    value = _needed(frame, given, "value", [c for c in frame.columns if c not in (batch, month)])
    frame = _chosen(frame, batch, given)
    batches = _column(frame, batch, False) if batch else ["1"] * frame.height
    parameters = _settings(given, "lower_limit", "upper_limit", "sides", "mean_square", "transformation", "band")
    parameters.setdefault("sides", 2 if {"lower_limit", "upper_limit"} <= set(parameters) else 1)
    return {"batch": batches, "month": _column(frame, month), "value": _column(frame, value)}, parameters


def times_in(columns: Sequence[str]) -> dict[str, float]:
    """Return the columns that hold percent dissolved and their times: `t.5`, `x.15`, `t.7.5`, `30 min`, `45`."""
    found = {c: re.fullmatch(r"(?:[A-Za-z]+[._ ])?(\d+(?:\.\d+)?)(?: ?min)?", c.strip()) for c in columns}
    return {c: float(match[1]) for c, match in found.items() if match}


def _profiles(frame: pl.DataFrame, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read one row a unit, one column a time (`t.15`), and the group by the column `type` (reference first)."""
    group = _needed(frame, given, "group", ("type", "group", "batch"))
    # At time 0 nothing has dissolved: it is no point of a profile.
    times = {c: t for c, t in times_in([c for c in frame.columns if c != group]).items() if t > 0}
    if not times:
        raise Invalid(
            "the table has no columns t.5, t.10, … with percent dissolved",
            errors={"table": "no times"},
            given=", ".join(frame.columns),
        )
    labels = _column(frame, group, False)
    reference = str(given.get("reference") or labels[0])
    test = str(given.get("test") or next((label for label in labels if label != reference), ""))
    if reference == test or reference not in labels or test not in labels:
        raise Invalid(
            "two groups are compared",
            errors={"test": "two groups of the table"},
            given=f"{reference}, {test}",
            allowed=", ".join(dict.fromkeys(labels)),
        )
    rows = list(zip(*(_column(frame, c) for c in times), strict=True))
    made = {"times": list(times.values())}
    for name, wanted in (("reference", reference), ("test", test)):
        made[name] = [list(r) for r, label in zip(rows, labels, strict=True) if label == wanted]  # type: ignore[misc]
    return made, _settings(given, "regulator", "required_units")


FACTORS = ("site", "batch", "instrument", "operator", "day", "run")


def _precision(frame: pl.DataFrame, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read one row a result: the factors, outermost first, the value, optionally the sample."""
    factors = [f for f in str(given.get("factors") or "").split(",") if f] or [f for f in FACTORS if f in frame.columns]
    if not factors:
        raise Invalid(
            "the table names no factor",
            errors={"factors": "needed"},
            given=", ".join(frame.columns),
            allowed=", ".join(FACTORS),
        )
    sample = _given(frame, given, "sample", ("sample",))
    rest = [c for c in frame.columns if c not in (*factors, sample)]
    value = _needed(frame, given, "value", [c for c in ("y", "value", "result") if c in rest] or rest)
    samples = _column(frame, sample, False) if sample else ["1"] * frame.height
    levels = [_column(frame, f, False) for f in factors]
    inputs = {"values": _column(frame, value), "factor_names": factors, "factor_levels": levels, "samples": samples}
    return inputs, _settings(given, "confidence")


CHARTS = {"Xbar-S": "means and standard deviations", "Xbar-R": "means and ranges"}


def _subgroups(frame: pl.DataFrame, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read one row a value: the subgroup or batch in time order, and the value; `first` says how many set the limits."""
    group = _needed(frame, given, "group", ("subgroup", "batch", "lot", "group"))
    value = _needed(frame, given, "value", [c for c in frame.columns if c not in (group, "phase")])
    chart = str(given.get("chart") or "Xbar-S")
    if chart not in CHARTS:
        raise Invalid(
            "there is no such chart", errors={"chart": "not one of them"}, given=chart, allowed="Xbar-S, Xbar-R"
        )
    found: dict[str, list[float]] = {}
    for name, one in zip(_column(frame, group, False), _column(frame, value), strict=True):
        found.setdefault(name, []).append(one)
    first = given.get("first") or len(found)
    if not isinstance(first, int) or not 2 <= first <= len(found):
        raise Invalid(
            "so many subgroups cannot set the limits", errors={"first": f"2 to {len(found)}"}, given=str(first)
        )
    return {"subgroups": list(found.values())[:first]}, {"kind": CHARTS[chart]}


def _limits_finding(output: Any) -> str:
    spread = f"spread {output['spread_lower']:.5g} to {output['spread_upper']:.5g}"
    limits = f"mean {output['centre']:.7g}, limits {output['lower']:.7g} to {output['upper']:.7g}"
    return f"{output['points']} subgroups of {output['subgroup_size']}: {limits}; {spread}"


def _shelf_life_finding(output: Any) -> str:
    if not output["model"]:
        return f"{output['outcome'].capitalize()}: {output['reasons'][-1]}"
    months = f"{output['months']:.5f} months" if output["months"] is not None else output["outcome"]
    whole = f", {output['whole_months']} whole months" if output["whole_months"] is not None else ""
    return f"Model {output['model']}, worst batch {output['worst_batch']}: {months}{whole}"


def _profile_finding(output: Any) -> str:
    factors = ", ".join(f"{name} = {output[name]:.5f}" for name in ("f2", "f1") if output[name] is not None)
    return f"{output['outcome'].capitalize()}{': ' + factors if factors else ''}. {'; '.join(output['reasons'])}"


def _precision_finding(output: Any) -> str:
    said = []
    for one in output:
        parts = ", ".join(f"{c['name']} SD {c['standard_deviation']:.6g}" for c in (*one["components"], one["total"]))
        said.append(f"Sample {one['sample']}, mean {one['mean']:.6g}: {parts}")
    return "; ".join(said)


KINDS: dict[str, Kind] = {
    "shelf_life": Kind(
        "shelf_life",
        "Shelf life of a stability table (ICH Q1E)",
        "quality.shelf_life_q1e",
        ("month", "a value"),
        "Columns: batch, month, and the attribute.",
        _shelf_life,
        _shelf_life_finding,
    ),
    "dissolution": Kind(
        "dissolution",
        "Similarity of dissolution profiles (f1, f2)",
        "quality.compare_profiles",
        ("type", "t.…"),
        "One row a unit: type (reference, test) and columns t.5, t.10, …",
        _profiles,
        _profile_finding,
    ),
    "precision": Kind(
        "precision",
        "Precision of a method (variance components)",
        "quality.precision_by_sample",
        ("day", "a value"),
        "Columns: site, day, run and the value; optionally sample.",
        _precision,
        _precision_finding,
    ),
    "control_limits": Kind(
        "control_limits",
        "Control limits of a batch or subgroup table",
        "quality.baseline_subgroups",
        ("subgroup", "a value"),
        "Columns: subgroup or batch, in time order, and the value; as many values in each.",
        _subgroups,
        _limits_finding,
    ),
}


def named(kind: str) -> Kind:
    """Return a kind of evaluation by its name.

    Raises:
        Invalid: there is none.
    """
    found = KINDS.get(kind)
    if found is None:
        allowed = ", ".join(KINDS)
        raise Invalid("there is no such evaluation", errors={"kind": "not one of them"}, given=kind, allowed=allowed)
    return found


@verb("quality.analyse_table", "evaluate a table of results", roles=(*BENCH, *STABILITY, *CHECKERS))
def analyse_table(
    act: Act,
    program: Program,
    *,
    kind: str,
    title: str,
    frame: pl.DataFrame,
    original: bytes,
    file_name: str,
    conclusion: str = "",
    options: Mapping[str, Any] | None = None,
    lot: Lot | None = None,
    units: Mapping[str, str] | None = None,
) -> Analysis:
    """Seal a table with the file that it came in, evaluate it, and draft the conclusion."""
    how = named(kind)
    dataset = seal(
        act,
        program=program,
        name=title,
        data=frame,
        kind=f"quality.{kind}",
        original=original,
        file_name=file_name,
        units=units,
    )
    return _evaluate(act, program, how, title, dataset, frame, options or {}, lot, conclusion)


def _evaluate(
    act: Act,
    program: Program,
    how: Kind,
    title: str,
    dataset: Dataset,
    frame: pl.DataFrame,
    options: Mapping[str, Any],
    lot: Lot | None,
    conclusion: str,
) -> Analysis:
    inputs, parameters = how.arguments(frame, options)
    try:
        computed = run(
            act, how.method, inputs=inputs, parameters=parameters, sources=[dataset], program=program, title=title
        )
    except MethodError as error:
        raise Invalid(error.what, given=error.given, allowed=error.allowed, next=error.next_step) from error
    return act.create(
        Analysis,
        program=program,
        code=next_code(act, Analysis, "AN", program),
        kind=how.name,
        title=title,
        lot=lot,
        dataset=dataset,
        computed=computed,
        finding=how.finding(computed.output),
        conclusion=conclusion,
        sources=sources_of([computed]),
    )


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
