"""Queries, for site people who answer and data managers and monitors who ask and close."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path

from crdmo.common.studies.models import Activity, Study
from crdmo.common.studies.queries import in_force
from crdmo.foundation.refusals import Invalid, NotFound, Refused
from crdmo.web.door import FORM, Page
from crdmo.web.request import PageRequest
from crdmo.web.steps import may

from .. import queries
from ..models import DataQuery
from ..workflow import forms as data
from .frame import at, find, frame

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
        "may_ask": may(request, "clinical.open_queries") and found.state == "active",
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


def ask(request: PageRequest, program: str, study: str) -> HttpResponse:
    """Ask the same about many pages: chosen by form and visit, each its own query, all or none."""
    found = find(request, study)
    chosen = request.POST.getlist("page")
    refused: Refused | None = None
    if request.method == "POST":
        try:
            made = _ask(request, found, chosen)
        except Refused as one:
            refused = one
        else:
            messages.success(request, f"{len(made)} {'query is' if len(made) == 1 else 'queries are'} open.")
            return HttpResponseRedirect(at(request, "queries", found))
    forms = {one.code: one for one in in_force(found, Activity)}
    form = request.GET.get("form", "") if request.GET.get("form", "") in forms else next(iter(forms), "")
    rows = queries.pages_of(request.person, found).filter(form__code=form)
    visits = list(rows.order_by("visit__day").values_list("visit__code", "visit__name").distinct())
    visit = request.GET.get("visit", "")
    rows = rows.filter(visit__code=visit) if visit in dict(visits) else rows
    contents = {
        **frame(request, found, "queries"),
        "forms": list(forms.values()),
        "form": forms.get(form),
        "visits": visits,
        "visit": visit,
        "rows": rows.order_by("subject__code", "visit__day")[: data.MOST_ASKED],
        "chosen": chosen,
        "item": request.POST.get("item", ""),
        "text": request.POST.get("text", ""),
        "refused_as": refused,
        "errors": refused.errors if isinstance(refused, Invalid) else {},
    }
    return render(request, "clinical/ask.html", contents, status=refused.status if refused else 200)


def _ask(request: PageRequest, study: Study, chosen: list[str]) -> list[DataQuery]:
    rows = {str(one.pk): one for one in queries.pages_of(request.person, study).select_related("study")}
    if strange := [one for one in chosen if one not in rows]:
        raise NotFound("there is no such page here", given=strange[0])
    pages = [rows[one] for one in dict.fromkeys(chosen)]
    return data.open_queries(
        request.person, pages, item=request.POST.get("item", ""), text=request.POST.get("text", "")
    )


urlpatterns = [
    path("trials/<str:study>/queries/", query_list, name="queries"),
    path("trials/<str:study>/queries/ask/", ask, name="ask"),
]
PAGES = {
    "clinical:queries": Page("clinical.view_subjects", FORM),
    "clinical:ask": Page("clinical.open_queries", FORM),
}
