"""Detection and quantification limit from a standard deviation and a slope, with the deviation named.

The same formula is used with three different deviations, which give three different limits; a limit that does not say
which one it rests on cannot be compared with another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from crdmo.science.checks import finite_numbers
from crdmo.science.method import MethodError, method
from crdmo.science.quality.calibration import calibration_line, rising


class SigmaSource(Enum):
    """What the standard deviation σ of 3.3 σ/S and 10 σ/S is of (ICH Q2(R2), lower range limits)."""

    RESIDUALS = "residual standard deviation of the line"
    INTERCEPT = "standard error of the intercept"
    BLANKS = "standard deviation of blanks"


@dataclass(frozen=True)
class SigmaSlopeLimits:
    """Detection and quantification limit by σ and slope, in the unit of x."""

    detection_limit: float
    quantification_limit: float
    sigma: float
    sigma_source: SigmaSource
    slope: float
    reasons: tuple[str, ...]


@method(
    "quality.sigma_slope_limits",
    version="1.0",
    source="ICH Q2(R2) (2023), validation of lower range limits: DL = 3.3 σ/S, QL = 10 σ/S",
    title="Detection and quantification limit from σ and slope",
)
def sigma_slope_limits(
    *,
    x: Sequence[float],
    y: Sequence[float],
    sigma_source: SigmaSource,
    blanks: Sequence[float] | None = None,
) -> SigmaSlopeLimits:
    """Return 3.3 σ/S and 10 σ/S with the σ that is named.

    Parameters: `x`, `y` as in `calibration_line`, near the expected limits; `blanks`, responses of blank
    samples, only and always with `SigmaSource.BLANKS`. Raises `MethodError` when blanks and σ do not go
    together or the slope is not greater than 0.

    >>> limits = sigma_slope_limits(x=[1, 2, 3, 4], y=[1.1, 1.9, 3.1, 3.9], sigma_source=SigmaSource.BLANKS,
    ...                             blanks=[0.0, 0.1, 0.2])
    >>> round(limits.detection_limit, 4), round(limits.quantification_limit, 4)
    (0.3438, 1.0417)
    """
    line = rising(calibration_line(x=x, y=y))
    if (blanks is not None) != (sigma_source is SigmaSource.BLANKS):
        raise MethodError(
            "blanks and the source of σ do not go together",
            given=f"σ from {sigma_source.value}, blanks {'given' if blanks is not None else 'not given'}",
            allowed="blanks exactly when σ is the standard deviation of blanks",
            next_step="state what σ is of, and give the blanks only for that choice",
        )
    if blanks is not None:
        sigma = float(np.std(finite_numbers("blanks", blanks, at_least=2), ddof=1))
    else:
        sigma = line.residual_sd if sigma_source is SigmaSource.RESIDUALS else line.intercept_se
    return SigmaSlopeLimits(
        detection_limit=3.3 * sigma / line.slope,
        quantification_limit=10.0 * sigma / line.slope,
        sigma=sigma,
        sigma_source=sigma_source,
        slope=line.slope,
        reasons=(f"σ {sigma:g} is the {sigma_source.value}; slope {line.slope:g}",),
    )
