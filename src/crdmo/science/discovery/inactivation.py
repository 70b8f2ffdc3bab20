"""Irreversible inhibition: rates of inactivation over the inhibitor."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from crdmo.science.checks import Vector, finite_numbers, positive, same_length, share
from crdmo.science.discovery.constants import Constant, Fit, fit_constants
from crdmo.science.discovery.enzyme_kinetics import amounts, hyperbola, observed, saturation
from crdmo.science.least_squares import Array
from crdmo.science.method import MethodError, method


@dataclass(frozen=True)
class Inactivation:
    """k_inact and K_I; `efficiency` is k_inact/K_I, which is known also where neither of both is.

    `k_i` is K_I without the substrate's protection, where substrate and Km are given (the inactivator competes with it).
    """

    fit: Fit
    efficiency: Constant
    k_i: float | None
    flags: tuple[str, ...]


@method(
    "discovery.k_inact",
    version="1.1",
    title="k_inact and K_I",
    source="Copeland RA (2013) Evaluation of Enzyme Inhibitors in Drug Discovery, 9.1; Kitz R, Wilson IB (1962) J Biol Chem 237:3245",
    tolerance=1e-6,
)
def k_inact(
    *,
    inhibitor: Sequence[float],
    k_obs: Sequence[float],
    substrate: float | None = None,
    km: float | None = None,
    confidence: float = 0.95,
) -> Inactivation:
    """Fit rates of inactivation over the inhibitor, k_obs = k_inact I / (K_I + I).

    Args:
        inhibitor: concentrations, any one unit, well above the enzyme.
        k_obs: first-order rates of inactivation, any one unit of time, that of the control already subtracted.
        substrate: with `km` gives K_I without its protection.
        km: in the unit of `substrate`.
        confidence: of the intervals.

    Raises:
        MethodError: as `michaelis_menten`; only one of `substrate` and `km`.
    """
    i = amounts("inhibitor", inhibitor, 0.0)
    k = observed("inhibitor", i, "k_obs", k_obs)
    if (substrate is None) != (km is None):
        raise MethodError("substrate and km go together", given="one of both", allowed="both or none")
    start = {"k_inact": float(1.2 * k.max()), "K_I": float(np.median(i[i > 0]))}
    fit = fit_constants(hyperbola(i), k, start, weights=np.ones_like(k), confidence=confidence)

    def by_efficiency(c: Vector) -> tuple[Vector, Array]:
        slowed = 1 + i / c[1]
        return c[0] * i / slowed, np.column_stack([i / slowed, c[0] * (i / c[1] / slowed) ** 2])

    first = {"efficiency": start["k_inact"] / start["K_I"], "K_I": start["K_I"]}
    ratio = fit_constants(by_efficiency, k, first, weights=np.ones_like(k), confidence=confidence).of("efficiency")
    found = saturation(i, fit, "K_I")
    flags = list(found.flags)
    if fit.of("K_I").upper is None:
        flags.append("Only k_inact/K_I is known")
    k_i = None
    if substrate is not None and km is not None:
        k_i = fit.of("K_I").value / (1 + positive("substrate", substrate) / positive("km", km))
    return Inactivation(fit, ratio, k_i, tuple(flags))


@dataclass(frozen=True)
class LossOfActivity:
    """The rate at which activity is lost at one concentration, less that of the control, 1/min; `p` one-sided, of no loss."""

    inhibitor: float
    k_obs: float
    standard_error: float
    p: float


@dataclass(frozen=True)
class TimeDependence:
    """Time-dependent inhibition. `inactivation` is None where no more than two rates differ from zero, with the reason in flags."""

    time_dependent: bool
    losses: tuple[LossOfActivity, ...]
    control_rate: float
    inactivation: Inactivation | None
    flags: tuple[str, ...]


@method(
    "discovery.time_dependent_inhibition",
    version="1.0",
    title="Time-dependent inhibition",
    source="Grimm SW et al. (2009) Drug Metab Dispos 37:1355; FDA (2020) In Vitro Drug Interaction Studies; ICH M12 (2024)",
    tolerance=1e-6,
)
def time_dependent_inhibition(
    *,
    minutes: Sequence[float],
    inhibitor: Sequence[float],
    activity: Sequence[float],
    most_control_loss: float = 0.01,
    confidence: float = 0.95,
) -> TimeDependence:
    """Return rates of inactivation from the activity that is left after preincubation, and k_inact and K_I from them.

    Args:
        minutes: of preincubation with the enzyme, of each sample.
        inhibitor: in the preincubation, of each sample; 0 is the control.
        activity: left, any one unit; above zero.
        most_control_loss: rate of the control from which on it is flagged, 1/min.
        confidence: of intervals; one less it is the level of the tests.

    Raises:
        MethodError: lists of different length, no control, activity not above zero, or a concentration with fewer than three
            times.

    At each concentration ln(activity) is a line over time; all lines share one residual variance. The control's own loss is
    subtracted, with its error. The tests are one-sided with Holm's correction.
    """
    t, i, a = (
        finite_numbers("minutes", minutes),
        amounts("inhibitor", inhibitor, 0.0),
        finite_numbers("activity", activity),
    )
    same_length("minutes", t, "inhibitor", i)
    same_length("minutes", t, "activity", a)
    level = share("confidence", confidence)
    doses = np.unique(i)
    if (
        t.min() < 0
        or a.min() <= 0
        or doses[0] > 0
        or doses.size < 2
        or min(np.unique(t[i == d]).size for d in doses) < 3
    ):
        raise MethodError(
            "loss of activity cannot be followed",
            given=f"times from {t.min():g}, activity from {a.min():g}, inhibitor from {doses[0]:g}, {doses.size} concentrations",
            allowed="three or more times at each concentration, a control with inhibitor 0, activities above zero",
            next_step="leave times out at which nothing is left",
        )
    slopes, squares, rss = {}, {}, 0.0
    for d in doses:
        x, y = t[i == d], np.log(a[i == d])
        around = x - x.mean()
        squares[d] = float(around @ around)
        slopes[d] = float(around @ y) / squares[d]
        rss += float(np.sum((y - y.mean() - slopes[d] * around) ** 2))
    df = t.size - 2 * doses.size
    square = rss / df
    losses = []
    for d in doses[1:]:
        rate, error = slopes[0.0] - slopes[d], math.sqrt(square * (1 / squares[d] + 1 / squares[0.0]))
        p = float(stats.t.sf(rate / error, df)) if error > 0 else float(rate <= 0)
        losses.append(LossOfActivity(float(d), rate, error, p))
    shown = _holm([one.p for one in losses], 1 - level)
    flags = []
    if -slopes[0.0] > most_control_loss:
        flags.append(f"The control loses {-slopes[0.0]:.2g} of its activity a minute: the enzyme is not stable")
    found = None
    if sum(shown) >= 3:
        found = k_inact(
            inhibitor=[one.inhibitor for one in losses], k_obs=[one.k_obs for one in losses], confidence=confidence
        )  # fmt: skip
    elif any(shown):
        flags.append("Fewer than three rates differ from zero: time-dependent, but k_inact and K_I are not known")
    return TimeDependence(any(shown), tuple(losses), -slopes[0.0], found, tuple(flags))


def _holm(values: Sequence[float], level: float) -> list[bool]:
    """Return which hypotheses fall at a family-wise level, stepping down from the smallest p."""
    fall = [False] * len(values)
    for step, k in enumerate(sorted(range(len(values)), key=lambda k: values[k])):
        if values[k] > level / (len(values) - step):
            break
        fall[k] = True
    return fall
