"""The thread: of one record both ways, and of a whole program from its molecule to the leaf of its dossier."""

from __future__ import annotations

from functools import cache
from typing import Any
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render

from crdmo.common.materials.models import Substance
from crdmo.foundation.accounts import authority
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.computing import Result
from crdmo.foundation.ledger import thread, walks
from crdmo.foundation.ledger.models import Edge, Entry, Record, record_types
from crdmo.foundation.refusals import Invalid
from crdmo.foundation.signing import signatures_of
from crdmo.science import figures

from ..links import record_url
from ..request import PageRequest
from . import trails
from .records import find
from .search import named

# The stages of a program in the order of the thread, and the rooms and nouns that a record of each comes from.
STAGES = (
    ("molecule", "Molecule", ("discovery",)),
    ("preclinical", "Preclinical studies", ("preclinical",)),
    ("clinical", "Clinical trials", ("clinical", "studies")),
    ("process", "Process", ("process", "controls")),
    ("batch", "Materials and batches", ("materials", "manufacturing")),
    ("quality", "Tests and release", ("quality",)),
    ("compliance", "GxP compliance", ("compliance",)),
    ("contract", "Contract", ("engagements",)),
    ("document", "Documents", ("documents",)),
    ("dossier", "Dossier", ("regulatory",)),
)
NEAREST = 4000
EACH = 12
ORIGIN = "discovery."
COMPUTED = "computed"
GROUND = ("accounts", "signing", "ledger", "datasets", "references", "computing")


def thread_of(request: PageRequest, key: UUID) -> HttpResponse:
    """Show where a record comes from and what depends on it: as a drawing, as lists, as JSON."""
    found = find(request, key)
    streams = authority.streams_of(request.person)
    above = thread.nodes(thread.upstream(key, limit=400), streams)
    below = thread.nodes(thread.downstream(key, limit=400), streams)
    if request.GET.get("format") == "json":
        return JsonResponse({"record": str(key), "from": [_node(n) for n in above], "to": [_node(n) for n in below]})
    causes = thread.stale_causes([key]).get(key, [])
    changed = thread.nodes(dict.fromkeys(causes, 1), streams)
    contents = {
        "record": found,
        "type": trails.type_label(found.record_type()),
        "above": _listed(above),
        "below": _listed(below),
        "graph": _graph(found, above, below),
        "page": record_url(found),
        "is_stale": bool(causes),
        "changed": _listed(changed),
        "source": _source(key),
        "fragment": request.headers.get("X-Requested-With") == "fragment",
    }
    return render(request, "web/thread.html", contents)


def _source(key: UUID) -> dict[str, Any] | None:
    entry = Entry.objects.filter(record_id=key).order_by("-version").first()
    return trails.line(entry) if entry else None


def _node(node: thread.Node) -> dict[str, Any]:
    return {
        "id": str(node.key),
        "type": node.type,
        "label": node.label,
        "state": node.state,
        "version": node.version,
        "stale": node.stale,
        "steps": node.depth,
    }


def _listed(nodes: list[thread.Node]) -> list[dict[str, Any]]:
    return [{"node": node, "type": trails.type_label(node.type), "url": record_url(node.record)} for node in nodes]


def _graph(found: Record, above: list[thread.Node], below: list[thread.Node]) -> Any:
    known = {node.key: node for node in [*above, *below]}
    me = figures.Node(
        str(found.pk), trails.type_label(found.record_type()), str(found), getattr(found, "state", ""), "", False, True
    )
    drawn = [me] + [
        figures.Node(str(n.key), trails.type_label(n.type), n.label, n.state, record_url(n.record), n.stale)
        for n in known.values()
    ]
    keys = [found.pk, *known]
    edges = Edge.objects.filter(upstream__in=keys, downstream__in=keys).values_list("upstream", "downstream").distinct()
    return figures.thread_graph(f"Thread of {found}", drawn, sorted((str(a), str(b)) for a, b in edges))


def program_thread(request: PageRequest, program: str) -> HttpResponse:
    """Draw a program by kinds of record from the molecule to the leaf; search in it; show the way between two records."""
    here = request.program
    assert here is not None
    streams = authority.streams_of(request.person)
    start = _chosen(request, "from") or _origin(here)
    end = _chosen(request, "to")
    question = request.GET.get("q", "").strip()
    contents: dict[str, Any] = {"start": start, "end": end, "question": question, "sections": [], "marked": 0}
    if start is not None:
        walk = {
            **thread.downstream(start.pk, limit=NEAREST),
            **thread.upstream(start.pk, limit=NEAREST),
            start.pk: 0,
        }
        found = _kinds(walk, streams)
        marked = thread.stale_causes(key for keys in found.records.values() for key in keys)
        contents |= {
            "type": trails.type_label(start.record_type()),
            "graph": _kinds_drawn(start, found, marked),
            "sections": _sections(found, walk, streams),
            "marked": len(marked),
            "cut": len(walk) >= NEAREST,
            "hits": [] if len(question) < 2 else named(question, keys=list(walk)),
            "way": _way(start, end, streams) if end is not None else None,
        }
    if request.GET.get("format") == "json":
        return JsonResponse(_as_json(contents))
    return render(request, "web/program_thread.html", contents)


@cache
def _landmarks() -> frozenset[str]:
    """Return the kinds that a picture of a program shows: what people know by a number or a title."""
    return frozenset(
        kind
        for kind, model in record_types().items()
        if kind.partition(".")[0] not in GROUND
        and any(field.name in ("code", "title") for field in model._meta.concrete_fields)
    )


def _kinds(walk: dict[UUID, int], streams: list[str]) -> walks.Kinds:
    """Sum a walk up by landmarks; a computed result belongs to the room of its method."""
    types = walks.types_of(walk, streams)
    computed = [key for key, kind in types.items() if kind == Result.record_type()]
    methods = Result.objects.filter(pk__in=computed).values_list("pk", "method")
    types |= {key: f"{method.partition('.')[0]}.{COMPUTED}" for key, method in methods}
    results = {types[key] for key in computed}
    return walks.kinds(walk, types, _landmarks() | results)


def _kind_label(kind: str) -> str:
    return "Computed result" if kind.endswith(f".{COMPUTED}") else trails.type_label(kind)


def _chosen(request: PageRequest, name: str) -> Record | None:
    given = request.GET.get(name, "")
    if not given:
        return None
    try:
        key = UUID(given)
    except ValueError as error:
        raise Invalid(
            "this is no key of a record", given=given, allowed="the key that stands in a record's address"
        ) from error
    return find(request, key)


def _origin(program: Program) -> Record | None:
    """Return where a program's thread begins: what its drug substance comes from, or else its first substance."""
    mine = Substance.objects.filter(program=program, is_void=False)
    first = mine.filter(kind=Substance.Kind.SUBSTANCE).order_by("entry").first() or mine.order_by("entry").first()
    if first is None:
        return None
    above = thread.nodes(thread.upstream(first.pk, limit=NEAREST), [str(program.pk)])
    origins = [node for node in above if node.type.startswith(ORIGIN) and node.type in _landmarks()]
    return max(origins, key=lambda node: node.depth).record if origins else first


def _stage(kind: str) -> int:
    room = kind.partition(".")[0]
    return next((n for n, (_, _, rooms) in enumerate(STAGES) if room in rooms), len(STAGES))


def _kinds_drawn(start: Record, found: walks.Kinds, marked: dict[UUID, list[UUID]]) -> Any:
    drawn = []
    for kind, keys in found.records.items():
        stale, here = sum(key in marked for key in keys), start.pk in keys
        many = "1 record" if len(keys) == 1 else f"{len(keys)} records"
        label = str(start) if here and len(keys) == 1 else many
        drawn.append(
            figures.Node(kind, _kind_label(kind), label, f"{stale} stale" if stale else "", f"#{_anchor(kind)}",
                         bool(stale), here, len(keys))
        )  # fmt: skip
    said = f"{sum(map(len, found.records.values()))} records of {len(drawn)} kinds; each kind stands right of what it comes from."
    return figures.thread_graph(f"Thread of {start}", drawn, found.steps, desc=said)


def _anchor(kind: str) -> str:
    return kind.replace(".", "-")


def _sections(found: walks.Kinds, walk: dict[UUID, int], streams: list[str]) -> list[dict[str, Any]]:
    """Return the kinds by stage, of each the nearest records."""
    shown = {key: walk[key] for keys in found.records.values() for key in keys[:EACH]}
    rows = {row["node"].key: row for row in _listed(thread.nodes(shown, streams))}
    stages: dict[int, list[dict[str, Any]]] = {}
    for kind, keys in found.records.items():
        part = {"type": _kind_label(kind), "anchor": _anchor(kind), "rows": [rows[key] for key in keys[:EACH] if key in rows],
                "count": len(keys), "more": max(0, len(keys) - EACH)}  # fmt: skip
        stages.setdefault(_stage(kind), []).append(part)
    names = [name for _, name, _ in STAGES] + ["Other records"]
    return [
        {
            "name": names[n],
            "kinds": sorted(stages[n], key=lambda p: p["type"]),
            "count": sum(p["count"] for p in stages[n]),
        }
        for n in sorted(stages)
    ]


def _way(start: Record, end: Record, streams: list[str]) -> list[dict[str, Any]]:
    """Return the steps between two records, in the direction in which there is a way, as far as the reader may see."""
    keys = walks.way(start.pk, end.pk) or walks.way(end.pk, start.pk)
    order = {key: n for n, key in enumerate(keys)}
    rows = sorted(_listed(thread.nodes(order, streams)), key=lambda row: order[row["node"].key])
    for row in rows:
        row["signatures"] = [s for s in signatures_of(row["node"].record) if s.holds]
    return rows


def _as_json(contents: dict[str, Any]) -> dict[str, Any]:
    if contents["start"] is None:
        return {"from": None, "stages": [], "way": []}
    parts = [
        {
            "stage": s["name"],
            "type": k["type"],
            "count": k["count"],
            "nearest": [_node(row["node"]) for row in k["rows"]],
        }
        for s in contents["sections"]
        for k in s["kinds"]
    ]
    steps = [_node(row["node"]) for row in contents["way"] or ()]
    return {"from": str(contents["start"].pk), "stages": parts, "stale": contents["marked"], "way": steps}
