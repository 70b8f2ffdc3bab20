"""The picture of a bioanalytical calibration: the error of each standard in percent against its limit."""

from __future__ import annotations

from crdmo.science.figure_registry import figure
from crdmo.science.figures import Axis, Chart, Figure

from .bioanalysis_calibration import BioanalysisCalibration
from .bioanalysis_limits import LIMITS


@figure("preclinical.bioanalysis_calibration")
def calibration_errors_figure(
    result: BioanalysisCalibration, *, title: str = "Errors of the calibration standards", unit: str = "ng/mL"
) -> Figure:
    """Draw the error of each standard; those left out are hollow.

    Args:
        result: of the method.
        title: with the run.
        unit: of the concentrations.
    """
    chart = Chart(title, x=Axis("Nominal", unit, log=True), y=Axis("Error", "% of nominal"), legend=False)
    rows = result.standards
    out = [i for i, one in enumerate(rows) if not one.is_used]
    chart.scatter("standard", [one.nominal for one in rows], [one.error for one in rows], hollow=out)
    limit = LIMITS[result.platform].error
    for value in (limit, -limit):
        chart.limit(value, f"{value:+d} %")
    chart.limit(0.0, "", firm=False)
    said = "accepted" if result.is_accepted else "not accepted"
    return chart.build(f"Weighting {result.weighting.value}: {said}; {'; '.join(result.reasons[1:])}.")
