"""Distribution between octanol and buffer (log D), partition of the neutral form (log P), and the way between them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from crdmo.science.checks import finite_numbers, positive, same_length
from crdmo.science.discovery.adme_acceptance import Criterion, broken
from crdmo.science.method import MethodError, method

_SOURCE = "OECD Test No. 107 (1995) shake flask; Avdeef A (2012) Absorption and Drug Development, 2nd ed., ch. 2 and 4"
# Ion pairs enter octanol: a charged form lies three to four units below the neutral one, not endlessly.
ION_PAIRS = 3.0


@dataclass(frozen=True)
class Distribution:
    """log D at one pH. `qualifier` "<" or ">" where octanol or buffer was below its limit of quantification."""

    qualifier: str
    log_d: float
    sd: float | None
    ph: float
    criteria: tuple[Criterion, ...]
    accepted: bool
    flags: tuple[str, ...]


@dataclass(frozen=True)
class Partition:
    """log P of the neutral form and log D at a pH; `neutral` is the fraction that is neutral there."""

    log_p: float
    log_d: float
    neutral: float
    flags: tuple[str, ...]


@method("discovery.log_d", version="1.0", title="log D by shake flask", source=_SOURCE)
def log_d(
    *,
    octanol: Sequence[float],
    buffer: Sequence[float],
    ph: float,
    octanol_volume: float | None = None,
    buffer_volume: float | None = None,
    amount: float | None = None,
    lowest_octanol: float | None = None,
    lowest_buffer: float | None = None,
    most_range: float = 0.3,
) -> Distribution:
    """Return log D, the logarithm of all forms in octanol over all forms in buffer.

    Args:
        octanol: concentrations, a replicate each; dilutions already counted.
        buffer: same replicates and unit.
        ph: of the buffer at equilibrium; a log D without it says nothing.
        octanol_volume: with `buffer_volume` and `amount` gives the recovery.
        buffer_volume: in the same unit.
        amount: put in, in the unit of concentration times volume.
        lowest_octanol: limit of quantification.
        lowest_buffer: limit of quantification.
        most_range: between replicates, log units (OECD 107: 0.3).

    Raises:
        MethodError: a concentration not above zero without a limit of quantification, both phases below it, a pH outside 0 to
            14.
    """
    o, b = finite_numbers("octanol", octanol), finite_numbers("buffer", buffer)
    same_length("octanol", o, "buffer", b)
    acidity = _ph(ph)
    low_o, low_b = (0.0 if x is None else positive("limit", x) for x in (lowest_octanol, lowest_buffer))
    if (o.min() <= 0 and not low_o) or (b.min() <= 0 and not low_b) or min(o.min(), b.min()) < 0:
        raise MethodError(
            "a concentration is not above zero",
            given=f"octanol {o.min():g}, buffer {b.min():g}",
            allowed="above zero",
            next_step="give the limit of quantification of that phase; log D is then a limit",
        )
    short_o, short_b = bool(np.any(o < low_o)), bool(np.any(b < low_b))
    if short_o and short_b:
        raise MethodError("both phases are below their limits", given="no concentration", allowed="one that is known")
    each = np.log10(np.maximum(o, low_o) / np.maximum(b, low_b))
    qualifier = "<" if short_o else ">" if short_b else ""
    value = float(each.max() if short_o else each.min() if short_b else each.mean())
    criteria: list[Criterion] = []
    if each.size > 1 and not qualifier:
        criteria.append(Criterion("Range of replicates, log units", float(np.ptp(each)), None, most_range))
    if octanol_volume is not None and buffer_volume is not None and amount is not None:
        found = o * positive("octanol_volume", octanol_volume) + b * positive("buffer_volume", buffer_volume)
        criteria.append(Criterion("Recovery, %", 100 * float(found.mean()) / positive("amount", amount), 80.0, 120.0))
    kept = tuple(criteria)
    flags = list(broken(kept))
    if abs(value) > 4:
        flags.append("A shake flask is not trusted beyond 4 log units")
    sd = float(each.std(ddof=1)) if each.size > 1 and not qualifier else None
    return Distribution(qualifier, value, sd, acidity, kept, all(one.passes for one in kept), tuple(flags))


def _ph(value: float) -> float:
    if not (math.isfinite(value) and 0 <= value <= 14):
        raise MethodError("this is no pH", given=str(value), allowed="0 to 14")
    return float(value)


def neutral_fraction(ph: float, acids: Sequence[float], bases: Sequence[float]) -> float:
    """Return the fraction of a compound that carries no charge, from the macroscopic pKa of its acids and bases.

    >>> neutral_fraction(7.4, [7.4], [])
    0.5
    """
    lost = [k * ph - total for k, total in enumerate(accumulate(sorted(acids)), 1)]
    gained = [total - k * ph for k, total in enumerate(accumulate(sorted(bases, reverse=True)), 1)]
    both = [x + y for x in lost for y in gained]
    if any(x > 300 for x in (*lost, *gained, *both)):
        return 0.0
    # An acid and a base that are both charged make a zwitterion, which is not the neutral form.
    return 1.0 / (1.0 + math.fsum(10**x for x in (*lost, *gained, *both)))


@method("discovery.log_p_from_log_d", version="1.0", title="log P from log D", source=_SOURCE)
def log_p_from_log_d(*, log_d: float, ph: float, acids: Sequence[float] = (), bases: Sequence[float] = ()) -> Partition:
    """Return log P = log D - log10(neutral fraction).

    Args:
        log_d: measured at `ph`.
        ph: of the buffer.
        acids: macroscopic pKa of acidic groups.
        bases: macroscopic pKa of the conjugate acids of basic groups.

    Raises:
        MethodError: a pKa or a log D that is no number, a pH outside 0 to 14.

    Only the neutral form is taken to enter octanol. Where less than a thousandth is neutral, ion pairs carry the rest: then
    log P comes out too high, which is said.

    >>> round(log_p_from_log_d(log_d=0.0, ph=7.4, bases=[9.4]).log_p, 6)
    2.004321
    """
    finite_numbers("log_d", [log_d])
    for name, values in (("acids", acids), ("bases", bases)):
        if len(values):
            finite_numbers(name, values)
    neutral = neutral_fraction(_ph(ph), acids, bases)
    if neutral <= 0:
        raise MethodError("nothing is neutral at this pH", given=f"pH {ph:g}", allowed="pKa nearer to the pH")
    gap = -math.log10(neutral)
    flags = (
        ("Less than a thousandth is neutral: ion pairs carry the rest, and log P is too high",)
        if gap > ION_PAIRS
        else ()
    )
    return Partition(float(log_d) + gap, float(log_d), neutral, flags)
