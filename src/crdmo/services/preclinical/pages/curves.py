"""The data of a study by test: curves of the groups, and every value behind them."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path

from crdmo.common.studies.models import Arm, Finding
from crdmo.common.studies.queries import arms_of, in_force
from crdmo.web.door import Page
from crdmo.web.request import PageRequest

from .. import figures, queries
from .frame import find, frame

MOST = 400


def _tests(found: Any) -> list[dict[str, Any]]:
    rows = (
        Finding.objects.filter(study=found, is_void=False).values_list("domain", "code", "name", "specimen").distinct()
    )
    return [
        {"key": f"{domain}.{code}.{specimen}", "domain": domain, "code": code, "specimen": specimen,
         "label": f"{domain}: {name}{f', {specimen}' if specimen else ''}"}
        for domain, code, name, specimen in sorted(set(rows))
    ]  # fmt: skip


def curves(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show one test of a study: by default body weight."""
    found = find(request, code)
    tests = _tests(found)
    asked = request.GET.get("test", "")
    first = next((one for one in tests if one["domain"] == "BW"), tests[0] if tests else None)
    chosen = next((one for one in tests if one["key"] == asked), first)
    contents: dict[str, Any] = {**frame(request, found, "curves"), "tests": tests, "chosen": chosen, "figures": []}
    if chosen is not None:
        arms = in_force(found, Arm)
        shown = queries.series(found, chosen["domain"], chosen["code"], specimen=chosen["specimen"])
        drawn = [one for one in shown if len(one.days) > 1 and any(any(v.values()) for v in one.values.values())]
        contents["figures"] = [
            figures.group_curves(
                f"{chosen['label'].partition(': ')[2]}, {dict(queries.SEXES)[one.sex].lower()}", one, arms
            )
            for one in drawn
            if len(arms) <= 6
        ]
        rows = Finding.objects.filter(
            study=found, domain=chosen["domain"], code=chosen["code"], specimen=chosen["specimen"], is_void=False
        ).select_related("subject__study", "visit", "study__program")
        count = rows.count()
        values = list(rows.order_by("subject__code", "starts", "entry")[:MOST])
        placed = arms_of({one.subject for one in values})
        contents |= {
            "count": count,
            "most": MOST,
            "values": [{"finding": one, "arm": placed.get(one.subject_id), "day": one.study_day} for one in values],
        }
    return render(request, "preclinical/curves.html", contents)


urlpatterns = [path("studies/<str:code>/data/", curves, name="curves")]
PAGES = {"preclinical:curves": Page("preclinical.view")}
