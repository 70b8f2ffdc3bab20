"""The room's first page: what waits for this person, and how far each batch is."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path

from crdmo.common.work import waiting
from crdmo.web import steps
from crdmo.web.door import Page
from crdmo.web.pages.desk import grouped
from crdmo.web.request import PageRequest

from ..models import Batch
from ..progress import OPEN, progress_of
from ..work import in_words

SHOWN = 30


def home(request: PageRequest, program: str) -> HttpResponse:
    """Show what waits, and the batches that run, each with its next step."""
    assert request.program is not None
    items = waiting(request.person, [request.program], room="manufacturing")
    rows = Batch.objects.filter(program=request.program, is_void=False, state__in=(*OPEN, Batch.State.COMPLETED))
    running = progress_of(
        list(rows.select_related("master__product", "lot", "program").order_by("due_on", "code")[:SHOWN])
    )
    contents = {
        "groups": grouped(items),
        "count": len(items),
        "running": [{"found": one, "next": in_words(one) if one.stage else "QA review"} for one in running],
        "may_issue": steps.may(request, "manufacturing.issue_batch"),
        "on_floor": steps.may(request, "manufacturing.perform_step"),
    }
    return render(request, "manufacturing/home.html", contents)


urlpatterns = [path("", home, name="home")]
PAGES = {"manufacturing:home": Page("manufacturing.view")}
