"""The small pieces that pages, tables and tags share, as escaped HTML: numbers, states, times, links.

Each can be called from Python where a template would be slow; `templatetags/crdmo.py` gives them to templates.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from .icons import PATHS
from .links import record_url
from .states import look


def icon(name: str) -> SafeString:
    """Draw an icon; it is hidden from screen readers, so a word stands beside it. An unknown name draws a sheet."""
    return format_html(
        '<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="{}"/></svg>', PATHS.get(name, PATHS["file"])
    )


def chip(state: Any, word: str = "") -> SafeString:
    """Draw a state: shape, word and colour say the same."""
    tone, shape, known = look(str(state))
    drawn = icon(shape) if shape in PATHS else format_html('<span class="shape" aria-hidden="true">{}</span>', shape)
    return format_html('<span class="chip {}">{}{}</span>', tone, drawn, word or known)


def verdict(passes: bool | None) -> SafeString:
    """Draw whether a result meets its limit; `None` is one that leaves it to the next stage of its test."""
    if passes is None:
        return chip("next_stage")
    return chip("passes", "Meets") if passes else chip("fails", "Out of limit")


def number(value: Any, unit: str = "", record: Any = None, state: Any = "") -> SafeString | str:
    """Write a number exactly as recorded, with its unit and state; a record makes it the beginning of its thread.

    `99.80` stays `99.80`. Without a value a dash is written.
    """
    if value is None or value == "":
        return "–"
    behind = format_html('<span class="unit">\u00a0{}</span>', unit_words(unit)) if unit else ""
    mark = format_html(" {}", chip(state)) if state else ""
    if record is None:
        return format_html('<span class="number">{}{}</span>{}', value, behind, mark)
    return format_html(
        '<a class="number" href="/thread/{}/" data-thread title="Where this number comes from">{}{}</a>{}',
        getattr(record, "pk", record),
        value,
        behind,
        mark,
    )


# UCUM codes that people write otherwise.
UNITS = {
    "Cel": "°C",
    "ug": "µg",
    "uL": "µL",
    "um": "µm",
    "umol": "µmol",
    "mo": "month",
    "wk": "week",
    "a": "year",
    "d": "day",
    "[pH]": "pH",
    "1": "",
    "10*6": "10⁶",
    "10*9": "10⁹",
    "ug/mL": "µg/mL",
    "ug/L": "µg/L",
    "umol/L": "µmol/L",
    "[ppm]": "ppm",
    "[ppb]": "ppb",
}


def unit_words(unit: str) -> str:
    """Return a UCUM code as people write it: `Cel` as °C, the annotation `{tablets}` without braces."""
    return UNITS.get(unit, re.sub(r"[{}]", "", unit))


def thread_link(record: Any, word: str = "Thread") -> SafeString:
    """Write the link that opens where a record comes from and what depends on it."""
    return format_html('<a class="button" href="/thread/{}/" data-thread>{} {}</a>', record.pk, icon("thread"), word)


def day_words(value: dt.date) -> str:
    """Return a date as `22 Nov 2026`."""
    return f"{value.day:02d} {MONTHS[value.month - 1]} {value.year}"


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day(value: dt.date | str | None) -> SafeString | str:
    """Write a date as `22 Nov 2026`; a date has no zone and never shifts."""
    if not value:
        return "–"
    at = dt.date.fromisoformat(value) if isinstance(value, str) else value
    at = at.date() if isinstance(at, dt.datetime) else at
    return format_html('<time datetime="{}" class="nowrap tabular">{}</time>', at.isoformat(), day_words(at))


def instant(value: dt.datetime | str | None) -> SafeString | str:
    """Write an instant in UTC; the page adds the reader's own time and zone.

    Raises:
        ValueError: the instant has no zone, so nobody can say when it was.
    """
    if not value:
        return "–"
    at = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
    if at.tzinfo is None:
        raise ValueError(f"an instant needs its zone; given: {at.isoformat()}; allowed: 2026-11-22T13:05:00+00:00")
    at = at.astimezone(dt.UTC)
    words = f"{day_words(at)} {at:%H:%M}"
    return format_html('<time datetime="{}" class="nowrap tabular">{} UTC</time>', at.isoformat(), words)


def record_link(record: Any, word: str = "") -> SafeString | str:
    """Write a record as a link to its page, where it has one."""
    if record is None:
        return "–"
    url, label = record_url(record), word or str(record)
    if not url:
        return format_html('<span class="id">{}</span>', label)
    return format_html('<a class="id" href="{}">{}</a>', url, label)


def person_link(person: Any) -> SafeString | str:
    """Write a person by printed name; the user id, which is unique, stands in the title."""
    if person is None:
        return "–"
    return format_html('<span class="person nowrap" title="{}">{}</span>', person.user_id, person.printed_name)


def digest(value: str, shown: int = 16) -> SafeString | str:
    """Write a hash, shortened, with a button that copies the whole."""
    if not value:
        return "–"
    short = f"{value[:shown]}…" if len(value) > shown else value
    return format_html('<code class="hash" title="{}">{}</code> {}', value, short, copy_button(value, "hash"))


def copy_button(value: str, what: str = "") -> SafeString:
    """Write a button that copies a text; without scripts it is not shown."""
    return format_html(
        '<button type="button" class="quiet tiny" data-copy="{}" aria-label="Copy {}">{}</button>',
        value,
        what or value,
        icon("copy"),
    )
