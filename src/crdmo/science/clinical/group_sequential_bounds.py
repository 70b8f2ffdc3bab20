"""Bounds of group-sequential trials: classical shapes, error spending at the information seen, and futility."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import optimize, special

from crdmo.science.checks import finite_numbers, positive, share
from crdmo.science.method import MethodError, method

from .group_sequential import (
    SOURCE,
    Looks,
    above,
    below,
    bound_for,
    crossing_probabilities,
    go_on,
    rising,
    start,
)
from .spending import Spender


@dataclass(frozen=True)
class Bounds:
    """Bounds on Z. `spent` is the cumulative error of the upper side; futility bounds end where efficacy begins.

    `drift` is θ√information at the planned maximum that reaches the power, `inflation` the maximum information as a
    multiple of a fixed design's; both are None without a power.
    """

    times: tuple[float, ...]
    upper: tuple[float, ...]
    lower: tuple[float, ...]
    spent: tuple[float, ...]
    drift: float | None = None
    inflation: float | None = None
    expected_null: float | None = None
    expected_alternative: float | None = None


@method(
    "clinical.wang_tsiatis_bounds",
    version="1.0",
    source="Wang SK, Tsiatis AA, Biometrics 1987;43:193; O'Brien and Fleming 1979; Pocock 1977; " + SOURCE,
    title="Group-sequential bounds of Wang and Tsiatis (O'Brien–Fleming, Pocock)",
)
def wang_tsiatis_bounds(
    *, times: Sequence[float], alpha: float, delta: float, sides: int = 2, power: float | None = None
) -> Bounds:
    """Return bounds c·t^(delta − 1/2): delta 0 is O'Brien and Fleming's, 1/2 is Pocock's.

    Args:
        times: information at each look as a share of the maximum; the last is 1.
        alpha: type I error, of both sides together when `sides` is 2.
        delta: the shape.
        sides: 1 or 2.
        power: when given, drift, inflation and expected information are found too.

    Raises:
        MethodError: times do not rise to 1, alpha is no share, or sides is neither 1 nor 2.

    >>> [round(z, 6) for z in wang_tsiatis_bounds(times=[0.5, 1], alpha=0.05, delta=0).upper]
    [2.79651, 1.977431]
    """
    looks, side = _planned(times), _one_side(alpha, sides)
    finite_numbers("delta", [delta])

    def upper(constant: float) -> list[float]:
        return [constant * time ** (delta - 0.5) for time in looks]

    def lower(bounds: list[float]) -> list[float]:
        return [-z for z in bounds] if sides == 2 else [-math.inf] * len(bounds)

    def excess(constant: float) -> float:
        bounds = upper(constant)
        return crossing_probabilities(information=looks, lower=lower(bounds), upper=bounds, theta=0).power - side

    found = upper(float(optimize.brentq(excess, 0.5, 15.0, xtol=1e-12)))
    return _finished(looks, found, lower(found), side, power)


@method(
    "clinical.haybittle_peto_bounds",
    version="1.0",
    source="Haybittle JL, Br J Radiol 1971;44:793; Peto R et al., Br J Cancer 1976;34:585; " + SOURCE,
    title="Group-sequential bounds of Haybittle and Peto, the last look exact",
)
def haybittle_peto_bounds(
    *, times: Sequence[float], alpha: float, interim: float = 3.0, sides: int = 2, power: float | None = None
) -> Bounds:
    """Return one bound at every interim look and a last bound that makes the total error exactly alpha.

    Raises:
        MethodError: as for the other bounds, or the interim bound alone spends more than alpha.
    """
    looks, side = _planned(times), _one_side(alpha, sides)
    upper = [positive("interim bound", interim)] * (len(looks) - 1)
    state, spent = start(), 0.0
    for time in looks[:-1]:
        spent += above(state, time, interim, 0.0)
        state = go_on(state, time, -interim if sides == 2 else -math.inf, interim, 0.0)
    if spent >= side:
        raise MethodError("the interim looks spend all of alpha", given=f"{spent:.4g} of {side:g} a side")
    upper.append(bound_for(lambda z: above(state, looks[-1], z, 0.0), side - spent))
    return _finished(looks, upper, [-z if sides == 2 else -math.inf for z in upper], side, power)


@method(
    "clinical.spending_bounds",
    version="1.0",
    source="Lan KKG, DeMets DL, Biometrika 1983;70:659; Hwang, Shih, DeCani, Stat Med 1990;9:1439; "
    "Kim K, DeMets DL, Biometrika 1987;74:149; " + SOURCE,
    title="Group-sequential bounds by alpha spending, at the information seen",
)
def spending_bounds(
    *,
    information: Sequence[float],
    planned_maximum: float,
    alpha: float,
    spender: Spender,
    sides: int = 1,
    last: bool = True,
    power: float | None = None,
) -> Bounds:
    """Return bounds at the looks made or planned; events are given as the whole numbers they are.

    Args:
        information: at each look, e.g. events seen; it need not end at the plan.
        planned_maximum: the information at which all error is spent.
        alpha: type I error, of both sides together when `sides` is 2; each side then spends half of it.
        spender: the spending function.
        sides: 1 or 2.
        last: the last look given is the last of the trial. It spends all alpha, also when short of or over the plan.
        power: as for the other bounds; only of a whole trial.

    Raises:
        MethodError: information does not rise, alpha is no share, or a look before the last is beyond the plan.
    """
    seen, side = rising("information", information), _one_side(alpha, sides)
    times = [value / positive("planned maximum", planned_maximum) for value in seen]
    early = times[:-1] if last else times
    if early and early[-1] >= 1:
        raise MethodError(
            "a look before the last has spent all of alpha",
            given=f"{early[-1]:g} of the plan",
            allowed="below 1",
            next_step="make it the last look, or plan more information",
        )
    if power is not None and not last:
        raise MethodError("power is of a whole trial", given="looks without a last one")
    spent = spender.cumulative(side, times, last=last)
    state, upper, lower, before = start(), [], [], 0.0
    for time, now in zip(times, spent, strict=True):
        upper.append(_upper(state, time, now - before))
        lower.append(-upper[-1] if sides == 2 else -math.inf)
        state, before = go_on(state, time, lower[-1], upper[-1], 0.0), now
    return _finished(times, upper, lower, side, power, spent)


@method(
    "clinical.futility_bounds",
    version="1.0",
    source="Pampallona S, Tsiatis AA, Kim K, Drug Inf J 2001;35:1113; " + SOURCE,
    title="One-sided group-sequential bounds with futility by beta spending",
)
def futility_bounds(
    *, times: Sequence[float], alpha: float, beta: float, efficacy: Spender, futility: Spender, binding: bool
) -> Bounds:
    """Return efficacy and futility bounds that meet at the last look, and the drift at which they do.

    Args:
        times: information at each look as a share of the maximum; the last is 1.
        alpha: one-sided type I error.
        beta: type II error.
        efficacy: spending function of alpha.
        futility: spending function of beta.
        binding: a trial always stops below. Only then may its stopping lower the efficacy bounds; when it may be
            overruled, alpha is computed as if the lower bounds did not exist.

    Raises:
        MethodError: times do not rise to 1, or alpha and beta together leave no design.
    """
    looks = _planned(times)
    if share("alpha", alpha) + share("beta", beta) >= 1:
        raise MethodError("these errors leave no design", given=f"{alpha:g} and {beta:g}", allowed="a sum below 1")
    alphas = efficacy.cumulative(alpha, looks, last=True)
    betas = futility.cumulative(beta, looks, last=True)

    def excess(drift: float) -> float:
        upper, lower = _both(looks, alphas, betas, drift, binding)
        return crossing_probabilities(information=looks, lower=lower, upper=upper, theta=drift).power - (1 - beta)

    fixed = float(special.ndtri(1 - alpha) + special.ndtri(1 - beta))
    drift = float(optimize.brentq(excess, 0.8 * fixed, 2.5 * fixed, xtol=1e-11))
    upper, lower = _both(looks, alphas, betas, drift, binding)
    return _with_power(looks, upper, lower, alphas, drift, (drift / fixed) ** 2)


def _both(
    times: list[float], alphas: list[float], betas: list[float], drift: float, binding: bool
) -> tuple[list[float], list[float]]:
    null, alternative = start(), start()
    upper: list[float] = []
    lower: list[float] = []
    spent_alpha = spent_beta = 0.0
    for number, time in enumerate(times):
        high = _upper(null, time, alphas[number] - spent_alpha)
        low = high
        if number < len(times) - 1:
            low = min(high, _lower(alternative, time, betas[number] - spent_beta, drift))
        null = go_on(null, time, low if binding else -math.inf, high, 0.0)
        alternative = go_on(alternative, time, low, high, drift)
        upper.append(high)
        lower.append(low)
        spent_alpha, spent_beta = alphas[number], betas[number]
    return upper, lower


def _upper(state: Looks, time: float, error: float) -> float:
    return bound_for(lambda z: above(state, time, z, 0.0), error)


def _lower(state: Looks, time: float, error: float, drift: float) -> float:
    return -bound_for(lambda z: below(state, time, -z, drift), error)


def _planned(times: Sequence[float]) -> list[float]:
    looks = rising("information", times)
    if abs(looks[-1] - 1) > 1e-12:
        raise MethodError("the plan does not end", given=f"{looks[-1]:g} at the last look", allowed="1")
    return looks


def _one_side(alpha: float, sides: int) -> float:
    if sides not in (1, 2):
        raise MethodError("a test has one side or two", given=str(sides), allowed="1 or 2")
    return share("alpha", alpha) / sides


def _finished(
    times: list[float],
    upper: list[float],
    lower: list[float],
    side: float,
    power: float | None,
    spent: list[float] | None = None,
) -> Bounds:
    if spent is None:
        each = crossing_probabilities(information=times, lower=lower, upper=upper, theta=0).upper
        spent = [math.fsum(each[: number + 1]) for number in range(len(each))]
    if power is None:
        return Bounds(tuple(times), tuple(upper), tuple(lower), tuple(spent))
    if share("power", power) <= side:
        raise MethodError("this power needs no trial", given=f"{power:g}", allowed=f"above {side:g}")

    def excess(drift: float) -> float:
        return crossing_probabilities(information=times, lower=lower, upper=upper, theta=drift).power - power

    drift = float(optimize.brentq(excess, 0.0, 20.0, xtol=1e-11))
    fixed = float(special.ndtri(1 - side) + special.ndtri(power))
    return _with_power(times, upper, lower, spent, drift, (drift / fixed) ** 2)


def _with_power(
    times: list[float], upper: list[float], lower: list[float], spent: list[float], drift: float, inflation: float
) -> Bounds:
    null = crossing_probabilities(information=times, lower=lower, upper=upper, theta=0.0)
    real = crossing_probabilities(information=times, lower=lower, upper=upper, theta=drift)
    return Bounds(
        tuple(times),
        tuple(upper),
        tuple(lower),
        tuple(spent),
        drift,
        inflation,
        inflation * null.expected_information,
        inflation * real.expected_information,
    )
