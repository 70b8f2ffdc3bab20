"""The distribution of a sequence of looks: probabilities of crossing bounds, by recursive quadrature.

Statistics Z at information I have the canonical joint distribution: mean θ√I, covariance √(I_j / I_k). The density of
"still going on" is carried from look to look on a grid (Armitage, McPherson and Rowe 1969), with the grid and Simpson
weights of Jennison and Turnbull (2000), section 19.2. No simulation, and no loss of digits with the number of looks.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from crdmo.science.checks import Vector, finite_numbers
from crdmo.science.method import MethodError, method

GRID = 40
WIDEST = 20.0
SOURCE = (
    "Armitage P, McPherson CK, Rowe BC, J R Stat Soc A 1969;132:235; "
    "Jennison C, Turnbull BW (2000) Group Sequential Methods, Chapman & Hall/CRC, ch. 19"
)


@dataclass(frozen=True)
class Looks:
    """Part of the sample space that is still going on after a look: z, and its density times the weights."""

    z: Vector
    mass: Vector
    information: float


def start() -> Looks:
    """Return the state before any look: all mass at zero information."""
    return Looks(np.zeros(1), np.ones(1), 0.0)


def above(state: Looks, information: float, bound: float, theta: float) -> float:
    """Return the probability of going on so far and then being at or above `bound` at `information`."""
    step = information - state.information
    gap = bound * math.sqrt(information) - state.z * math.sqrt(state.information) - theta * step
    return float(state.mass @ special.ndtr(-gap / math.sqrt(step)))


def below(state: Looks, information: float, bound: float, theta: float) -> float:
    """Return the probability of going on so far and then being below `bound` at `information`."""
    step = information - state.information
    gap = bound * math.sqrt(information) - state.z * math.sqrt(state.information) - theta * step
    return float(state.mass @ special.ndtr(gap / math.sqrt(step)))


def go_on(state: Looks, information: float, lower: float, upper: float, theta: float) -> Looks:
    """Return the state after a look at which the trial stops outside `lower` to `upper`."""
    z, weights = _grid(theta * math.sqrt(information), lower, upper)
    step = information - state.information
    gap = z[:, None] * math.sqrt(information) - state.z[None, :] * math.sqrt(state.information) - theta * step
    density = np.exp(-(gap**2) / (2 * step)) @ state.mass * math.sqrt(information / (2 * math.pi * step))
    return Looks(z, density * weights, information)


def bound_for(tail: Callable[[float], float], probability: float) -> float:
    """Return the bound at which a falling tail has the probability; infinite where there is none to spend."""
    if probability <= 0.0 or tail(WIDEST) >= probability:
        return math.inf
    if tail(-WIDEST) <= probability:
        return -math.inf
    return float(optimize.brentq(lambda z: tail(z) - probability, -WIDEST, WIDEST, xtol=1e-13, rtol=1e-14))


def _grid(centre: float, lower: float, upper: float) -> tuple[Vector, Vector]:
    """Return the points of Jennison and Turnbull between the bounds, and their Simpson weights."""
    near = np.arange(1, GRID)
    tail = 3 + 4 * np.log(GRID / near)
    middle = np.linspace(-3.0, 3.0, 4 * GRID + 1)
    points = centre + np.concatenate((-tail, middle, tail[::-1]))
    low, high = max(lower, points[0]), min(upper, points[-1])
    if not low < high:
        return np.array([centre]), np.zeros(1)
    points = np.concatenate(([low], points[(points > low) & (points < high)], [high]))
    z = np.empty(2 * points.size - 1)
    z[::2], z[1::2] = points, (points[1:] + points[:-1]) / 2
    widths = np.diff(points) / 6
    weights = np.zeros(z.size)
    weights[:-2:2] += widths
    weights[2::2] += widths
    weights[1::2] = 4 * widths
    return z, weights


@dataclass(frozen=True)
class CrossingProbabilities:
    """Probability of stopping at each look, above and below, and the information expected at the end."""

    upper: tuple[float, ...]
    lower: tuple[float, ...]
    expected_information: float

    @property
    def power(self) -> float:
        """The probability of crossing the upper bound at any look."""
        return math.fsum(self.upper)


@method(
    "clinical.crossing_probabilities", version="1.0", source=SOURCE, title="Probabilities of crossing sequential bounds"
)
def crossing_probabilities(
    *, information: Sequence[float], lower: Sequence[float], upper: Sequence[float], theta: float
) -> CrossingProbabilities:
    """Return where a trial with these bounds stops.

    Args:
        information: at each look, rising; of any unit that makes the mean of Z equal to theta·√information.
        lower: bounds on Z; −inf where a look cannot stop below. At the last look the trial ends.
        upper: bounds on Z; inf where a look cannot stop above.
        theta: the true effect, in the unit that belongs to the information; 0 under the null hypothesis.

    Raises:
        MethodError: information does not rise, or a lower bound lies above its upper one.

    >>> found = crossing_probabilities(information=[1], lower=[-1.959963985], upper=[1.959963985], theta=0)
    >>> round(found.power, 6)
    0.025
    """
    times = rising("information", information)
    if not len(times) == len(lower) == len(upper) or any(not a <= b for a, b in zip(lower, upper, strict=True)):
        raise MethodError(
            "the bounds are not of these looks",
            given=f"{len(times)} looks, {len(lower)} lower and {len(upper)} upper bounds",
            allowed="one pair a look, the lower not above the upper",
        )
    finite_numbers("theta", [theta])
    state, ups, downs = start(), [], []
    for when, low, high in zip(times, lower, upper, strict=True):
        ups.append(above(state, when, high, theta))
        downs.append(below(state, when, low, theta))
        state = go_on(state, when, low, high, theta)
    stopped = [up + down for up, down in zip(ups, downs, strict=True)]
    expected = math.fsum(p * t for p, t in zip(stopped[:-1], times, strict=False))
    return CrossingProbabilities(tuple(ups), tuple(downs), expected + (1 - math.fsum(stopped[:-1])) * times[-1])


def rising(name: str, values: Sequence[float]) -> list[float]:
    """Return positive, rising numbers, or refuse."""
    numbers = [float(value) for value in finite_numbers(name, values)]
    if numbers[0] <= 0 or any(b <= a for a, b in itertools.pairwise(numbers)):
        raise MethodError(
            f"{name} does not rise",
            given=", ".join(f"{value:g}" for value in numbers),
            allowed="greater than zero, each look more than the last",
            next_step="check the order of the looks",
        )
    return numbers


@method("clinical.conditional_power", version="1.0", source=SOURCE, title="Conditional power of a sequential trial")
def conditional_power(
    *,
    information: Sequence[float],
    lower: Sequence[float],
    upper: Sequence[float],
    look: int,
    z: float,
    theta: float | None = None,
) -> CrossingProbabilities:
    """Return where the trial stops after a look at which Z was seen.

    Args:
        information: of all looks, those past included.
        lower: lower bounds of all looks.
        upper: upper bounds of all looks.
        look: the number of the look just made, from 1.
        z: the statistic seen.
        theta: the effect assumed; by default its estimate, z/√information.

    Raises:
        MethodError: the look is the last, or the bounds are not of these looks.

    Source: the increments after a look are independent of it (Jennison and Turnbull 2000, section 10.2).
    `expected_information` counts from the look.
    """
    times = rising("information", information)
    if not 1 <= look < len(times) or not len(lower) == len(upper) == len(times):
        raise MethodError("nothing comes after this look", given=str(look), allowed=f"1 to {len(times) - 1}")
    finite_numbers("z", [z])
    now = times[look - 1]
    effect = z / math.sqrt(now) if theta is None else theta

    def shifted(bound: float, when: float) -> float:
        return (bound * math.sqrt(when) - z * math.sqrt(now)) / math.sqrt(when - now)

    later = times[look:]
    return crossing_probabilities(
        information=[when - now for when in later],
        lower=[shifted(bound, when) for bound, when in zip(lower[look:], later, strict=True)],
        upper=[shifted(bound, when) for bound, when in zip(upper[look:], later, strict=True)],
        theta=effect,
    )
