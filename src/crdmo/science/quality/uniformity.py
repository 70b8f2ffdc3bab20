"""Uniformity of dosage units, USP <905>: the acceptance value, in two stages, on exact decimals.

Three slips are common: keeping k = 2.4 with thirty units, taking M as for T = 100 when the target is above
101.5 %, and holding the individual limit L2 against ten units. The rules stand here once, and a brute-force
table tests each boundary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from enum import Enum

from crdmo.science.checks import finite_decimals
from crdmo.science.method import MethodError, method
from crdmo.science.quality.dissolution_stages import StageOutcome, as_limit, exact_mean

_SOURCE = "USP <905> Uniformity of Dosage Units (harmonised with Ph. Eur. 2.9.40 and JP 6.02)"
_K = {10: Decimal("2.4"), 30: Decimal("2.0")}
_LOW = Decimal("98.5")
_HIGH = Decimal("101.5")
_DIGITS = 50


class DosageForm(Enum):
    """The rows of table 1 of <905> that decide between content uniformity and weight variation."""

    UNCOATED_TABLET = "uncoated tablet"
    FILM_COATED_TABLET = "film-coated tablet"
    OTHER_COATED_TABLET = "other coated tablet"
    HARD_CAPSULE = "hard capsule"
    SOFT_CAPSULE_SUSPENSION = "soft capsule: suspension, emulsion or gel"
    SOFT_CAPSULE_SOLUTION = "soft capsule: solution"
    SOLID_SINGLE_COMPONENT = "solid in single-unit container: single component"
    SOLID_LYOPHILISED = "solid in single-unit container: dried from a true solution in the final container"
    SOLID_OTHER = "solid in single-unit container: other"
    SOLUTION = "solution in single-unit container"
    OTHER = "other"


class UniformityTest(Enum):
    """How the content of the units is found."""

    CONTENT_UNIFORMITY = "content uniformity"
    WEIGHT_VARIATION = "weight variation"


@dataclass(frozen=True)
class UniformityVerdict:
    """The acceptance value and the verdict, in percent of label claim; unrounded numbers carry six places."""

    outcome: StageOutcome
    stage: int
    units: int
    mean: Decimal
    standard_deviation: Decimal
    reference_value: Decimal
    k: Decimal
    acceptance_value: Decimal
    acceptance_value_rounded: Decimal
    l1: Decimal
    individual_lower: Decimal
    individual_upper: Decimal
    contents: tuple[Decimal, ...]
    units_outside: tuple[int, ...]
    test: UniformityTest
    reasons: tuple[str, ...]


@method("quality.content_uniformity", version="1.0", source=_SOURCE, title="<905> content uniformity")
def content_uniformity(
    *,
    contents: Sequence[Decimal],
    target: Decimal = Decimal("100.0"),
    l1: Decimal = Decimal("15.0"),
    l2: Decimal = Decimal("25.0"),
) -> UniformityVerdict:
    """Decide <905> on the individual contents of 10 units, or of 30 when the first 10 did not meet stage 1.

    Parameters: `contents` in percent of label claim, in the order tested; `target` T, the content at
    manufacture that the specification states, 100.0 unless it is above 101.5; `l1`, `l2` as the monograph
    writes them.

    Stage 1: acceptance value at most L1. Stage 2: acceptance value of 30 (k = 2.0) at most L1 and no unit
    outside (1 ± L2/100) M. The acceptance value is rounded to the places of L1; individual limits are not
    rounded. Raises `MethodError` for another number of units, or 30 units although stage 1 was met.

    >>> units = [Decimal(x) for x in "99.0 100.1 101.2 98.7 100.4 99.8 100.9 99.5 100.2 100.0".split()]
    >>> verdict = content_uniformity(contents=units)
    >>> verdict.acceptance_value_rounded, verdict.outcome.value
    (Decimal('1.9'), 'conforms')
    """
    values = finite_decimals("contents", contents)
    return _decide(values, target, l1, l2, UniformityTest.CONTENT_UNIFORMITY)


@method("quality.weight_variation", version="1.0", source=_SOURCE, title="<905> weight variation")
def weight_variation(
    *,
    weights: Sequence[Decimal],
    assay: Decimal,
    target: Decimal = Decimal("100.0"),
    l1: Decimal = Decimal("15.0"),
    l2: Decimal = Decimal("25.0"),
) -> UniformityVerdict:
    """Decide <905> on contents estimated from weights: x = w · A / mean weight.

    Parameters: `weights` of the units (of the contents, for capsules), any one unit; `assay` A, percent of
    label claim of a representative sample; the rest as in `content_uniformity`. Errors as there, and for
    weights not greater than 0.
    """
    w = finite_decimals("weights", weights)
    finite_decimals("assay", [assay])
    if not w or min(w) <= 0 or assay <= 0:
        raise MethodError(
            "weights and assay must be greater than zero",
            given=f"smallest weight {min(w) if w else 'none'}, assay {assay}",
            allowed="weights > 0 and assay > 0",
            next_step="check the weighing record and the assay",
        )
    return _decide(_estimated(w, assay), target, l1, l2, UniformityTest.WEIGHT_VARIATION, w, assay)


@method(
    "quality.uniformity_test_required",
    version="1.0",
    source=f"{_SOURCE}, table 1",
    title="Which <905> test applies",
)
def uniformity_test_required(*, form: DosageForm, content_mg: Decimal, percent_of_unit: Decimal) -> UniformityTest:
    """Return the test that table 1 asks for.

    Parameters: `content_mg` of the active substance in a unit; `percent_of_unit` by weight that it makes up
    (of the fill, for capsules). Where the threshold of 25 mg and 25 % decides, both must be reached for
    weight variation.

    >>> capsule = DosageForm.HARD_CAPSULE
    >>> uniformity_test_required(form=capsule, content_mg=Decimal(25), percent_of_unit=Decimal(25)).value
    'weight variation'
    """
    always_weight = {
        DosageForm.SOFT_CAPSULE_SOLUTION,
        DosageForm.SOLID_SINGLE_COMPONENT,
        DosageForm.SOLID_LYOPHILISED,
        DosageForm.SOLUTION,
    }
    by_threshold = {DosageForm.UNCOATED_TABLET, DosageForm.FILM_COATED_TABLET, DosageForm.HARD_CAPSULE}
    if form in always_weight or (form in by_threshold and content_mg >= 25 and percent_of_unit >= 25):
        return UniformityTest.WEIGHT_VARIATION
    return UniformityTest.CONTENT_UNIFORMITY


@dataclass(frozen=True)
class _Stage:
    """The quantities of one stage, all with digits to spare."""

    mean: Decimal
    s: Decimal
    m: Decimal
    k: Decimal
    av: Decimal
    lower: Decimal
    upper: Decimal
    outside: tuple[int, ...]


def reference_value(mean: Decimal, target: Decimal) -> Decimal:
    """Return M: the mean where it lies between 98.5 and 101.5 (or a larger T), else the nearer end."""
    return min(max(mean, _LOW), max(target, _HIGH))


def _decide(
    values: Sequence[Decimal],
    target: Decimal,
    l1: Decimal,
    l2: Decimal,
    test: UniformityTest,
    weights: Sequence[Decimal] = (),
    assay: Decimal = Decimal(0),
) -> UniformityVerdict:
    n = len(values)
    _check(n, target, l1, l2)
    stage = _stage(values, target, l2)
    first = stage
    if n == 30:
        # The ten units of stage 1 were judged by their own mean weight, before the other twenty were weighed.
        ten = _estimated(weights[:10], assay) if test is UniformityTest.WEIGHT_VARIATION else values[:10]
        first = _stage(ten, target, l2)
        if as_limit(first.av, l1) <= l1:
            raise _stage_one_was_met(as_limit(first.av, l1))
    rounded = as_limit(stage.av, l1)
    outcome = _outcome(n, rounded <= l1, stage.outside)
    return UniformityVerdict(
        outcome=outcome,
        stage=1 if n == 10 else 2,
        units=n,
        mean=_shown(stage.mean),
        standard_deviation=_shown(stage.s),
        reference_value=_shown(stage.m),
        k=stage.k,
        acceptance_value=_shown(stage.av),
        acceptance_value_rounded=rounded,
        l1=l1,
        individual_lower=_shown(stage.lower),
        individual_upper=_shown(stage.upper),
        contents=tuple(_shown(value) for value in values),
        units_outside=stage.outside,
        test=test,
        reasons=_reasons(stage, target, rounded, l1, n, outcome),
    )


def _outcome(n: int, within_l1: bool, outside: Sequence[int]) -> StageOutcome:
    if n == 10:
        return StageOutcome.CONFORMS if within_l1 else StageOutcome.NEXT_STAGE
    return StageOutcome.CONFORMS if within_l1 and not outside else StageOutcome.FAILS


def _stage(values: Sequence[Decimal], target: Decimal, l2: Decimal) -> _Stage:
    with localcontext() as context:
        context.prec = _DIGITS
        mean = exact_mean(values)
        s = (sum(((x - mean) ** 2 for x in values), Decimal(0)) / (len(values) - 1)).sqrt()
        m, k = reference_value(mean, target), _K[len(values)]
        lower, upper = (1 - l2 / 100) * m, (1 + l2 / 100) * m
        outside = tuple(i for i, x in enumerate(values, start=1) if not lower <= x <= upper)
        return _Stage(mean, s, m, k, abs(m - mean) + k * s, lower, upper, outside)


def _estimated(weights: Sequence[Decimal], assay: Decimal) -> tuple[Decimal, ...]:
    with localcontext() as context:
        context.prec = _DIGITS
        mean = exact_mean(weights)
        return tuple(w * assay / mean for w in weights)


def _shown(value: Decimal) -> Decimal:
    return as_limit(value, Decimal("0.000001"))


def _check(n: int, target: Decimal, l1: Decimal, l2: Decimal) -> None:
    finite_decimals("target and limits", [target, l1, l2])
    if n not in _K:
        raise MethodError(
            "the number of units belongs to no stage",
            given=str(n),
            allowed="10 units, or all 30 when stage 1 was not met",
            next_step="give the units of every stage tested, in order",
        )
    if target <= 0 or l1 <= 0 or l2 <= 0:
        raise MethodError(
            "target or limits are not those of <905>",
            given=f"T {target}, L1 {l1}, L2 {l2}",
            allowed="T, L1 and L2 greater than 0",
            next_step="take T, L1 and L2 from the specification; T is 100.0 unless it states otherwise",
        )


def _stage_one_was_met(av: Decimal) -> MethodError:
    return MethodError(
        "stage 1 was met, so stage 2 may not be opened",
        given=f"30 units; acceptance value of the first 10 is {av}",
        allowed="10 units",
        next_step="report the batch as conforming on stage 1, and record why more units were tested",
    )


def _reasons(
    stage: _Stage, target: Decimal, rounded: Decimal, l1: Decimal, n: int, outcome: StageOutcome
) -> tuple[str, ...]:
    said = [
        f"mean {_shown(stage.mean)}, T {target}: M = {_shown(stage.m)}",
        f"acceptance value |M − mean| + {stage.k} s = {rounded} {'≤' if rounded <= l1 else '>'} L1 = {l1}",
    ]
    if n == 30:
        where = f"unit(s) {', '.join(map(str, stage.outside))} outside" if stage.outside else "no unit outside"
        said.append(f"{where} {_shown(stage.lower)} to {_shown(stage.upper)}")
    said.append("test the next 20 units" if outcome is StageOutcome.NEXT_STAGE else outcome.value)
    return tuple(said)
