"""Observations are taken as they were made, in bulk, whole or not at all; corrected with a reason; placed by study day."""

from __future__ import annotations

import datetime as dt
import time

import pytest

from crdmo.common.studies import days, units, windows
from crdmo.common.studies import workflow as steps
from crdmo.common.studies.models import Finding, Visit
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.refusals import Invalid, Refused


def weight(subject, value: str = "203.40", **more):
    return {
        "subject": subject,
        "domain": "BW",
        "code": "BW",
        "name": "Body Weight",
        "value": value,
        "unit": "g",
        **more,
    }


def test_there_is_no_day_zero() -> None:
    first = dt.date(2026, 3, 10)
    assert [days.study_day(f"2026-03-{d:02}T08:00", first) for d in (8, 9, 10, 11)] == [-2, -1, 1, 2]
    assert [days.date_of(d, first).day for d in (-2, -1, 1, 2)] == [8, 9, 10, 11]
    assert days.study_day("2026-03", first) is None
    with pytest.raises(Invalid, match="no study day 0"):
        days.date_of(0, first)


@pytest.mark.parametrize("text", ["14.03.2026", "2026-02-30", "2026-13", "2026-03-14T25:00", "=NOW()", "2026-3-1"])
def test_a_moment_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="ISO 8601"):
        days.moment(text, "starts", dt.date(2026, 12, 1))


@pytest.mark.parametrize(
    "text", ["g", "mg/kg", "ng/mL", "h.ng/mL", "10*9/L", "%", "{score}", "mm[Hg]", "/min", "m2", "umol/L"]
)
def test_a_ucum_unit_is_taken(text: str) -> None:
    assert units.checked(text) == text


@pytest.mark.parametrize("text", ["gram", "mg//kg", "h*ng/mL", "ng per mL", "=1", "mg/", ".g", "g..L"])
def test_what_is_no_ucum_unit_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="no UCUM code"):
        units.checked(text)


def test_units_of_one_dimension_convert() -> None:
    assert units.factor_to("ng/mL", "ug/L") == pytest.approx(1)
    assert units.factor_to("h.ng/mL", "min.ug/L") == pytest.approx(60)
    assert units.factor_to("mm[Hg]", "kPa") == pytest.approx(0.133322)
    with pytest.raises(Invalid, match="cannot be turned into"):
        units.factor_to("mg", "mg/kg")


def test_a_value_is_kept_as_it_was_written(bench) -> None:
    study, subjects = bench.running()
    (one,) = bench.do(steps.record_findings, study, [weight(subjects[0], starts=f"{bench.today}T08:30")])
    assert (one.value, one.number, one.study_day) == ("203.40", "203.40", 10)
    row = {
        "subject": subjects[0],
        "domain": "PC",
        "code": "DRUG",
        "value": "BLQ",
        "unit": "ng/mL",
        "lower_limit": "1.00",
    }
    (blq,) = bench.do(steps.record_findings, study, [row])
    assert (blq.value, blq.number, blq.lower_limit) == ("BLQ", "", "1.00")


def test_one_wrong_row_refuses_all_and_each_place_is_named(bench) -> None:
    study, subjects = bench.running()
    _, others = bench.running(code="TOX-2")
    before = Entry.objects.count()
    rows = [
        weight(subjects[0]),
        weight(others[0]),
        weight(subjects[1], unit="gram"),
        weight(subjects[1], "", visit=None),
        weight(subjects[1], domain="bw", starts=str(bench.today + dt.timedelta(1))),
        weight(subjects[1], "", not_done=True),
    ]
    with pytest.raises(Invalid, match="nothing was saved") as refused:
        bench.do(steps.record_findings, study, rows)
    assert set(refused.value.errors) == {
        "2/subject", "3/unit", "4/value", "5/domain", "5/starts", "6/why_not",
    }  # fmt: skip
    assert (Finding.objects.count(), Entry.objects.count()) == (0, before)


def test_a_number_stands_once_for_a_subject_a_test_and_a_time(bench) -> None:
    study, subjects = bench.running()
    visit = Visit.objects.get(study=study, code="D8")
    with pytest.raises(Invalid, match="nothing was saved"):
        bench.do(steps.record_findings, study, [weight(subjects[0], visit=visit), weight(subjects[0], visit=visit)])
    (one,) = bench.do(steps.record_findings, study, [weight(subjects[0], visit=visit)])
    with pytest.raises(Invalid, match="nothing was saved") as refused:
        bench.do(steps.record_findings, study, [weight(subjects[0], "204", visit=visit)])
    assert "stands for D8" in refused.value.errors["1/code"]
    assert bench.do(steps.record_findings, study, [weight(subjects[0], "204", visit=visit)], repeats=True)
    bench.do(steps.withdraw, one, reason="another animal was on the balance")
    assert one.is_void


def test_a_correction_has_a_reason_and_is_judged_like_the_first_record(bench) -> None:
    study, subjects = bench.running()
    (one,) = bench.do(steps.record_findings, study, [weight(subjects[0])])
    with pytest.raises(Invalid, match="has a reason"):
        bench.do(steps.correct, one, value="230.4")
    with pytest.raises(Invalid, match="cannot be taken"):
        bench.do(steps.correct, one, value="", reason="typing error")
    with pytest.raises(Invalid, match="not corrected"):
        bench.do(steps.correct, one, subject=subjects[1], reason="typing error")
    with pytest.raises(Invalid, match="what stands"):
        bench.do(steps.correct, one, value="203.40", reason="typing error")
    bench.do(steps.correct, one, value="230.4", reason="digits turned")
    assert (one.value, one.number, one.version) == ("230.4", "230.4", 2)
    bench.do(steps.correct, one, value="", not_done=True, why_not="balance out of order", reason="never weighed")
    assert (one.number, str(one)) == ("", "Body Weight not done: balance out of order")


def test_doses_and_events_are_taken_with_what_they_need(bench) -> None:
    study, subjects = bench.running()
    given = {"subject": subjects[0], "domain": "EX", "treatment": "Velatide", "dose": "10", "unit": "mg/kg"}
    (dose,) = bench.do(steps.record_interventions, study, [{**given, "route": "SUBCUTANEOUS"}])
    assert str(dose) == "Velatide 10 mg/kg"
    with pytest.raises(Invalid, match="nothing was saved") as refused:
        bench.do(steps.record_interventions, study, [{**given, "dose": "-1"}, {**given, "treatment": "", "unit": ""}])
    assert set(refused.value.errors) == {"1/dose", "2/treatment", "2/unit"}
    day = str(bench.today)
    seen = {"subject": subjects[0], "domain": "AE", "term": "Rash", "severity": "MILD", "serious": "N", "starts": day}
    (event,) = bench.do(steps.record_events, study, [seen])
    assert event.study_day == 10
    with pytest.raises(Invalid, match="nothing was saved") as refused:
        bench.do(steps.record_events, study, [{**seen, "ends": "2020-01-01"}, {**seen, "term": ""}])
    assert set(refused.value.errors) == {"1/ends", "2/term"}
    with pytest.raises(Invalid, match="cannot be taken"):
        bench.do(steps.record_events, study, [{**seen, "serious": "perhaps"}])


def test_windows_say_what_is_done_due_overdue_and_out_of_window(bench) -> None:
    study, (first, second) = bench.running(days_ago=11)
    visit = {one.code: one for one in Visit.objects.filter(study=study)}
    start = first.reference_on

    def on(day: int) -> str:
        return str(days.date_of(day, start))

    bench.do(steps.record_findings, study, [weight(first, visit=visit["D8"], starts=on(12))])
    bench.do(steps.record_findings, study, [weight(first, visit=visit["D1"], starts=on(1))])
    bench.do(steps.end_subject, second, state="dead", on=days.date_of(3, start), ending="found dead")

    def states(day: int) -> dict:
        found = windows.standing(study, days.date_of(day, start))
        return {(line.subject.code, line.visit.code): line for line in found}

    late = states(12)
    assert late["A1", "D8"].state == "out_of_window"
    assert (late["A1", "D8"].days_out, late["A1", "D1"].state, late["A1", "D-1"].state) == (2, "done", "overdue")
    assert (late["A2", "D8"].state, late["A2", "D1"].state) == ("not_expected", "overdue")
    assert windows.counts(late.values())["overdue"] == 3
    bench.do(steps.withdraw, Finding.objects.get(visit=visit["D8"]), reason="wrong animal")
    assert [states(day)["A1", "D8"].state for day in (6, 7, 10, 11)] == ["expected", "due", "due", "overdue"]


def test_five_thousand_findings_are_one_act_of_seconds(bench) -> None:
    study, subjects = bench.running(animals=50)
    rows = [
        weight(one, f"{200 + day}.5", starts=str(bench.today), time_point=f"T{day}")
        for one in subjects
        for day in range(100)
    ]
    began = time.perf_counter()
    made = bench.do(steps.record_findings, study, rows)
    assert len(made) == 5000 == Finding.objects.count()
    assert time.perf_counter() - began < 30
    assert Entry.objects.filter(record_type="studies.finding").values("act").distinct().count() == 1


def test_a_locked_study_refuses_corrections(bench) -> None:
    study, subjects = bench.running()
    (one,) = bench.do(steps.record_findings, study, [weight(subjects[0])])
    bench.do(steps.complete_study, study)
    bench.do(steps.correct, one, value="204", reason="digits turned")
    bench.do(steps.lock_study, study)
    with pytest.raises(Refused, match="takes no more data"):
        bench.do(steps.correct, one, value="205", reason="late")
    with pytest.raises(Refused, match="takes no more data"):
        bench.do(steps.withdraw, one, reason="late")
