"""Minimisation after Pocock and Simon: the next subject goes where the factors stay most alike, mostly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction

from crdmo.science.checks import whole_number
from crdmo.science.method import MethodError, method

from .draws import Draws
from .randomisation import check_names, fraction_of, ratio_of


class Imbalance(Enum):
    """How unlike the arms are within a level: of counts divided by the ratio."""

    RANGE = "range"
    VARIANCE = "variance"
    SD = "sd"


@dataclass(frozen=True)
class Allocated:
    """A subject who has an arm: the levels, in the order of the factors, as randomised."""

    levels: tuple[str, ...]
    arm: str = field(repr=False)


@dataclass(frozen=True)
class MinimisationStep:
    """One allocation, hidden in its text: imbalance if each arm were given, its probability, and the arm drawn."""

    imbalance: tuple[float, ...] = field(repr=False)
    probability: tuple[float, ...] = field(repr=False)
    arm: str = field(repr=False)


@method(
    "clinical.minimisation",
    version="1.0",
    source="Pocock SJ, Simon R, Biometrics 1975;31:103; Han B, Enas NH, McEntegart D, Stat Med 2009;28:3329",
    title="Minimisation (Pocock and Simon)",
)
def minimise(
    *,
    arms: Sequence[str],
    ratio: Sequence[int],
    allocated: Sequence[Allocated],
    levels: Sequence[str],
    seed: int,
    weights: Sequence[str] = (),
    measure: Imbalance = Imbalance.RANGE,
    probability: str = "0.8",
) -> MinimisationStep:
    """Return the arm of the next subject.

    The subject is added to each arm in turn; counts are divided by the ratio; the weighted imbalance over the factors
    is compared. The best arm of the smallest ratio gets `probability`; that of the others is raised, and the rest shared
    by ratio, so that the ratio is kept (Han et al. 2009). Arms that tie are best in proportion to the ratio.

    Args:
        arms: their names.
        ratio: subjects an arm, as whole numbers.
        allocated: all subjects so far.
        levels: of the new subject, one a factor.
        seed: of the trial; the draw is of this seed and the number of subjects so far.
        weights: of the factors, as decimal text; empty for equal ones.
        measure: of imbalance.
        probability: of the best arm; "1" is deterministic but for ties.

    Raises:
        MethodError: levels, weights or arms do not belong together, or the probability is below the arm's own share.

    Source: Pocock and Simon (1975), section 3, with the sample variance.
    """
    check_names(arms, ("all",))
    parts = ratio_of(arms, ratio)
    whole_number("number of factors", len(levels), at_least=1)
    factors = _weights(levels, weights)
    for number, subject in enumerate(allocated, start=1):
        if len(subject.levels) != len(levels) or subject.arm not in arms:
            raise MethodError(
                f"subject {number} does not belong to this trial",
                given=f"{len(subject.levels)} levels",
                allowed=f"{len(levels)} levels and one of the {len(arms)} arms",
            )
    total, smallest = sum(parts), min(parts)
    best = fraction_of(probability)
    if not Fraction(smallest, total) <= best <= 1:
        raise MethodError(
            "this probability does not favour the best arm",
            given=probability,
            allowed=f"{Fraction(smallest, total)} to 1",
        )
    scores = [_score(arm, arms, parts, allocated, levels, factors, measure) for arm in arms]
    # Sums of square roots may differ in the last bit where they are equal on paper.
    tied = [math.isclose(score, min(scores), rel_tol=1e-12, abs_tol=1e-15) for score in scores]
    shares = _shares(tied, parts, (1 - best) / (total - smallest))
    drawn = Draws(seed, f"minimisation/{len(allocated)}").choose(shares)
    return MinimisationStep(tuple(scores), tuple(float(share) for share in shares), arms[drawn])


def _weights(levels: Sequence[str], weights: Sequence[str]) -> list[Fraction]:
    factors = [fraction_of(text) for text in weights] or [Fraction(1)] * len(levels)
    if len(factors) != len(levels) or any(weight < 0 for weight in factors) or not sum(factors):
        raise MethodError(
            "the weights are not of these factors",
            given=", ".join(weights),
            allowed=f"{len(levels)} weights of 0 or more, not all 0",
        )
    return factors


def _score(
    candidate: str,
    arms: Sequence[str],
    parts: Sequence[int],
    allocated: Sequence[Allocated],
    levels: Sequence[str],
    weights: Sequence[Fraction],
    measure: Imbalance,
) -> float:
    exact, rooted = Fraction(0), 0.0
    for factor, (level, weight) in enumerate(zip(levels, weights, strict=True)):
        counts = {arm: int(arm == candidate) for arm in arms}
        for subject in allocated:
            counts[subject.arm] += subject.levels[factor] == level
        scaled = [Fraction(counts[arm], part) for arm, part in zip(arms, parts, strict=True)]
        if measure is Imbalance.RANGE:
            exact += weight * (max(scaled) - min(scaled))
            continue
        mean = sum(scaled, Fraction(0)) / len(scaled)
        variance = sum(((count - mean) ** 2 for count in scaled), Fraction(0)) / (len(scaled) - 1)
        exact += weight * variance
        rooted += float(weight) * math.sqrt(variance)
    return rooted if measure is Imbalance.SD else float(exact)


def _shares(tied: Sequence[bool], parts: Sequence[int], rest: Fraction) -> list[Fraction]:
    """Return each arm's probability: a best arm gives `rest` times its ratio to each other arm."""
    total = sum(parts)
    best_parts = sum(part for part, best in zip(parts, tied, strict=True) if best)
    shares = [Fraction(0)] * len(parts)
    for arm, best in enumerate(tied):
        if not best:
            continue
        chosen = Fraction(parts[arm], best_parts)
        for other, part in enumerate(parts):
            shares[other] += chosen * (1 - rest * (total - part) if other == arm else rest * part)
    return shares
