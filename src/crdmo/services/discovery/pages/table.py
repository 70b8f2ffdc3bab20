"""The SAR table: drawings, pIC50 with interval, curves; sorted, filtered, and as a file."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path

from crdmo.web.door import Page
from crdmo.web.request import PageRequest

from .. import exports, figures, sar
from .shared import file, here

SHOWN = 25


def table(request: PageRequest, program: str) -> HttpResponse:
    """Show the SAR table."""
    wanted = request.GET.get("format", "")
    if wanted == "csv":
        return file(exports.sar_csv(here(request)), f"{here(request).code}-sar.csv", "text/csv; charset=utf-8")
    if wanted == "sdf":
        return file(exports.sar_sdf(here(request)), f"{here(request).code}-sar.sdf", "chemical/x-mdl-sdfile")
    sort = request.GET.get("order", "potency")
    least = _number(request.GET.get("least", ""))
    assays, rows = sar.table(here(request), sort=sort, least=least)
    last = max(0, len(rows) - 1) // SHOWN + 1
    asked = request.GET.get("page", "")
    page = min(last, max(1, int(asked))) if asked.isdecimal() and len(asked) < 6 else 1
    first = (page - 1) * SHOWN
    drawn = [
        {
            "compound": row.compound,
            "drawing": figures.structure(here(request), row.compound.smiles),
            "cells": [
                {"cell": cell, "curves": [figures.thumbnail(one) for one in cell.curves[:2]]} for cell in row.cells
            ],
        }
        for row in rows[first : first + SHOWN]
    ]
    contents = {"assays": assays, "rows": drawn, "count": len(rows), "order": sort,
                "page": page, "last": last, "first": first + 1, "end": min(first + SHOWN, len(rows)),
                "least": request.GET.get("least", "")[:8],
                "orders": (("potency", "Potency"), ("code", "Number"), ("weight", "Weight"))}  # fmt: skip
    return render(request, "discovery/sar.html", contents)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


urlpatterns = [path("sar/", table, name="sar")]
PAGES = {"discovery:sar": Page("discovery.view")}
NAV = [("discovery:sar", "SAR table")]
