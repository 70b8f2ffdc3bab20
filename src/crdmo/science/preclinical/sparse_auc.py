"""The area under a mean concentration–time curve of animals that were sampled once (serial), a few times (batch) or always."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from crdmo.science.checks import share, whole_number
from crdmo.science.method import MethodError, method

from .exposure import Rule
from .sparse_design import Design, SparseSamples, Table, estimates, freedom_of, tabled

SOURCE = (
    "Bailer AJ, J Pharmacokinet Biopharm 1988;16:303; Holder DJ et al., J Biopharm Stat 1999;9:487; "
    "Nedelman JR, Jia X, J Biopharm Stat 1998;8:317; Jaki T, Wolfsegger MJ, Stat Med 2012;31:1059"
)
FEWEST_RESAMPLES, MOST_RESAMPLES = 200, 20_000


@dataclass(frozen=True)
class SparseTime:
    """The samples of one time: how many, how many of them 0, mean and standard deviation (None of one sample)."""

    time: float
    n: int
    zeros: int
    mean: float
    standard_deviation: float | None


@dataclass(frozen=True)
class SparseArea:
    """The area with its standard error, Satterthwaite's degrees of freedom and the t interval.

    `batches` are the sets of animals that were sampled at the same times; with serial sacrifice each time is one. The
    degrees of freedom are None where there is no variance. `flags` name the times that bring none.
    """

    auc: float
    standard_error: float
    degrees_of_freedom: float | None
    lower: float
    upper: float
    confidence: float
    batches: int
    design: Design
    times: tuple[SparseTime, ...]
    flags: tuple[str, ...]


@dataclass(frozen=True)
class BootstrapArea:
    """The area with its bootstrap-t interval; `unusable` resamples had no variance and were left out."""

    auc: float
    standard_error: float
    lower: float
    upper: float
    confidence: float
    lower_quantile: float
    upper_quantile: float
    resamples: int
    unusable: int
    seed: int


@dataclass(frozen=True)
class SparseComparison:
    """Two independent groups: ratio of areas with Fieller's interval, and their difference with Satterthwaite's t test.

    The interval is None where the second area does not differ from 0: the ratio is then not bounded, and the flag says so.
    """

    first: SparseArea
    second: SparseArea
    ratio: float
    lower: float | None
    upper: float | None
    ratio_freedom: float
    difference: float
    difference_lower: float
    difference_upper: float
    t: float
    degrees_of_freedom: float
    p: float
    confidence: float
    flags: tuple[str, ...]


@method("preclinical.sparse_auc", version="2.0", title="Area under the curve from sparse samples", source=SOURCE)
def sparse_area(
    *,
    animal: Sequence[str],
    time: Sequence[float],
    concentration: Sequence[float],
    confidence: float = 0.95,
    rule: Rule = Rule.LINEAR,
) -> SparseArea:
    """Return the area by the linear rule, with a standard error that knows which samples share an animal.

    Args:
        animal: identifier of the animal of each sample.
        time: of each sample, any one unit.
        concentration: of each sample; below the limit of quantification is 0, the linear rule is defined with it.
        confidence: of the interval.
        rule: of the trapezoids; the standard error is defined for the linear one only.

    An animal bled more than once contributes the weighted sum of its samples, so their covariance counts. Times at
    which all samples are below the limit add no variance: the standard error is then that of the others, and this is flagged.

    Raises:
        MethodError: see `tabled`; a confidence outside 0 to 1.

    Source: Bailer (1988) for one sample an animal; Nedelman and Jia (1998), Holder et al. (1999) for batches; Jaki and
    Wolfsegger (2012) where batches share times.

    >>> found = sparse_area(animal="abcdef", time=[0, 0, 1, 1, 2, 2], concentration=[0, 0, 4, 6, 1, 3])
    >>> found.auc, found.standard_error, found.degrees_of_freedom
    (6.0, 1.118033988749895, 1.4705882352941178)
    """
    return _area(tabled(SparseSamples(animal, time, concentration), rule), confidence)


@method("preclinical.sparse_auc_bootstrap", version="1.0", title="Sparse area with a bootstrap-t interval",
        source="Jaki T, Wolfsegger MJ, Ploner M, Pharm Stat 2009;8:12; Efron B, Can J Stat 1981;9:139")  # fmt: skip
def sparse_area_bootstrap(
    *,
    animal: Sequence[str],
    time: Sequence[float],
    concentration: Sequence[float],
    seed: int,
    resamples: int = 2000,
    confidence: float = 0.95,
) -> BootstrapArea:
    """Return the area with an interval whose t quantiles come from resampled animals, within those with the same times.

    Args:
        animal: identifier of the animal of each sample.
        time: of each sample.
        concentration: of each sample; 0 below the limit of quantification.
        seed: of the resampling; the same seed gives the same interval.
        resamples: how many, 200 to 20,000.
        confidence: of the interval.

    Raises:
        MethodError: see `tabled`; too few resamples, or fewer than half of them with a variance.

    Source: Jaki, Wolfsegger and Ploner (2009).

    >>> found = sparse_area_bootstrap(animal="abcdefghi", time=[0] * 3 + [1] * 3 + [2] * 3,
    ...                               concentration=[0, 0, 0, 4, 6, 5, 1, 3, 2], seed=1)
    >>> found.auc, found.lower < 6 < found.upper
    (6.0, True)
    """
    table = tabled(SparseSamples(animal, time, concentration))
    if whole_number("resamples", resamples, at_least=FEWEST_RESAMPLES) > MOST_RESAMPLES:
        raise MethodError("so many resamples are not taken", given=str(resamples), allowed=f"at most {MOST_RESAMPLES}",
                          next_step="take fewer")  # fmt: skip
    tail = (1 - share("confidence", confidence)) / 2
    rng = np.random.default_rng(whole_number("seed", seed, at_least=0))
    picked = np.empty((resamples, len(table.batch)), dtype=np.intp)
    for b, size in enumerate(table.sizes):
        members = np.flatnonzero(table.batch == b)
        picked[:, members] = members[rng.integers(0, size, (resamples, size))]
    auc, parts = estimates(table)
    error = math.sqrt(parts[0].sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        areas, spreads = estimates(table, table.values[picked])
        ratios = (areas - auc[0]) / np.sqrt(spreads.sum(axis=1))
    usable = ratios[spreads.sum(axis=1) > 0]
    if error == 0 or len(usable) < resamples / 2:
        raise MethodError(
            "the samples vary too little to be resampled", given=f"{len(usable)} of {resamples} resamples with a variance",
            allowed="at least half", next_step="take the t interval, or more animals",
        )  # fmt: skip
    low, high = (float(q) for q in np.quantile(usable, [tail, 1 - tail], method="hazen"))
    return BootstrapArea(float(auc[0]), error, float(auc[0]) - high * error, float(auc[0]) - low * error, confidence, low, high,
                         resamples, resamples - len(usable), seed)  # fmt: skip


@method("preclinical.sparse_auc_compare", version="1.0", title="Comparison of two sparse areas",
        source="Fieller EC, J R Stat Soc B 1954;16:175; Jaki T, Wolfsegger MJ, Ploner M, Pharm Stat 2009;8:12")  # fmt: skip
def compare_sparse_areas(
    *,
    first: SparseSamples,
    second: SparseSamples,
    first_dose: float = 1.0,
    second_dose: float = 1.0,
    confidence: float = 0.90,
) -> SparseComparison:
    """Return the ratio of the areas of two independent groups with Fieller's interval, and their difference.

    Args:
        first: samples of the group above the line.
        second: samples of the group below it.
        first_dose: concentrations of the first group are divided by it; give both doses to compare dose-normalised areas.
        second_dose: likewise.
        confidence: of the intervals; 0.90 is usual for a ratio.

    Raises:
        MethodError: see `tabled`; curves that begin or end at different times, a dose that is not positive, an area of 0.

    Source: Fieller (1954) with Satterthwaite's degrees of freedom as in Jaki, Wolfsegger and Ploner (2009).

    >>> one = SparseSamples("abcdef", [0, 0, 1, 1, 2, 2], [0, 0, 4, 6, 1, 3])
    >>> compare_sparse_areas(first=one, second=one).ratio
    1.0
    """
    one, two = _normalised(first, first_dose), _normalised(second, second_dose)
    ends = [(float(t.times[0]), float(t.times[-1])) for t in (one, two)]
    if ends[0] != ends[1]:
        raise MethodError(
            "areas over different times cannot be compared", given=f"{ends[0][0]:g} to {ends[0][1]:g} and {ends[1][0]:g} to "
            f"{ends[1][1]:g}", allowed="the same first and last time", next_step="take the times that both groups have",
        )  # fmt: skip
    areas = _area(one, confidence), _area(two, confidence)
    if areas[0].auc <= 0 or areas[1].auc <= 0 or areas[0].standard_error + areas[1].standard_error == 0:
        raise MethodError("areas without size or without variance cannot be compared", given=f"{areas[0].auc:g} and {areas[1].auc:g}",
                          allowed="both above 0, and a standard error", next_step="compare exposed groups")  # fmt: skip
    ratio = areas[0].auc / areas[1].auc
    parts = [(estimates(t)[1][0], t.sizes) for t in (one, two)]
    df, df_ratio = _freedom(parts, 1.0), _freedom(parts, ratio**2)
    lower, upper = _fieller(areas, float(stats.t.ppf(0.5 + confidence / 2, df_ratio)))
    error = math.hypot(areas[0].standard_error, areas[1].standard_error)
    difference = areas[0].auc - areas[1].auc
    half = float(stats.t.ppf(0.5 + confidence / 2, df)) * error
    flags = () if lower is not None else ("The ratio is not bounded: the second area does not differ from 0",)
    return SparseComparison(*areas, ratio, lower, upper, df_ratio, difference, difference - half, difference + half,
                            difference / error, df, float(2 * stats.t.sf(abs(difference) / error, df)), confidence, flags)  # fmt: skip


def _normalised(samples: SparseSamples, dose: float) -> Table:
    if not (math.isfinite(dose) and dose > 0):
        raise MethodError("dose must be greater than zero", given=str(dose), allowed="a finite number > 0",
                          next_step="leave the dose out where nothing is normalised")  # fmt: skip
    table = tabled(samples)
    return Table(table.times, table.weights, table.values / dose, table.sampled, table.batch)


def _area(table: Table, confidence: float) -> SparseArea:
    share("confidence", confidence)
    areas, parts = estimates(table)
    auc = float(areas[0])
    variance, squares = freedom_of(parts[0], table.sizes)
    freedom = variance**2 / squares if variance > 0 else None
    half = float(stats.t.ppf(0.5 + confidence / 2, freedom)) * math.sqrt(variance) if freedom else 0.0
    times = tuple(_times(table))
    silent = [f"{one.time:g}" for one in times if one.zeros == one.n]
    flags = (f"No variance from {', '.join(silent)}: all samples are below the limit",) if silent else ()
    return SparseArea(auc, math.sqrt(variance), freedom, auc - half, auc + half, confidence, len(table.sizes), table.design,
                      times, flags)  # fmt: skip


def _times(table: Table) -> list[SparseTime]:
    found = []
    for j, when in enumerate(table.times.tolist()):
        values = table.values[table.sampled[:, j] > 0, j]
        spread = float(values.std(ddof=1)) if len(values) > 1 else None
        found.append(SparseTime(when, len(values), int((values == 0).sum()), float(values.mean()), spread))
    return found


def _freedom(parts: Sequence[tuple[np.ndarray, np.ndarray]], scale: float) -> float:
    """Return Satterthwaite's degrees of freedom of the first area less a multiple of the second; `scale` is its square."""
    (v1, s1), (v2, s2) = freedom_of(*parts[0]), freedom_of(*parts[1], scale)
    return (v1 + v2) ** 2 / (s1 + s2)


def _fieller(areas: Sequence[SparseArea], t: float) -> tuple[float | None, float | None]:
    """Return the ratios that the t test does not reject."""
    a, b = areas[0].auc, areas[1].auc
    va, vb = (t * areas[0].standard_error) ** 2, (t * areas[1].standard_error) ** 2
    under = b * b - vb
    if under <= 0:
        return None, None
    root = math.sqrt(max((a * b) ** 2 - under * (a * a - va), 0.0))
    return (a * b - root) / under, (a * b + root) / under
