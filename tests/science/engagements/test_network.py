"""Networks: what is none is refused with its names; the longest chain is a property of the links, not of the order."""

from __future__ import annotations

import random
from decimal import Decimal
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crdmo.science.engagements.critical_path import critical_path
from crdmo.science.engagements.earned_value import earned_schedule, earned_value
from crdmo.science.engagements.network import Activity, Link
from crdmo.science.engagements.schedule_risk import Risky, schedule_risk
from crdmo.science.engagements.schedule_risk_figure import schedule_risk_figure
from crdmo.science.engagements.three_points import Estimate, pert
from crdmo.science.method import MethodError

CHAIN = [Activity("A", 3), Activity("B", 4, (Link("A"),))]


@pytest.mark.parametrize(
    ("link", "start", "end"),
    [
        (Link("A"), 3, 7), (Link("A", lag=2), 5, 9), (Link("A", lag=-1), 2, 6), (Link("A", "SS", 1), 1, 5),
        (Link("A", "FF", 5), 4, 8), (Link("A", "SF", 6), 2, 6), (Link("A", "FF"), 0, 4),
    ],
)  # fmt: skip
def test_each_kind_of_link_and_lag_sets_the_start_that_it_says(link: Link, start: float, end: float) -> None:
    found = critical_path(activities=[Activity("A", 3), Activity("B", 4, (link,))]).activities[1]
    assert (found.earliest_start, found.earliest_finish) == (start, end)


def test_a_circle_is_refused_with_its_names() -> None:
    circle = [Activity("A", 1, (Link("C"),)), Activity("B", 1, (Link("A"),)), Activity("C", 1, (Link("B"),))]
    with pytest.raises(MethodError, match="circle") as refused:
        critical_path(activities=[*circle, Activity("D", 1, (Link("C"),))])
    assert set(refused.value.given.split(" → ")) == {"A", "B", "C"}


@pytest.mark.parametrize(
    ("activities", "why"),
    [
        ([], "at least one"),
        ([Activity("A", 1), Activity("A", 2)], "twice"),
        ([Activity("A", -1)], "duration"),
        ([Activity("A", float("nan"))], "duration"),
        ([Activity("A", 1, (Link("Z"),))], "not there"),
        ([Activity("A", 1, (Link("A"),))], "on itself"),
        ([Activity("A", 1, not_before=-1)], "before the plan"),
        ([Activity("A", 1), Activity("B", 1, (Link("A", lag=float("inf")),))], "lag"),
    ],
)
def test_what_is_no_network_is_refused(activities: list[Activity], why: str) -> None:
    with pytest.raises(MethodError, match=why):
        critical_path(activities=activities)


@st.composite
def networks(draw: st.DrawFn) -> list[Activity]:
    count = draw(st.integers(2, 9))
    made = []
    for i in range(count):
        before = draw(st.lists(st.integers(0, i - 1), unique=True, max_size=3)) if i else []
        links = tuple(
            Link(str(j), draw(st.sampled_from(["FS", "SS", "FF", "SF"])), draw(st.integers(0, 4))) for j in before
        )
        made.append(Activity(str(i), draw(st.integers(1, 9)), links))
    return made


@given(networks(), st.randoms())
@settings(max_examples=60, deadline=None)
def test_the_order_of_the_rows_changes_nothing(rows: list[Activity], chance: random.Random) -> None:
    mixed = rows[:]
    chance.shuffle(mixed)
    one, other = critical_path(activities=rows), critical_path(activities=mixed)
    assert one.duration == other.duration
    assert {t.name: t for t in one.activities} == {t.name: t for t in other.activities}
    assert all(t.slack >= 0 for t in one.activities)


@given(networks(), st.integers(0, 8))
@settings(max_examples=60, deadline=None)
def test_a_start_within_the_slack_moves_nothing_and_one_beyond_moves_the_end(rows: list[Activity], which: int) -> None:
    before = critical_path(activities=rows)
    i = which % len(rows)
    timing, one = before.activities[i], rows[i]

    def held(day: float) -> float:
        later = Activity(one.name, one.duration, one.links, day)
        return critical_path(activities=[*rows[:i], later, *rows[i + 1 :]]).duration

    assert held(timing.latest_start) == before.duration
    assert held(timing.latest_start + 1) == before.duration + 1


def test_ten_thousand_activities_take_less_than_a_second() -> None:
    rows = [Activity(str(i), 1, (Link(str(i - 1)),) if i % 7 else ()) for i in range(10_000)]
    begun = perf_counter()
    assert critical_path(activities=rows).duration == 7
    assert perf_counter() - begun < 1


def test_the_same_seed_gives_the_same_risk_and_another_a_near_one() -> None:
    rows = [Risky("A", 5, 10, 20, (), 100, 10), Risky("B", 1, 2, 9, (Link("A"),), 0, 5)]

    def ask(seed: int):
        return schedule_risk(activities=rows, shape="triangular", seed=seed, draws=20_000, deadline=17, budget=240)

    assert ask(1) == ask(1) != ask(2)
    assert ask(1).mean == pytest.approx(ask(2).mean, abs=0.15)
    found = ask(1)
    assert found.joint <= min(found.probability_of_date, found.probability_of_cost)


def test_the_picture_of_a_risk_says_how_sure_date_and_budget_are_together() -> None:
    rows = [Risky("A", 5, 10, 20, (), 100, 10), Risky("B", 1, 2, 9, (Link("A"),), 0, 5)]
    found = schedule_risk(activities=rows, shape="triangular", seed=1, draws=2_000, deadline=17, budget=240)
    drawn = schedule_risk_figure(found, title="Risk", unit="EUR")
    assert f"{found.joint:.0%} of 2000 draws" in drawn.desc and "<svg" in drawn.svg
    assert len(found.sample) == 300 == sum(row[0] == "Draws" for row in drawn.table)


def test_a_certain_plan_has_no_risk_and_agrees_with_the_critical_path() -> None:
    rows = [Risky("A", 3, 3, 3), Risky("B", 4, 4, 4, (Link("A", "SS", 1),))]
    found = schedule_risk(activities=rows, shape="beta_pert", seed=1, draws=10, deadline=5)
    assert (found.mean, found.sd, found.probability_of_date) == (5, 0, 1)


def test_estimates_out_of_order_are_refused() -> None:
    with pytest.raises(MethodError, match="not in order"):
        schedule_risk(activities=[Risky("A", 5, 4, 9)], shape="triangular", seed=1)
    with pytest.raises(MethodError, match="not in order"):
        pert(estimates=[Estimate("A", 5, 4, 9)])


def test_nothing_earns_more_than_its_budget_and_no_index_divides_by_zero() -> None:
    with pytest.raises(MethodError, match="does not hold"):
        earned_value(planned=[Decimal(1)], earned=[Decimal(3)], spent=[Decimal(1)], budgets=[Decimal(2)])
    with pytest.raises(MethodError, match="belong together"):
        earned_value(planned=[Decimal(1)], earned=[], spent=[], budgets=[])
    with pytest.raises(MethodError, match="decimal"):
        earned_value(planned=[Decimal("NaN")], earned=[Decimal(0)], spent=[Decimal(0)], budgets=[Decimal(1)])
    idle = earned_value(planned=[Decimal(0)], earned=[Decimal(0)], spent=[Decimal(0)], budgets=[Decimal(9)])
    assert (idle.cost_index, idle.schedule_index, idle.estimate_at_completion) == (None, None, None)


@pytest.mark.parametrize(
    ("planned", "earned", "period", "why"),
    [([10, 5], 1, 1, "grow"), ([10], 11, 1, "more is earned"), ([10], 1, 0, "no period"), ([], 0, 1, "grow")],
)
def test_an_earned_schedule_of_nothing_is_refused(planned: list[float], earned: float, period: float, why: str) -> None:
    with pytest.raises(MethodError, match=why):
        earned_schedule(planned=planned, earned=earned, period=period)
