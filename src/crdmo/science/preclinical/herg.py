"""Block of the hERG channel: IC50 and slope from the block of each cell, and the margin over the free concentration.

Cells are not averaged and block below 0 is not cut: both would move the IC50. Where half block is not reached within the
concentrations tested, the IC50 is greater than the highest of them, and so is the margin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crdmo.science.checks import Vector, finite_numbers, positive, same_length, whole_number
from crdmo.science.discovery.curve_fit import fit_curve
from crdmo.science.method import MethodError, method

from .assay_validity import Criterion, Validity, in_range, judged

# Below this ratio of IC50 and free therapeutic Cmax, torsade is a concern (Redfern 2003).
SAFE_MARGIN = 30.0


@dataclass(frozen=True)
class HergBlock:
    """The mean block of one concentration, over its cells."""

    concentration: float
    cells: int
    mean: float
    sd: float | None


@dataclass(frozen=True)
class HergResult:
    """IC50 with its interval and Hill slope; `qualifier` ">" where half block was not reached: then `ic50` is the bound.

    All are None where the assay is not valid. `margin` carries the same qualifier.
    """

    validity: Validity
    criteria: tuple[Criterion, ...]
    qualifier: str
    ic50: float | None
    lower: float | None
    upper: float | None
    hill: float | None
    points: int
    blocks: tuple[HergBlock, ...]
    cmax_free: float | None
    margin: float | None
    is_margin_safe: bool | None
    reason: str


@method(
    "preclinical.herg",
    version="1.0",
    title="hERG block: IC50, Hill slope and margin",
    source="ICH S7B (2005) and ICH E14/S7B Q&As (2022), 2.1; Crumb WJ et al., J Pharmacol Toxicol Methods 2016;81:251; "
    "Redfern WS et al., Cardiovasc Res 2003;58:32",
    tolerance=1e-6,
)
def herg_block(
    *,
    concentration: Sequence[float],
    block: Sequence[float],
    positive_control: Sequence[float] | None = None,
    positive_range: tuple[float, float] | None = None,
    vehicle_block: Sequence[float] | None = None,
    vehicle_range: tuple[float, float] | None = None,
    least_cells: int = 3,
    cmax_total: float | None = None,
    fraction_unbound: float | None = None,
    confidence: float = 0.95,
) -> HergResult:
    """Return IC50, slope and margin; block = 100 / (1 + (IC50 / c)^h) by least squares over all cells.

    Args:
        concentration: of each cell, greater than 0, in any one unit (nM).
        block: of each cell in percent of its own baseline; below 0 where the current rose.
        positive_control: block of each cell of the reference in percent.
        positive_range: the laboratory's range of its mean.
        vehicle_block: run-down of each vehicle cell in percent.
        vehicle_range: the laboratory's range of its mean.
        least_cells: at each concentration.
        cmax_total: therapeutic plasma Cmax, bound and free, in the unit of the concentrations.
        fraction_unbound: of the drug in plasma, above 0 to 1. A margin is given over the free Cmax only.
        confidence: of the interval of the IC50, by profile likelihood.

    Raises:
        MethodError: lists of different length, a concentration that is not greater than 0, a block above 100 % or no number,
            one of Cmax and fraction unbound without the other, fewer than four concentrations where half block is reached,
            or a block that falls with the concentration.

    Source: Crumb et al. (2016), free slope; margin of 30 after Redfern et al. (2003).

    >>> found = herg_block(concentration=[1, 1, 3, 3, 10, 10, 30, 30], block=[9, 11, 24, 26, 48, 52, 74, 76],
    ...                    cmax_total=10, fraction_unbound=0.02, least_cells=2)
    >>> round(found.ic50, 1), round(found.hill, 2), round(found.margin)
    (9.7, 0.96, 49)
    """
    dose, seen = finite_numbers("concentration", concentration), finite_numbers("block", block)
    same_length("concentration", dose, "block", seen)
    for one in dose:
        positive("a concentration", float(one))
    if seen.max() > 100:
        raise MethodError(
            "a block is more than the whole current",
            given=f"{seen.max():g} %",
            allowed="up to 100 %; below 0 as measured",
            next_step="check the leak subtraction of the cell",
        )
    free = _free(cmax_total, fraction_unbound)
    blocks = _blocks(dose, seen)
    criteria = _criteria(blocks, positive_control, positive_range, vehicle_block, vehicle_range, least_cells)
    validity = judged(criteria)
    if validity is Validity.INVALID:
        failed = "; ".join(f"{one.name}: {one.found}, {one.asked} needed" for one in criteria if one.is_met is False)
        return HergResult(validity, criteria, "", None, None, None, None, len(seen), blocks, free, None, None, failed)
    found = _fitted(dose, seen, blocks, confidence)
    margin = None if free is None else found[1] / free
    safe = None if margin is None else _safe(found[0], margin)
    return HergResult(validity, criteria, *found[:5], len(seen), blocks, free, margin, safe, found[5])


def _safe(qualifier: str, margin: float) -> bool | None:
    """Return whether a margin is large enough; None where a bound does not tell."""
    enough = margin >= SAFE_MARGIN
    if qualifier == ">":
        return True if enough else None
    if qualifier == "<":
        return None if enough else False
    return enough


def _free(cmax: float | None, fraction: float | None) -> float | None:
    if (cmax is None) != (fraction is None):
        raise MethodError(
            "the free Cmax is not known",
            given="Cmax without the fraction unbound" if fraction is None else "fraction unbound without Cmax",
            allowed="both, or neither",
            next_step="a margin over the total Cmax is not comparable; measure the protein binding",
        )
    if cmax is None or fraction is None:
        return None
    if not 0 < fraction <= 1:
        raise MethodError("the fraction unbound is none", given=str(fraction), allowed="above 0 to 1")
    return positive("cmax_total", cmax) * fraction


def _blocks(dose: Vector, seen: Vector) -> tuple[HergBlock, ...]:
    found = []
    for level in np.unique(dose):
        own = seen[dose == level]
        sd = float(own.std(ddof=1)) if len(own) > 1 else None
        found.append(HergBlock(float(level), len(own), float(own.mean()), sd))
    return tuple(found)


def _criteria(
    blocks: Sequence[HergBlock], positive_control: Sequence[float] | None, positive_range: tuple[float, float] | None,
    vehicle: Sequence[float] | None, vehicle_range: tuple[float, float] | None, least: int,
) -> tuple[Criterion, ...]:  # fmt: skip
    fewest = min(one.cells for one in blocks)
    needed = whole_number("least_cells", least, at_least=1)
    found = [Criterion("cells at each concentration", str(fewest), f"at least {needed}", fewest >= needed)]
    for name, values, limits in (
        ("positive control", positive_control, positive_range),
        ("vehicle", vehicle, vehicle_range),
    ):
        if values is None:
            found.append(Criterion(name, "not given", "mean block within the laboratory's range", None))
        else:
            found.append(in_range(name, float(finite_numbers(name, values).mean()), limits, "% block"))
    return tuple(found)


def _fitted(
    dose: Vector, seen: Vector, blocks: Sequence[HergBlock], confidence: float
) -> tuple[str, float, float | None, float | None, float | None, str]:
    """Return qualifier, IC50, its interval, slope and the reason."""
    highest = blocks[-1].concentration
    if max(one.mean for one in blocks) < 50:
        best = max(blocks, key=lambda one: one.mean)
        return (
            ">", highest, None, None, None,
            f"half block is not reached: at most {best.mean:.1f} % at {best.concentration:g}",
        )  # fmt: skip
    fit = fit_curve(
        dose=dose.tolist(),
        response=seen.tolist(),
        fixed={"bottom": 0.0, "top": 100.0, "asymmetry": 1.0},
        confidence=confidence,
    )
    slope = fit.parameters[0].estimate
    if slope >= 0 or fit.ec50 is None:
        raise MethodError(
            "the block does not rise with the concentration",
            given=f"mean blocks {', '.join(f'{one.mean:.0f}' for one in blocks)} %",
            allowed="a block that rises",
            next_step="check the order of concentrations and the cells' run-down",
        )
    if fit.qualifier:
        bound = fit.reported if fit.reported is not None else highest
        return fit.qualifier, bound, None, None, -slope, "IC50 lies outside the concentrations tested"
    return "", fit.ec50, fit.lower, fit.upper, -slope, f"fit over {len(seen)} cells at {len(blocks)} concentrations"
