"""The plan for both project managers: planned against what records show, what is critical, what is earned, how sure it is."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpResponse

from crdmo.common.engagements import queries, workflow
from crdmo.common.engagements.models import WorkOrder
from crdmo.foundation.computing import Result, figure_of
from crdmo.foundation.refusals import NotFound
from crdmo.science.figures import Figure, gantt

from .. import stepping
from ..links import record_url
from ..request import PageRequest
from ..stepping import Step
from . import forms
from .changes import find_order


def plan(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show the plan of an order with its critical path and earned value, and report on it."""

    def contents() -> dict[str, Any]:
        order = find_order(request, code)
        today = dt.datetime.now(dt.UTC).date()
        shown = queries.plan(order, today)
        reports = _reports(order)
        told: dict[str, Any] = {"order": order, "plan": shown, "today": today, "reports": reports}
        if shown is None:
            return told
        mine = request.person.organization
        return {
            **told,
            "figure": gantt(f"Plan of {order.code}", queries.bars(order, shown), today),
            "rows": [
                {"line": one, "began": one.began and record_url(one.began.record), "ended": one.ended and record_url(one.ended.record)}
                for one in shown.lines
            ],
            "value": queries.value_at(shown, today, mine),
            "risk": _risk(reports, order.currency),
            "curves": queries.value_figure(shown, today, mine),
        }  # fmt: skip

    return stepping.page(
        request, lambda: _steps(request, find_order(request, code)), "web/contracts/plan.html", contents
    )


def _reports(order: WorkOrder) -> list[Result]:
    rows = Result.objects.filter(program=order.program, method__startswith="engagements.", is_void=False)
    return list(rows.filter(title__contains=order.code).order_by("-entry")[:12])


def _risk(reports: list[Result], currency: str) -> Figure | None:
    """Return the picture of the latest simulation, or None where there was none."""
    latest = next((one for one in reports if one.method == "engagements.schedule_risk"), None)
    return figure_of(latest, title=latest.title, unit=currency) if latest else None


def _steps(request: PageRequest, order: WorkOrder) -> list[Step]:
    who = request.person
    lines = {str(one.position): one for one in order.plan.filter(is_void=False).order_by("position")}

    def book(given: Any, _: Any) -> None:
        if given["line"] not in lines:
            raise NotFound("there is no such line", given=given["line"])
        workflow.book_cost(
            who,
            lines[given["line"]],
            on=given["on"],
            amount=given["amount"],
            note=given["note"],
            currency=order.currency,
        )

    return [
        Step(
            "status", "Report the status of today", "engagements.report_status",
            lambda given, _: workflow.report_status(who, order), ready=bool(lines), done="Reported.",
        ),
        Step(
            "risk", "Simulate what is left", "engagements.report_risk",
            lambda given, _: workflow.report_risk(who, order, **given), forms.RiskForm, ready=bool(lines),
            initial={"best": "85", "worst": "160"}, done="Simulated.",
        ),
        Step(
            "cost", "Book a cost of your organization", "engagements.book_cost", book, forms.CostForm, ready=bool(lines),
            choices={"line": [("", "Choose"), *((key, one.name) for key, one in lines.items())]},
            initial={"on": dt.datetime.now(dt.UTC).date()}, done="Booked.",
        ),
    ]  # fmt: skip
