"""The pull calendar as an iCalendar feed (RFC 5545), for the calendar that people look at anyway."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from .models import Protocol
from .stability_tables import Calendar, Cell

MOST_OCTETS = 75


def escaped(text: str) -> str:
    """Return text as RFC 5545, section 3.3.11, writes it."""
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def folded(line: str) -> str:
    """Return a line folded at 75 octets, never inside a character."""
    parts: list[str] = []
    now = ""
    for character in line:
        if len((now + character).encode()) > MOST_OCTETS - (1 if parts else 0):
            parts.append(now)
            now = ""
        now += character
    return "\r\n ".join([*parts, now])


def _event(cell: Cell, protocol: Protocol, stamp: str, address: str) -> Iterator[str]:
    pull = cell.pull
    yield "BEGIN:VEVENT"
    yield f"UID:{pull.pk}@opencrdmo"
    yield f"DTSTAMP:{stamp}"
    yield f"DTSTART;VALUE=DATE:{pull.due_on:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{pull.due_on + dt.timedelta(days=1):%Y%m%d}"
    yield "SUMMARY:" + escaped(f"Pull {pull.study_lot.lot.code}, {pull.month} months, {pull.condition}")
    place = pull.condition.chamber
    if place:
        yield "LOCATION:" + escaped(place)
    yield "DESCRIPTION:" + escaped(
        f"{protocol.code}: window {cell.opens} to {cell.closes}, {pull.condition.units_per_pull} units"
    )
    yield f"URL:{address}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def feed(protocol: Protocol, table: Calendar, at: dt.datetime, address: str) -> str:
    """Return the pulls still to be done as a calendar; `address` is the page of the protocol."""
    stamp = f"{at.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}"
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//OpenCRDMO//Stability//EN",
        "X-WR-CALNAME:" + escaped(f"{protocol.code} {protocol.title}"),
    ]
    for cell in table.open:
        lines += _event(cell, protocol, stamp, address)
    return "".join(folded(line) + "\r\n" for line in [*lines, "END:VCALENDAR"])
