"""Potency over several runs: the mean of values of which some are bounds, on the logarithm or as they are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import stats

from crdmo.science.checks import finite_numbers, positive, same_length, share
from crdmo.science.method import MethodError, method


@dataclass(frozen=True)
class MeanPotency:
    """The mean with its qualifier; interval by t where at least two estimates without qualifier carry it.

    `used` are the positions that count: a bound that says nothing beside the estimates is left out.
    """

    qualifier: str
    value: float
    lower: float | None
    upper: float | None
    sd_log10: float | None
    n: int
    used: tuple[int, ...]


@method(
    "discovery.mean_potency",
    version="1.0",
    title="Mean of potencies with bounds",
    source="Assay Guidance Manual, Data Standardization for Results Management; CDD Vault, averaging of modified values",
)
def mean_potency(
    *, values: Sequence[float], qualifiers: Sequence[str], geometric: bool = True, confidence: float = 0.95
) -> MeanPotency:
    """Return the mean of an IC50, EC50 or Ki over runs.

    Args:
        values: one a run, in any one unit, greater than 0.
        qualifiers: "", "<" or ">" of each value.
        geometric: mean of logarithms, as potencies scatter; False gives the plain mean, for other quantities.
        confidence: of the interval.

    A bound counts only where it says more than the estimates: "<" below all of them, ">" above all of them; the mean is
    then a bound itself. Of several bounds of one kind that stand alone the sharpest one is the answer.

    Raises:
        MethodError: lists of different length, an unknown qualifier, a value not above 0, or bounds of both kinds only.

    Source: rules as CDD Vault documents them for averages of bounded values.

    >>> mean_potency(values=[20, 30, 100], qualifiers=["", "", "<"], geometric=False).value
    25.0
    """
    same_length("values", list(values), "qualifiers", list(qualifiers))
    found = finite_numbers("values", values).tolist()
    for value in found:
        positive("a potency", value)
    if wrong := [q for q in qualifiers if q not in ("", "<", ">")]:
        raise MethodError(
            "this qualifier is not known",
            given=repr(wrong[0]),
            allowed="none, < or >",
            next_step="write the bound as one",
        )
    exact = [i for i, q in enumerate(qualifiers) if not q]
    below = [i for i, q in enumerate(qualifiers) if q == "<" and all(found[i] < found[k] for k in exact)]
    above = [i for i, q in enumerate(qualifiers) if q == ">" and all(found[i] > found[k] for k in exact)]
    if below and above:
        raise MethodError(
            "the bounds contradict each other",
            given=", ".join(f"{q}{v:g}" for q, v in zip(qualifiers, found, strict=True)),
            allowed="bounds on one side of the estimates",
            next_step="look at the runs; accept or reject them",
        )
    bounds = below or above
    if not exact:
        sharpest = min(bounds, key=found.__getitem__) if below else max(bounds, key=found.__getitem__)
        return MeanPotency(qualifiers[sharpest], found[sharpest], None, None, None, 1, (sharpest,))
    used = sorted([*exact, *bounds])
    chosen = [found[i] for i in used]
    logs = [math.log10(v) for v in chosen]
    mean = 10 ** (sum(logs) / len(logs)) if geometric else sum(chosen) / len(chosen)
    sd = stats.tstd(logs) if len(logs) > 1 else None
    lower = upper = None
    if geometric and not bounds and sd is not None:
        half = (
            float(stats.t.ppf(0.5 + share("confidence", confidence) / 2, len(logs) - 1))
            * float(sd)
            / math.sqrt(len(logs))
        )
        lower, upper = mean / 10**half, mean * 10**half
    qualifier = "<" if below else ">" if above else ""
    return MeanPotency(qualifier, mean, lower, upper, None if sd is None else float(sd), len(used), tuple(used))
