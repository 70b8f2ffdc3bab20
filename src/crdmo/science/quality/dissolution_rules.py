"""How each regulator chooses the time points of f2 and limits the variability: the rules as data.

EMA: Appendix I of CPMP/EWP/QWP/1401/98 Rev. 1 (2010). FDA: Dissolution Testing of Immediate Release Solid
Oral Dosage Forms (1997) and BCS waiver guidance (2017). WHO: TRS 1003 (2017) Annex 6. Health Canada: Post-NOC
Changes, Quality (2019). ANVISA: RDC 31/2010.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from crdmo.science.checks import Vector

PLATEAU = 85.0


class Regulator(Enum):
    """Whose rules choose the time points and limit the variability."""

    EMA = "EMA"
    FDA = "FDA"
    WHO = "WHO"
    HEALTH_CANADA = "Health Canada"
    ANVISA = "ANVISA"


@dataclass(frozen=True)
class F2Rule:
    """One regulator's rule: what ends the curve, which times are early, whether a CV limit may be reached."""

    cut_by: Callable[[Vector, Vector], NDArray[np.bool_]]
    is_early: Callable[[Vector], NDArray[np.bool_]]
    limit_included: bool
    words: str
    individual_very_rapid: bool = False
    plateau_included_when_very_rapid: bool = False
    very_rapid_cv_limit: float | None = None


def _either_above(reference: Vector, test: Vector) -> NDArray[np.bool_]:
    return np.maximum(reference, test) > PLATEAU


def _reference_reached(reference: Vector, test: Vector) -> NDArray[np.bool_]:
    return reference >= PLATEAU


def _first(times: Vector) -> NDArray[np.bool_]:
    return np.arange(times.size) == 0


def _until(minutes: float) -> Callable[[Vector], NDArray[np.bool_]]:
    return lambda times: times <= minutes


def _first_forty_percent(times: Vector) -> NDArray[np.bool_]:
    return np.arange(1, times.size + 1) * 10 <= 4 * times.size


RULES = {
    Regulator.EMA: F2Rule(
        _either_above,
        _first,
        False,
        "not more than one mean above 85 % for any product; CV < 20 % first, < 10 % after",
    ),
    Regulator.FDA: F2Rule(
        _either_above,
        _until(15.0),
        True,
        "one measurement after 85 %, so that neither product has more; CV ≤ 20 % to 15 min, ≤ 10 % after",
        plateau_included_when_very_rapid=True,
    ),
    Regulator.WHO: F2Rule(
        _reference_reached,
        _until(10.0),
        True,
        "one point once the reference has reached 85 %; CV ≤ 20 % to 10 min, ≤ 10 % after",
    ),
    Regulator.HEALTH_CANADA: F2Rule(
        _either_above, _first, True, "one measurement after 85 %; CV ≤ 20 % first, ≤ 10 % after", True
    ),
    Regulator.ANVISA: F2Rule(
        _either_above,
        _first_forty_percent,
        True,
        "one point after 85 %; CV ≤ 20 % in the first 40 % of the points, ≤ 10 % after",
        very_rapid_cv_limit=10.0,
    ),
}
