"""Earned value: what was planned, earned and spent by a day, in one currency, and what the whole will cost and take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from itertools import pairwise

from crdmo.science.checks import finite_decimals
from crdmo.science.method import MethodError, method

_EXACT = Context(prec=40)


@dataclass(frozen=True)
class EarnedValue:
    """The standing at a day. Money in the currency of the lines; indices without unit, None where they divide by zero."""

    budget: Decimal
    planned: Decimal
    earned: Decimal
    spent: Decimal
    cost_variance: Decimal
    schedule_variance: Decimal
    cost_index: Decimal | None
    schedule_index: Decimal | None
    percent_complete: Decimal | None
    estimate_at_completion: Decimal | None
    variance_at_completion: Decimal | None
    to_complete_index: Decimal | None


@dataclass(frozen=True)
class EarnedSchedule:
    """Earned value in time: the period by which what is earned was planned. Periods as the plan counts them."""

    earned_schedule: float
    schedule_variance_time: float
    schedule_index_time: float
    schedule_index_money: float
    forecast_periods: float


@method(
    "engagements.earned_value",
    version="1.0",
    title="Earned value of a work order",
    source="ANSI/EIA-748; Larson & Gray, Project Management, ch. 13; PMI Practice Standard for Earned Value Management",
)
def earned_value(
    *, planned: Sequence[Decimal], earned: Sequence[Decimal], spent: Sequence[Decimal], budgets: Sequence[Decimal]
) -> EarnedValue:
    """Compute the standing of a set of lines at one day.

    Args:
        planned: planned value of each line by the day, one currency, as written decimals.
        earned: earned value of each line, by records.
        spent: actual cost of each line; refunds may be below zero.
        budgets: budget at completion of each line.

    Returns:
        Sums and indices at full precision. The estimate at completion is budget ÷ cost index: the costs to come run as
        those before.

    Raises:
        MethodError: lists of different lengths, a number that is none, or a value earned beyond its budget.

    Source: the worked solution of Larson & Gray, ch. 13, is a test.

    >>> from decimal import Decimal as D
    >>> found = earned_value(planned=[D(120)], earned=[D(100)], spent=[D(90)], budgets=[D(200)])
    >>> round(found.cost_index, 3), round(found.schedule_index, 3), round(found.estimate_at_completion)
    (Decimal('1.111'), Decimal('0.833'), 180)
    """
    lists = {"planned": planned, "earned": earned, "spent": spent, "budgets": budgets}
    if len({len(values) for values in lists.values()}) != 1 or not planned:
        given = ", ".join(f"{name} {len(values)}" for name, values in lists.items())
        raise MethodError("the lists do not belong together", given=given, allowed="one value of each for every line")
    for name, values in lists.items():
        finite_decimals(name, values)
    for position, (value, budget) in enumerate(zip(earned, budgets, strict=True), 1):
        if not 0 <= value <= budget:
            raise MethodError(
                f"line {position} earns what it does not hold", given=str(value), allowed=f"0 to its budget {budget}"
            )
    pv, ev, ac, bac = (sum(values, Decimal(0)) for values in (planned, earned, spent, budgets))
    cpi = _ratio(ev, ac)
    estimate = _ratio(bac, cpi) if cpi else None
    return EarnedValue(
        bac,
        pv,
        ev,
        ac,
        ev - ac,
        ev - pv,
        cpi,
        _ratio(ev, pv),
        _ratio(ev, bac),
        estimate,
        None if estimate is None else bac - estimate,
        _ratio(bac - ev, bac - ac),
    )


def _ratio(upper: Decimal, lower: Decimal | None) -> Decimal | None:
    return _EXACT.divide(upper, lower) if lower else None


@method(
    "engagements.earned_schedule",
    version="1.0",
    title="Earned schedule",
    source="Lipke, The Measurable News (2003); Vandevoorde & Vanhoucke, Int J Proj Manage 24 (2006) 289",
)
def earned_schedule(*, planned: Sequence[float], earned: float, period: float) -> EarnedSchedule:
    """Compute the earned schedule, which stays right after the planned end, where the index in money tends to 1.

    Args:
        planned: cumulative planned value at the end of periods 1, 2, …, the last being the budget at completion.
        earned: cumulative earned value now.
        period: how many periods have passed.

    Raises:
        MethodError: planned values that fall, earned beyond the budget, or no period passed.

    >>> found = earned_schedule(planned=[10, 30, 60, 100, 140, 170, 190, 200], earned=90, period=5)
    >>> found.earned_schedule, round(found.forecast_periods, 2)
    (3.75, 10.67)
    """
    steps = [0.0, *planned]
    if len(steps) < 2 or any(b < a for a, b in pairwise(steps)) or steps[-1] <= 0:
        raise MethodError(
            "planned values grow to the budget", given=str(list(planned)), allowed="never falling, above zero"
        )
    if not 0 <= earned <= steps[-1]:
        raise MethodError("more is earned than the budget holds", given=str(earned), allowed=f"0 to {steps[-1]}")
    if period <= 0:
        raise MethodError("no period has passed", given=str(period), allowed="more than zero")
    # The last whole period whose planned value is reached; with everything earned, the first one that plans everything.
    whole = max(i for i, value in enumerate(steps) if value <= earned)
    if earned == steps[-1]:
        whole = steps.index(steps[-1])
        reached = float(whole)
    else:
        reached = whole + (earned - steps[whole]) / (steps[whole + 1] - steps[whole])
    place = min(period, len(planned))
    low = int(place)
    due = steps[low] + (place - low) * (steps[min(low + 1, len(planned))] - steps[low])
    index = reached / period
    forecast = steps.index(steps[-1]) / index if index else float("inf")
    return EarnedSchedule(reached, reached - period, index, earned / due if due else float("inf"), forecast)
