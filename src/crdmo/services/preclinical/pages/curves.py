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
from ..toxicokinetics import hours
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


def _table(found: Any, chosen: dict[str, Any]) -> dict[str, Any]:
    """Return every value of a test: a line for each animal, a column for each day and time point."""
    rows = Finding.objects.filter(
        study=found, domain=chosen["domain"], code=chosen["code"], specimen=chosen["specimen"], is_void=False
    ).select_related("subject", "visit")
    heads: dict[tuple[int, str, float, str], str] = {}
    cells: dict[Any, dict[tuple[int, str, float, str], list[Finding]]] = {}
    people: dict[Any, Any] = {}
    for one in rows.order_by("subject__code", "id"):
        day = one.visit.day if one.visit else one.study_day
        word = one.visit.name if one.visit else f"Day {day}" if day is not None else "–"
        key = (day or 0, word, hours(one.elapsed) or 0.0, one.time_point)
        heads.setdefault(key, " ".join(filter(None, (word, one.time_point))))
        people[one.subject_id] = one.subject
        cells.setdefault(one.subject_id, {}).setdefault(key, []).append(one)
    order, placed = sorted(heads), arms_of(people.values())
    animals = sorted(people.values(), key=lambda p: (placed[p.id].position if p.id in placed else 0, p.sex, p.code))
    return {
        "count": sum(len(values) for line in cells.values() for values in line.values()),
        "heads": [heads[key] for key in order],
        "values": [
            {"animal": one, "arm": placed.get(one.id), "cells": [cells[one.id].get(key, []) for key in order]}
            for one in animals[:MOST]
        ],
    }


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
        contents |= _table(found, chosen)
    return render(request, "preclinical/curves.html", contents)


urlpatterns = [path("studies/<str:code>/data/", curves, name="curves")]
PAGES = {"preclinical:curves": Page("preclinical.view")}
