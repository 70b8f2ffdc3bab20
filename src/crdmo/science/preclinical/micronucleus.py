"""The micronucleus test, in cultures or in animals: is the share of cells with micronuclei raised, with dose, beyond history.

All three must hold for a positive and none for a negative call; what lies between is for the expert. In animals the animal
is the unit: its cells are not independent. In cultures the cells of a dose are counted together, as the guideline has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from crdmo.science.checks import share
from crdmo.science.method import MethodError, method

from .assay_validity import Call, Criterion, Validity, in_range, judged, rising_doses
from .dunnett import Side
from .incidence import incidence_tests
from .jonckheere import jonckheere
from .ranks import dunn

# OECD 487: cells a concentration, and cytotoxicity beyond which a concentration is not read (55 ± 5 %).
CELLS_OF_CULTURES, MOST_CYTOTOXIC = 2000, 60.0
# OECD 474: immature erythrocytes an animal, animals a group, share of immature ones in percent of the control's.
CELLS_OF_ANIMAL, ANIMALS, LEAST_IMMATURE = 4000, 5, 20.0
LEAST_DOSES = 3


class Unit(Enum):
    """What was treated: cultures (OECD 487) or animals (OECD 474)."""

    CULTURE = "culture"
    ANIMAL = "animal"


@dataclass(frozen=True)
class MicronucleusDose:
    """One dose: units, cells with micronuclei in percent, whether it is read and why not, one-sided p against the control."""

    dose: float
    units: int
    cells: int
    percent: float
    left_out: str
    p_greater: float | None


@dataclass(frozen=True)
class Micronucleus:
    """The call with its three answers (None: not asked for want of a historical range), and the criteria of validity."""

    unit: Unit
    call: Call
    validity: Validity
    criteria: tuple[Criterion, ...]
    is_raised: bool
    is_dose_related: bool
    is_beyond_history: bool | None
    trend_p_greater: float | None
    doses: tuple[MicronucleusDose, ...]
    reason: str


@method(
    "preclinical.micronucleus",
    version="1.0",
    title="Micronucleus test in cultures or in animals",
    source="OECD Test Guideline 487 (2023) and 474 (2016), sections on acceptability and on evaluation of results",
)
def micronucleus(
    *,
    unit: Unit,
    doses: Sequence[float],
    affected: Sequence[Sequence[int]],
    scored: Sequence[Sequence[int]],
    positive_affected: Sequence[int],
    positive_scored: Sequence[int],
    negative_range: tuple[float, float] | None = None,
    cytotoxicity: Sequence[float] | None = None,
    alpha: float = 0.05,
) -> Micronucleus:
    """Return the call of one treatment (one schedule, with or without activation; or one sex).

    Args:
        unit: culture or animal.
        doses: rising from 0, the vehicle control, any one unit.
        affected: cells with micronuclei of each culture or animal, by dose.
        scored: cells scored of each, by dose.
        positive_affected: the same of the positive control.
        positive_scored: the same of the positive control.
        negative_range: historical 95 % range of vehicle controls, percent of cells.
        cytotoxicity: of each dose in percent: of cultures the loss of growth (CBPI, RPD), of animals 100 minus the share of
            immature erythrocytes in percent of the control's.
        alpha: one-sided level; comparisons with the control together keep it (Bonferroni).

    Cultures: Fisher's test and the exact Cochran–Armitage trend. Animals: Dunn's comparisons and Jonckheere's trend of the
    rates. Concentrations that are too toxic are not read.

    Raises:
        MethodError: doses that do not rise from 0, counts that are impossible, no cell with micronuclei at all, or a level
            that is no share.

    Source: OECD 487 and 474.

    >>> found = micronucleus(unit=Unit.CULTURE, doses=[0, 10, 20, 40], affected=[[6, 8], [9, 7], [15, 17], [30, 34]],
    ...     scored=[[1000, 1000]] * 4, positive_affected=[40, 45], positive_scored=[1000, 1000], negative_range=(0.2, 1.4))
    >>> found.call.value, [round(one.percent, 2) for one in found.doses]
    ('positive', [0.7, 0.8, 1.6, 3.2])
    """
    level = share("alpha", alpha)
    rising_doses(doses, 2)
    hit, cells = _counts(doses, affected, scored)
    control, control_cells = _counts([0.0], [positive_affected], [positive_scored])
    toxic = [0.0] * len(doses) if cytotoxicity is None else [float(one) for one in cytotoxicity]
    if len(toxic) != len(doses) or not all(np.isfinite(toxic)):
        raise MethodError(
            "toxicity is not said of each dose", given=str(len(toxic)), allowed=f"{len(doses)} percentages"
        )
    most = MOST_CYTOTOXIC if unit is Unit.CULTURE else 100.0 - LEAST_IMMATURE
    left = [f"toxicity {one:g} %" if one > most and i else "" for i, one in enumerate(toxic)]
    kept = [i for i, why in enumerate(left) if not why]
    percent = [100 * sum(x) / sum(n) for x, n in zip(hit, cells, strict=True)]
    trend, pairs = _tests(unit, [hit[i] for i in kept], [cells[i] for i in kept])
    by_dose = dict(zip(kept[1:], pairs, strict=True))
    _, (positive_p,) = _tests(unit, [hit[0], control[0]], [cells[0], control_cells[0]])
    criteria = (
        *_enough(unit, cells, len(kept) - 1),
        in_range("vehicle control", percent[0], negative_range, "% of cells"),
        Criterion("positive control", f"p {positive_p:.2g}", f"raised, p up to {level:g}", positive_p <= level),
    )
    raised = any(p <= level for p in pairs)
    related = trend is not None and trend <= level
    beyond = None if negative_range is None else any(percent[i] > negative_range[1] for i in kept[1:])
    validity = judged(criteria)
    rows = tuple(
        MicronucleusDose(float(doses[i]), len(hit[i]), sum(cells[i]), percent[i], left[i], by_dose.get(i))
        for i in range(len(doses))
    )
    call, reason = _call(validity, criteria, raised, related, beyond)
    return Micronucleus(unit, call, validity, criteria, raised, related, beyond, trend, rows, reason)


def _counts(
    doses: Sequence[float], affected: Sequence[Sequence[int]], scored: Sequence[Sequence[int]]
) -> tuple[list[list[int]], list[list[int]]]:
    fits = len(affected) == len(scored) == len(doses) and all(
        len(x) == len(n) >= 1 for x, n in zip(affected, scored, strict=True)
    )
    if not fits or any(
        n < 1 or not 0 <= x <= n or x != int(x) or n != int(n)
        for xs, ns in zip(affected, scored, strict=True)
        for x, n in zip(xs, ns, strict=True)
    ):
        raise MethodError(
            "cell counts are impossible",
            given=f"{[list(one) for one in affected]} of {[list(one) for one in scored]}"[:200],
            allowed="for each dose and unit, cells with micronuclei from 0 to the cells scored",
            next_step="leave out a culture that was not scored",
        )
    return [[int(x) for x in xs] for xs in affected], [[int(n) for n in ns] for ns in scored]


def _tests(
    unit: Unit, hit: Sequence[Sequence[int]], cells: Sequence[Sequence[int]]
) -> tuple[float | None, list[float]]:
    """Return one-sided p of the trend over ranks of doses, and of each dose against the control, adjusted."""
    if len(hit) < 2:
        return None, []
    groups = [str(i) for i in range(len(hit))]
    if unit is Unit.ANIMAL:
        if min(len(one) for one in hit) < 2:
            raise MethodError("a group has one animal", given="1", allowed="at least two", next_step="add animals")
        rates = [[x / n for x, n in zip(xs, ns, strict=True)] for xs, ns in zip(hit, cells, strict=True)]
        trend = jonckheere(groups=groups, values=rates, side=Side.GREATER)
        pairs = dunn(groups=groups, values=rates, side=Side.GREATER).comparisons
        return trend.p if trend.exact_p is None else trend.exact_p, [one.p for one in pairs]
    found = incidence_tests(
        affected=[sum(xs) for xs in hit], examined=[sum(ns) for ns in cells], scores=list(range(len(hit)))
    )
    exact = found.trend_exact_p_greater
    adjusted = [min(1.0, p * (len(hit) - 1)) for p in found.fisher_p_greater]
    return found.trend_p_greater if exact is None else exact, adjusted


def _enough(unit: Unit, cells: Sequence[Sequence[int]], read: int) -> tuple[Criterion, ...]:
    doses = Criterion("doses that can be read", str(read), f"at least {LEAST_DOSES}", read >= LEAST_DOSES)
    if unit is Unit.CULTURE:
        fewest = min(sum(one) for one in cells)
        asked = f"at least {CELLS_OF_CULTURES}"
        return doses, Criterion("cells a concentration", str(fewest), asked, fewest >= CELLS_OF_CULTURES)
    fewest, animals = min(min(one) for one in cells), min(len(one) for one in cells)
    return (
        doses,
        Criterion("cells an animal", str(fewest), f"at least {CELLS_OF_ANIMAL}", fewest >= CELLS_OF_ANIMAL),
        Criterion("animals a group", str(animals), f"at least {ANIMALS}", animals >= ANIMALS),
    )


def _call(
    validity: Validity, criteria: Sequence[Criterion], raised: bool, related: bool, beyond: bool | None
) -> tuple[Call, str]:
    if validity is Validity.INVALID:
        failed = [f"{one.name}: {one.found}, {one.asked} needed" for one in criteria if one.is_met is False]
        return Call.BLOCKED, "; ".join(failed)
    told = f"{'raised' if raised else 'not raised'}, {'with' if related else 'no'} trend, " + (
        "no historical range" if beyond is None else ("beyond history" if beyond else "within history")
    )
    if raised and related and beyond:
        return Call.POSITIVE, told
    return (Call.NEGATIVE if not raised and not related and not beyond else Call.EQUIVOCAL), told
