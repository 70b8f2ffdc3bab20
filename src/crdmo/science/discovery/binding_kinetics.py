"""Rate constants of 1:1 binding from sensorgrams of SPR or BLI, all cycles together, and what the data do not hold."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy import stats

from crdmo.science.checks import Vector, positive, share
from crdmo.science.discovery.binding_law import Bulk, Law
from crdmo.science.discovery.binding_model import Cycle, averaged, checked
from crdmo.science.discovery.binding_result import BindingKinetics, Rate, Shift, Surface, Trace
from crdmo.science.least_squares import Problems, Solutions, covariances, solve
from crdmo.science.method import MethodError, method

_SOURCE = (
    "Karlsson R, Faelt A (1997) J Immunol Methods 200:121; Myszka DG et al. (1998) Biophys J 75:583 (transport); "
    "Onell A, Andersson K (2005) J Mol Recognit 18:307 (what data hold); Li K, Dennison SM (2023) doi:10.5281/zenodo.7998652"
)
# A dissociation must lose this share before its rate is more than a bound (the "5 % rule").
LEAST_DROP = 0.05
SMALL_DROP = 0.10
# Below this share of Rmax a curve is a straight line in ka * Rmax; below the other Rmax is extrapolated far.
LEAST_SATURATION, SMALL_SATURATION = 0.1, 0.3
# Cycles on one surface whose Rmax differ by more than this factor have no Rmax: it runs with the concentration.
MOST_APART = 2.0
# How much larger the residuals with one Rmax may be before local ones are said to hide something.
WORSE = 1.5
DRAWN = 120


@method("discovery.binding_kinetics", version="1.0", title="Kinetics of 1:1 binding", source=_SOURCE, tolerance=1e-6)
def binding_kinetics(
    *,
    cycles: Sequence[Cycle],
    bulk: Bulk = Bulk.INJECTION,
    local_rmax: bool = False,
    mass_transport: bool = False,
    fit_t0: bool = False,
    skip: float = 0.0,
    average: float | None = None,
    baseline: float | None = None,
    confidence: float = 0.95,
) -> BindingKinetics:
    """Fit ka, kd and Rmax to all sensorgrams together.

    Args:
        cycles: sensorgrams with their injections in mol/L and s; single-cycle kinetics is one cycle with several injections.
        bulk: whether a step of the refractive index is fitted during each injection, or the level of each dissociation.
        local_rmax: a Rmax for every cycle; False is one for all, which tests the model harder.
        mass_transport: fit the coefficient of transport as well; it is kept where it pays for itself (F test, 1 %).
        fit_t0: fit how late injections reach the surface; False is 0.
        skip: seconds left out after every switch.
        average: seconds over which points are averaged first; None uses all.
        baseline: seconds before the first injection whose mean is subtracted; None takes sensorgrams as they are.
        confidence: of the intervals.

    Raises:
        MethodError: cycles that are none, a concentration above 0.1 mol/L, too few points, responses that do not bind, transport
            together with a free level of dissociation, or no convergence.

    A constant that the data do not hold is said: see `BindingKinetics`.
    """
    checked(cycles)
    level = share("confidence", confidence)
    if skip < 0 or (mass_transport and bulk is Bulk.DISSOCIATION):
        raise MethodError(
            "this model is not fitted",
            given=f"skip {skip:g} s, transport {mass_transport}, bulk shift {bulk.value}",
            allowed="a skip of 0 or more; transport with a shift during injections or without one",
        )
    width, before = (
        None if x is None else positive(name, x) for name, x in (("average", average), ("baseline", baseline))
    )
    seen = [averaged(one, width, skip, before) for one in cycles]
    law = Law(seen, bulk, local_rmax, False, fit_t0)
    if law.y.size <= law.size + 3 or np.ptp(law.y) <= 0:
        raise MethodError("there are too few points", given=str(law.y.size), allowed=f"more than {law.size + 3}")
    problems, found = _solved(law, law.start())
    if not mass_transport:
        return _reported(law, problems, found, level, ())
    slow = Law(seen, bulk, local_rmax, True, fit_t0)
    tried = [_solved(slow, start, strict=False) for start in slow.slowed(found.theta[0])]
    with_transport, best = min(tried, key=lambda pair: float(pair[1].rss[0]))
    square = float(best.rss[0]) / (slow.y.size - slow.size)
    gain = float(found.rss[0] - best.rss[0]) / square if square > 0 else math.inf
    # One constant more must pay for itself, or it is a number without a meaning.
    if best.converged[0] and not best.on_bound[0, slow.kt] and stats.f.sf(gain, 1, slow.y.size - slow.size) < 0.01:
        return _reported(slow, with_transport, best, level, ())
    return _reported(law, problems, found, level, ("Transport does not limit: the fit is the one without it",))


def _solved(law: Law, start: Vector, *, strict: bool = True) -> tuple[Problems, Solutions]:
    reach = np.full(law.size, math.log(1e5))
    size = float(np.abs(law.y).max())
    low, high = start - reach, start + reach
    for *_, place in law.shifts:
        low[place], high[place] = -20 * size, 20 * size
    if law.t0 is not None:
        low[law.t0], high[law.t0] = -5.0, 5.0
    free = np.ones((1, law.size), dtype=bool)
    problems = Problems(law, law.y[None], np.ones((1, law.y.size)), free, low[None], high[None])
    found = solve(problems, start[None])
    if strict and not found.converged[0]:
        raise MethodError(
            "no rate constants were found",
            given=f"{law.y.size} points",
            allowed="sensorgrams that the model can follow",
            next_step="look at the curves; try one Rmax for all, or a bulk shift",
        )
    return problems, found


def _reported(law: Law, problems: Problems, found: Solutions, level: float, said: tuple[str, ...]) -> BindingKinetics:
    theta, rss, n = found.theta[0], float(found.rss[0]), law.y.size
    df = n - law.size
    square = rss / df
    covariance = covariances(problems, found)[0] * square
    t = float(stats.t.ppf(0.5 + level / 2, df))

    def rate(at: float, variance: float) -> Rate:
        value = math.exp(at)
        if not (math.isfinite(variance) and variance >= 0):
            return Rate(value, None, None, None)
        error = math.sqrt(variance)
        ends = (math.exp(at - t * error), math.exp(at + t * error)) if t * error < 300 else (None, None)
        return Rate(value, value * error if error < 1e6 else None, *ends)

    ka, kd = rate(theta[0], covariance[0, 0]), rate(theta[1], covariance[1, 1])
    joint = float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    affinity = rate(theta[1] - theta[0], joint)
    spread = math.sqrt(covariance[0, 0] * covariance[1, 1]) if np.isfinite(covariance[:2, :2]).all() else 0.0
    places = sorted(set(law.rmax))
    names = [law.cycles[law.rmax.index(p)].name for p in places] if len(places) > 1 else ["all"]
    surfaces = tuple(Surface(x, rate(theta[p], covariance[p, p])) for x, p in zip(names, places, strict=True))
    shifts = tuple(
        Shift(law.cycles[k].name, start, float(theta[p]), _root(covariance[p, p])) for k, start, _, p in law.shifts
    )
    drop, saturation = _reach(law, theta)
    rest = problems.residuals(found.theta, np.array([0]))[0][0]
    noise, memory = _noise(law, rest)
    errors = [math.sqrt(covariance[p, p]) if covariance[p, p] >= 0 else math.inf for p in places]
    sizes = np.exp(theta[places])
    doubts = []
    if saturation < LEAST_SATURATION:
        doubts.append(f"at most {100 * saturation:.2g} % of it was bound")
    if max(errors) * t >= math.log(2):
        doubts.append("its interval is wider than a factor of 2")
    if sizes.max() > MOST_APART * sizes.min():
        doubts.append(f"it runs with the concentration by a factor of {sizes.max() / sizes.min():.3g}")
    known = not doubts
    qualifier, limit = "", None
    if drop < LEAST_DROP:
        longest = _longest(law)
        at_least = -math.log1p(-LEAST_DROP) / longest if longest > 0 else math.inf
        qualifier, limit = "<", max(kd.upper or kd.value, at_least if math.isfinite(at_least) else 0.0)
    flags = _flags(qualifier, drop, doubts, saturation, sizes, math.sqrt(square), noise, memory)
    if law.kt is None and len(places) > 1 and (worse := _one_for_all(law, rss)) > WORSE:
        flags.append(
            f"One Rmax for all leaves residuals {worse:.2g} times as large: local Rmax hide that 1:1 does not hold"
        )
    flags += said
    if law.kt is None and not said and (gain := _transport(law, problems, theta, rest)) > 0.1:
        flags.append(
            f"Transport to the surface would explain {100 * gain:.0f} % of what is left: fit it, and flow faster"
        )
    return BindingKinetics(
        ka=ka if known else None, kd=kd, kd_qualifier=qualifier, kd_limit=limit, affinity=affinity if known else None,
        affinity_limit=limit / ka.value if known and limit is not None else None,
        correlation=float(covariance[0, 1]) / spread if spread > 0 else None,
        surfaces=surfaces if known else (), rmax_identifiable=known,
        initial_slopes=tuple((ka.value * sizes).tolist()), shifts=shifts,
        t0=float(theta[law.t0]) if law.t0 is not None else 0.0,
        kt=rate(theta[law.kt], covariance[law.kt, law.kt]) if law.kt is not None else None,
        drop=drop, saturation=saturation, residual_sd=math.sqrt(square), noise=noise, autocorrelation=memory, n=n, rss=rss,
        flags=tuple(flags), traces=_traces(law, rest),
    )  # fmt: skip


def _traces(law: Law, rest: Vector) -> tuple[Trace, ...]:
    found = []
    for k, (one, t) in enumerate(zip(law.cycles, law.t, strict=True)):
        few = np.unique(np.linspace(0, t.size - 1, min(t.size, DRAWN)).astype(int))
        y, off = np.asarray(one.response)[few], rest[law.ends[k] : law.ends[k + 1]][few]
        found.append(Trace(one.name, tuple(t[few].tolist()), tuple(y.tolist()), tuple((y - off).tolist())))
    return tuple(found)


def _root(variance: float) -> float | None:
    return math.sqrt(variance) if math.isfinite(variance) and variance >= 0 else None


def _longest(law: Law) -> float:
    """Return the longest dissociation, s."""
    lengths = [0.0]
    for one, t in zip(law.cycles, law.t, strict=True):
        for j, injection in enumerate(one.injections):
            end = one.injections[j + 1].start if j + 1 < len(one.injections) else float(t[-1])
            # Buffer before the first analyte dissociates nothing.
            if injection.concentration == 0 and any(x.concentration > 0 for x in one.injections[:j]):
                lengths.append(end - injection.start)
    return max(lengths)


def _reach(law: Law, theta: Vector) -> tuple[float, float]:
    drop = -math.expm1(-math.exp(theta[1]) * _longest(law))
    highest = [float(law.part(theta, k, None).max()) / math.exp(theta[law.rmax[k]]) for k in range(len(law.cycles))]
    return drop, max(highest)


def _noise(law: Law, rest: Vector) -> tuple[float, float]:
    """Return the noise of one point from differences of neighbours, robustly, and the correlation of neighbouring residuals."""
    parts = [rest[a:b] for a, b in zip(law.ends, law.ends[1:], strict=False)]
    steps = np.concatenate([np.diff(part) for part in parts])
    noise = 1.4826 * float(np.median(np.abs(steps))) / math.sqrt(2)
    whole = float(rest @ rest)
    return noise, sum(float(part[1:] @ part[:-1]) for part in parts) / whole if whole > 0 else 0.0


def _transport(law: Law, problems: Problems, theta: Vector, rest: Vector) -> float:
    """Return the share of the residual sum of squares that a little transport would take away (score test), 0 if it is negative."""
    slopes = problems.residuals(theta[None], np.array([0]))[1][0]
    top = math.exp(max(theta[p] for p in law.rmax))
    little = 1e-5
    kt = math.exp(theta[0]) * top / little
    change = np.concatenate(
        [(law.part(theta, k, None, kt) - law.part(theta, k, None)) / little for k in range(len(law.cycles))]
    )
    change -= slopes @ np.linalg.lstsq(slopes, change, rcond=None)[0]
    along, square = float(change @ rest), float(change @ change)
    whole = float(rest @ rest)
    return along**2 / square / whole if along > 0 and square > 0 and whole > 0 else 0.0


def _one_for_all(law: Law, rss: float) -> float:
    """Return how many times larger the residuals are with one Rmax for all cycles."""
    other = Law(law.cycles, law.bulk, False, False, law.t0 is not None)
    try:
        found = _solved(other, other.start())[1]
    except MethodError:
        return math.inf
    return math.sqrt(float(found.rss[0]) / rss) if rss > 1e-12 * float(law.y @ law.y) else 1.0


def _flags(
    qualifier: str,
    drop: float,
    doubts: list[str],
    saturation: float,
    sizes: Vector,
    sd: float,
    noise: float,
    memory: float,
) -> list[str]:
    flags = []
    if qualifier:
        flags.append(f"kd is an upper bound: dissociation loses {100 * drop:.2g} %, less than 5 %; record it longer")
    elif drop < SMALL_DROP:
        flags.append(f"kd stands on a small drop of {100 * drop:.2g} %: drift of the baseline weighs on it")
    if doubts:
        flags.append(f"Rmax not identifiable: {', '.join(doubts)}; only ka times Rmax is known, not KD")
    elif saturation < SMALL_SATURATION:
        flags.append(f"Rmax is extrapolated: at most {100 * saturation:.2g} % of it was bound; inject more")
    if not doubts and sizes.max() > 1.25 * sizes.min():
        flags.append(f"Local Rmax differ by a factor of {sizes.max() / sizes.min():.3g}, on one surface")
    if noise > 0 and sd > 3 * noise:
        flags.append(
            f"Residuals are {sd / noise:.2g} times the noise: the model does not follow, or the switches spike"
        )
    if memory > 0.5:
        factor = math.sqrt((1 + memory) / max(1 - memory, 1e-3))
        flags.append(f"Neighbouring residuals go together: standard errors are about {factor:.2g} times too small")
    return flags
