"""Moments, study days, sequence numbers and epochs: what a builder derives from the records themselves."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

import polars as pl

MOMENT = re.compile(r"^\d{4}(-\d{2}(-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?)?)?)?\Z")
DATE_LENGTH = 10


def is_moment(text: str) -> bool:
    """Say whether a text is an ISO 8601 moment or interval of two, as far as it is known, on a day of the calendar.

    A part that is not known is left out at the end, or is a hyphen within (`2014---15`); two moments are joined by `/`.
    """
    parts = text.split("/")
    return len(parts) <= 2 and all(_one_moment(part) for part in parts)


def _one_moment(text: str) -> bool:
    if not MOMENT.match(text):
        return bool(re.fullmatch(r"(\d{4}|-)-(\d{2}|-)-(\d{2}|-)(T(\d{2}|-):(\d{2}|-)(:(\d{2}|-))?)?", text))
    padded = text if len(text) >= DATE_LENGTH else f"{text}-01-01"[:DATE_LENGTH]
    try:
        if len(padded) > DATE_LENGTH:
            dt.datetime.fromisoformat(padded)
        else:
            dt.date.fromisoformat(padded)
    except ValueError:
        return False
    return True


def whole_date(moment: str) -> dt.date | None:
    """Return the date of a moment, or None where the moment is not known to the day."""
    try:
        return dt.date.fromisoformat(moment[:DATE_LENGTH]) if len(moment) >= DATE_LENGTH else None
    except ValueError:
        return None


def study_day(moment: str | dt.date, reference: dt.date | None) -> int | None:
    """Return the study day of a moment, or None where either date is unknown.

    The reference day is day 1, the day before it is day -1, and there is no day 0.
    """
    date = whole_date(moment) if isinstance(moment, str) else moment
    if date is None or reference is None:
        return None
    apart = (date - reference).days
    return apart + 1 if apart >= 0 else apart


def study_days(
    moments: Sequence[str | None], subjects: Sequence[str | None], reference: Mapping[str, str]
) -> pl.Series:
    """Return the study day of each record; `reference` is the RFSTDTC of each subject."""
    first = {subject: whole_date(moment or "") for subject, moment in reference.items()}
    found = [
        study_day(moment, first.get(subject or "")) if moment else None
        for moment, subject in zip(moments, subjects, strict=True)
    ]
    return pl.Series(found, dtype=pl.Float64)


def sequence_numbers(keys: Sequence[tuple[object, ...]]) -> pl.Series:
    """Return 1, 2, 3 … within each key, in the order of the rows."""
    last: dict[tuple[object, ...], int] = defaultdict(int)
    found = []
    for key in keys:
        last[key] += 1
        found.append(last[key])
    return pl.Series(found, dtype=pl.Float64)


def epochs(moments: Sequence[str | None], subjects: Sequence[str | None], elements: pl.DataFrame) -> pl.Series:
    """Return the epoch of each record from the subject elements (USUBJID, EPOCH, SESTDTC, SEENDTC).

    An element begins with its start and reaches to its end; the moment that ends one and starts the next belongs to the
    next. Moments are compared as far as both are known. A record whose moment is less exact than a day has an epoch
    only where one element alone comes in question. What lies outside all elements has none.
    """
    spans: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for row in elements.iter_rows(named=True):
        if row["SESTDTC"] and row["EPOCH"]:
            spans[row["USUBJID"]].append((row["SESTDTC"], row.get("SEENDTC") or "", row["EPOCH"]))
    for own in spans.values():
        own.sort()
    return pl.Series(
        [_epoch(moment or "", spans.get(subject or "", [])) for moment, subject in zip(moments, subjects, strict=True)],
        dtype=pl.String,
    )


def _epoch(moment: str, spans: Sequence[tuple[str, str, str]]) -> str:
    if not moment:
        return ""
    touched = [
        (start, epoch) for start, end, epoch in spans if _before(start, moment) and (not end or _before(moment, end))
    ]
    if len(moment) < DATE_LENGTH:
        names = {epoch for _, epoch in touched}
        return names.pop() if len(names) == 1 else ""
    return touched[-1][1] if touched else ""


def _before(one: str, other: str) -> bool:
    """Say whether one moment is not after another, as far as both are known (to the minute)."""
    known = min(len(one), len(other), 16)
    return one[:known] <= other[:known]
