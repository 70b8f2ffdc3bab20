"""The desk: whoever logs in sees what waits for them, and what they may do, before anything else."""

from __future__ import annotations

import datetime as dt
from itertools import groupby
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render

from crdmo.common import exchange
from crdmo.common.engagements import queries as contracts
from crdmo.common.materials.models import Lot, Substance
from crdmo.common.work import Item, waiting
from crdmo.foundation.accounts import authority, notices
from crdmo.foundation.ledger.models import Entry

from ..request import PageRequest
from . import trails


def grouped(items: list[Item]) -> list[dict[str, Any]]:
    """Return what waits by group, what is late first."""
    today = dt.datetime.now(dt.UTC).date()
    by_group = sorted(items, key=lambda item: item.group)
    made = []
    for name, own in groupby(by_group, key=lambda item: item.group):
        rows = [{"item": item, "late": item.late(today)} for item in own]
        made.append({"name": name, "rows": rows, "late": sum(bool(row["late"]) for row in rows)})
    return sorted(made, key=lambda group: (-group["late"], group["name"]))


def home(request: PageRequest) -> HttpResponse:
    """Show what waits for this person in all programs."""
    programs = list(authority.programs_of(request.person).filter(is_bidding_room=False))
    # A bidding room holds nothing but its request, and is asked for while a bid can be handed in.
    items = waiting(request.person, programs)
    items += waiting(request.person, contracts.rooms_to_bid(request.person), room="engagements")
    told = notices.unread(request.person)[:5]
    contents = {"groups": grouped(items), "count": len(items), "programs": programs, "notices": told}
    return render(request, "web/home.html", contents)


def program(request: PageRequest, program: str) -> HttpResponse:
    """Show one program: what waits here, its lots, what changed, how the contract stands."""
    here = request.program
    assert here is not None
    recent = Entry.objects.filter(stream=str(here.id)).order_by("-stream_seq")[:40]
    contents = {
        "groups": grouped(waiting(request.person, [here])),
        "substances": Substance.objects.filter(program=here, is_void=False).order_by("code"),
        "lots": Lot.objects.filter(program=here, is_void=False)
        .select_related("substance", "program")
        .order_by("-entry")[:8],
        "acts": trails.acts([trails.line(entry) for entry in recent])[:10],
        "standing": contracts.standing(here),
        "brings": bool(exchange.offered(request.person, here)),
    }
    return render(request, "web/program.html", contents)


def health(request: PageRequest) -> HttpResponse:
    """Say that the service answers. With a log-in behind it, it also keeps that log-in alive."""
    return JsonResponse({"status": "ok"})
