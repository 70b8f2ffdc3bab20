"""Queries, for site people who answer and data managers and monitors who ask and close."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path

from crdmo.common.studies.models import Study
from crdmo.foundation.refusals import NotFound, Refused
from crdmo.web.door import FORM, Page
from crdmo.web.request import PageRequest
from crdmo.web.steps import may

from .. import queries
from ..models import DataQuery
from ..workflow import forms as data
from .frame import find, frame

SHOWN = 200


def query_list(request: PageRequest, program: str, study: str) -> HttpResponse:
    """List queries, oldest first; each is answered, closed or asked again in its line."""
    found = find(request, study)
    refused: Refused | None = None
    if request.method == "POST":
        try:
            said = _do(request, found)
        except Refused as one:
            refused = one
        else:
            messages.success(request, said)
            return HttpResponseRedirect(request.get_full_path())
    only = request.GET.get("only", "")
    rows = queries.queries_of(request.person, found).select_related(
        "page__subject", "page__visit", "page__form", "page__study__program"
    )
    counts = {state: rows.filter(state=state).count() for state in DataQuery.State.values}
    rows = (
        rows.filter(state=only)
        if only in DataQuery.State.values
        else rows.exclude(state="closed")
        if not only
        else rows
    )
    now = dt.datetime.now(dt.UTC)
    contents = {
        **frame(request, found, "queries"),
        "rows": [(one, (now - one.opened_at).days) for one in rows.order_by("number")[:SHOWN]],
        "counts": counts,
        "only": only,
        "refused_as": refused,
        "tried": request.POST.get("query", ""),
        "may_answer": may(request, "clinical.answer_query") and found.state == "active",
        "may_close": may(request, "clinical.close_query") and found.state == "active",
    }
    return render(request, "clinical/queries.html", contents, status=refused.status if refused else 200)


def _do(request: PageRequest, study: Study) -> str:
    given, who = request.POST, request.person
    if given.get("step") == "ask":
        page = _one(queries.pages_of(who, study), given.get("page", ""))
        made = data.open_query(who, page, item=given.get("item", ""), text=given.get("text", ""))
        return f"{made} is open."
    query: DataQuery = _one(
        queries.queries_of(who, study).select_related("study", "page__subject__place"), given.get("query", "")
    )
    if given.get("step") == "answer":
        data.answer_query(who, query, answer=given.get("answer", ""))
        return f"{query} is answered."
    if given.get("step") == "close":
        data.close_query(who, query)
        return f"{query} is closed."
    if given.get("step") == "reopen":
        data.reopen_query(who, query)
        return f"{query} is open again."
    raise NotFound("there is no such step", given=given.get("step", ""))


def _one(rows: Any, key: str) -> Any:
    try:
        found = rows.filter(pk=UUID(key)).first()
    except ValueError:
        found = None
    if found is None:
        raise NotFound("there is nothing of this key here", given=key)
    return found


urlpatterns = [path("trials/<str:study>/queries/", query_list, name="queries")]
PAGES = {"clinical:queries": Page("clinical.view_subjects", FORM)}
