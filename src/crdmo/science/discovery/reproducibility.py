"""How far apart two results of the same compound may lie: minimum significant ratio and limits of agreement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crdmo.science.checks import Vector, finite_numbers, same_length
from crdmo.science.method import MethodError, method

_SOURCE = (
    "Eastwood BJ, Farmen MW, Iversen PW, et al. (2006) J Biomol Screen 11:253-261; NCATS Assay Guidance Manual, "
    "HTS assay validation: replicate-experiment study"
)
_LEAST = 3


@dataclass(frozen=True)
class RunAgreement:
    """Two runs of the same compounds; ratios are run 2 over run 1, the limits two standard errors or deviations."""

    compounds: int
    mean_log10_ratio: float
    standard_deviation: float
    mean_ratio: float
    minimum_significant_ratio: float
    ratio_limits: tuple[float, float]
    limits_of_agreement: tuple[float, float]


@dataclass(frozen=True)
class ReferenceRepeatability:
    """Repeated results of one compound: geometric mean, SD of log10 and the smallest ratio that is a difference."""

    results: int
    geometric_mean: float
    standard_deviation_log10: float
    minimum_significant_ratio: float


def _logs(name: str, values: Sequence[float]) -> Vector:
    v = finite_numbers(name, values, at_least=_LEAST)
    if np.any(v <= 0.0):
        raise MethodError(
            f"{name} has a potency that is not above zero",
            given=f"{float(v.min()):g}",
            allowed="potencies > 0, all in one unit, none with a qualifier",
            next_step="leave out results that were not determined and say so",
        )
    return np.log10(v)


@method("discovery.run_agreement", version="1.0", source=_SOURCE, title="MSR and limits of agreement of two runs")
def run_agreement(*, run_1: Sequence[float], run_2: Sequence[float]) -> RunAgreement:
    """Compare two runs of the same compounds on the logarithmic scale.

    Parameters: potencies of each compound in both runs, one unit, at least three compounds. Raises `MethodError` for
    a potency that is not above zero or lists of different length.

    >>> one, two = [12, 45, 230, 1.8, 800, 65, 3.3, 510], [15, 38, 310, 2.2, 640, 90, 3.0, 560]
    >>> round(run_agreement(run_1=one, run_2=two).minimum_significant_ratio, 4)
    1.5416
    """
    same_length("run_1", run_1, "run_2", run_2)
    apart = _logs("run_2", run_2) - _logs("run_1", run_1)
    mean, sd = float(np.mean(apart)), float(np.std(apart, ddof=1))
    error = sd / float(np.sqrt(apart.size))
    return RunAgreement(
        apart.size,
        mean,
        sd,
        10.0**mean,
        10.0 ** (2.0 * sd),
        (10.0 ** (mean - 2.0 * error), 10.0 ** (mean + 2.0 * error)),
        (10.0 ** (mean - 2.0 * sd), 10.0 ** (mean + 2.0 * sd)),
    )


@method("discovery.reference_repeatability", version="1.0", source=_SOURCE, title="MSR of a reference compound")
def reference_repeatability(*, potencies: Sequence[float]) -> ReferenceRepeatability:
    """Return the geometric mean and the MSR of one compound that was tested many times.

    Parameters: `potencies` of single runs, one unit, at least three. Raises `MethodError` as `run_agreement`.
    """
    logs = _logs("potencies", potencies)
    sd = float(np.std(logs, ddof=1))
    return ReferenceRepeatability(logs.size, 10.0 ** float(np.mean(logs)), sd, 10.0 ** (2.0 * float(np.sqrt(2.0)) * sd))
