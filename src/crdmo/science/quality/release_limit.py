"""Release limit: how good a batch must be at release so that it is still good at the end of its shelf life.

The result at release is uncertain, and so is the slope; both go into one margin. A change in the safe direction earns
nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from crdmo.science.checks import positive, share, whole_number
from crdmo.science.method import MethodError, method

from .stability_evaluation import fits_of, poolability
from .stability_fit import stack
from .stability_study import Options, read_study

SOURCE = "Allen, Dukes, Gerger, Pharm Res 1991;8(9):1210-1213, Determination of release limits: a general methodology"


@dataclass(frozen=True)
class ReleaseLimit:
    """The release limit and what it is made of, in the unit of the limit."""

    release_limit: float
    shelf_life_limit: float
    side: str
    expected_change: float
    margin: float
    quantile: float
    df: float
    reasons: tuple[str, ...]


@method("quality.release_limit", version="1.0", title="Release limit from the shelf-life limit", source=SOURCE)
def release_limit(
    *,
    shelf_life_limit: float,
    side: str,
    shelf_life_months: float,
    slope: float,
    slope_standard_error: float,
    slope_df: float,
    result_sd: float,
    result_df: float,
    replicates: int = 1,
    confidence: float = 0.95,
) -> ReleaseLimit:
    """Return the release limit that assures the shelf-life limit at the end of the shelf life.

    Args:
        shelf_life_limit: the limit that holds to the end.
        side: `lower` or `upper`: which side it bounds.
        shelf_life_months: the shelf life, months.
        slope: change per month, in the unit of the limit.
        slope_standard_error: of the slope.
        slope_df: its degrees of freedom.
        result_sd: standard deviation of one result at release (intermediate precision).
        result_df: its degrees of freedom.
        replicates: results averaged at release.
        confidence: one-sided.

    Returns:
        limit ± (expected change in the unsafe direction + t·√(T²·s_b² + s²/n)), t with Satterthwaite's degrees of
        freedom; below it (above it, for an upper limit) a batch is not released.

    Raises:
        MethodError: a side, time or error that cannot be used.

    Source: Allen, Dukes, Gerger (1991).

    >>> found = release_limit(shelf_life_limit=95.0, side="lower", shelf_life_months=24, slope=-0.1,
    ...                       slope_standard_error=0.01, slope_df=30, result_sd=0.5, result_df=10, replicates=2)
    >>> round(found.expected_change, 2), found.release_limit > 97.4
    (-2.4, True)
    """
    if side not in ("lower", "upper"):
        raise MethodError("a limit bounds one side", given=side, allowed="lower, upper")
    months = positive("shelf_life_months", shelf_life_months)
    for name, number in (("shelf_life_limit", shelf_life_limit), ("slope", slope)):
        if not math.isfinite(number):
            raise MethodError(f"{name} is no finite number", given=str(number), allowed="a finite number")
    of_slope = (months * positive("slope_standard_error", slope_standard_error)) ** 2
    of_result = positive("result_sd", result_sd) ** 2 / whole_number("replicates", replicates, at_least=1)
    total = of_slope + of_result
    df = total**2 / (of_slope**2 / positive("slope_df", slope_df) + of_result**2 / positive("result_df", result_df))
    quantile = float(special.stdtrit(df, share("confidence", confidence)))
    change = slope * months
    unsafe = max(-change, 0.0) if side == "lower" else max(change, 0.0)
    margin = quantile * math.sqrt(total)
    limit = shelf_life_limit + (1 if side == "lower" else -1) * (unsafe + margin)
    return ReleaseLimit(
        limit, shelf_life_limit, side, change, margin, quantile, df, _path(change, unsafe, margin, quantile, df, limit)
    )


def _path(change: float, unsafe: float, margin: float, quantile: float, df: float, limit: float) -> tuple[str, ...]:
    safe = "" if unsafe else "; it goes in the safe direction and earns nothing"
    return (
        f"expected change over the shelf life {change:.5g}{safe}",
        f"margin {margin:.5g} = t {quantile:.4f} ({df:.2f} degrees of freedom) × standard error",
        f"release limit {limit:.5g}",
    )


@method("quality.release_limit_of_study", version="1.0", title="Release limit from stability data", source=SOURCE)
def release_limit_of_study(
    *,
    batch: Sequence[str],
    month: Sequence[float],
    value: Sequence[float],
    shelf_life_limit: float,
    side: str,
    shelf_life_months: float,
    result_sd: float,
    result_df: float,
    replicates: int = 1,
    confidence: float = 0.95,
    alpha_pool: float = 0.25,
) -> ReleaseLimit:
    """Return the release limit with the slope of a stability study.

    The common slope of all batches is taken where their slopes do not differ at `alpha_pool`, else that of the batch
    that changes fastest in the unsafe direction.

    Args:
        batch: batch of each point.
        month: its time, months.
        value: its result, in the unit of the limit.
        shelf_life_limit: as in `release_limit`, and so are the others.
        side: `lower` or `upper`.
        shelf_life_months: months.
        result_sd: of one result at release.
        result_df: its degrees of freedom.
        replicates: results averaged at release.
        confidence: one-sided.
        alpha_pool: level of the test of equal slopes.

    Raises:
        MethodError: too few points in a batch, or what `release_limit` refuses.

    Source: Allen, Dukes, Gerger (1991); slopes tested after ICH Q1E (2003), Appendix B.
    """
    study = read_study(batch, month, value)
    if lacking := study.lacking():
        raise MethodError(
            f"batch {lacking[0]} has too few points for a slope", given=lacking[1], allowed="three times or more"
        )
    data = stack([(study.index, study.months, study.values)], len(study.names))
    fits = fits_of(data)
    p = float(poolability(data, fits, Options(alpha_pool=alpha_pool)).p_slope[0])
    differ = p < alpha_pool
    fitted = fits["dids" if differ else "dics"]
    slopes = fitted.slope[0]
    worst = int(slopes.argmin() if side == "lower" else slopes.argmax()) if differ else 0
    error = float(np.sqrt(fitted.mean_square[0] * fitted.covariance[2][0, worst]))
    found = release_limit(
        shelf_life_limit=shelf_life_limit,
        side=side,
        shelf_life_months=shelf_life_months,
        slope=float(slopes[worst]),
        slope_standard_error=error,
        slope_df=float(fitted.df[0]),
        result_sd=result_sd,
        result_df=result_df,
        replicates=replicates,
        confidence=confidence,
    )
    whose = (
        f"slopes differ (p = {p:.5f}): that of batch {study.names[worst]}" if differ else "common slope of all batches"
    )
    told = f"{whose}, {slopes[worst]:.5g} a month with standard error {error:.3g}"
    return ReleaseLimit(
        found.release_limit,
        found.shelf_life_limit,
        found.side,
        found.expected_change,
        found.margin,
        found.quantile,
        found.df,
        (told, *found.reasons),
    )
