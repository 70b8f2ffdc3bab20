"""Compendial tests in stages as one reportable result a stage: dissolution <711> S1 to S3, uniformity <905> in two stages.

The text of the limit says which test it is: `Q = 80` or `AV ≤ 15.0`. A stage that is not met is no failure: the
compendium says how many more units are tested, and the verdict over all of them counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from crdmo.science.method import MethodError, method

from .dissolution_stages import StageOutcome, StageVerdict, as_limit, dissolution_immediate_release, exact_mean
from .reportable import Line
from .rounding import NUMBER, parse_number, plain_text
from .uniformity import UniformityVerdict, content_uniformity

DISSOLUTION, UNIFORMITY = "dissolution", "uniformity"
# Units that are tested by the end of each stage.
STAGES = {DISSOLUTION: (6, 12, 24), UNIFORMITY: (10, 30)}
_Q = re.compile(rf"Q\s*=\s*(?P<number>{NUMBER})(?:\s*%)?", re.I)
_AV = re.compile(rf"(?:AV|acceptance value)\s*(?:≤|<=|NMT|not more than)\s*(?P<number>{NUMBER})", re.I)


@dataclass(frozen=True)
class StagedResult:
    """The result of the last stage tested: one line, the stage, and how many units the next one asks for (0: none)."""

    results: tuple[Line, ...]
    readings: tuple[str, ...]
    reasons: tuple[str, ...]
    stage: str
    units: int
    next_units: int


def staged_test(limit: str) -> str:
    """Return `dissolution` or `uniformity` where a limit's text is that of a test in stages, else an empty text.

    >>> staged_test("Q = 80"), staged_test("AV ≤ 15.0"), staged_test("≥ 80")
    ('dissolution', 'uniformity', '')
    """
    words = plain_text(limit)
    return DISSOLUTION if _Q.fullmatch(words) else UNIFORMITY if _AV.fullmatch(words) else ""


def units_of_next_stage(test: str, tested: int) -> int:
    """Return how many units the stage after `tested` units takes.

    Raises:
        MethodError: the units belong to no stage, or every stage is tested.

    >>> units_of_next_stage("dissolution", 12), units_of_next_stage("uniformity", 0)
    (12, 10)
    """
    before = (0, *STAGES[test])
    if tested not in before[:-1]:
        raise MethodError(
            f"after {tested} units there is no further stage of {test}",
            given=str(tested),
            allowed=", ".join(map(str, before[:-1])),
        )
    return before[before.index(tested) + 1] - tested


@method(
    "quality.staged_result",
    version="1.0",
    title="Reportable result of a test in stages",
    source="USP <711> Dissolution, acceptance table 1; USP <905> Uniformity of Dosage Units; General Notices 7.20",
)
def staged_result(*, readings: Sequence[str], limit: str, target: str = "100.0") -> StagedResult:
    """Decide the last stage tested from the units of all stages.

    Args:
        readings: of each unit in the order tested, as text: percent of label claim dissolved, or contained.
        limit: `Q = 80` (percent of label claim) for dissolution, `AV ≤ 15.0` (L1) for uniformity.
        target: for uniformity, T: the content at manufacture that the specification states, in percent.

    Returns:
        The mean of the units (dissolution) or the acceptance value (uniformity), as calculated and as rounded to the
        places of the limit; whether it conforms, `None` where the next stage decides; the reasons line by line.

    Raises:
        MethodError: the limit is none of a staged test, a reading is no number, the number of units belongs to no stage,
            or a later stage was tested although an earlier one was met.

    Source: USP <711>, <905>; General Notices 7.20.

    >>> first = staged_result(readings=["81", "86", "88", "90", "79", "87"], limit="Q = 80")
    >>> first.results[0].passes, first.next_units, first.results[0].reason
    (None, 6, 'S1: mean 85, lowest 79: test 6 more units (S2)')
    """
    kind, words = staged_test(limit), plain_text(limit)
    if not kind:
        raise MethodError("this limit is none of a test in stages", given=limit, allowed="Q = 80, AV ≤ 15.0")
    units = [parse_number(text) for text in readings]
    pattern, decide = _TESTS[kind]
    found = pattern.fullmatch(words)
    assert found is not None
    return decide(units, tuple(readings), parse_number(found["number"]), target)


def _dissolution(units: list[Decimal], readings: tuple[str, ...], q: Decimal, _: str) -> StagedResult:
    verdict: StageVerdict = dissolution_immediate_release(percent_dissolved=units, q=q)
    mean = exact_mean(units)
    # Units that exclude conformity at every stage decide at once: no further unit could help.
    more = verdict.next_units if verdict.can_still_conform else 0
    later = "S2" if len(units) == STAGES[DISSOLUTION][0] else "S3"
    found = f"{verdict.stage}: mean {as_limit(mean, q):f}, lowest {min(as_limit(unit, q) for unit in units):f}"
    line = _line(mean, f"{as_limit(mean, q):f}", verdict.outcome, found, more, later)
    return StagedResult((line,), readings, verdict.reasons, verdict.stage, verdict.units, more)


def _uniformity(units: list[Decimal], readings: tuple[str, ...], l1: Decimal, target: str) -> StagedResult:
    verdict: UniformityVerdict = content_uniformity(contents=units, l1=l1, target=parse_number(target))
    more = STAGES[UNIFORMITY][1] - verdict.units if verdict.outcome is StageOutcome.NEXT_STAGE else 0
    outside = f", {len(verdict.units_outside)} unit(s) outside L2" if verdict.units == STAGES[UNIFORMITY][1] else ""
    found = f"S{verdict.stage}: acceptance value {verdict.acceptance_value_rounded:f}{outside}"
    line = _line(verdict.acceptance_value, f"{verdict.acceptance_value_rounded:f}", verdict.outcome, found, more, "S2")
    return StagedResult((line,), readings, verdict.reasons, f"S{verdict.stage}", verdict.units, more)


_TESTS: dict[str, tuple[re.Pattern[str], Callable[[list[Decimal], tuple[str, ...], Decimal, str], StagedResult]]] = {
    DISSOLUTION: (_Q, _dissolution),
    UNIFORMITY: (_AV, _uniformity),
}


def _line(value: Decimal, shown: str, outcome: StageOutcome, found: str, more: int, later: str) -> Line:
    calculated = f"{value:.6f}".rstrip("0").rstrip(".")
    if more:
        return Line(calculated, shown, None, f"{found}: test {more} more units ({later})")
    passes = outcome is StageOutcome.CONFORMS
    return Line(
        calculated, shown, passes, f"{found}: {(StageOutcome.CONFORMS if passes else StageOutcome.FAILS).value}"
    )
