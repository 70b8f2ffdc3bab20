"""Studies: a design is drafted over parameters, started, and its runs are recorded one by one or from a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crdmo.common.codes import next_code
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.computing.models import Result
from crdmo.foundation.computing.running import run as compute
from crdmo.foundation.datasets import Dataset, seal
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.thread import sources_of
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.science.method import MethodError

from ..models import Attribute, Observation, Run, Study, StudyFactor, StudyResponse
from .desks import ENGINEERS, Line, as_invalid, number, range_problem, refuse, required, worker
from .profile import same_program

KINDS = {
    "process.factorial_design": "Two-level factorial",
    "process.plackett_burman": "Plackett–Burman",
    "process.central_composite": "Central composite",
    "process.box_behnken": "Box–Behnken",
}
IMPORTED = "imported"
# An achieved setting may miss the plan by this share of the half-range without a word.
NEAR = 0.1
MOST_RUNS = 200


@verb("process.draft_study", "design a study", roles=ENGINEERS)
def draft_study(
    act: Act,
    program: Program,
    *,
    title: str,
    factors: Sequence[Line],
    responses: Sequence[Attribute],
    kind: str,
    order: str = "second",
    parameters: Mapping[str, Any] | None = None,
    seed: int | None = None,
    objective: str = "",
) -> Study:
    """Design a study: factors are lines of `parameter`, `low`, `high`; `kind` is the method that lays out the runs.

    `parameters` are those of the method: generators, centre points, shape. Without a seed one follows from the data.
    """
    refuse("this study is not complete", _wrong(program, title, factors, responses, order, kind))
    given = [
        {"name": f["parameter"].name, "unit": f["parameter"].unit, "low": float(f["low"]), "high": float(f["high"])}
        for f in factors
    ]
    basis = [f["parameter"] for f in factors]
    try:
        design = compute(
            act, kind, {"factors": given}, parameters or {}, sources=basis, program=program, seed=seed,
            title=f"Design of {title.strip()}",
        )  # fmt: skip
    except MethodError as error:
        raise as_invalid(error) from error
    made = _study(act, program, title, objective, design.output["kind"], order, design, factors, responses)
    act.create_many(
        Run,
        [
            {
                "program": program,
                "study": made,
                "standard": one["standard"],
                "order": one["order"],
                "block": str(one["block"]),
                "point": one["point"],
                "planned": {f["name"]: _text(v) for f, v in zip(given, one["natural"], strict=True)},
            }
            for one in sorted(design.output["runs"], key=lambda r: int(r["order"]))
        ],
    )
    return made


def _text(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _study(
    act: Act, program: Program, title: str, objective: str, kind: str, order: str, basis: Result | Dataset | None,
    factors: Sequence[Line], responses: Sequence[Attribute],
) -> Study:  # fmt: skip
    made = act.create(
        Study,
        program=program,
        code=next_code(act, Study, "DOE", program),
        title=title.strip(),
        objective=objective.strip(),
        kind=kind,
        order=order,
        design=basis if isinstance(basis, Result) else None,
        sources=sources_of([basis] if basis else []),
    )
    own = {"program": program, "study": made}
    act.create_many(StudyFactor, [{**own, "position": i, **_factor(f)} for i, f in enumerate(factors, 1)])
    act.create_many(StudyResponse, [{**own, "position": i, "attribute": a} for i, a in enumerate(responses, 1)])
    return made


def _factor(line: Line) -> dict[str, Any]:
    return {"parameter": line["parameter"], "low": str(line["low"]).strip(), "high": str(line["high"]).strip()}


def _wrong(
    program: Program, title: str, factors: Sequence[Line], responses: Sequence[Attribute], order: str, kind: str
) -> dict[str, str]:
    errors = required(title=title)
    if kind not in KINDS and kind != IMPORTED:
        errors["kind"] = f"given {kind!r}; allowed: {', '.join(KINDS)}"
    if order not in Study.Order.values:
        errors["order"] = f"given {order!r}; allowed: {', '.join(Study.Order.values)}"
    if not factors:
        errors["factors"] = "at least one"
    for line in factors:
        parameter = line["parameter"]
        same_program((parameter, program))
        if problem := range_problem(line["low"], line["high"]):
            errors[parameter.name] = problem
            continue
        ends = [number(text) for text in (parameter.low, line["low"], line["high"], parameter.high)]
        if not ends[0] <= ends[1] or not ends[2] <= ends[3]:  # type: ignore[operator]
            errors[parameter.name] = (
                f"given {line['low']} to {line['high']} {parameter.unit}; it can be set from {parameter.low} to "
                f"{parameter.high} {parameter.unit}"
            )
    if len({f["parameter"].pk for f in factors}) != len(factors):
        errors["factors"] = "each parameter once"
    if not responses or len({a.pk for a in responses}) != len(responses):
        errors["responses"] = "at least one, each once"
    for attribute in responses:
        same_program((attribute, program))
    return errors


@verb("process.discard_study", "discard a study that has not started", roles=ENGINEERS)
def discard_study(act: Act, study: Study) -> Study:
    """Void a draft, with a reason."""
    if study.state != Study.State.DRAFT:
        raise Refused(f"{study} has started", given=study.get_state_display(), next="Record why runs were not done")
    return act.void(study)


@verb("process.start_study", "start a study and lock its runs", roles=ENGINEERS)
def start_study(act: Act, study: Study) -> Study:
    """Lock the runs: from here on they are done, in their random order, and never laid out again."""
    if study.state != Study.State.DRAFT or study.is_void:
        raise Refused(f"{study} cannot start", given=study.get_state_display(), allowed="Draft")
    return act.change(study, state=Study.State.RUNNING, started_at=act.now)


@verb("process.record_run", "record a run of a study", roles=ENGINEERS)
def record_run(
    act: Act, run: Run, *, values: Mapping[str, str], achieved: Mapping[str, str] | None = None, comment: str = ""
) -> Run:
    """Record a run: `values` by response, `achieved` settings by factor where they are not as planned.

    A setting far from the plan asks for a comment. A run done before an earlier one of the random order is marked.
    """
    study = run.study
    if study.state != Study.State.RUNNING:
        raise Refused(
            f"{study} does not run", given=study.get_state_display(), allowed="Running", next="Start the study first"
        )
    run.refresh_from_db()
    if run.state == "done":
        raise Refused(f"{run} of {study} is recorded", next="Correct its value with a reason")
    responses = {r.attribute.name: r for r in study.responses.select_related("attribute").order_by("position")}
    settings, errors = _settings(study, run, achieved or {}, comment)
    if unknown := set(values) - set(responses):
        errors["values"] = f"given {', '.join(sorted(unknown))}; allowed: {', '.join(responses)}"
    for name in responses:
        if number(values.get(name, "")) is None:
            errors[name] = f"given {values.get(name, '')!r}; a number with a point, such as 84.6"
    refuse(f"{run} of {study} cannot be taken; nothing was saved", errors)
    earlier = study.runs.filter(order__lt=run.order, state="planned", is_void=False).exists()
    act.change(
        run,
        state="done",
        achieved=settings,
        comment=comment.strip(),
        done_by=worker(act),
        done_at=act.now,
        is_out_of_order=earlier,
    )
    act.create_many(
        Observation,
        [
            {
                "program": run.program,
                "run": run,
                "response": r,
                "value": str(values[n]).strip(),
                "unit": r.attribute.unit,
            }
            for n, r in responses.items()
        ],
    )
    if not study.runs.filter(state="planned", is_void=False).exists():
        act.change(study, state=Study.State.COMPLETED)
    return run


def _settings(
    study: Study, run: Run, achieved: Mapping[str, str], comment: str
) -> tuple[dict[str, str], dict[str, str]]:
    settings, errors = dict(run.planned), {}
    for factor in study.factors.select_related("parameter"):
        name = factor.parameter.name
        if name not in achieved or not str(achieved[name]).strip():
            continue
        value, plan = number(achieved[name]), number(run.planned[name])
        low, high = number(factor.low), number(factor.high)
        assert plan is not None and low is not None and high is not None
        if value is None:
            errors[name] = f"given {achieved[name]!r}; a number with a point, in {factor.parameter.unit}"
            continue
        if abs(value - plan) > (high - low) / 2 * number(NEAR) and not comment.strip():  # type: ignore[operator]
            errors[name] = (
                f"given {value} {factor.parameter.unit}, planned {plan}: outside what this run is for; "
                "say in the comment why"
            )
        settings[name] = str(achieved[name]).strip()
    if unknown := set(achieved) - set(settings):
        errors["settings"] = f"given {', '.join(sorted(unknown))}; allowed: {', '.join(settings)}"
    return settings, errors


@verb("process.record_runs", "record several runs of a study at once", roles=ENGINEERS)
def record_runs(act: Act, study: Study, rows: Sequence[Line], *, whole: bool = True) -> Study:
    """Record runs from rows of `run`, `values`, `achieved`, `comment`; all of them or none.

    `whole` asks for every run that is still planned, as a file holds them.
    """
    by_order = {r.order: r for r in study.runs.filter(is_void=False)}
    given = [row["run"] for row in rows]
    errors = {f"run {n}": "stands in two rows" for n in given if given.count(n) > 1}
    errors |= {f"run {n}": f"there is none; allowed: 1 to {len(by_order)}" for n in given if n not in by_order}
    if whole:
        errors |= {f"run {n}": "is missing" for n, r in by_order.items() if r.state == "planned" and n not in given}
    refuse(f"the rows are not the runs of {study}; nothing was saved", errors)
    for row in sorted(rows, key=lambda one: int(one["run"])):
        run = by_order[row["run"]]
        run.study = study
        record_run.within(act, run, values=row["values"], achieved=row.get("achieved"), comment=row.get("comment", ""))
    study.refresh_from_db()
    return study


@verb("process.import_study", "enter a study that was run elsewhere", roles=ENGINEERS)
def import_study(
    act: Act,
    program: Program,
    *,
    title: str,
    factors: Sequence[Line],
    responses: Sequence[Attribute],
    rows: Sequence[Line],
    order: str = "second",
    source: str = "",
    file: tuple[str, bytes] | None = None,
) -> Study:
    """Enter a study whole from rows of `settings`, `values`, `block`; `source` says where the rows come from.

    `file` is the name and the bytes that the rows were read from: it is sealed as it came, and the study leads back to it.
    """
    errors = {**_wrong(program, title, factors, responses, order, IMPORTED), **required(source=source)}
    refuse("this study is not complete; nothing was saved", errors)
    if not 1 <= len(rows) <= MOST_RUNS:
        raise Invalid("a study has runs", given=f"{len(rows)} rows", allowed=f"1 to {MOST_RUNS}")
    names = [factor["parameter"].name for factor in factors]
    errors = {
        f"row {i}, {name}": f"given {row['settings'].get(name)!r}; a number with a point"
        for i, row in enumerate(rows, 1)
        for name in names
        if number(row["settings"].get(name)) is None
    }
    refuse("a setting is missing; nothing was saved", errors)
    sealed = None
    if file is not None:
        sealed = seal(
            act, name=title.strip(), data=file[1], kind="process.study", program=program, file_name=file[0], note=source
        )
    study = _study(act, program, title, source, IMPORTED, order, sealed, factors, responses)
    act.change(study, state=Study.State.RUNNING, started_at=act.now)
    made = act.create_many(
        Run,
        [
            {
                "program": program,
                "study": study,
                "standard": i,
                "order": i,
                "block": str(row.get("block", "")) or "1",
                "point": "run",
                "planned": dict(row["settings"]),
            }
            for i, row in enumerate(rows, 1)
        ],
    )
    for run, row in zip(made, rows, strict=True):
        record_run.within(act, run, values=row["values"])
    study.refresh_from_db()
    return study


@verb("process.correct_observation", "correct a value of a run", roles=ENGINEERS)
def correct_observation(act: Act, observation: Observation, *, value: str) -> Observation:
    """Write a new version of a value, with a reason; models that stand on the old one are stale from then on."""
    if number(value) is None:
        raise Invalid("this is no number", errors={"value": f"given {value!r}; a number with a point"})
    if not act.reason:
        raise Invalid("a correction needs its reason", errors={"reason": "say why it is corrected"})
    return act.change(observation, value=value.strip())
