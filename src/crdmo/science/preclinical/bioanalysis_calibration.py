"""The calibration of a bioanalytical run: weighting by the errors that it leaves, back-calculated standards, its range.

r² is near 1 for any weighting, as the highest standards make it. What matters is the percent error at every level, so the
weighting is the one with the smallest sum of absolute percent errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from crdmo.science.checks import finite_numbers, same_length
from crdmo.science.method import MethodError, method
from crdmo.science.quality.calibration import CalibrationLine, calibration_line

from .bioanalysis_limits import LIMITS, SOURCE, Platform, exact, nominal_of, relative_error

LEAST_LEVELS = 6


class Weighting(Enum):
    """The weight of a standard: 1, 1/x or 1/x²."""

    NONE = "1"
    INVERSE = "1/x"
    INVERSE_SQUARE = "1/x²"


@dataclass(frozen=True)
class WeightingTried:
    """A weighting with what it leaves; r² is shown, not used."""

    weighting: Weighting
    sum_of_errors: float
    r_squared: float


@dataclass(frozen=True)
class Standard:
    """One standard: its concentration on the line, its error in percent, the limit, whether it is met and used."""

    nominal: float
    response: float
    found: float
    error: float
    limit: int
    is_met: bool
    is_used: bool


@dataclass(frozen=True)
class BioanalysisCalibration:
    """The line that is used; the range is that of the levels that are left. `share_met` is over all standards."""

    platform: Platform
    weighting: Weighting
    tried: tuple[WeightingTried, ...]
    slope: float
    intercept: float
    standards: tuple[Standard, ...]
    lloq: float
    uloq: float
    levels_met: int
    share_met: float
    is_accepted: bool
    reasons: tuple[str, ...]


@method(
    "preclinical.bioanalysis_calibration",
    version="1.0",
    title="Calibration of a bioanalytical run",
    source=f"{SOURCE}, 3.2.4; Almeida AM, Castel-Branco MM, Falcao AC, J Chromatogr B 2002;774:215",
)
def bioanalysis_calibration(
    *,
    nominal: Sequence[float],
    response: Sequence[float],
    platform: Platform = Platform.CHROMATOGRAPHY,
    weighting: Weighting | None = None,
) -> BioanalysisCalibration:
    """Return the straight calibration of a run, after standards beyond their limit have been left out.

    Args:
        nominal: concentration of each standard, greater than 0 (blank and zero are no calibrators), any one unit.
        response: of each, e.g. the ratio of peak areas to the internal standard.
        platform: decides the limits.
        weighting: as validated; None chooses by the sum of |percent error|. Of equal sums, the simpler one is taken.

    At least 75 % of the standards, half of the replicates of each level that is counted, and six levels must be within 15 %
    (20 % at the lowest level; ligand binding 20 % and 25 %). Others are left out and the line is fitted again.

    Raises:
        MethodError: lists of different length, fewer than six levels, or responses that do not rise.

    Source: ICH M10 (2022), 3.2.4 and 4.2.4; weighting after Almeida et al. (2002).

    >>> found = bioanalysis_calibration(nominal=[1, 2, 5, 10, 50, 100, 500],
    ...                                 response=[0.0102, 0.0199, 0.0497, 0.1012, 0.506, 0.985, 5.05])
    >>> found.weighting.value, found.is_accepted, found.lloq, found.uloq
    ('1/x²', True, 1.0, 500.0)
    """
    x, y = finite_numbers("nominal", nominal), finite_numbers("response", response)
    same_length("nominal", x, "response", y)
    levels = sorted({nominal_of(float(one)) for one in x})
    if len(levels) < LEAST_LEVELS:
        raise MethodError(
            "the calibration has too few levels",
            given=str(len(levels)),
            allowed=f"at least {LEAST_LEVELS}, without blank and zero",
            next_step="add calibration standards",
        )
    doses, signals = x.tolist(), y.tolist()
    lines = {kind: _line(doses, signals, kind) for kind in Weighting}
    tried = tuple(
        WeightingTried(kind, float(sum(abs(error) for error in _errors(line, doses, signals))), line.r_squared)
        for kind, line in lines.items()
    )
    chosen = weighting or min(tried, key=lambda one: one.sum_of_errors).weighting
    used, line = _fitted(doses, signals, chosen, platform, lines[chosen])
    return _result(doses, signals, platform, chosen, tried, used, line)


def _line(x: Sequence[float], y: Sequence[float], kind: Weighting) -> CalibrationLine:
    power = {Weighting.NONE: 0, Weighting.INVERSE: 1, Weighting.INVERSE_SQUARE: 2}[kind]
    line = calibration_line(x=x, y=y, weights=[one**-power for one in x])
    if line.slope <= 0:
        raise MethodError(
            "the response does not rise with the concentration",
            given=f"slope {line.slope:g}",
            allowed="a slope greater than 0",
            next_step="check the order of the standards",
        )
    return line


def _found(line: CalibrationLine, y: float) -> float:
    return (y - line.intercept) / line.slope


def _errors(line: CalibrationLine, x: Sequence[float], y: Sequence[float]) -> list[Fraction]:
    return [relative_error(exact(_found(line, b)), exact(a)) for a, b in zip(x, y, strict=True)]


def _met(
    line: CalibrationLine, x: Sequence[float], y: Sequence[float], platform: Platform, lowest: float
) -> tuple[list[bool], list[int]]:
    limits = [LIMITS[platform].error_at_lloq if one == lowest else LIMITS[platform].error for one in x]
    return [abs(error) <= limit for error, limit in zip(_errors(line, x, y), limits, strict=True)], limits


def _fitted(
    x: Sequence[float], y: Sequence[float], kind: Weighting, platform: Platform, line: CalibrationLine
) -> tuple[list[bool], CalibrationLine]:
    """Leave out a standard beyond its limit, fit again, until none is; stop where too few would be left.

    Of several, the one goes whose absence leaves the smallest errors: a bad standard at an end pulls the line to itself.
    """
    used = [True] * len(x)
    while True:
        met, _ = _met(line, x, y, platform, min(a for a, u in zip(x, used, strict=True) if u))
        choices = []
        for out in (i for i, one in enumerate(met) if used[i] and not one):
            kept = [i for i, u in enumerate(used) if u and i != out]
            if 4 * len(kept) >= 3 * len(x) and len({x[i] for i in kept}) >= LEAST_LEVELS:
                xs, ys = [x[i] for i in kept], [y[i] for i in kept]
                other = _line(xs, ys, kind)
                choices.append((sum(map(abs, _errors(other, xs, ys))), out, other))
        if not choices:
            return used, line
        _, out, line = min(choices, key=lambda one: one[:2])
        used[out] = False


def _result(
    x: Sequence[float], y: Sequence[float], platform: Platform, kind: Weighting, tried: tuple[WeightingTried, ...],
    used: Sequence[bool], line: CalibrationLine,
) -> BioanalysisCalibration:  # fmt: skip
    kept = [a for a, u in zip(x, used, strict=True) if u]
    met, limits = _met(line, x, y, platform, min(kept))
    ok = [m and u for m, u in zip(met, used, strict=True)]
    by_level = {level: [one for a, one in zip(x, ok, strict=True) if a == level] for level in sorted(set(x))}
    good = [level for level, those in by_level.items() if 2 * sum(those) >= len(those)]
    enough = 4 * sum(ok) >= 3 * len(x)
    accepted = enough and len(good) >= LEAST_LEVELS and all(m for m, u in zip(met, used, strict=True) if u)
    errors = _errors(line, x, y)
    rows = tuple(
        Standard(a, b, _found(line, b), float(errors[i]), limits[i], met[i], used[i])
        for i, (a, b) in enumerate(zip(x, y, strict=True))
    )
    out = ", ".join(f"{a:g}" for a, u in zip(x, used, strict=True) if not u)
    reasons = (
        f"weighting {kind.value}: Σ|%RE| "
        + ", ".join(f"{one.weighting.value} {one.sum_of_errors:.1f}" for one in tried),
        f"{sum(ok)} of {len(x)} standards within their limit at {len(good)} levels; 75 % and {LEAST_LEVELS} levels needed",
        f"left out: {out}" if out else "no standard left out",
    )
    low, high = (min(good), max(good)) if good else (min(kept), max(kept))
    return BioanalysisCalibration(
        platform,
        kind,
        tried,
        line.slope,
        line.intercept,
        rows,
        low,
        high,
        len(good),
        sum(ok) / len(x),
        accepted,
        reasons,
    )
