"""Drafting a stability protocol: its head, and its conditions as a grid."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path

from crdmo.foundation.refusals import Invalid
from crdmo.web.door import FORM, Page
from crdmo.web.links import record_url
from crdmo.web.request import PageRequest

from ..forms.stability import ProtocolForm
from ..models import Condition
from ..workflow import stability as workflow

CONDITION = ("kind", "temperature", "humidity", "chamber", "months", "orientations", "window_days", "units_per_pull")
USUAL = (
    ("long_term", "25", "60", "", "0 3 6 9 12 18 24 36", "", "7", "1"),
    ("intermediate", "30", "65", "", "", "", "7", "1"),
    ("accelerated", "40", "75", "", "0 3 6", "", "7", "1"),
)


def draft(request: PageRequest, program: str) -> HttpResponse:
    """Draft a protocol with its conditions."""
    form = ProtocolForm(request.POST or None, program=request.program)
    rows = _given(request) if request.method == "POST" else [dict(zip(CONDITION, row, strict=True)) for row in USUAL]
    if request.method == "POST" and form.is_valid():
        head = dict(form.cleaned_data)
        made = form.attempt(
            lambda: workflow.draft_protocol(request.person, head.pop("substance"), conditions=_conditions(rows), **head)
        )
        if made is not None:
            messages.success(request, f"{made} is drafted. QA approves it by signature; then lots are laid in.")
            return HttpResponseRedirect(record_url(made))
    contents = {"form": form, "rows": rows, "kinds": Condition.Kind.choices}
    return render(request, "quality/protocol_draft.html", contents, status=form.status)


def _given(request: PageRequest) -> list[dict[str, str]]:
    columns = [request.POST.getlist(f"condition_{name}") for name in CONDITION]
    return [dict(zip(CONDITION, (value.strip() for value in row), strict=True)) for row in zip(*columns, strict=False)]


def _conditions(rows: list[dict[str, str]]) -> list[dict[str, Any]]:
    """Return the conditions of the grid; a row without months is left out.

    Raises:
        Invalid: none is left, or a cell is no number; names the row.
    """
    made: list[dict[str, Any]] = []
    for number, row in enumerate(rows, 1):
        if not row["months"]:
            continue
        if row["kind"] not in Condition.Kind.values:
            raise Invalid(
                f"condition {number} is of no known kind", given=row["kind"], allowed=", ".join(Condition.Kind.values)
            )
        made.append(
            {
                "kind": row["kind"],
                "temperature": row["temperature"],
                "humidity": row["humidity"],
                "chamber": row["chamber"],
                "months": [_decimal(number, month) for month in row["months"].replace(",", " ").split()],
                "orientations": row["orientations"].replace(",", " ").split(),
                "window_days": _count(number, "window", row["window_days"], 0),
                "units_per_pull": _count(number, "units", row["units_per_pull"], 1),
            }
        )
    if not made:
        raise Invalid(
            "a protocol has at least one condition with months",
            errors={"conditions": "the months of a condition, e.g. 0 3 6"},
        )
    return made


def _decimal(number: int, text: str) -> str:
    try:
        if Decimal(text) >= 0:
            return text
    except InvalidOperation:
        pass
    raise Invalid(
        f"a month of condition {number} is no number",
        given=text,
        allowed="0, 3, 6, 0.5 …",
        errors={"conditions": f"row {number}, months"},
    )


def _count(number: int, name: str, text: str, least: int) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < least:
        raise Invalid(
            f"the {name} of condition {number} is no whole number",
            given=text or "nothing",
            allowed=f"{least} or more",
            errors={"conditions": f"row {number}, {name}"},
        )
    return int(text)


urlpatterns = [path("stability/draft/", draft, name="protocol_draft")]
PAGES = {"quality:protocol_draft": Page("quality.draft_protocol", FORM)}
