"""The samples of concentration–time profiles: what is refused, and what counts below the limit of quantification."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import chain, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crdmo.science.checks import finite_numbers, positive, same_length
from crdmo.science.method import MethodError

from .exposure import Mask, Rows
from .terminal_phase import FEWEST

# A result is stored as JSON, whose whole numbers are exact to here only.
LARGEST = 2.0**53


class Below(Enum):
    """What a sample below the limit of quantification counts as."""

    MISSING = "missing"
    ZERO = "zero"
    HALF = "half_the_limit"
    LIMIT = "the_limit"


@dataclass(frozen=True)
class BelowLimit:
    """The rules for samples below the limit of quantification, by where they stand among the quantifiable ones.

    Attributes:
        before: the first quantifiable sample.
        between: quantifiable samples.
        after: the last quantifiable sample. `zero` draws the curve down to 0 at the first of them, so that areas over an
            interval need no extrapolation; `half_the_limit` and `the_limit` count the first of them and drop the others.
            The area to the last quantifiable sample, and λz, never see them.
        limit: of quantification, in the unit of the concentrations; a number below it counts as below the limit.
    """

    before: Below = Below.ZERO
    between: Below = Below.MISSING
    after: Below = Below.MISSING
    limit: float | None = None


@dataclass(frozen=True)
class Exclusion:
    """A sample that a person leaves out: of everything, or of the terminal phase only; and why."""

    time: float
    reason: str
    terminal_phase_only: bool = False


@dataclass(frozen=True)
class ProfileData:
    """One profile: samples, dose, and what a person decided about them. See `non_compartmental` for the units.

    Attributes:
        name: whose it is, such as animal and day.
        time, concentration: of the samples.
        dose: amount, or None.
        exclusions: samples left out, with reasons.
        terminal_times, terminal_reason: the samples of the terminal phase that a person chose, and why.
    """

    name: str
    time: Sequence[float]
    concentration: Sequence[float | None]
    dose: float | None = None
    exclusions: Sequence[Exclusion] = ()
    terminal_times: Sequence[float] | None = None
    terminal_reason: str = ""


@dataclass(frozen=True)
class Samples:
    """Sound profiles as rows that are filled up at their end with their last sample.

    Attributes:
        times, values: below the limit is what the rules say.
        measured: where a value was quantified, not put there by a rule.
        counts: how many samples each row has.
        terminal: measured samples that may be in the terminal phase.
        chosen: those that a person chose for it; a row without any has none.
        dropped: time of the first sample below the limit after the last quantifiable one, or NaN.
        broken: whether one below the limit lies between the dose and the second quantifiable sample.
    """

    times: Rows
    values: Rows
    measured: Mask
    counts: NDArray[np.int64]
    terminal: Mask
    chosen: Mask
    dropped: Rows
    broken: Mask


@dataclass
class Read:
    """The samples of the sound profiles, which ones these are, and why the others are refused."""

    samples: Samples
    sound: list[int]
    refused: dict[int, MethodError]


def read(profiles: Sequence[ProfileData], below: BelowLimit) -> Read:
    """Return the samples as rows. A profile that is not sound is told, and left out.

    Raises:
        MethodError: the rules need a limit of quantification that is not given.
    """
    limit = _limit(below)
    refused: dict[int, MethodError] = {}
    for i in _suspects(profiles, limit):
        try:
            _check(profiles[i], limit)
        except MethodError as error:
            refused[i] = error
        except (TypeError, ValueError) as error:
            refused[i] = MethodError(
                "a sample is no number", given=str(error)[:80], allowed="numbers; None below the limit of quantification",
                next_step="write words such as BLQ as None",
            )  # fmt: skip
    sound = [i for i in range(len(profiles)) if i not in refused]
    return Read(_rows([profiles[i] for i in sound], below, limit), sound, refused)


def _limit(below: BelowLimit) -> float:
    if below.limit is not None:
        return positive("limit of quantification", below.limit)
    needing = [p for p in (below.before, below.between, below.after) if p in (Below.HALF, Below.LIMIT)]
    if needing:
        raise MethodError(
            "a rule for samples below the limit needs the limit", given=needing[0].value, allowed="limit > 0",
            next_step="give the limit of quantification in the unit of the concentrations",
        )  # fmt: skip
    return 0.0


def _suspects(profiles: Sequence[ProfileData], limit: float) -> list[int]:
    """Return the profiles that one quick look at all of them cannot call sound."""
    found = {i for i, one in enumerate(profiles) if len(one.time) != len(one.concentration) or len(one.time) < 2
             or one.exclusions or one.terminal_times or (one.dose is not None and not 0 < one.dose < LARGEST)}  # fmt: skip
    if not (rest := [i for i in range(len(profiles)) if i not in found]):
        return sorted(found)
    try:
        times, values, counts = _filled([profiles[i] for i in rest])
    except (TypeError, ValueError):
        return list(range(len(profiles)))
    with np.errstate(invalid="ignore"):
        inside = np.arange(times.shape[1])[None, 1:] < counts[:, None]
        rising = ((np.diff(times, axis=1) > 0) | ~inside).all(axis=1)
        # NaN may stand for None, which is sound; infinite, negative and nothing quantifiable are not.
        plain = np.nan_to_num(values, nan=0.0, posinf=np.inf, neginf=-np.inf)
        sound = rising & np.isfinite(times).all(axis=1) & np.isfinite(plain).all(axis=1) & (plain >= 0).all(axis=1)
        sound &= ((plain > 0) & (plain >= limit)).any(axis=1)
        sound &= plain.max(axis=1) * np.maximum(np.abs(times).max(axis=1), 1.0) < LARGEST
    odd = np.any(np.isnan(values), axis=1)
    for k, i in enumerate(rest):
        if not sound[k] or (odd[k] and any(isinstance(c, float) and math.isnan(c) for c in profiles[i].concentration)):
            found.add(i)
    return sorted(found)


def _check(one: ProfileData, limit: float) -> None:
    same_length("time", list(one.time), "concentration", list(one.concentration))
    times = finite_numbers("time", one.time, at_least=2)
    if any(b <= a for a, b in pairwise(times)):
        raise MethodError(
            "the times do not rise", given=", ".join(f"{t:g}" for t in times),
            allowed="each sample later than the one before, one sample a time",
            next_step="sort the samples by time after the dose; decide on duplicates",
        )  # fmt: skip
    values = finite_numbers("concentration", [0.0 if c is None else c for c in one.concentration])
    if (values < 0).any():
        raise MethodError(
            "a concentration is negative", given=f"{values.min():g}",
            allowed="0 or more; None below the limit of quantification", next_step="correct it at its source",
        )  # fmt: skip
    if values.max() * max(abs(times).max(), 1.0) >= LARGEST or (one.dose or 0.0) >= LARGEST:
        raise MethodError(
            "the numbers are too large for an area that can be kept", given=f"{values.max():g} at times to {times[-1]:g}",
            allowed=f"concentration × time, and dose, below {LARGEST:.0e}", next_step="give units of the size of the values",
        )  # fmt: skip
    if one.dose is not None:
        positive("dose", one.dose)
    known = {float(t): float(c) for t, c in zip(times, values, strict=True)}
    _check_exclusions(one.exclusions, known)
    out = {float(e.time) for e in one.exclusions if not e.terminal_phase_only}
    quantifiable = {t: c for t, c in known.items() if c > 0 and c >= limit and t not in out}
    if not quantifiable or len(known) - len(out) < 2:
        raise MethodError(
            "no sample is quantifiable" if not quantifiable else "one sample makes no profile",
            given=f"{len(quantifiable)} of {len(values)} samples quantifiable, {len(out)} left out",
            allowed="at least two samples, one above the limit", next_step="report the animal as not exposed; there is no area",
        )  # fmt: skip
    if one.terminal_times:
        banned = {float(e.time) for e in one.exclusions}
        _check_choice(one.terminal_times, one.terminal_reason, [t for t in quantifiable if t not in banned])


def _check_exclusions(exclusions: Sequence[Exclusion], known: dict[float, float]) -> None:
    for one in exclusions:
        if not one.reason.strip() or float(one.time) not in known:
            raise MethodError(
                "an excluded sample has its time and a reason", given=f"{one.time:g}: {one.reason.strip() or 'no reason'}",
                allowed=f"a sampling time ({', '.join(f'{t:g}' for t in known)}) and words",
                next_step="name the sample, and say why it is left out",
            )  # fmt: skip


def _check_choice(times: Sequence[float], reason: str, allowed: list[float]) -> None:
    if not reason.strip():
        raise MethodError(
            "a terminal phase that a person chose has a reason", given="terminal_times without terminal_reason",
            allowed="words", next_step="say why the best fit was not taken",
        )  # fmt: skip
    if any(float(t) not in allowed for t in times) or len(set(times)) < FEWEST:
        raise MethodError(
            "the samples chosen for the terminal phase cannot be used",
            given=", ".join(f"{t:g}" for t in times) or "none",
            allowed=f"at least {FEWEST} times with a quantifiable sample: {', '.join(f'{t:g}' for t in allowed)}",
            next_step="choose sampling times of this profile",
        )  # fmt: skip


def _filled(profiles: Sequence[ProfileData]) -> tuple[Rows, Rows, NDArray[np.int64]]:
    """Return times and values as rows, filled up with the last ones; None becomes NaN."""
    counts = np.array([len(one.time) for one in profiles], dtype=np.int64)
    flat_t = np.array(list(chain.from_iterable(one.time for one in profiles)), dtype=np.float64)
    flat_c = np.array(list(chain.from_iterable(one.concentration for one in profiles)), dtype=np.float64)
    ends = np.cumsum(counts)
    place = (ends - counts)[:, None] + np.minimum(np.arange(int(counts.max(initial=2)))[None, :], counts[:, None] - 1)
    return flat_t[place], flat_c[place], counts


def _rows(profiles: Sequence[ProfileData], below: BelowLimit, limit: float) -> Samples:
    if not profiles:
        empty, none = np.zeros((0, 2)), np.zeros((0, 2), dtype=np.bool_)
        return Samples(empty, empty, none, np.zeros(0, dtype=np.int64), none, none, np.zeros(0), none[:, 0])
    times, values, counts = _filled(profiles)
    values = np.nan_to_num(values, nan=0.0)
    inside = np.arange(times.shape[1])[None, :] < counts[:, None]
    terminal, chosen, kept = inside.copy(), np.zeros_like(inside), inside.copy()
    for i, one in enumerate(profiles):
        for exclusion in one.exclusions:
            at = times[i] == float(exclusion.time)
            terminal[i] &= ~at
            if not exclusion.terminal_phase_only:
                kept[i] &= ~at
        if one.terminal_times:
            chosen[i] = inside[i] & np.isin(times[i], [float(t) for t in one.terminal_times])
    measured = kept & (values > 0) & (values >= limit)
    first = measured.argmax(axis=1)[:, None]
    last = measured.shape[1] - 1 - measured[:, ::-1].argmax(axis=1)[:, None]
    place = np.arange(measured.shape[1])[None, :]
    under = kept & ~measured
    after = under & (place > last)
    first_after = after & (np.cumsum(after, axis=1) == 1)
    dropped = np.where(after.any(axis=1), times[np.arange(len(times)), first_after.argmax(axis=1)], np.nan)
    seen = np.cumsum(measured & (times > 0), axis=1)
    broken = np.any(under & (times > 0) & (seen < 2) & (place < last), axis=1)
    if under.any():
        for where, rule in ((under & (place < first), below.before), (under & (place > first) & (place < last), below.between),
                            (after, below.after)):  # fmt: skip
            kept, values = _counted(where, rule, limit, kept, values, first_after if where is after else None)
    packed: list[NDArray[Any]] = [times, values, measured & kept, terminal & measured & kept, chosen & measured & kept]
    counts = kept.sum(axis=1)
    if not kept.all():
        order = np.argsort(~kept, axis=1, kind="stable")[:, : max(2, int(counts.max()))]
        real = np.arange(order.shape[1])[None, :] < counts[:, None]
        # A filling repeats the last sample of its row, and is itself none.
        order = np.where(real, order, order[np.arange(len(order)), counts - 1][:, None])
        packed = [np.take_along_axis(one, order, axis=1) for one in packed]
        packed[2:] = [one & real for one in packed[2:]]
    return Samples(packed[0], packed[1], packed[2], counts, packed[3], packed[4], dropped, broken)


def _counted(
    where: Mask, rule: Below, limit: float, kept: Mask, values: Rows, only_first: Mask | None
) -> tuple[Mask, Rows]:
    """Return which samples are kept, and their values, after one rule for those `where` says."""
    if rule is Below.MISSING:
        return kept & ~where, values
    if rule is Below.ZERO:
        return kept, np.where(where, 0.0, values)
    put = limit / 2 if rule is Below.HALF else limit
    if only_first is not None:
        return kept & (~where | only_first), np.where(only_first, put, values)
    return kept, np.where(where, put, values)
