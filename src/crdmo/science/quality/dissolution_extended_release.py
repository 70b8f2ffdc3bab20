"""USP <711> for extended release, stages L1 to L3: ranges at several times, held on the digits as reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from crdmo.science.checks import finite_decimals
from crdmo.science.method import MethodError, method
from crdmo.science.quality.dissolution_stages import SOURCE, Line, StageVerdict, as_limit, decide_stages, exact_mean


@dataclass(frozen=True)
class ReleaseWindow:
    """What an extended-release product may have released at one time, percent; an open side is None.

    At the final time the stated amount is a lower limit only.
    """

    time: Decimal
    lower: Decimal | None
    upper: Decimal | None


@method("quality.dissolution_extended_release", version="1.0", source=SOURCE, title="<711> stages L1 to L3")
def dissolution_extended_release(
    *, percent_dissolved: Sequence[Sequence[Decimal]], windows: Sequence[ReleaseWindow]
) -> StageVerdict:
    """Decide stages L1 to L3 of an extended-release product.

    L1: every unit within every range. L2: means within, no unit more than 10 % outside. L3: means within, at most two
    units more than 10 % outside, none more than 20 %.

    Parameters: `percent_dissolved`, one row for each unit (6, 12 or 24), one column for each window;
    `windows` in order of time, the last one with a lower limit only. L3 counts a unit once for each time, as
    the table reads "of each of the stated ranges". Errors as in `dissolution_immediate_release`.
    """
    rows = tuple(finite_decimals(f"unit {i}", row) for i, row in enumerate(percent_dissolved, start=1))
    _proper_windows(windows)
    if any(len(row) != len(windows) for row in rows):
        raise MethodError(
            "units and windows do not belong together",
            given=f"rows of lengths {sorted({len(row) for row in rows})} for {len(windows)} windows",
            allowed="one value for each window",
            next_step="give each unit's value at each specified time",
        )
    return decide_stages("L", rows, lambda tested: _window_lines(tested, windows))


def _window_lines(units: Sequence[Sequence[Decimal]], windows: Sequence[ReleaseWindow]) -> list[Line]:
    return [line for i, window in enumerate(windows) for line in _one_window([row[i] for row in units], window)]


def _one_window(values: Sequence[Decimal], window: ReleaseWindow) -> list[Line]:
    """Return the lines of one time; a range counts its units once, whether they lie below or above it."""
    far = [_distance_outside(value, window) for value in values]
    n, stated = len(values), _window_text(window)

    def outside(by: int, allowed: int, *, final: bool = False) -> Line:
        count = sum(1 for distance in far if distance > by)
        words = f"at most {allowed} unit(s) outside {stated}" + (f" by more than {by} %" if by else "")
        return Line(words, f"{count} unit(s)", count <= allowed, final)

    last_resort = [outside(10, 2, final=n < 24), outside(20, 0, final=n < 24)]
    if n == 6:
        return [outside(0, 0), *last_resort]
    mean = exact_mean(values)
    found = ", ".join(str(as_limit(mean, limit)) for limit in (window.lower, window.upper) if limit is not None)
    mean_line = Line(f"mean of {n} within {stated}", f"mean {found}", _distance_outside(mean, window) <= 0)
    return [mean_line, outside(10, 0), *last_resort] if n == 12 else [mean_line, *last_resort]


def _distance_outside(value: Decimal, window: ReleaseWindow) -> Decimal:
    """Return how far outside a value lies, percent of label, rounded as the limit it is held against."""
    distances = []
    if window.lower is not None:
        distances.append(window.lower - as_limit(value, window.lower))
    if window.upper is not None:
        distances.append(as_limit(value, window.upper) - window.upper)
    return max(distances)


def _window_text(window: ReleaseWindow) -> str:
    if window.lower is None:
        return f"≤ {window.upper} at {window.time}"
    return (
        f"≥ {window.lower} at {window.time}"
        if window.upper is None
        else (f"{window.lower} to {window.upper} at {window.time}")
    )


def _proper_windows(windows: Sequence[ReleaseWindow]) -> None:
    times = [window.time for window in windows]
    open_ended = bool(windows) and windows[-1].upper is None and windows[-1].lower is not None
    if not open_ended or times != sorted(set(times)) or any(w.lower is None and w.upper is None for w in windows):
        raise MethodError(
            "the windows do not describe an extended-release test",
            given="; ".join(f"{w.time}: {w.lower} to {w.upper}" for w in windows) or "none",
            allowed="rising times, a limit at each, a lower limit only at the final time",
            next_step="take the windows from the specification",
        )
    for window in windows:
        finite_decimals("window", [x for x in (window.time, window.lower, window.upper) if x is not None])
