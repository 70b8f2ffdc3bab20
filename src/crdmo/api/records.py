"""Routes over any record: who I am, programs, a record with its history, its thread, the ledger of a program."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from ninja import Router

from crdmo.common.routes import permission
from crdmo.foundation.accounts import authority
from crdmo.foundation.ledger import thread
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.signing import as_json, signatures_of
from crdmo.web.pages.records import find
from crdmo.web.request import PageRequest

router = Router()
MOST = 1000


@router.get("/me", url_name="me")
def me(request: PageRequest) -> dict[str, Any]:
    """Return the person that acts, with the scopes of the token."""
    person = request.person
    scopes = sorted(request.bearer.scopes) if request.bearer else ["page"]
    return {"user_id": person.user_id, "name": person.printed_name, "organization": str(person.organization), "scopes": scopes}


@router.get("/programs", url_name="programs")
def programs(request: PageRequest) -> dict[str, Any]:
    """Return the programs that the person may see."""
    rows = authority.programs_of(request.person).select_related("organization", "partner")
    return {"items": [{"code": p.code, "name": p.name, "sponsor": str(p.organization), "partner": str(p.partner)} for p in rows]}


@router.get("/records/{uuid:key}", url_name="record")
def record(request: PageRequest, key: UUID) -> dict[str, Any]:
    """Return a record: all its versions as they lie in the ledger, and its signatures."""
    found = find(request, key)
    entries = Entry.objects.filter(record_id=key).order_by("version")
    versions = [json.loads(bytes(e.body)) | {"hash": bytes(e.hash).hex()} for e in entries]
    return {"id": str(key), "type": found.record_type(), "version": found.version, "label": str(found), "versions": versions,
            "signatures": as_json(signatures_of(found))}  # fmt: skip


@router.get("/records/{uuid:key}/thread", url_name="record_thread")
def record_thread(request: PageRequest, key: UUID) -> dict[str, Any]:
    """Return what a record comes from and what stands on it."""
    find(request, key)
    streams = authority.streams_of(request.person)
    sides = {"from": thread.upstream(key), "to": thread.downstream(key)}
    return {"record": str(key), **{side: [_node(n) for n in thread.nodes(walk, streams)] for side, walk in sides.items()}}


def _node(node: thread.Node) -> dict[str, Any]:
    return {"id": str(node.key), "type": node.type, "label": node.label, "state": node.state, "version": node.version, "stale": node.stale, "steps": node.depth}


@router.get("/programs/{program}/ledger", url_name="program_ledger")
@permission("view")
def program_ledger(request: PageRequest, program: str, after: int = 0, limit: int = 200) -> dict[str, Any]:
    """Return the chain of a program by rising sequence."""
    assert request.program is not None
    limit = max(1, min(limit, MOST))
    rows = list(Entry.objects.filter(stream=str(request.program.id), seq__gt=after).order_by("seq")[: limit + 1])
    items = [json.loads(bytes(e.body)) | {"hash": bytes(e.hash).hex(), "prev": bytes(e.prev).hex()} for e in rows[:limit]]
    return {"items": items, "next": rows[limit - 1].seq if len(rows) > limit else None}
