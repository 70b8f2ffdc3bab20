"""Clocks: what they refuse, and that every day of a stop moves what follows by one."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdmo.science import method
from crdmo.science.method import MethodError
from crdmo.science.regulatory.timetable import ClockStop, Procedure, timetable

DAYS = st.dates(dt.date(2000, 1, 1), dt.date(2100, 1, 1))


@given(start=DAYS, after=st.integers(0, 400), length=st.integers(1, 300), procedure=st.sampled_from(Procedure))
def test_a_stop_moves_later_steps_by_its_length_and_no_earlier_one(
    start: dt.date, after: int, length: int, procedure: Procedure
) -> None:
    stopped = start + dt.timedelta(days=after)
    stop = ClockStop(stopped.isoformat(), (stopped + dt.timedelta(days=length)).isoformat())
    plain = timetable(procedure=procedure, start=start.isoformat()).milestones
    moved = timetable(procedure=procedure, start=start.isoformat(), stops=[stop]).milestones
    for before, now in zip(plain, moved, strict=True):
        if before.months:
            continue
        old, new = dt.date.fromisoformat(before.due), dt.date.fromisoformat(now.due)
        assert (new - old).days == (length - 1 if old > stopped else 0)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"start": "19.01.2017"}, "no day"),
        ({"start": "2017-02-30"}, "no day"),
        ({"start": "1017-01-01"}, "calendar"),
        ({"stops": [ClockStop("2016-01-01")]}, "before the start"),
        ({"stops": [ClockStop("2017-05-18", "2017-05-18")]}, "starts again"),
        ({"stops": [ClockStop("2017-05-18"), ClockStop("2017-06-18")]}, "within another"),
        ({"stops": [ClockStop("2017-05-18", "2017-07-18"), ClockStop("2017-06-18")]}, "within another"),
    ],
)
def test_what_is_no_clock_is_refused(given: dict[str, object], says: str) -> None:
    with pytest.raises(MethodError, match=says):
        timetable(**({"procedure": Procedure.MAA, "start": "2017-01-19"} | given))  # type: ignore[arg-type]


def test_it_runs_from_plain_json() -> None:
    stops = [{"stopped": "2017-05-18", "restarted": "2017-08-14"}]
    found = method.call("regulatory.timetable", {"start": "2017-01-19", "stops": stops}, {"procedure": "maa"})
    assert method.to_json(found)["milestones"][3]["due"] == "2017-11-11"
    with pytest.raises(MethodError):
        method.call("regulatory.timetable", {"start": "2017-01-19"}, {"procedure": "guess"})
