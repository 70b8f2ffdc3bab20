"""Whether a straight line describes a calibration: lack of fit and Mandel's test, never r² alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from crdmo.science.checks import Vector, share
from crdmo.science.method import MethodError, method
from crdmo.science.quality.calibration import LINE, CalibrationLine, calibration_line


@dataclass(frozen=True)
class Linearity:
    """Tests of the straight line; lack of fit is None when no x is replicated."""

    lack_of_fit_f: float | None
    lack_of_fit_p: float | None
    mandel_f: float
    mandel_p: float
    quadratic_coefficient: float
    accepted: bool
    line: CalibrationLine
    reasons: tuple[str, ...]


@method(
    "quality.linearity",
    version="1.0",
    source=f"{LINE}; Mandel J (1964) The Statistical Analysis of Experimental Data, Wiley; ISO 8466-1:2021",
    title="Linearity by lack of fit and Mandel's test",
)
def linearity(*, x: Sequence[float], y: Sequence[float], alpha: float = 0.05) -> Linearity:
    """Test whether a straight line describes the calibration.

    Parameters: `x`, `y` as in `calibration_line`, at least four measurements at three contents; `alpha` of
    each test. Accepted when neither the lack-of-fit test (where contents are replicated) nor Mandel's
    comparison with a quadratic is significant. r² is given and not used: it grows with the range, not with
    linearity.

    >>> linearity(x=[1, 2, 3, 4, 5], y=[1.0, 4.1, 8.9, 16.2, 24.8]).accepted
    False
    """
    share("alpha", alpha)
    line = calibration_line(x=x, y=y)
    xs, ys = np.asarray(line.x), np.asarray(line.y)
    if line.n < 4 or np.unique(xs).size < 3:
        raise MethodError(
            "too little to judge linearity",
            given=f"{line.n} measurements at {np.unique(xs).size} contents",
            allowed="at least four measurements at three different contents",
            next_step="measure more calibration solutions over the range",
        )
    ss_line = float(np.sum(np.square(line.residuals)))
    lack_f, lack_p = _lack_of_fit(xs, ys, ss_line)
    mandel_f, mandel_p, quadratic = _mandel(xs, ys, ss_line)
    accepted = mandel_p >= alpha and (lack_p is None or lack_p >= alpha)
    lack_said = (
        "no content is replicated: lack of fit cannot be tested" if lack_p is None else f"lack of fit p {lack_p:.4g}"
    )
    return Linearity(
        lack_of_fit_f=lack_f,
        lack_of_fit_p=lack_p,
        mandel_f=mandel_f,
        mandel_p=mandel_p,
        quadratic_coefficient=quadratic,
        accepted=accepted,
        line=line,
        reasons=(
            lack_said,
            f"Mandel's test against a quadratic p {mandel_p:.4g}",
            f"{'accepted' if accepted else 'not accepted'} at α {alpha}",
            f"r² {line.r_squared:.6f} is shown, not used",
        ),
    )


def _lack_of_fit(xs: Vector, ys: Vector, ss_line: float) -> tuple[float | None, float | None]:
    levels, group = np.unique(xs, return_inverse=True)
    pure_df, lack_df = xs.size - levels.size, levels.size - 2
    if pure_df == 0:
        return None, None
    means = np.bincount(group, weights=ys) / np.bincount(group)
    pure = float(np.sum((ys - means[group]) ** 2))
    return _f_test((ss_line - pure) / lack_df, pure / pure_df, lack_df, pure_df)


def _mandel(xs: Vector, ys: Vector, ss_line: float) -> tuple[float, float, float]:
    """Return F and p of the gain by a quadratic term, and its coefficient."""
    centred = xs - np.mean(xs)
    design = np.column_stack([np.ones_like(centred), centred, centred**2])
    coefficients, *_ = np.linalg.lstsq(design, ys, rcond=None)
    ss_quadratic = float(np.sum((ys - design @ coefficients) ** 2))
    df = xs.size - 3
    f, p = _f_test(ss_line - ss_quadratic, ss_quadratic / df, 1, df)
    return f, p, float(coefficients[2])


def _f_test(numerator: float, denominator: float, df1: int, df2: int) -> tuple[float, float]:
    if denominator <= 0.0:
        return (0.0, 1.0) if numerator <= 0.0 else (float("inf"), 0.0)
    f = max(numerator, 0.0) / denominator
    return f, float(stats.f.sf(f, df1, df2))
