"""Thousands of logistic curves at once by variable projection: the search moves slope and EC50 only.

For a given slope and EC50 the curve is linear in its plateaus, which follow in closed form (Golub, Pereyra 1973; 2003). What
is left has two variables, and its exact second derivatives are sums over the doses: Newton steps, damped where they do not
lead down, end at the last digits in a few turns. They move the slope and the shift slope·ln EC50, in which the exponent is
linear and the valley of a steep curve is straight. Doses run down the rows of the arrays and curves across, so that every sum
is over long vectors. What does not end inside its limits is left to the general search.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crdmo.science.least_squares import Array, Flags, Rows

from . import logistic

_MOST, _FINE, _ROUGH = 40, 1e-12, 1e-9
_NO_DOSE = -2000.0
_NAMES = ("rss", "bottom", "span", "down", "bent", "safe")
# Curves that have ended leave together, when this share is left: moving the others costs as much as a turn.
_CROWD = 0.7


@dataclass(frozen=True)
class Known:
    """What all curves share: the asymmetry, and plateaus that are not free."""

    asymmetry: float
    bottom: float | None
    top: float | None


@dataclass(frozen=True)
class Series:
    """Doses as natural logarithms, responses and weights: (doses, curves). Dose 0 is a very low one."""

    x: Array
    y: Array
    w: Array

    @classmethod
    def of(cls, log_dose: Array, y: Array, weights: Array) -> Series:
        """Turn rows of curves over."""
        x = np.where(np.isfinite(log_dose), log_dose, _NO_DOSE)
        return cls(*(np.ascontiguousarray(v.T) for v in (x, y, weights)))

    def taken(self, columns: Rows) -> Series:
        """Return some of the curves."""
        return Series(self.x[:, columns], self.y[:, columns], self.w[:, columns])


@dataclass
class _State:
    """Sum of squares, plateaus, slope of half of the sum, its second derivatives and those of Gauss and Newton."""

    rss: Array
    bottom: Array
    span: Array
    down: Array
    bent: Array
    safe: Array

    def put(self, where: Flags, other: _State) -> None:
        """Take over the columns of another state."""
        for name in _NAMES:
            one, two = getattr(self, name), getattr(other, name)
            setattr(self, name, two if where.all() else np.where(where, two, one))

    def taken(self, columns: Flags) -> _State:
        """Return some of the columns."""
        return _State(*(np.ascontiguousarray(getattr(self, name)[..., columns]) for name in _NAMES))


def _shape(u: Array, f: float) -> tuple[Array, Array, Array]:
    """Return the share between the plateaus and its first two derivatives by the exponent."""
    if f == 1.0:
        h = 1 / (1 + np.exp(u))
        first = h * (h - 1)
        return h, first, (2 * h - 1) * first
    soft = np.logaddexp(0.0, u)
    h, low = np.exp(-f * soft), np.exp(-soft)
    first = -f * h * (1 - low)
    return h, first, f * h * (1 - low) * (f * (1 - low) - low)


def _evaluate(d: Series, known: Known, slope: Array, place: Array, total: Array) -> _State:
    z = d.x - place
    offset = float(np.log(np.expm1(np.log(2) / known.asymmetry)))
    h, q, q2 = _shape(slope * z + offset, known.asymmetry)
    w, y = d.w, d.y
    both, none = known.bottom is None and known.top is None, known.bottom is not None and known.top is not None
    if both:
        g = h - (w * h).sum(axis=0) / total
        rest = y - (w * y).sum(axis=0) / total
    else:
        g = h if known.bottom is not None else h - 1
        rest = y - (known.bottom if known.bottom is not None else known.top or 0.0)
    wg = w * g
    size = (wg * g).sum(axis=0)
    span = np.full_like(size, known.top - known.bottom) if none else (wg * rest).sum(axis=0) / size  # type: ignore[operator]
    rest = rest - span * g
    wr = w * rest
    rss = (wr * rest).sum(axis=0)
    wq = w * q
    wqq = wq * q
    zq, zqq = z * q, z * wqq
    # Sums over the doses of each direction: by slope z·q, by shift −q.
    along = np.stack([(wr * zq).sum(axis=0), -(wr * q).sum(axis=0)])
    hh = np.stack([(zqq * z).sum(axis=0), -zqq.sum(axis=0), wqq.sum(axis=0)])
    r2 = wr * q2
    zr2 = z * r2
    curved = np.stack([(zr2 * z).sum(axis=0), -zr2.sum(axis=0), r2.sum(axis=0)])
    safe = span * span * hh
    bent = safe - span * curved
    if both:
        mean = np.stack([(w * zq).sum(axis=0), -wq.sum(axis=0)])
        flat = span * span / total * np.stack([mean[0] * mean[0], mean[0] * mean[1], mean[1] * mean[1]])
        safe, bent = safe - flat, bent - flat
    if not none:
        by = span * np.stack([(wg * zq).sum(axis=0), -(wg * q).sum(axis=0)])
        safe = safe - np.stack([by[0] * by[0], by[0] * by[1], by[1] * by[1]]) / size
        by = by - along
        bent = bent - np.stack([by[0] * by[0], by[0] * by[1], by[1] * by[1]]) / size
    if both:
        bottom = ((w * y).sum(axis=0) - span * (w * h).sum(axis=0)) / total
    elif known.bottom is not None:
        bottom = np.full_like(size, known.bottom)
    else:
        bottom = known.top - span
    return _State(rss, bottom, span, span * along, bent, safe)


def _step(s: _State, damping: Array, stays: tuple[Flags, Flags]) -> tuple[Array, Array, Array, Flags]:
    """Return the step of slope and shift, what it promises, and whether it is a Newton step; what is held stays."""
    (held_slope, held_place), bent, safe = stays, s.bent, s.safe
    newton = (held_slope | (bent[0] > 1e-7 * safe[0])) & (held_place | (bent[2] > 1e-7 * safe[2]))
    newton &= held_slope | held_place | (bent[0] * bent[2] - bent[1] ** 2 > 1e-12 * bent[0] * bent[2])
    a, b, c = np.where(newton, bent, safe)
    a, c = a + damping * safe[0], c + damping * safe[2]
    down0, down1 = np.where(held_slope, 0.0, s.down[0]), np.where(held_place, 0.0, s.down[1])
    a, c = np.where(held_slope, 1.0, a), np.where(held_place, 1.0, c)
    b = np.where(held_slope | held_place, 0.0, b)
    det = a * c - b * b
    ds, shift = (c * down0 - b * down1) / det, (a * down1 - b * down0) / det
    return ds, shift, ds * down0 + shift * down1, newton


def search(
    data: Series, known: Known, start: Array, limits: tuple[Array, Array], *, hold: bool = False
) -> tuple[Array, Array, Flags, Flags]:
    """Return parameters (rows), sums of squares, which curves ended, and which of their parameters lie on a limit.

    Args:
        data: the curves.
        known: what is not searched.
        start: five parameters a row.
        limits: least and greatest value of each parameter, rows as `start`.
        hold: the EC50 stays where it starts, and a rough end is enough.
    """
    theta = start.copy()
    ended, on_bound = np.zeros(len(start), dtype=bool), np.zeros(start.shape, dtype=bool)
    rss = np.full(len(start), np.inf)
    rows = np.arange(len(start))
    slope, place = (start[:, k].copy() for k in (logistic.SLOPE, logistic.EC50))
    edges = [limits[side][:, k] for k in (logistic.SLOPE, logistic.EC50) for side in (0, 1)]
    with np.errstate(all="ignore"):
        total = data.w.sum(axis=0)
        scale = (data.w * data.y**2).sum(axis=0)
        state = _evaluate(data, known, slope, place, total)
        damping = np.full(len(start), 1e-3 if not hold else 1e-8)
        live = np.ones(len(start), dtype=bool)
        for _ in range(_MOST):
            pinned = _pinned(slope, state.down[0], edges[:2]), hold | _pinned(place, state.down[1] * slope, edges[2:])
            ds, shift, promised, newton = _step(state, damping, pinned)
            new_slope = np.clip(slope + ds, edges[0], edges[1])
            new_place = place if hold else np.clip(place + shift / new_slope, edges[2], edges[3])
            trial = _evaluate(data, known, new_slope, new_place, total)
            better = trial.rss <= state.rss * (1 + 1e-14)
            small = (promised <= (_ROUGH if hold else _FINE) * state.rss) & (newton | (promised <= 1e-20 * state.rss))
            quiet = better & small & (damping <= 1e-2)
            stays = pinned[0] & pinned[1]
            slope, place = np.where(better, new_slope, slope), np.where(better, new_place, place)
            state.put(better, trial)
            damping = np.where(better, np.maximum(damping * 0.1, 1e-9), np.maximum(damping * 10, 1e-4))
            exact = state.rss <= 1e-28 * scale
            out = live & (quiet | exact | stays | ~(damping < 1e12) | ~np.isfinite(state.rss))
            if not out.any():
                continue
            done = rows[out]
            ended[done] = (quiet | exact | stays)[out]
            on_bound[done, logistic.SLOPE] = pinned[0][out]
            on_bound[done, logistic.EC50] = pinned[1][out] & (not hold)
            _write(theta, rss, done, out, slope, place, state)
            live &= ~out
            left = int(live.sum())
            if not left:
                return theta, rss, ended, on_bound
            if left < _CROWD * live.size:
                state, data = state.taken(live), data.taken(np.flatnonzero(live))
                rows = rows[live]
                slope, place, damping, total, scale = (v[live] for v in (slope, place, damping, total, scale))
                edges, live = [edge[live] for edge in edges], np.ones(left, dtype=bool)
        _write(theta, rss, rows[live], live, slope, place, state)
    return theta, rss, ended, on_bound


def _pinned(value: Array, down: Array, edges: list[Array]) -> Flags:
    """Say which values lie on a limit and are pulled across it."""
    found: Flags = ((value <= edges[0]) & (down < 0)) | ((value >= edges[1]) & (down > 0))
    return found


def _write(theta: Array, rss: Array, rows: Rows, which: Flags, slope: Array, place: Array, state: _State) -> None:
    theta[rows, logistic.SLOPE], theta[rows, logistic.EC50] = slope[which], place[which]
    theta[rows, logistic.BOTTOM] = state.bottom[which]
    theta[rows, logistic.TOP] = (state.bottom + state.span)[which]
    rss[rows] = state.rss[which]
