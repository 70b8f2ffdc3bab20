"""Control strategies: drafted whole, signed by process development and by QA, and put in force for the recipe."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from typing import Any

from crdmo.common.codes import next_code
from crdmo.common.controls import workflow as controls
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.computing.models import Result
from crdmo.foundation.computing.renewing import is_stale
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.thread import sources_of
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.foundation.signing import Credentials, Meaning, require_signed, sign

from ..models import Attribute, ControlStrategy, Parameter, StrategyLine
from .desks import ENGINEERS, Line, Seen, number, refuse, required

ENDS = ("acceptable_low", "normal_low", "set_point", "normal_high", "acceptable_high")
BOX = "process.acceptable_box"
State = ControlStrategy.State


@verb("process.draft_strategy", "draft a control strategy", roles=ENGINEERS)
def draft_strategy(
    act: Act, program: Program, *, title: str, lines: Sequence[Line], supersedes: ControlStrategy | None = None
) -> ControlStrategy:
    """Draft a version whole.

    A line has `control` and either a `parameter` with its five values, `unit` and `proof`, or an `attribute`. A parameter
    without a proof says in `justification` what it rests on.

    Every critical attribute must be controlled, and no range may reach beyond what proves it.
    """
    errors = required(title=title)
    if not lines:
        errors["lines"] = "at least one"
    names: list[str] = []
    for i, line in enumerate(lines, 1):
        errors |= {f"line {i}, {place}": text for place, text in _wrong(program, line).items()}
        names.append(f"{line.get('control')} {line.get('parameter') or line.get('attribute')}")
    errors |= {f"lines, {n}": "stands in two lines" for n in names if names.count(n) > 1}
    held = {getattr(line.get("attribute"), "pk", None) for line in lines}
    critical = [a for a in Attribute.objects.filter(program=program, is_void=False) if a.is_critical]
    if loose := [a.name for a in critical if a.pk not in held]:
        errors["attributes"] = f"nothing controls {', '.join(loose)}; every critical attribute needs a line"
    refuse("this control strategy is not complete; nothing was saved", errors)
    number_ = _number(program, supersedes)
    proofs = {line["proof"].pk: line["proof"] for line in lines if line.get("proof") is not None}
    made = act.create(
        ControlStrategy,
        program=program,
        code=supersedes.code if supersedes else next_code(act, ControlStrategy, "CS", program),
        number=number_,
        title=title.strip(),
        supersedes=supersedes,
        sources=sources_of(list(proofs.values())),
    )
    act.create_many(
        StrategyLine,
        [{"program": program, "strategy": made, "position": i, **_fields(line)} for i, line in enumerate(lines, 1)],
    )
    return made


def _fields(line: Line) -> dict[str, Any]:
    own = {name: str(line.get(name, "")).strip() for name in (*ENDS, "unit", "justification")}
    return {**own, **{name: line.get(name) for name in ("control", "parameter", "attribute", "proof")}}


def _number(program: Program, supersedes: ControlStrategy | None) -> int:
    versions = ControlStrategy.objects.filter(program=program)
    waiting = versions.filter(state__in=(State.DRAFT, State.REVIEWED), is_void=False).first()
    if waiting is not None:
        raise Refused(f"{waiting} is on its way", next="Approve it, or discard it with a reason")
    if supersedes is None:
        if (there := versions.filter(state=State.EFFECTIVE).first()) is not None:
            raise Refused("this program has a control strategy", given=str(there), next="Draft its next version")
        return 1
    if supersedes.state != State.EFFECTIVE or supersedes.program_id != program.id:
        raise Refused(
            f"{supersedes} is not in force", given=supersedes.get_state_display(), allowed="the effective version"
        )
    return max(versions.filter(code=supersedes.code).values_list("number", flat=True)) + 1


def _wrong(program: Program, line: Line) -> dict[str, str]:
    control = line.get("control")
    if control not in StrategyLine.Control.values:
        return {"control": f"given {control!r}; allowed: {', '.join(StrategyLine.Control.values)}"}
    kind: type[Parameter] | type[Attribute]
    name, kind = ("parameter", Parameter) if control == StrategyLine.Control.PARAMETER else ("attribute", Attribute)
    one = line.get(name)
    if not isinstance(one, kind) or one.program_id != program.id or one.is_void:
        return {name: f"a quality {name} of this program" if name == "attribute" else f"a {name} of this program"}
    return _wrong_range(program, line, one) if isinstance(one, Parameter) else {}


def _wrong_range(program: Program, line: Line, parameter: Parameter) -> dict[str, str]:
    if line.get("unit") != parameter.unit:
        return {"unit": f"given {line.get('unit')!r}; {parameter} is set in {parameter.unit}"}
    values = [value for name in ENDS if (value := number(line.get(name, ""))) is not None]
    if len(values) < len(ENDS):
        return {"set_point": "five numbers: acceptable low, normal low, set point, normal high, acceptable high"}
    if any(a > b for a, b in itertools.pairwise(values)):
        return {"set_point": "acceptable low ≤ normal low ≤ set point ≤ normal high ≤ acceptable high"}
    return _wrong_proof(program, line, parameter, float(values[0]), float(values[-1]))


def _wrong_proof(program: Program, line: Line, parameter: Parameter, low: float, high: float) -> dict[str, str]:
    proof = line.get("proof")
    if proof is None:
        said = str(line.get("justification", "")).strip()
        return (
            {} if said else {"proof": "a result that proves the range, or a justification that says what it rests on"}
        )
    if not isinstance(proof, Result) or proof.program_id != program.id or proof.method != BOX or proof.is_void:
        return {"proof": "the acceptable ranges of a study of this program"}
    if is_stale(proof):
        return {"proof": f"{proof} stands on data changed since; compute the design space again"}
    ranges = {one["name"]: one for one in proof.output["ranges"]}
    proven = ranges.get(parameter.name)
    if proven is None:
        return {"proof": f"{proof} proves no range of {parameter}"}
    slack = 1e-9 * max(abs(proven["low"]), abs(proven["high"]), 1.0)
    if low < proven["low"] - slack or high > proven["high"] + slack:
        return {
            "acceptable_low": f"given {low:g} to {high:g} {parameter.unit}; proven {proven['low']:.6g} to "
            f"{proven['high']:.6g} {proven['unit']}"
        }
    return {}


@verb(
    "process.approve_strategy",
    "approve a control strategy for process development",
    roles=(Role.PROCESS_LEAD,),
    signs=Meaning.APPROVED,
)
def approve_strategy(
    act: Act, strategy: ControlStrategy, *, credentials: Credentials, seen: Seen | None = None
) -> ControlStrategy:
    """Approve a draft by signature; by nobody who wrote it."""
    if strategy.state != State.DRAFT or strategy.is_void:
        raise Refused(f"{strategy} is no draft", given=strategy.get_state_display(), allowed="Draft")
    _stands(strategy)
    act.change(strategy, state=State.REVIEWED)
    sign(act, [strategy], Meaning.APPROVED, credentials, seen=seen, independent_of=list(strategy.lines.all()))
    return strategy


@verb("process.release_strategy", "make a control strategy effective", roles=(Role.QA,), signs=Meaning.APPROVED)
def release_strategy(
    act: Act,
    strategy: ControlStrategy,
    *,
    effective_from: dt.date,
    credentials: Credentials,
    seen: Seen | None = None,
) -> ControlStrategy:
    """Make a strategy effective by QA's signature over that of process development; its controls are in force then."""
    if strategy.state != State.REVIEWED or strategy.is_void:
        raise Refused(
            f"{strategy} does not wait for QA",
            given=strategy.get_state_display(),
            allowed="Approved by process development",
            next="The head of process development approves it first",
        )
    if effective_from < act.now.date():
        raise Invalid(
            "a strategy is not made effective in the past",
            errors={"effective_from": "today or later"},
            given=str(effective_from),
        )
    _stands(strategy)
    require_signed(strategy, [Meaning.APPROVED])
    act.change(strategy, state=State.EFFECTIVE, effective_from=effective_from)
    if strategy.supersedes is not None:
        act.change(strategy.supersedes, state=State.SUPERSEDED)
    lines = list(strategy.lines.filter(is_void=False).select_related("parameter__operation", "attribute", "proof"))
    assert strategy.program is not None
    controls.publish(
        act,
        strategy.program,
        source=strategy,
        code=strategy.code,
        number=strategy.number,
        lines=[_control(line) for line in lines if line.control != StrategyLine.Control.RELEASE],
    )
    sign(act, [strategy], Meaning.APPROVED, credentials, seen=seen, independent_of=lines)
    return strategy


def _stands(strategy: ControlStrategy) -> None:
    for line in strategy.lines.filter(is_void=False, proof__isnull=False).select_related("proof"):
        assert line.proof is not None
        if is_stale(line.proof):
            raise Refused(
                f"the range of {line} stands on data changed since",
                given=str(line.proof),
                next="Compute the design space again, and draft the strategy on it",
            )


def _control(line: StrategyLine) -> dict[str, Any]:
    if line.parameter is None:
        assert line.attribute is not None
        return {"kind": "attribute", "name": line.attribute.name, "unit": line.attribute.unit,
                "limit": line.attribute.criterion}  # fmt: skip
    return {
        "kind": "parameter",
        "name": line.parameter.name,
        "operation": line.parameter.operation.name,
        "unit": line.unit,
        "limit": f"{line.normal_low} – {line.normal_high}",
        **{name: getattr(line, name) for name in ("set_point", "acceptable_low", "acceptable_high", "proof")},
    }


@verb("process.discard_strategy", "discard a draft of a control strategy", roles=(*ENGINEERS, Role.QA))
def discard_strategy(act: Act, strategy: ControlStrategy) -> ControlStrategy:
    """Void a version that is not effective yet, with a reason."""
    if strategy.state not in (State.DRAFT, State.REVIEWED):
        raise Refused(f"{strategy} is in use", given=strategy.get_state_display(), next="Draft the next version")
    return act.void(strategy)
