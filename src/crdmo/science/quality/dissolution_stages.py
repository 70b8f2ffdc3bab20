"""The acceptance tables of USP <711> and <724>, stage by stage, decided on the digits as they are reported.

A later stage is opened only when the earlier one is not met, so results beyond a stage that was met are
refused: units tested without need are an invitation to choose. Values are rounded to the places of the limit
(General Notices 7.20), the average from the unrounded values; the limit itself is never rounded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from enum import Enum
from typing import TypeVar

from crdmo.science.checks import finite_decimals
from crdmo.science.method import MethodError, method

SOURCE = "USP <711> Dissolution, acceptance tables 1 to 4 (harmonised with Ph. Eur. 2.9.3 and JP 6.10); USP <724>"
UNITS_BY_STAGE = (6, 12, 24)
_DIGITS = 60
_Unit = TypeVar("_Unit")


class StageOutcome(Enum):
    """What the units tested so far decide."""

    CONFORMS = "conforms"
    NEXT_STAGE = "test the next stage"
    FAILS = "does not conform"


@dataclass(frozen=True)
class Criterion:
    """One line of an acceptance table, with what was found and whether it holds."""

    words: str
    found: str
    met: bool


@dataclass(frozen=True)
class StageVerdict:
    """The verdict after the last stage tested; `can_still_conform` is False when no further unit could help."""

    outcome: StageOutcome
    stage: str
    units: int
    next_units: int
    criteria: tuple[Criterion, ...]
    can_still_conform: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Line:
    """A criterion before it is decided; a line that more units cannot mend is `final`."""

    words: str
    found: str
    met: bool
    final: bool = False


@method("quality.dissolution_immediate_release", version="1.0", source=SOURCE, title="<711> stages S1 to S3")
def dissolution_immediate_release(*, percent_dissolved: Sequence[Decimal], q: Decimal) -> StageVerdict:
    """Decide stages S1 to S3 of an immediate-release product.

    S1: each unit ≥ Q + 5. S2: mean of 12 ≥ Q, none < Q − 15. S3: mean of 24 ≥ Q, at most two < Q − 15, none < Q − 25.

    Parameters: `percent_dissolved` of the labelled content of each unit in the order tested: 6, 12 or 24; `q`
    as written in the specification. Raises `MethodError` for another number of units, or units beyond a stage
    that was met.

    >>> dissolution_immediate_release(percent_dissolved=[Decimal(x) for x in "85 86 85 90 88 91".split()],
    ...                               q=Decimal("80")).outcome.value
    'conforms'
    """
    values = finite_decimals("percent_dissolved", percent_dissolved)
    _proper_q(q)
    return decide_stages("S", values, lambda units: _q_lines(units, q))


@method("quality.dissolution_pooled", version="1.0", source=SOURCE, title="<711> pooled sample, stages S1 to S3")
def dissolution_pooled(*, stage_results: Sequence[Decimal], q: Decimal) -> StageVerdict:
    """Decide pooled samples: mean of 6 ≥ Q + 10, of 12 ≥ Q + 5, of 24 ≥ Q.

    Parameters: `stage_results`, the pooled result of each stage (6, 6 and 12 units); `q` as written.
    Errors as in `dissolution_immediate_release`.

    >>> dissolution_pooled(stage_results=[Decimal("84"), Decimal("86")], q=Decimal("80")).outcome.value
    'conforms'
    """
    pools = finite_decimals("stage_results", stage_results)
    _proper_q(q)
    sizes = (6, 6, 12)
    if not 1 <= len(pools) <= 3:
        raise _wrong_number(len(pools), "1, 2 or 3 pooled results")
    units = tuple(value for value, size in zip(pools, sizes, strict=False) for _ in range(size))
    return decide_stages("S", units, lambda tested: _pooled_lines(tested, q))


@method("quality.dissolution_acid_stage", version="1.0", source=SOURCE, title="<711> acid stages A1 to A3")
def dissolution_acid_stage(
    *,
    percent_dissolved: Sequence[Decimal],
    mean_limit: Decimal = Decimal("10"),
    unit_limit: Decimal = Decimal("25"),
) -> StageVerdict:
    """Decide stages A1 (no unit above 10 %), A2 and A3 (mean of 12, of 24 at most 10 %, no unit above 25 %).

    Parameters: `percent_dissolved` in acid; the limits as written. Errors as in
    `dissolution_immediate_release`.

    >>> dissolution_acid_stage(percent_dissolved=[Decimal("10.4")] * 6).outcome.value
    'conforms'
    """
    values = finite_decimals("percent_dissolved", percent_dissolved)
    return decide_stages("A", values, lambda units: _acid_lines(units, mean_limit, unit_limit))


@method("quality.dissolution_buffer_stage", version="1.0", source=SOURCE, title="<711> buffer stages B1 to B3")
def dissolution_buffer_stage(*, percent_dissolved: Sequence[Decimal], q: Decimal = Decimal("75")) -> StageVerdict:
    """Decide stages B1 to B3 of a delayed-release product, which read as S1 to S3; Q is 75 % unless stated.

    Parameters and errors as in `dissolution_immediate_release`.
    """
    values = finite_decimals("percent_dissolved", percent_dissolved)
    _proper_q(q)
    return decide_stages("B", values, lambda units: _q_lines(units, q))


def as_limit(value: Decimal, limit: Decimal) -> Decimal:
    """Return `value` rounded half up to the places of the limit as it is written."""
    places = min(int(limit.as_tuple().exponent), 0)
    with localcontext() as context:
        context.prec = _DIGITS
        return value.quantize(Decimal(1).scaleb(places), rounding=ROUND_HALF_UP)


def exact_mean(values: Sequence[Decimal]) -> Decimal:
    """Return the mean with so many digits that rounding it later is rounding once."""
    with localcontext() as context:
        context.prec = _DIGITS
        return sum(values, Decimal(0)) / len(values)


def decide_stages(prefix: str, units: Sequence[_Unit], lines: Callable[[Sequence[_Unit]], list[Line]]) -> StageVerdict:
    """Decide the last stage tested, after making sure that each earlier one was not met."""
    n = len(units)
    if n not in UNITS_BY_STAGE:
        raise _wrong_number(n, "6, 12 or 24 units: 6, then 6, then 12")
    number = UNITS_BY_STAGE.index(n) + 1
    for earlier, size in enumerate(UNITS_BY_STAGE[: number - 1], start=1):
        if all(line.met for line in lines(units[:size])):
            raise _beyond_a_met_stage(f"{prefix}{earlier}", n)
    found = lines(units)
    met, lost = all(line.met for line in found), any(line.final and not line.met for line in found)
    outcome = StageOutcome.CONFORMS if met else StageOutcome.FAILS if number == 3 else StageOutcome.NEXT_STAGE
    table = tuple(Criterion(line.words, line.found, line.met) for line in found if not line.final or not line.met)
    said = [
        f"{prefix}{number}, {n} units: {line.words}: {line.found}: {'met' if line.met else 'not met'}" for line in table
    ]
    if lost and not met:
        said.append("the units tested already exclude conformity at any stage")
    return StageVerdict(
        outcome=outcome,
        stage=f"{prefix}{number}",
        units=n,
        next_units=UNITS_BY_STAGE[number] - n if outcome is StageOutcome.NEXT_STAGE else 0,
        criteria=table,
        can_still_conform=met or not (lost or outcome is StageOutcome.FAILS),
        reasons=(*said, outcome.value),
    )


def _q_lines(units: Sequence[Decimal], q: Decimal) -> list[Line]:
    values = [as_limit(value, q) for value in units]
    last_resort = [
        _count_line(values, q - 15, f"no more than two units below Q − 15 = {q - 15}", 2, final=len(units) < 24),
        _count_line(values, q - 25, f"no unit below Q − 25 = {q - 25}", 0, final=len(units) < 24),
    ]
    if len(units) == 6:
        return [_count_line(values, q + 5, f"each unit at least Q + 5 = {q + 5}", 0), *last_resort]
    mean = _mean_line(units, q, f"mean of {len(units)} at least Q = {q}")
    if len(units) == 12:
        return [mean, _count_line(values, q - 15, f"no unit below Q − 15 = {q - 15}", 0), *last_resort]
    return [mean, *last_resort]


def _pooled_lines(units: Sequence[Decimal], q: Decimal) -> list[Line]:
    limit = q + {6: 10, 12: 5, 24: 0}[len(units)]
    return [_mean_line(units, limit, f"mean of {len(units)} at least {limit}")]


def _acid_lines(units: Sequence[Decimal], mean_limit: Decimal, unit_limit: Decimal) -> list[Line]:
    worst = max(as_limit(value, unit_limit) for value in units)
    none_above = Line(f"no unit above {unit_limit}", f"highest {worst}", worst <= unit_limit, final=len(units) < 24)
    if len(units) == 6:
        high = max(as_limit(value, mean_limit) for value in units)
        return [Line(f"no unit above {mean_limit}", f"highest {high}", high <= mean_limit), none_above]
    mean = as_limit(exact_mean(units), mean_limit)
    return [
        Line(f"mean of {len(units)} at most {mean_limit}", f"mean {mean}", mean <= mean_limit),
        none_above,
    ]


def _mean_line(units: Sequence[Decimal], limit: Decimal, words: str) -> Line:
    mean = as_limit(exact_mean(units), limit)
    return Line(words, f"mean {mean}", mean >= limit)


def _count_line(values: Sequence[Decimal], limit: Decimal, words: str, allowed: int, *, final: bool = False) -> Line:
    below = sum(1 for value in values if value < limit)
    return Line(words, f"{below} unit(s) below {limit}, lowest {min(values)}", below <= allowed, final)


def _proper_q(q: Decimal) -> None:
    finite_decimals("q", [q])
    if not 0 < q <= 100:
        raise MethodError(
            "Q is no percentage of the labelled content",
            given=str(q),
            allowed="greater than 0 and at most 100",
            next_step="take Q from the specification",
        )


def _wrong_number(given: int, allowed: str) -> MethodError:
    return MethodError(
        "the number of units belongs to no stage",
        given=str(given),
        allowed=allowed,
        next_step="give the units of every stage tested, in order, and no others",
    )


def _beyond_a_met_stage(stage: str, given: int) -> MethodError:
    return MethodError(
        f"stage {stage} was met, so no further stage may be opened",
        given=f"{given} units",
        allowed=f"the units of stage {stage} only",
        next_step="report the batch as conforming on that stage, and record why more units were tested",
    )
