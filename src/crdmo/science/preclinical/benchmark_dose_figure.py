"""Observed incidences, the curve of the recommended model, its benchmark dose and lower limit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats

from crdmo.science.figure_registry import figure
from crdmo.science.figures import Axis, Chart, Figure
from crdmo.science.preclinical.benchmark_dose import BenchmarkDose, probability


@figure("preclinical.benchmark_dose")
def benchmark_dose_figure(
    result: BenchmarkDose,
    *,
    subjects: Sequence[int],
    affected: Sequence[int],
    title: str = "Benchmark dose",
    dose_unit: str = "mg/kg/day",
    model: str = "",
) -> Figure:
    """Draw a model over the incidences with their exact 95 % limits.

    Args:
        result: what the method gave.
        subjects: animals by dose, rising.
        affected: affected animals by dose, rising.
        title: what it shows.
        dose_unit: unit of the doses.
        model: the model to draw; by default the recommended one, else that of the lowest AIC.
    """
    chosen = model or result.recommended or min(result.fits, key=lambda one: one.aic).model
    fit = result.fit(chosen)
    doses = [group.dose for group in fit.groups]
    shares = [100.0 * y / n for y, n in zip(affected, subjects, strict=True)]
    spans = [stats.binomtest(y, n).proportion_ci(0.95) for y, n in zip(affected, subjects, strict=True)]
    chart = Chart(title, x=Axis("Dose", dose_unit, low=0.0), y=Axis("Animals affected", "%", low=0.0, high=100.0))
    chart.scatter("observed", doses, shares)
    for dose, span in zip(doses, spans, strict=True):
        chart.line("95 % limits", [dose, dose], [100.0 * span.low, 100.0 * span.high])
    if fit.bmd is not None:
        grid = np.linspace(0.0, max(doses), 121)
        background = 100.0 * fit.groups[0].expected / subjects[0]
        chart.line(chosen, grid.tolist(), (100.0 * probability(result, chosen, grid)).tolist())
        at = 100.0 * float(probability(result, chosen, [fit.bmd])[0])
        chart.scatter("benchmark dose", [fit.bmd], [at], labels=[f"BMD {fit.bmd:.4g}"])
        if fit.bmdl is not None:
            chart.limit(fit.bmdl, f"BMDL {fit.bmdl:.4g}", axis="x")
        said = (
            f"{chosen}: {100 * result.benchmark_response:g} % {result.risk} risk over {background:.1f} % at {fit.bmd:.4g} {dose_unit}"
            f"{'' if fit.bmdl is None else f', lower limit {fit.bmdl:.4g}'}."
        )
    else:
        said = f"{chosen} has no benchmark dose."
    return chart.build(said)
