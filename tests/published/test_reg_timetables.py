"""REG: dates of procedures as they were published (EMA timetables; PDUFA; 21 CFR 312.40)."""

from __future__ import annotations

import json

import pytest

from crdmo.science.regulatory.timetable import ClockStop, Procedure, timetable
from tests import shared_data

EMA = {
    "MAA-full": Procedure.MAA,
    "TypeII-90": Procedure.TYPE_II_90,
    "TypeII-ATMP-90": Procedure.TYPE_II_90,
    "CVMP-120": Procedure.CVMP_120,
}


def test_all_17_published_dates_of_the_ema_come_out() -> None:
    rows = json.loads(shared_data.path("regulatory/ema_timetables/published_dates.json").read_text())
    assert len(rows) == 17
    for row in rows:
        found = timetable(procedure=EMA[row["procedure"]], start=row["start"])
        wanted = int(row["milestone"].rpartition("(day ")[2].rstrip(")"))
        assert next(one.due for one in found.milestones if one.day == wanted) == row["date"], row


def test_an_nda_received_on_the_last_day_of_january_2024() -> None:
    """PDUFA: filing date 60 days after receipt, goal 10 months after the filing date, the month-end kept."""
    found = {one.name: one.due for one in timetable(procedure=Procedure.NDA_STANDARD, start="2024-01-31").milestones}
    assert found == {"Filing date": "2024-03-31", "Day-74 letter": "2024-04-14", "Goal date": "2025-01-31"}
    priority = timetable(procedure=Procedure.NDA_PRIORITY, start="2024-01-31").milestones[-1]
    assert priority.due == "2024-09-30"


def test_an_ind_may_begin_thirty_days_after_receipt() -> None:
    """21 CFR 312.40(b)(1): the day of receipt is not counted."""
    assert timetable(procedure=Procedure.IND, start="2026-11-02").milestones[0].due == "2026-12-02"


def test_the_day_after_a_clock_stop_is_the_next_day_of_the_procedure() -> None:
    """EMA: the clock stops at day 120 and the day of the answers is day 121: day 180 is 59 days after it."""
    found = timetable(procedure=Procedure.MAA, start="2017-01-19", stops=[ClockStop("2017-05-18", "2017-08-14")])
    due = {one.day: one.due for one in found.milestones}
    assert due[120] == "2017-05-18"
    assert due[180] == "2017-10-12"
    assert due[210] == "2017-11-11"
    assert found.days_stopped == 87
    running = timetable(procedure=Procedure.MAA, start="2017-01-19", stops=[ClockStop("2017-05-18")])
    assert [one.due for one in running.milestones[1:]] == ["2017-05-18", "", ""] and running.is_stopped


@pytest.mark.parametrize("month", [2, 8, 12])
def test_a_goal_in_months_never_leaves_its_month(month: int) -> None:
    found = timetable(procedure=Procedure.NDA_STANDARD, start=f"2025-{month:02}-01")
    filing, goal = found.milestones[0].due, found.milestones[2].due
    months = (int(goal[:4]) - int(filing[:4])) * 12 + int(goal[5:7]) - int(filing[5:7])
    assert months == 10
