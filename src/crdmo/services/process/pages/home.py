"""The room's first page: what waits, and the chain from the profile of the product to the parameters, with its gaps."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path

from crdmo.common.work import waiting
from crdmo.web import steps
from crdmo.web.door import Page
from crdmo.web.pages.desk import grouped
from crdmo.web.request import PageRequest

from .. import queries
from ..models import ControlStrategy, Study


def home(request: PageRequest, program: str) -> HttpResponse:
    """Show what waits, the matrix of attributes and parameters, the studies and the strategy in force."""
    assert request.program is not None
    items = waiting(request.person, [request.program], room="process")
    strategies = ControlStrategy.objects.filter(program=request.program, is_void=False).exclude(state="superseded")
    contents = {
        "groups": grouped(items),
        "count": len(items),
        "thread": queries.thread_of(request.program),
        "studies": Study.objects.filter(program=request.program, is_void=False).select_related("program")[:20],
        "strategy": strategies.select_related("program").order_by("-entry").first(),
        "may_add": steps.may(request, "process.add_element"),
        "may_design": steps.may(request, "process.draft_study"),
    }
    return render(request, "process/home.html", contents)


urlpatterns = [path("", home, name="home")]
PAGES = {"process:home": Page("process.view")}
