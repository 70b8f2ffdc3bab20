"""The thread: of one record both ways, and of a whole program from its molecule to the leaf of its dossier."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render

from crdmo.common import threads
from crdmo.foundation.accounts import authority
from crdmo.foundation.computing import Impact, Touched, corrections
from crdmo.foundation.ledger import thread
from crdmo.foundation.ledger.models import Edge, Entry, Record
from crdmo.foundation.refusals import Invalid
from crdmo.foundation.signing import signatures_of
from crdmo.science import figures

from ..links import record_url
from ..request import PageRequest
from . import trails
from .records import find
from .search import named

EACH = 12


def thread_of(request: PageRequest, key: UUID) -> HttpResponse:
    """Show where a record comes from and what depends on it: as a drawing, as lists, as JSON."""
    found = find(request, key)
    streams = authority.streams_of(request.person)
    above = thread.nodes(thread.upstream(key, limit=400), streams)
    below = thread.nodes(thread.downstream(key, limit=400), streams)
    if request.GET.get("format") == "json":
        return JsonResponse(
            {"record": str(key), "from": [n.as_json() for n in above], "to": [n.as_json() for n in below]}
        )
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
    start = _chosen(request, "from") or threads.origin(here)
    end = _chosen(request, "to")
    question = request.GET.get("q", "").strip()
    contents: dict[str, Any] = {"start": start, "end": end, "question": question, "sections": [], "marked": 0}
    if start is not None:
        found = threads.strand(start, streams)
        contents |= {
            "type": trails.type_label(start.record_type()),
            "graph": _kinds_drawn(found),
            "sections": _sections(found, streams),
            "marked": len(found.stale),
            "cut": found.cut,
            "hits": [] if len(question) < 2 else named(question, keys=list(found.steps)),
            "way": _way(start, end, streams) if end is not None else None,
        }
    return render(request, "web/program_thread.html", contents)


def _kind_label(kind: str) -> str:
    return "Computed result" if threads.is_computed(kind) else trails.type_label(kind)


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


def _kinds_drawn(strand: threads.Strand) -> Any:
    drawn = []
    for kind, keys in strand.kinds.records.items():
        stale, here = sum(key in strand.stale for key in keys), strand.start.pk in keys
        many = "1 record" if len(keys) == 1 else f"{len(keys)} records"
        label = str(strand.start) if here and len(keys) == 1 else many
        drawn.append(
            figures.Node(kind, _kind_label(kind), label, f"{stale} stale" if stale else "", f"#{_anchor(kind)}",
                         bool(stale), here, len(keys))
        )  # fmt: skip
    records = sum(map(len, strand.kinds.records.values()))
    said = f"{records} records of {len(drawn)} kinds; each kind stands right of what it comes from."
    return figures.thread_graph(f"Thread of {strand.start}", drawn, strand.kinds.steps, desc=said)


def _anchor(kind: str) -> str:
    return kind.replace(".", "-")


def _sections(strand: threads.Strand, streams: list[str]) -> list[dict[str, Any]]:
    """Return the kinds by stage, of each the nearest records."""
    shown = {key: strand.steps[key] for keys in strand.kinds.records.values() for key in keys[:EACH]}
    rows = {row["node"].key: row for row in _listed(thread.nodes(shown, streams))}
    stages: dict[str, list[dict[str, Any]]] = {name: [] for name, _ in threads.STAGES}
    for kind, keys in strand.kinds.records.items():
        part = {"type": _kind_label(kind), "anchor": _anchor(kind), "count": len(keys), "more": max(0, len(keys) - EACH),
                "rows": [rows[key] for key in keys[:EACH] if key in rows]}  # fmt: skip
        stages[threads.stage_of(kind)].append(part)
    return [
        {"name": name, "kinds": sorted(kinds, key=lambda k: k["type"]), "count": sum(k["count"] for k in kinds)}
        for name, kinds in stages.items()
        if kinds
    ]


def _way(start: Record, end: Record, streams: list[str]) -> list[dict[str, Any]]:
    """Return the steps between two records with the signatures that hold on each."""
    rows = _listed(threads.way(start, end, streams))
    for row in rows:
        row["signatures"] = [s for s in signatures_of(row["node"].record) if s.holds]
    return rows


def stale(request: PageRequest, program: str) -> HttpResponse:
    """List what stands on data changed since: who changed what and why, and which pages, documents and submissions it touches."""
    here = request.program
    assert here is not None
    found = corrections(here, request.person, address=record_url)
    entries = {
        entry.record_id: trails.line(entry)
        for entry in Entry.objects.filter(record_id__in=[cause for cause, _ in found]).order_by("version")
    }
    changed = thread.nodes(dict.fromkeys([cause for cause, _ in found], 0), authority.streams_of(request.person))
    causes = {row["node"].key: row for row in _listed(changed)}
    rows = [
        {"cause": causes.get(cause), "entry": entries[cause] if cause in causes else None, "impact": touched,
         "groups": [(name, part) for name, part in _parts(touched) if part]}
        for cause, touched in found
    ]  # fmt: skip
    return render(request, "web/stale.html", {"rows": rows})


def _parts(touched: Impact) -> list[tuple[str, list[Touched]]]:
    return [
        ("Submissions", touched.submissions),
        ("Documents", touched.documents),
        ("Records", touched.records),
        ("Computed results", touched.results),
    ]
