"""Earned value: Larson & Gray, Project Management, ch. 13 (worked solution); Schwalbe, Information Technology Project
Management; earned schedule of Lipke and of Vandevoorde & Vanhoucke, Int J Proj Manage 24 (2006) 289."""

from __future__ import annotations

from decimal import Decimal

import pytest

from crdmo.science.engagements.earned_value import earned_schedule, earned_value


def numbers(text: str) -> list[Decimal]:
    return [Decimal(part) for part in text.split()]


def test_larson_and_gray_week_12() -> None:
    # Budgets of the six tasks are not printed one by one; they sum to 248 and hold at least what is earned.
    found = earned_value(
        planned=numbers("8 40 30 20 20 40"),
        earned=numbers("8 40 30 20 20 30"),
        spent=numbers("10 50 40 40 30 40"),
        budgets=numbers("8 40 30 20 20 130"),
    )
    assert (found.budget, found.earned, found.spent, found.planned) == (248, 148, 210, 158)
    assert (found.cost_variance, found.schedule_variance) == (-62, -10)
    assert f"{found.cost_index:.4f} {found.schedule_index:.3f} {found.percent_complete:.3f}" == "0.7048 0.937 0.597"
    assert round(found.estimate_at_completion) == 352
    assert round(found.variance_at_completion) == -104
    assert f"{found.to_complete_index:.3f}" == "2.632"


def test_schwalbe() -> None:
    found = earned_value(planned=[Decimal(120)], earned=[Decimal(100)], spent=[Decimal(90)], budgets=[Decimal(200)])
    assert (found.cost_variance, found.schedule_variance) == (10, -20)
    assert f"{found.cost_index:.3f} {found.schedule_index:.3f}" == "1.111 0.833"
    assert round(found.estimate_at_completion, 6) == 180
    assert round(6 / found.schedule_index, 6) == Decimal("7.2")


PLANNED = [10, 30, 60, 100, 140, 170, 190, 200]


def test_earned_schedule_at_month_5() -> None:
    found = earned_schedule(planned=PLANNED, earned=90, period=5)
    assert (found.earned_schedule, found.schedule_variance_time, found.schedule_index_time) == (3.75, -1.25, 0.75)
    assert f"{found.schedule_index_money:.3f} {found.forecast_periods:.2f}" == "0.643 10.67"


def test_after_the_planned_end_only_the_index_in_time_tells_the_delay() -> None:
    found = earned_schedule(planned=PLANNED, earned=200, period=10)
    assert found.schedule_index_money == 1
    assert found.schedule_index_time == pytest.approx(0.8)
