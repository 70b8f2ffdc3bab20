"""The area under a mean concentration–time curve of animals that were sampled once (serial) or a few times (batch)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from crdmo.science.checks import finite_numbers, same_length, share
from crdmo.science.method import MethodError, method


@dataclass(frozen=True)
class SparseArea:
    """The area with its standard error, Satterthwaite's degrees of freedom and the t interval.

    `batches` are the sets of animals that were sampled at the same times; with serial sacrifice each time is one.
    """

    auc: float
    standard_error: float
    degrees_of_freedom: float
    lower: float
    upper: float
    confidence: float
    batches: int


@method(
    "preclinical.sparse_auc",
    version="1.0",
    title="Area under the curve from sparse samples",
    source="Bailer AJ, J Pharmacokinet Biopharm 1988;16:303; Holder DJ et al., J Biopharm Stat 1999;9:487; "
    "Nedelman JR, Jia X, J Biopharm Stat 1998;8:317",
)
def sparse_area(
    *, animal: Sequence[str], time: Sequence[float], concentration: Sequence[float], confidence: float = 0.95
) -> SparseArea:
    """Return the area by the linear rule, with a standard error that knows which samples share an animal.

    Args:
        animal: identifier of the animal of each sample.
        time: of each sample, any one unit.
        concentration: of each sample; below the limit of quantification is 0, the linear rule is defined with it.
        confidence: of the interval.

    An animal bled more than once contributes the weighted sum of its samples, so their covariance counts. Times at
    which all samples are below the limit add no variance: the standard error is then that of the others.

    Raises:
        MethodError: lengths differ, an animal has two samples at one time, a set of animals with the same times has
            one animal only, or fewer than two times.

    Source: Bailer (1988) for one sample an animal; Nedelman and Jia (1998), Holder et al. (1999) for batches.
    """
    same_length("animal", list(animal), "time", list(time))
    same_length("time", list(time), "concentration", list(concentration))
    at, value = finite_numbers("time", time, at_least=2), finite_numbers("concentration", concentration)
    samples: dict[str, dict[float, float]] = {}
    for name, when, found in zip(animal, at.tolist(), value.tolist(), strict=True):
        if when in samples.setdefault(str(name), {}):
            raise MethodError(
                "an animal has two samples at one time", given=f"{name} at {when:g}", allowed="one sample an animal and time",
                next_step="average the replicates of a sample first",
            )  # fmt: skip
        samples[str(name)][when] = found
    times = sorted({float(t) for t in at})
    if len(times) < 2:
        raise MethodError(
            "one time makes no curve",
            given=f"{len(times)} time",
            allowed="at least two",
            next_step="add the other times",
        )
    weights = dict(zip(times, _weights(times), strict=True))
    sampled = {when: sum(when in one for one in samples.values()) for when in times}
    batches: dict[tuple[float, ...], list[dict[float, float]]] = {}
    for one in samples.values():
        batches.setdefault(tuple(sorted(one)), []).append(one)
    auc, variances = 0.0, []
    for when, members in batches.items():
        if len(members) < 2:
            raise MethodError(
                "there is no variance of one animal",
                given=f"one animal sampled at {', '.join(f'{t:g}' for t in when)}",
                allowed="at least two animals with the same sampling times",
                next_step="pool animals with the same times, or analyse the animal by itself",
            )
        sums = np.array([sum(weights[t] * one[t] * len(members) / sampled[t] for t in when) for one in members])
        auc += float(sums.mean())
        variances.append((float(sums.var(ddof=1)) / len(members), len(members) - 1))
    variance = sum(one for one, _ in variances)
    if variance == 0:
        return SparseArea(auc, 0.0, math.inf, auc, auc, share("confidence", confidence), len(batches))
    freedom = variance**2 / sum(one**2 / df for one, df in variances)
    half = float(stats.t.ppf(0.5 + share("confidence", confidence) / 2, freedom)) * math.sqrt(variance)
    return SparseArea(auc, math.sqrt(variance), freedom, auc - half, auc + half, confidence, len(batches))


def _weights(times: Sequence[float]) -> list[float]:
    """Return the weight of the mean at each time in the linear trapezoid."""
    inner = [(b - a) / 2 for a, b in zip(times, times[2:], strict=False)]
    return [(times[1] - times[0]) / 2, *inner, (times[-1] - times[-2]) / 2]
