"""Status reports of an order: critical path, earned value and risk as results that can be recomputed."""

from __future__ import annotations

import dataclasses
import datetime as dt

from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.computing import Result, run
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.models import Record
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.science.method import to_json

from .. import queries
from ..models import PlanLine, WorkOrder
from ..money import decimal_text
from .desks import MANAGERS


@verb("engagements.report_status", "report the status of an order", roles=MANAGERS)
def report_status(act: Act, order: WorkOrder) -> list[Result]:
    """Compute critical path and earned value of today, and keep them with the records that they stand on.

    What was invoiced counts as spent, since both parties see the report.
    """
    today = act.now.date()
    shown = queries.plan(order, today)
    if shown is None:
        raise Refused(f"{order} has no plan", next="Draft the order with its plan")
    lines: list[Record] = [one.line for one in shown.lines]
    seen = [found.record for one in shown.lines for found in (one.began, one.ended) if found is not None]
    basis = list(dict.fromkeys([*lines, *seen]))
    network = [to_json(activity) for activity in queries.network(order, today)]
    made = [
        run(
            act, "engagements.critical_path", {"activities": network}, sources=basis, program=order.program,
            title=f"Critical path of {order.code} on {today}",
        )
    ]  # fmt: skip
    value = queries.value_at(shown, today)
    if value is not None:
        found = value.found
        inputs = {
            "planned": [str(found.planned)], "earned": [str(found.earned)], "spent": [str(found.spent)],
            "budgets": [str(found.budget)],
        }  # fmt: skip
        title = f"Earned value of {order.code} on {today}, {order.currency}"
        made.append(run(act, "engagements.earned_value", inputs, sources=basis, program=order.program, title=title))
    return made


@verb("engagements.report_risk", "report the risk of date and cost of an order", roles=MANAGERS)
def report_risk(
    act: Act, order: WorkOrder, *, shape: str, best: str, worst: str, deadline: dt.date | None = None
) -> Result:
    """Simulate what is left of the plan: each line not finished takes between `best` and `worst` percent of its days.

    Args:
        act: the open act.
        order: with a plan.
        shape: triangular or beta_pert.
        best: percent of the planned days at best, at most 100.
        worst: percent at worst, at least 100.
        deadline: the last day whose probability is asked for; by default the planned end.
    """
    low, high = float(decimal_text(best, "best", above_zero=True)), float(decimal_text(worst, "worst", above_zero=True))
    if not low <= 100 <= high <= 1000:
        raise Invalid(
            "the range lies around the plan",
            errors={"best": "at most 100", "worst": "100 to 1000"},
            given=f"{low}, {high}",
        )
    if shape not in ("triangular", "beta_pert"):
        raise Invalid(
            "the shape is one of two", errors={"shape": "not known"}, given=shape, allowed="triangular, beta_pert"
        )
    today = act.now.date()
    shown = queries.plan(order, today)
    if shown is None:
        raise Refused(f"{order} has no plan", next="Draft the order with its plan")
    done = {one.line.name for one in shown.lines if one.ended is not None}
    costs = {one.line.name: float(one.line.planned_cost or 0) for one in shown.lines}
    first = min(one.forecast_start for one in shown.lines)
    rows = []
    for one in queries.network(order, today):
        fixed = one.name in done
        # A start from outside is a certain activity before it.
        rows.append({"name": f"until {one.name}", **_three(one.not_before, 100, 100)})
        links = [{"after": f"until {one.name}"}, *(dataclasses.asdict(link) for link in one.links)]
        spread = _three(one.duration, 100 if fixed else low, 100 if fixed else high)
        per_day = costs[one.name] / one.duration if one.duration else 0.0
        rows.append({"name": one.name, **spread, "links": links, "cost_per_time": per_day})
    days = ((deadline or shown.planned_end) - first).days + 1
    if days < 1:
        raise Invalid("the deadline lies in the plan", errors={"deadline": "before its first day"}, given=str(deadline))
    parameters = {
        "shape": shape, "draws": 10_000, "deadline": float(days), "budget": sum(costs.values())
    }  # fmt: skip
    sources: list[PlanLine] = [one.line for one in shown.lines]
    return run(
        act, "engagements.schedule_risk", {"activities": rows}, parameters, sources=sources, program=order.program,
        title=f"Risk of date and cost of {order.code} on {today}",
    )  # fmt: skip


def _three(days: float, low: float, high: float) -> dict[str, float]:
    return {"optimistic": days * low / 100, "likely": float(days), "pessimistic": days * high / 100}
