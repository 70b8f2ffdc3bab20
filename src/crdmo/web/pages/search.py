"""Search: records by number or name, and the pages that this person may open. The palette asks for the same as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render

from crdmo.foundation.accounts import authority
from crdmo.foundation.ledger.models import Record, record_types

from ..context import services
from ..links import record_url
from ..request import PageRequest
from .trails import type_label

EACH = 6
NAMES = ("code", "name", "title")


def _searchable() -> Iterator[tuple[type[Record], list[str]]]:
    for model in record_types().values():
        names = [f.name for f in model._meta.concrete_fields if f.name in NAMES and isinstance(f, models.CharField)]
        if model.searched and "code" in names and model._meta.app_label != "accounts":
            yield model, names


def named(question: str, *, only: models.Q | None = None, keys: list[UUID] | None = None) -> list[dict[str, Any]]:
    """Return the records whose number or name holds the question, by kind: those of `only`, or those among `keys`."""
    asked = {}
    for model, names in _searchable():
        wanted = models.Q()
        for name in names:
            wanted |= models.Q(**{f"{name}__icontains": question})
        rows = model._default_manager.filter(wanted, is_void=False)
        if only is not None:
            rows = rows.filter(only)
        if keys is not None:
            rows = rows.filter(pk__in=keys)
        asked[model.record_type()] = rows
    groups = []
    for kind in _with_hits(asked):
        found = asked[kind].select_related("program").order_by("-entry")[:EACH]
        items = [
            {"label": str(r), "id": str(r.pk), "url": record_url(r), "kind": type_label(r.record_type())} for r in found
        ]
        groups.append({"name": type_label(kind), "items": items})
    # Whoever types a whole number means the record that has it, not one that mentions it in its title.
    return sorted(groups, key=lambda group: not any(_is_number(question, item["label"]) for item in group["items"]))


def _is_number(question: str, label: str) -> bool:
    return label.split(" ", maxsplit=1)[0].casefold() == question.casefold()


def _with_hits(asked: dict[str, models.QuerySet[Any]]) -> list[str]:
    """Return the kinds that have a hit, in one query however many kinds there are."""
    parts, values = [], []
    for kind, rows in asked.items():
        try:
            sql, given = rows.order_by().values("pk")[:1].query.sql_with_params()
        except EmptyResultSet:
            continue
        parts.append(f"SELECT %s WHERE EXISTS ({sql})")
        values += [kind, *given]
    if not parts:
        return []
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), values)
        hits = {kind for (kind,) in cursor.fetchall()}
    return [kind for kind in asked if kind in hits]


def _records(request: PageRequest, question: str) -> list[dict[str, Any]]:
    # Asked once, not as a part of the question to each kind of record: to write that part a hundred times takes longest.
    streams = list(authority.programs_of(request.person, whole=True).values_list("pk", flat=True))
    own = models.Q(program__isnull=True, organization=request.person.organization_id)
    return named(question, only=models.Q(program__in=streams) | own)


def _places(request: PageRequest, question: str) -> list[dict[str, Any]]:
    code = request.GET.get("in", "")
    here = authority.programs_of(request.person, whole=True).filter(code=code).first()
    asked = question.casefold()
    items = []
    roles = authority.roles_of(request.person, here.pk, here.organization_id) if here else {}
    for service in services(here, "", roles, whole=here is not None):
        if service["available"]:
            items.append({"label": service["name"], "id": service["key"], "url": service["url"], "kind": "Service"})
            items += [
                {"label": f"{service['name']}: {p['name']}", "id": p["url"], "url": p["url"], "kind": "Page"}
                for p in service["pages"]
            ]
    items += [
        {"label": str(p), "id": p.code, "url": f"/{p.code}/", "kind": "Program"}
        for p in authority.programs_of(request.person, whole=True)
    ]
    return [item for item in items if asked in item["label"].casefold()][: EACH * 2]


def search(request: PageRequest) -> HttpResponse:
    """Find records and places; `go=1` opens the only record with exactly this number."""
    question = request.GET.get("q", "").strip()
    groups = _records(request, question) if len(question) >= 2 else []
    if request.GET.get("go") and groups:
        exact = [i for g in groups for i in g["items"] if _is_number(question, i["label"])]
        if len(exact) == 1:
            return HttpResponseRedirect(exact[0]["url"])
    places = _places(request, question)
    if places:
        groups.append({"name": "Go to", "items": places})
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse({"groups": groups})
    return render(request, "web/search.html", {"groups": groups, "question": question})
