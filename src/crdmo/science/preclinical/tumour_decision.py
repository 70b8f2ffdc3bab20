"""At which level a tumour finding counts: stricter for common tumours than for rare ones, as some forty types are tested.

The levels keep the chance of one false positive in a standard two-year study near a tenth. They replace 0.05.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crdmo.science.checks import share, whole_number
from crdmo.science.method import MethodError, method

# One-sided levels: of the trend, and of a dose group against the control.
COMMON, RARE = (0.005, 0.01), (0.025, 0.05)
# A tumour is rare where at most one in this many control animals had it.
RARE_ONE_IN = 100


@dataclass(frozen=True)
class TumourDecision:
    """Whether the tumour is rare, the levels that follow, and what is significant at them."""

    is_rare: bool
    historical_rate: float
    trend_level: float
    pairwise_level: float
    is_trend_significant: bool
    significant_groups: tuple[str, ...]
    reason: str


@method(
    "preclinical.tumour_decision",
    version="1.0",
    title="Significance of a tumour trend by the rules for common and rare tumours",
    source="FDA, Guidance for Industry, Statistical Aspects of Carcinogenicity Studies (draft), May 2001; Haseman JK, "
    "Fundam Appl Toxicol 1983;3:573; Lin KK, Rahman MA, J Biopharm Stat 1998;8:1",
)
def tumour_decision(
    *,
    trend_p_greater: float,
    pairwise_p_greater: Mapping[str, float],
    historical_affected: int,
    historical_examined: int,
) -> TumourDecision:
    """Return what is significant, given the spontaneous rate in historical controls.

    Args:
        trend_p_greater: one-sided p of the trend (Peto, poly-k or Cochran–Armitage).
        pairwise_p_greater: {group: one-sided p against the control}.
        historical_affected: historical control animals with the tumour.
        historical_examined: historical control animals examined, of the same strain, sex and laboratory.

    Raises:
        MethodError: a p outside 0 to 1, or counts that are impossible.

    Source: FDA (2001): trend 0.005 for common and 0.025 for rare tumours; pairwise 0.01 and 0.05 (Haseman 1983).

    >>> found = tumour_decision(trend_p_greater=0.012, pairwise_p_greater={"high": 0.03}, historical_affected=2,
    ...                         historical_examined=400)
    >>> found.is_rare, found.trend_level, found.is_trend_significant
    (True, 0.025, True)
    """
    examined = whole_number("historical_examined", historical_examined, at_least=1)
    affected = whole_number("historical_affected", historical_affected, at_least=0)
    if affected > examined:
        raise MethodError(
            "more historical animals have the tumour than were examined",
            given=f"{affected} of {examined}",
            allowed="0 to those examined",
            next_step="count the animals examined for this tissue",
        )
    for name, p in {"trend": trend_p_greater, **pairwise_p_greater}.items():
        if p not in (0.0, 1.0):
            share(f"p of {name}", p)
    rare = affected * RARE_ONE_IN <= examined
    trend_level, pairwise_level = RARE if rare else COMMON
    return TumourDecision(
        rare,
        affected / examined,
        trend_level,
        pairwise_level,
        trend_p_greater <= trend_level,
        tuple(name for name, p in pairwise_p_greater.items() if p <= pairwise_level),
        f"{affected} of {examined} historical controls ({affected / examined:.2%}): {'rare' if rare else 'common'}, "
        f"trend at {trend_level}, pairwise at {pairwise_level}",
    )
