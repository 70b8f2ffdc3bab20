"""Any record: its state, versions and signatures; the ledger of a program as its reviewer reads it."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render

from crdmo.foundation.accounts import authority
from crdmo.foundation.computing import Result
from crdmo.foundation.computing.figures import figure_of_record
from crdmo.foundation.documents.copies import record_copy
from crdmo.foundation.ledger import thread
from crdmo.foundation.ledger.models import Entry, Record, record_types
from crdmo.foundation.refusals import Invalid, NotFound
from crdmo.foundation.signing import signatures_of

from ..links import record_url
from ..request import PageRequest
from . import trails

STEP = 100


def find(request: PageRequest, key: UUID) -> Record:
    """Return a record that the person may see.

    Raises:
        NotFound: there is none; another sponsor's record answers the same.
    """
    first = Entry.objects.filter(record_id=key, version=1).first()
    model = record_types().get(first.record_type) if first else None
    if first is None or model is None or first.stream not in authority.streams_of(request.person):
        raise NotFound("there is no such record")
    return model._default_manager.get(pk=key)


def record(request: PageRequest, key: UUID) -> HttpResponse:
    """Show a record with its history; `?as_of=` shows it as it stood at an instant."""
    found = find(request, key)
    entries = list(Entry.objects.filter(record_id=key).order_by("version"))
    as_of = _instant(request.GET.get("as_of", ""))
    if as_of is not None:
        entries = [entry for entry in entries if entry.at <= as_of]
        if not entries:
            raise NotFound("this record was not there yet", given=str(as_of))
    lines = trails.history(entries)
    state = {name: trails.shown(value) for name, value in lines[0]["state"].items() if name not in trails.HIDDEN}
    if request.GET.get("format") == "json":
        return JsonResponse({"id": str(key), "type": found.record_type(), "versions": [_plain(line) for line in lines]})
    contents = {
        "record": found,
        "type": trails.type_label(found.record_type()),
        "state": state,
        "lines": lines,
        "as_of": as_of,
        "page": record_url(found),
        "signatures": signatures_of(found),
        "stale": thread.stale_causes([found.pk]),
        "computed": found if isinstance(found, Result) else None,
        "figure": figure_of_record(found) if isinstance(found, Result) else None,
    }
    return render(request, "web/record.html", contents)


def _plain(line: dict[str, Any]) -> dict[str, Any]:
    return {**line, "at": line["at"].isoformat()}


def _instant(text: str) -> dt.datetime | None:
    if not text:
        return None
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid("this is no instant", given=text, allowed="2026-11-24T12:00:00+00:00") from error
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def copy(request: PageRequest, key: UUID) -> HttpResponse:
    """Give the copy of a record for an inspector: state, history, signatures and proof as PDF/A."""
    found = find(request, key)
    response = HttpResponse(record_copy(found, printed_by=request.person.printed_name), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{found.record_type()}-{key}.pdf"'
    return response


def ledger(request: PageRequest, program: str) -> HttpResponse:
    """Show the chain of a program, newest first, filtered as a reviewer of the audit trail asks."""
    assert request.program is not None
    rows = Entry.objects.filter(stream=str(request.program.id))
    asked = {name: request.GET.get(name, "") for name in ("person", "action", "operation", "type", "before")}
    if asked["operation"] in trails.OPERATIONS:
        rows = rows.filter(operation=asked["operation"])
    if asked["action"]:
        rows = rows.filter(action=asked["action"])
    if asked["type"]:
        rows = rows.filter(record_type=asked["type"])
    if asked["person"]:
        rows = rows.filter(actor=asked["person"])
    if asked["before"].isdigit():
        rows = rows.filter(seq__lt=int(asked["before"]))
    # Within a chain both numbers rise together; this one has an index with the chain.
    found = list(rows.order_by("-stream_seq")[: STEP + 1])
    lines = [trails.line(entry) for entry in found[:STEP]]
    if request.GET.get("format") == "json":
        return JsonResponse(
            {"entries": [json.loads(bytes(e.body)) | {"hash": bytes(e.hash).hex()} for e in found[:STEP]]}
        )
    contents = {
        "acts": trails.acts(lines),
        "more": found[STEP - 1].seq if len(found) > STEP else None,
        "asked": asked,
        "operations": trails.OPERATIONS,
        "types": _types(request),
    }
    return render(request, "web/ledger.html", contents)


# Which types of records a chain has, and up to which entry they were looked for: a chain only grows. {stream: ...}
_known: dict[str, tuple[int, bytes, frozenset[str]]] = {}


def _types(request: PageRequest) -> list[tuple[str, str]]:
    assert request.program is not None
    stream = str(request.program.id)
    rows = Entry.objects.filter(stream=stream)
    place, digest, names = _known.get(stream, (0, b"", frozenset[str]()))
    if place and not rows.filter(stream_seq=place, hash=digest).exists():
        place, names = 0, frozenset()
    head = rows.order_by("-stream_seq").values_list("stream_seq", "hash").first()
    if head is not None and head[0] > place:
        found = rows.filter(stream_seq__gt=place, stream_seq__lte=head[0]).values_list("record_type", flat=True)
        names |= frozenset(found.distinct())
        _known[stream] = (head[0], bytes(head[1]), names)
    return sorted((name, trails.type_label(name)) for name in names)
