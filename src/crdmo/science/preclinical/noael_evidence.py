"""The evidence for a NOAEL: findings by dose, what a person judged of each, and which level these judgements imply.

No p-value makes a finding adverse and none makes a level: a NOAEL is an expert's judgement. What is not judged leaves it open.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from crdmo.science.method import MethodError, method


@dataclass(frozen=True)
class Observed:
    """A finding at one dose: how many of how many animals (or n of a mean), the mean severity or value, and p where tested."""

    dose: float
    affected: int | None
    n: int
    value: float | None = None
    p: float | None = None


@dataclass(frozen=True)
class Judgement:
    """What a person says of a finding: whether it is adverse, from which dose on, why, and who says so."""

    is_adverse: bool
    reason: str
    by: str
    from_dose: float | None = None


@dataclass(frozen=True)
class StudyFinding:
    """One finding in one sex: what was seen at each dose, and what speaks for and against it.

    Attributes:
        name, sex: of the finding.
        observed: at each dose of the study, the control too.
        judgement: or None while nobody has judged.
        historical_low, historical_high: range of the control in earlier studies.
        is_reversible: after recovery, where there was one.
        trend_p: of the dose response.
    """

    name: str
    sex: str
    observed: Sequence[Observed]
    judgement: Judgement | None = None
    historical_low: float | None = None
    historical_high: float | None = None
    is_reversible: bool | None = None
    trend_p: float | None = None


@dataclass(frozen=True)
class EvidenceCell:
    """One finding at one dose: share affected, and whether it lies outside the historical range (None where unknown)."""

    dose: float
    affected: int | None
    n: int
    incidence: float | None
    value: float | None
    p: float | None
    outside_history: bool | None
    counts_as_adverse: bool


@dataclass(frozen=True)
class EvidenceRow:
    """One finding: its doses in order, its judgement, and what the judgement rests on."""

    name: str
    sex: str
    cells: tuple[EvidenceCell, ...]
    is_adverse: bool | None
    from_dose: float | None
    reason: str
    by: str
    is_reversible: bool | None
    trend_p: float | None


@dataclass(frozen=True)
class NoaelEvidence:
    """The table, and what the judgements imply; the conclusion itself is signed by the study director.

    Attributes:
        doses: of the study, in order; unit `unit`.
        rows: the findings.
        open: findings that nobody has judged; while there is one, no level is implied.
        implied_noael: the highest dose below the lowest adverse one; None where it is open, or where the lowest dose is adverse.
        implied_loael: the lowest dose with an adverse finding; None where it is open, or where there is none.
        statement: in words, what follows and why.
    """

    doses: tuple[float, ...]
    unit: str
    rows: tuple[EvidenceRow, ...]
    open: tuple[str, ...]
    implied_noael: float | None
    implied_loael: float | None
    statement: str


@method(
    "preclinical.noael_evidence",
    version="1.0",
    title="Evidence for a NOAEL",
    source="Dorato MA, Engelhardt JA, Regul Toxicol Pharmacol 2005;42:265; Kerlin R et al., Toxicol Pathol 2016;44:147",
)
def noael_evidence(*, doses: Sequence[float], unit: str, findings: Sequence[StudyFinding]) -> NoaelEvidence:
    """Return the evidence table of a study and the level that the judgements in it imply.

    Args:
        doses: of the study, rising, the control (0) first.
        unit: of the doses, such as mg/kg/day.
        findings: what was seen; each judged by a named person with a reason, or left open.

    Raises:
        MethodError: doses that do not rise from 0, a finding without all doses, more affected than animals, a p outside 0 to 1, a
            judgement without name, reason or dose, or an adverse dose that is not one of the study above the control.

    Source: Dorato and Engelhardt (2005); Kerlin et al. (2016): adversity is judged, not computed.

    >>> seen = [Observed(0, 0, 10), Observed(10, 1, 10), Observed(30, 6, 10, None, 0.01)]
    >>> one = StudyFinding("hypertrophy", "M", seen, Judgement(False, "adaptive, reversible", "A. Bee"))
    >>> noael_evidence(doses=[0, 10, 30], unit="mg/kg/day", findings=[one]).implied_noael
    30.0
    """
    levels = tuple(float(d) for d in doses)
    rising = all(b > a and math.isfinite(b) for a, b in pairwise(levels))
    if len(levels) < 2 or levels[0] != 0 or not rising or not findings or not unit.strip():
        raise MethodError(
            "the evidence needs the doses of the study and its findings",
            given=f"doses {', '.join(f'{d:g}' for d in levels)}; {len(findings)} findings", allowed="doses rising from 0, a unit, "
            "at least one finding", next_step="add the control, or the finding 'none'",
        )  # fmt: skip
    rows = tuple(_row(one, levels) for one in findings)
    still = tuple(f"{one.name}, {one.sex}" for one in rows if one.is_adverse is None)
    adverse = [one.from_dose for one in rows if one.is_adverse and one.from_dose is not None]
    lowest = min(adverse, default=None)
    below = levels[-1] if lowest is None else levels[levels.index(lowest) - 1]
    implied = None if still or below == 0 else below
    return NoaelEvidence(
        levels, unit.strip(), rows, still, implied, lowest, _statement(still, lowest, implied, unit.strip())
    )


def _statement(still: Sequence[str], lowest: float | None, implied: float | None, unit: str) -> str:
    if still:
        return f"Open: {'; '.join(still)} not judged. No level follows before each finding is judged."
    if lowest is None:
        return f"No finding is judged adverse: the highest dose, {implied:g} {unit}, is implied."
    if implied is None:
        return f"The lowest dose, {lowest:g} {unit}, has a finding judged adverse: no level without adverse effects was found."
    return f"Adverse by judgement from {lowest:g} {unit} on: {implied:g} {unit} is implied."


def _row(one: StudyFinding, levels: tuple[float, ...]) -> EvidenceRow:
    name = f"{one.name}, {one.sex}"
    if [float(o.dose) for o in one.observed] != list(levels):
        raise MethodError(
            f"{name} is not given at each dose", given=", ".join(f"{o.dose:g}" for o in one.observed) or "none",
            allowed=", ".join(f"{d:g}" for d in levels), next_step="give each dose once, in order; 0 affected where none was seen",
        )  # fmt: skip
    for seen in one.observed:
        wrong = seen.n < 1 or (seen.affected is not None and not 0 <= seen.affected <= seen.n)
        if wrong or (seen.p is not None and not 0 <= seen.p <= 1):
            raise MethodError(
                f"{name} has counts that cannot be", given=f"{seen.affected} of {seen.n} at {seen.dose:g}, p {seen.p}",
                allowed="0 to n affected, p from 0 to 1", next_step="correct them at their source",
            )  # fmt: skip
    said = one.judgement
    if said is not None:
        _check(name, said, levels)
    cells = tuple(_cell(one, seen) for seen in one.observed)
    return EvidenceRow(
        one.name, one.sex, cells, None if said is None else said.is_adverse, said.from_dose if said and said.is_adverse else None,
        said.reason.strip() if said else "", said.by.strip() if said else "", one.is_reversible, one.trend_p,
    )  # fmt: skip


def _check(name: str, said: Judgement, levels: tuple[float, ...]) -> None:
    bad_dose = said.is_adverse and (said.from_dose is None or float(said.from_dose) not in levels[1:])
    if not said.reason.strip() or not said.by.strip() or bad_dose:
        raise MethodError(
            f"the judgement of {name} is not complete", given=f"by {said.by.strip() or 'nobody'}: {said.reason.strip() or 'no reason'}"
            + (f", from {said.from_dose}" if said.is_adverse else ""),
            allowed="a name, a reason, and for an adverse finding the dose of the study from which on it is",
            next_step="complete it, or leave the finding open",
        )  # fmt: skip


def _cell(one: StudyFinding, seen: Observed) -> EvidenceCell:
    incidence = seen.affected / seen.n if seen.affected is not None else None
    measured = seen.value if seen.value is not None else incidence
    low, high = one.historical_low, one.historical_high
    outside = None
    if measured is not None and (low is not None or high is not None):
        outside = (low is not None and measured < low) or (high is not None and measured > high)
    said = one.judgement
    adverse = said is not None and said.is_adverse and said.from_dose is not None and seen.dose >= said.from_dose
    return EvidenceCell(float(seen.dose), seen.affected, seen.n, incidence, seen.value, seen.p, outside, adverse)
