"""The living style guide: every component as pages draw it, with made-up contents. Pages use nothing else."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, JsonResponse, QueryDict
from django.shortcuts import render

from ..door import READ, Page
from ..icons import PATHS
from ..request import PageRequest
from . import drawings, samples

PAGE = Page("person", methods=READ | {"POST"})


def show(request: PageRequest) -> HttpResponse:
    """Show all components; `?part=` answers as the server would to what the page asks for."""
    part = request.GET.get("part", "")
    if part == "job":
        return JsonResponse({"state": "done", "done": 40, "total": 40, "sentence": "40 of 40 recomputed: identical."})
    if part == "drawer":
        return render(request, "web/styleguide_drawer.html", {"figures": drawings.graphs()[:1]})
    if part == "sign":
        return _signature(request)
    if part == "grid" and request.method == "POST":
        return _refused_block()
    return render(request, "web/styleguide.html", _contents(request))


def _signature(request: PageRequest) -> HttpResponse:
    wrong = (
        {"signing_password": "The password is wrong; 4 more tries before the account is locked"} if request.POST else {}
    )
    contents = {
        "preview": samples.preview(),
        "action": "?part=sign",
        "errors": wrong,
        "given_user_id": request.POST.get("signing_user_id", ""),
    }
    return render(request, "web/styleguide_sign.html", contents, status=422 if wrong else 200)


def _refused_block() -> HttpResponse:
    wrong = [{"pointer": "/rows/1/assay", "detail": "Given: 9.98. Allowed: 90 to 110 %. Check the decimal mark."}]
    contents = {"title": "Some values cannot be taken", "status": 422, "detail": "Nothing was saved.", "errors": wrong}
    return JsonResponse(contents, status=422, content_type="application/problem+json")


def _contents(request: PageRequest) -> dict[str, Any]:
    query = request.GET if isinstance(request.GET, QueryDict) else QueryDict()
    return {
        "states": samples.states(),
        "icons": sorted(PATHS),
        "cards": samples.CARDS,
        "lines": samples.lines(),
        "signatures": samples.signatures(),
        "table": samples.table(query),
        "form": samples.form(),
        "wrong": samples.form(filled=True),
        "charts": drawings.charts(),
        "graphs": drawings.graphs(),
        "lot": samples.LOTS[0],
        "now": samples.NOW,
        "today": samples.NOW.date(),
        "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "person": samples.PERSON,
        "tokens": samples.TOKENS,
        "grid": [{"n": n, "vial": f"1:A,{n + 1}"} for n in range(4)],
        "job": {"done": 12, "total": 40, "sentence": "12 of 40, 2 s left"},
    }
