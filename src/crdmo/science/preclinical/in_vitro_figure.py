"""Pictures of in vitro safety: block of each cell with the fitted curve, and revertants by dose."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from crdmo.science.figure_registry import figure
from crdmo.science.figures import Axis, Chart, Figure

from .ames import AmesCondition
from .herg import HergResult


@figure("preclinical.herg")
def herg_figure(
    result: HergResult,
    *,
    concentration: Sequence[float] = (),
    block: Sequence[float] = (),
    title: str = "hERG block",
    unit: str = "nM",
) -> Figure:
    """Draw the cells (or their means, where the cells are not given), the curve, the IC50 and the free Cmax.

    Args:
        result: of the method.
        concentration: of each cell.
        block: of each cell in percent.
        title: with the drug.
        unit: of the concentrations.
    """
    chart = Chart(title, x=Axis("Concentration", unit, log=True), y=Axis("Block of the current", "%", high=100))
    if len(concentration):
        chart.scatter("cell", list(concentration), list(block))
    else:
        chart.scatter("mean", [one.concentration for one in result.blocks], [one.mean for one in result.blocks])
    if result.ic50 is None:
        return chart.build(f"Not valid: {result.reason}.")
    if not result.qualifier and result.hill is not None:
        low, high = result.blocks[0].concentration, result.blocks[-1].concentration
        xs = np.geomspace(min(low, result.cmax_free or low), high, 81)
        chart.line("fit", xs.tolist(), (100 / (1 + (result.ic50 / xs) ** result.hill)).tolist())
        chart.marker(result.ic50, f"IC50 {result.ic50:.3g}")
    if result.cmax_free is not None:
        chart.marker(result.cmax_free, f"free Cmax {result.cmax_free:.3g}")
    said = f"IC50 {result.qualifier}{result.ic50:.4g} {unit}"
    said += f", Hill slope {result.hill:.3g}" if result.hill is not None else ""
    said += f", margin {result.qualifier}{result.margin:.3g}" if result.margin is not None else ""
    return chart.build(f"{said}; {result.reason}.")


@figure("preclinical.ames")
def ames_figure(result: AmesCondition, *, title: str = "", unit: str = "µg/plate") -> Figure:
    """Draw the mean revertants by dose, those left out of the trend hollow, and the count that the strain's fold asks for.

    Args:
        result: of one strain and condition.
        title: "" for strain and activation.
        unit: of the doses.
    """
    name = f"{result.strain} {'with' if result.with_s9 else 'without'} S9"
    doses = tuple(f"{one.dose:g}" for one in result.doses)
    chart = Chart(
        title or name, x=Axis("Dose", unit, categories=doses), y=Axis("Revertants", "a plate", low=0), legend=False
    )
    out = [i for i, one in enumerate(result.doses) if one.left_out]
    means = [one.mean for one in result.doses]
    chart.scatter("mean", list(range(len(means))), means, hollow=out)
    chart.line("mean", list(range(len(means))), means)
    chart.limit(result.fold_needed * means[0], f"{result.fold_needed:g} × control")
    return chart.build(f"{name}: {result.call.value}; {'; '.join(result.reasons)}.")
