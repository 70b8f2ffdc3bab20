"""Routes over any record: who I am, programs, a record with its history, its thread, the ledger of a program."""

from __future__ import annotations

import json
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from crdmo.common import threads
from crdmo.common.routes import After, Limit, ProgramCode, permission, tag
from crdmo.foundation.accounts import authority
from crdmo.foundation.ledger import thread
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.signing import as_json, signatures_of
from crdmo.web.pages.records import find
from crdmo.web.request import PageRequest

router = Router()
NEAREST = 50


class Me(Schema):
    """Who asks."""

    user_id: str
    name: str
    organization: str
    scopes: list[str]


class ProgramLine(Schema):
    """A program."""

    code: str
    name: str
    sponsor: str
    partner: str


class Programs(Schema):
    """Programs that are open to the person."""

    items: list[ProgramLine]


class RecordRead(Schema):
    """A record with all its versions and signatures."""

    id: UUID
    type: str
    version: int
    label: str
    versions: list[dict[str, Any]]
    signatures: list[dict[str, Any]]


class ThreadNode(Schema):
    """A record of a thread."""

    id: UUID
    type: str
    label: str
    state: str
    version: int
    stale: bool
    steps: int


class Thread(Schema):
    """What a record comes from, and what stands on it."""

    record: UUID
    came_from: list[ThreadNode] = Field(alias="from")
    leads_to: list[ThreadNode] = Field(alias="to")


class StrandKind(Schema):
    """One kind of record on the thread of a program, and the nearest of its records."""

    stage: str
    type: str
    count: int
    stale: int
    nearest: list[UUID]


class ProgramThread(Schema):
    """The thread of a program by kinds, and the way between two records where it was asked for."""

    start: UUID | None = Field(alias="from")
    kinds: list[StrandKind]
    steps: list[tuple[str, str]]
    way: list[ThreadNode]


class Chain(Schema):
    """A part of a program's chain."""

    items: list[dict[str, Any]]
    next: int | None


@router.get("/me", url_name="me", response=Me)
def me(request: PageRequest) -> dict[str, Any]:
    """Return the person that acts, with the scopes of the token."""
    person = request.person
    scopes = sorted(request.bearer.scopes) if request.bearer else ["page"]
    return {
        "user_id": person.user_id,
        "name": person.printed_name,
        "organization": str(person.organization),
        "scopes": scopes,
    }


@router.get("/programs", url_name="programs", response=Programs)
def programs(request: PageRequest) -> dict[str, Any]:
    """Return the programs that the person may see."""
    rows = authority.programs_of(request.person).select_related("organization", "partner")
    return {
        "items": [
            {"code": p.code, "name": p.name, "sponsor": str(p.organization), "partner": str(p.partner)} for p in rows
        ]
    }


@router.get("/records/{uuid:key}", url_name="record", response=RecordRead)
def record(request: PageRequest, response: HttpResponse, key: UUID) -> dict[str, Any]:
    """Return a record: all its versions as they lie in the ledger, and its signatures."""
    found = find(request, key)
    tag(response, found.version)
    entries = Entry.objects.filter(record_id=key).order_by("version")
    versions = [json.loads(bytes(e.body)) | {"hash": bytes(e.hash).hex()} for e in entries]
    return {
        "id": str(key),
        "type": found.record_type(),
        "version": found.version,
        "label": str(found),
        "versions": versions,
        "signatures": as_json(signatures_of(found)),
    }


@router.get("/records/{uuid:key}/thread", url_name="record_thread", response=Thread, by_alias=True)
def record_thread(request: PageRequest, key: UUID) -> dict[str, Any]:
    """Return what a record comes from and what stands on it."""
    find(request, key)
    streams = authority.streams_of(request.person)
    sides = {"from": thread.upstream(key), "to": thread.downstream(key)}
    return {
        "record": str(key),
        **{side: [n.as_json() for n in thread.nodes(walk, streams)] for side, walk in sides.items()},
    }


@router.get("/programs/{program}/thread", url_name="program_thread", response=ProgramThread, by_alias=True)
@permission("view")
def program_thread(
    request: PageRequest,
    program: ProgramCode,
    start: Annotated[UUID | None, Query(alias="from")] = None,
    to: UUID | None = None,
) -> dict[str, Any]:
    """Return the thread of a program from its molecule or from a record, and the way to another record."""
    assert request.program is not None
    streams = authority.streams_of(request.person)
    begin = find(request, start) if start else threads.origin(request.program)
    end = find(request, to) if to else None
    if begin is None:
        return {"from": None, "kinds": [], "steps": [], "way": []}
    found = threads.strand(begin, streams)
    kinds = [
        {"stage": threads.stage_of(kind), "type": kind, "count": len(keys), "nearest": keys[:NEAREST],
         "stale": sum(key in found.stale for key in keys)}
        for kind, keys in found.kinds.records.items()
    ]  # fmt: skip
    way = threads.way(begin, end, streams) if end else []
    return {"from": begin.pk, "kinds": kinds, "steps": found.kinds.steps, "way": [node.as_json() for node in way]}


@router.get("/programs/{program}/ledger", url_name="program_ledger", response=Chain)
@permission("view")
def program_ledger(request: PageRequest, program: ProgramCode, after: After = 0, limit: Limit = 200) -> dict[str, Any]:
    """Return the chain of a program by rising sequence."""
    assert request.program is not None
    rows = list(Entry.objects.filter(stream=str(request.program.id), seq__gt=after).order_by("seq")[: limit + 1])
    items = [
        json.loads(bytes(e.body)) | {"hash": bytes(e.hash).hex(), "prev": bytes(e.prev).hex()} for e in rows[:limit]
    ]
    return {"items": items, "next": rows[limit - 1].seq if len(rows) > limit else None}
