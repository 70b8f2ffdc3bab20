"""Stability: who approves, what is pulled when, what a result says of its lot's trend, how long the product lasts."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from crdmo.common.materials import workflow as stock
from crdmo.foundation.ledger.thread import stale_causes
from crdmo.foundation.refusals import Invalid, NotPermitted, Refused
from crdmo.services.quality.calendar_feed import escaped, feed, folded
from crdmo.services.quality.models import Excursion, Pull, Result, ShelfLife
from crdmo.services.quality.stability_tables import attributes, calendar, standing, state_on, units_left, units_needed
from crdmo.services.quality.workflow import stability
from crdmo.services.quality.workflow.stability import months_later
from tests.services.quality import study as studies
from tests.services.quality.lab import Lab
from tests.services.quality.study import Study


@pytest.fixture
def study(lab: Lab) -> Study:
    return studies.make(lab)


def evaluate(study: Study, **settings: object) -> ShelfLife:
    given = {"condition": study.condition, "criterion": study.assay, "rationale": "As planned.", **settings}
    return stability.evaluate_stability(study.coordinator, study.protocol, **given)


def test_a_lot_is_not_laid_in_before_the_protocol_is_approved(study: Study) -> None:
    drafted = stability.draft_protocol(
        study.coordinator,
        study.lab.product,
        title="Another",
        specification=study.specification,
        pack="Bottle",
        conditions=[{"kind": "long_term", "temperature": "25", "months": ["0", "3"]}],
    )
    with pytest.raises(Refused, match="is not approved"):
        stability.lay_in(study.coordinator, drafted, study.lab.lot(), started_on=study.started, units=50)


def test_the_coordinator_does_not_approve_the_protocol(study: Study) -> None:
    drafted = stability.draft_protocol(
        study.coordinator,
        study.lab.product,
        title="Another",
        specification=study.specification,
        pack="Bottle",
        conditions=[{"kind": "long_term", "temperature": "25", "months": ["0", "3"]}],
    )
    with pytest.raises(NotPermitted, match="approve a stability protocol"):
        stability.approve_protocol(study.coordinator, drafted, credentials=study.lab.sign(study.coordinator))


def test_months_that_do_not_rise_are_refused(study: Study) -> None:
    with pytest.raises(Invalid, match="the months of a condition rise"):
        stability.draft_protocol(
            study.coordinator,
            study.lab.product,
            title="Another",
            specification=study.specification,
            pack="Bottle",
            conditions=[{"kind": "long_term", "temperature": "25", "months": ["3", "0"]}],
        )


@pytest.mark.parametrize(
    ("day", "months", "there"),
    [
        ("2024-01-31", "1", "2024-02-29"),
        ("2023-11-30", "3", "2024-02-29"),
        ("2024-02-29", "12", "2025-02-28"),
        ("2024-01-01", "0.5", "2024-01-16"),
    ],
)
def test_a_pull_falls_on_the_same_day_of_a_later_month_or_its_last(day: str, months: str, there: str) -> None:
    assert months_later(dt.date.fromisoformat(day), Decimal(months)) == dt.date.fromisoformat(there)


def test_a_36_month_study_of_3_lots_3_conditions_and_2_orientations_has_every_pull_once(study: Study) -> None:
    months = ["0", "3", "6", "9", "12", "18", "24", "36"]
    kinds = (("long_term", "25"), ("intermediate", "30"), ("accelerated", "40"))
    conditions = [
        {"kind": k, "temperature": t, "months": months, "orientations": ["upright", "inverted"]} for k, t in kinds
    ]
    drafted = stability.draft_protocol(
        study.coordinator,
        study.lab.product,
        title="Whole",
        specification=study.specification,
        pack="Bottle",
        conditions=conditions,
    )
    protocol = stability.approve_protocol(study.lab.qa, drafted, credentials=study.lab.sign(study.lab.qa))
    for code in ("X", "Y", "Z"):
        stability.lay_in(study.coordinator, protocol, study.lab.lot(code), started_on=study.started, units=48)
    table = calendar(protocol, study.lab.today)
    cells = [
        (row.condition.pk, row.lot.pk, row.orientation, cell.pull.month)
        for row in table.rows
        for cell in row.cells
        if cell
    ]
    assert len(cells) == len(set(cells)) == 3 * 3 * 2 * 8
    assert table.months == tuple(months)


def test_units_that_do_not_cover_the_pulls_are_refused(study: Study) -> None:
    needed = units_needed(study.protocol.conditions.all())
    assert needed == 5 * 5 + 2 * 2 * 5
    with pytest.raises(Refused, match="do not cover the pulls") as refused:
        study.lay_in("L-1", units=needed - 1)
    assert refused.value.allowed == f"{needed} or more"


def test_a_lot_of_another_product_is_refused(study: Study) -> None:
    lab = study.lab
    other = stock.register_substance(lab.keeper, lab.program, code="PLA", name="Placebo tablets", kind="drug_product")
    lot = stock.register_lot(lab.keeper, other, code="P-1", amount="100", unit="{tablet}", expires_on=lab.today)
    with pytest.raises(Refused, match="is no lot of"):
        stability.lay_in(study.coordinator, study.protocol, lot, started_on=study.started, units=60)


def first(study: Study) -> Pull:
    return study.lay_in("L-1").pulls.filter(condition=study.condition).order_by("due_on")[0]


def test_a_pull_in_its_window_draws_a_sample_from_the_lot(study: Study) -> None:
    planned = first(study)
    sample = stability.pull(
        study.coordinator, planned, on=planned.due_on + dt.timedelta(days=7), amount="5", unit="{tablet}"
    )
    planned.refresh_from_db()
    assert (planned.state, planned.sample_id, sample.lot_id) == ("pulled", sample.pk, planned.study_lot.lot_id)


def test_a_pull_outside_its_window_says_why(study: Study) -> None:
    planned = first(study)
    late = planned.due_on + dt.timedelta(days=8)
    with pytest.raises(Invalid, match="outside its window says why"):
        stability.pull(study.coordinator, planned, on=late, amount="5", unit="{tablet}")
    stability.pull(study.coordinator, planned, on=late, amount="5", unit="{tablet}", note="Chamber was being repaired")
    planned.refresh_from_db()
    assert planned.state == "late"


def test_a_pull_is_not_recorded_ahead_and_not_done_twice(study: Study) -> None:
    planned = first(study)
    with pytest.raises(Invalid, match="not recorded ahead"):
        stability.pull(
            study.coordinator, planned, on=study.lab.today + dt.timedelta(days=2), amount="5", unit="{tablet}"
        )
    stability.pull(study.coordinator, planned, on=planned.due_on, amount="5", unit="{tablet}")
    planned.refresh_from_db()
    with pytest.raises(Refused, match="this pull is done"):
        stability.pull(study.coordinator, planned, on=planned.due_on, amount="5", unit="{tablet}")


def test_a_missed_pull_says_why_and_stays_in_the_calendar(study: Study) -> None:
    planned = first(study)
    with pytest.raises(Invalid, match="missed with a note"):
        stability.miss_pull(study.coordinator, planned, note=" ")
    stability.miss_pull(study.coordinator, planned, note="No sample left in the chamber")
    cell = calendar(study.protocol, study.lab.today).rows[0].cells[0]
    assert cell is not None and cell.state == "missed"


def test_a_planned_pull_is_due_in_its_window_and_overdue_after_it(study: Study) -> None:
    planned = first(study)
    days = {-8: "planned", -7: "due", 7: "due", 8: "overdue"}
    assert {n: state_on(planned, planned.due_on + dt.timedelta(days=n)) for n in days} == days


def test_what_is_left_in_the_chamber_goes_down_with_each_pull(study: Study) -> None:
    planned = first(study)
    laid = planned.study_lot
    assert units_left([laid], calendar(study.protocol, study.lab.today))[laid] == (60, 45)
    stability.pull(study.coordinator, planned, on=planned.due_on, amount="5", unit="{tablet}")
    assert units_left([laid], calendar(study.protocol, study.lab.today))[laid] == (55, 40)


def test_the_calendar_feed_has_an_event_for_each_open_pull(study: Study) -> None:
    planned = first(study)
    stability.pull(study.coordinator, planned, on=planned.due_on, amount="5", unit="{tablet}")
    text = feed(
        study.protocol,
        calendar(study.protocol, study.lab.today),
        dt.datetime(2026, 1, 2, 3, 4, tzinfo=dt.UTC),
        "https://x.example/",
    )
    assert text.count("BEGIN:VEVENT") == text.count("END:VEVENT") == 8
    assert "DTSTAMP:20260102T030400Z\r\n" in text and text.endswith("END:VCALENDAR\r\n")
    assert str(planned.pk) not in text
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))


def test_calendar_lines_are_escaped_and_folded_between_characters() -> None:
    assert escaped("a,b;c\\d\ne") == "a\\,b\\;c\\\\d\\ne"
    line = "SUMMARY:" + "ü°" * 60
    assert folded(line).replace("\r\n ", "") == line
    assert all(len(part.encode()) <= 75 for part in folded(line).split("\r\n"))


def test_results_stand_by_month_and_lot(study: Study) -> None:
    study.play()
    [table] = attributes(study.protocol)
    assert (table.name, table.lots, table.months) == ("Assay", ["A", "B", "C"], list(studies.MONTHS))
    assert [p.results[0].rounded if p else None for _, row in table.lines for p in row][:3] == [
        "102.4",
        "101.1",
        "104.1",
    ]
    assert not table.out


def test_a_point_off_the_line_of_its_own_lot_is_flagged_and_its_neighbours_are_not(study: Study) -> None:
    study.play({"A": ("100.0", "99.5", "99.1", "98.4", "94.0")})
    [table] = attributes(study.protocol)
    assert [(lot, month) for lot, month, _ in table.out] == [("A", "12")]
    trend = table.points["A", "12"].trend
    assert trend is not None and trend.false_alarm_rate == 0.01 and trend.lower > 94.0
    assert table.points["A", "6"].trend is None  # two earlier points make no trend


def test_where_the_original_is_invalid_its_retests_stand() -> None:
    def result(test: int, round_: int, state: str) -> Result:
        return Result(test_id=test, round=round_, state=state)  # type: ignore[misc]

    rows = [
        result(1, 0, "verified"),
        result(1, 1, "verified"),
        result(2, 0, "invalidated"),
        result(2, 1, "verified"),
        result(2, 2, "verified"),
        result(3, 0, "entered"),
    ]
    assert [(r.test_id, r.round) for r in standing(rows)] == [(1, 0), (2, 1), (2, 2)]


def test_the_shelf_life_stands_on_every_verified_result_and_proposes_what_data_cover(study: Study) -> None:
    study.play()
    found = evaluate(study)
    output = found.computed.output
    assert (output["lower_limit"], output["upper_limit"], output["sides"]) == (90.0, None, 1)
    assert len(found.computed.sources) == 15
    assert found.proposed_months == min(output["whole_months"], 12)
    assert found.estimate == f"{output['months']:.5f}"
    assert "no extrapolation beyond the data was asked for" in found.rationale and found.rationale.endswith(
        "As planned."
    )


def test_the_extrapolation_tree_lengthens_what_is_proposed_but_never_beyond_the_bound(study: Study) -> None:
    study.play()
    found = evaluate(study, accelerated="none", little_change=False)
    assert found.extrapolated is not None and found.extrapolated.output["months"] == 24
    assert found.proposed_months == min(found.computed.output["whole_months"], 24)


def test_a_tree_that_lacks_the_intermediate_condition_refuses(study: Study) -> None:
    study.play()
    with pytest.raises(Invalid, match="intermediate"):
        evaluate(study, accelerated="yes")
    assert not ShelfLife.objects.exists()


def test_a_bound_chosen_by_hand_is_recorded_with_the_result(study: Study) -> None:
    study.play()
    wide = evaluate(study, sides=2, mean_square="individual")
    assert wide.computed.parameters["sides"] == 2 and wide.computed.parameters["mean_square"] == "individual"
    assert wide.computed.output["months"] < evaluate(study).computed.output["months"]


def test_an_attribute_without_results_or_without_a_number_is_refused(study: Study) -> None:
    with pytest.raises(Refused, match="no verified results"):
        evaluate(study)
    study.play({"A": studies.VALUES["A"]})
    with pytest.raises(Refused, match=r"no (verified results|numeric limit)"):
        evaluate(study, criterion=study.specification.criteria.get(name="Appearance"))


def test_two_times_of_a_lot_are_too_few(study: Study) -> None:
    study.play({"A": ("100.0", "99.0")})
    with pytest.raises(Refused, match="three times"):
        evaluate(study)
    assert not ShelfLife.objects.exists()


def test_qa_approves_a_shelf_life_once_and_its_author_does_not(study: Study) -> None:
    study.play()
    found, qa = evaluate(study), study.lab.qa
    with pytest.raises(NotPermitted, match="approve a shelf life"):
        stability.approve_shelf_life(study.coordinator, found, credentials=study.lab.sign(study.coordinator))
    stability.approve_shelf_life(qa, found, credentials=study.lab.sign(qa))
    found.refresh_from_db()
    assert found.state == "approved"
    with pytest.raises(Refused, match="cannot be approved"):
        stability.approve_shelf_life(qa, found, credentials=study.lab.sign(qa))


def test_a_changed_result_makes_the_shelf_life_stale_and_a_fresh_one_is_not(study: Study) -> None:
    study.play()
    found = evaluate(study)
    result = Result.objects.filter(test__criterion=study.assay).first()
    assert result is not None and stale_causes([found.pk]) == {}
    from crdmo.foundation.ledger.acts import SYSTEM, act

    with act(SYSTEM, "quality.reissue", "Unit was missing") as opened:
        opened.change(result, verdict="meets, as corrected")
    assert list(stale_causes([found.pk])) == [found.pk]


def test_an_excursion_carries_its_mean_kinetic_temperature(study: Study) -> None:
    start = dt.datetime(2026, 1, 2, 3, 0, tzinfo=dt.UTC)
    made = stability.record_excursion(
        study.coordinator,
        study.condition,
        started=start,
        ended=start + dt.timedelta(hours=2),
        celsius=[20, 30],
        assessment="No effect.",
    )
    assert made.computed is not None and round(made.computed.output["celsius"], 2) == 26.26


def test_an_excursion_without_an_end_after_its_start_an_assessment_or_readings_is_refused(study: Study) -> None:
    start = dt.datetime(2026, 1, 2, 3, 0, tzinfo=dt.UTC)
    for ended, celsius, assessment in (
        (start, [20.0], "Fine"),
        (start + dt.timedelta(hours=1), [20.0], " "),
        (start + dt.timedelta(hours=1), [], "Fine"),
    ):
        with pytest.raises(Invalid, match=r"an excursion has an end|each temperature|temperatur"):
            stability.record_excursion(
                study.coordinator, study.condition, started=start, ended=ended, celsius=celsius, assessment=assessment
            )
    assert not Excursion.objects.exists()
