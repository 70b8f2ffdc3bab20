"""The thread of a program: from its molecule to the leaf of its dossier, by kinds of record, and the way between two."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from uuid import UUID

from django.db import models

from crdmo.foundation.accounts.models import Program
from crdmo.foundation.computing import Result
from crdmo.foundation.ledger import thread, walks
from crdmo.foundation.ledger.models import Record, record_types
from crdmo.foundation.refusals import Invalid, NotFound

from .materials.models import Substance

# The stages of a program in the order of the thread, and the rooms and nouns that a record of each comes from.
STAGES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Molecule", ("discovery",)),
    ("Studies", ("studies",)),
    ("Preclinical studies", ("preclinical",)),
    ("Clinical trials", ("clinical",)),
    ("Process", ("process", "controls")),
    ("Materials and batches", ("materials", "manufacturing")),
    ("Tests and release", ("quality",)),
    ("GxP compliance", ("compliance",)),
    ("Contract", ("engagements",)),
    ("Documents", ("documents",)),
    ("Dossier", ("regulatory",)),
    ("Other records", ()),
)
ORIGIN = "discovery.compound"
COMPUTED = "computed"
_GROUND = ("accounts", "signing", "ledger", "datasets", "references", "computing")
NEAREST = 4000
# Known by the number of their document.
_VERSIONS = frozenset({"documents.documentversion"})


@dataclass(frozen=True)
class Strand:
    """What hangs together with one record, up and down, as far as a reader may see.

    Attributes:
        start: the record it was followed from.
        kinds: the records of each kind, nearest first, and the steps between kinds.
        steps: {record: number of steps from the start}, of the records that the reader may see and of no others: what is
            searched or counted on a thread begins here.
        stale: those of the records that stand on data changed since.
        cut: whether there are more records than were followed.
    """

    start: Record
    kinds: walks.Kinds
    steps: dict[UUID, int]
    stale: frozenset[UUID]
    cut: bool


@cache
def landmarks() -> frozenset[str]:
    """Return the kinds that a picture of a program shows: what people know by a number or a title."""
    return _VERSIONS | frozenset(
        kind
        for kind, model in record_types().items()
        if kind.partition(".")[0] not in _GROUND
        and model.searched
        and any(field.name in ("code", "title") for field in model._meta.concrete_fields)
    )


def is_computed(kind: str) -> bool:
    """Say whether a kind of a strand is that of the computed results of a room."""
    return kind.endswith(f".{COMPUTED}")


def stage_of(kind: str) -> str:
    """Return the stage of a program that a kind of record belongs to."""
    room = kind.partition(".")[0]
    return next((name for name, rooms in STAGES if room in rooms), STAGES[-1][0])


def origin(program: Program) -> Record | None:
    """Return where a program's thread begins: what its drug substance comes from, or else its first substance."""
    mine = Substance.objects.filter(program=program, is_void=False).order_by("entry")
    first = mine.filter(kind=Substance.Kind.SUBSTANCE).first() or mine.first()
    if first is None:
        return None
    above = thread.nodes(thread.upstream(first.pk, limit=NEAREST), [str(program.pk)])
    return next((node.record for node in above if node.type == ORIGIN), first)


def strand(start: Record, streams: list[str], most: int = NEAREST) -> Strand:
    """Follow a record both ways and sum up by landmarks; a computed result belongs to the room of its method."""
    below, above = thread.downstream(start.pk, limit=most), thread.upstream(start.pk, limit=most)
    walked = {**below, **above, start.pk: 0}
    types = walks.types_of(walked, streams)
    # A method or an instrument of the house leads to the work of every sponsor: what may not be seen goes here, once.
    steps = {key: walked[key] for key in types}
    computed = [key for key, kind in types.items() if kind == Result.record_type()]
    methods = Result.objects.filter(pk__in=computed).values_list("pk", "method")
    types |= {key: f"{method.partition('.')[0]}.{COMPUTED}" for key, method in methods}
    found = walks.kinds(steps, types, landmarks() | {types[key] for key in computed})
    stale = frozenset(thread.stale_causes(key for keys in found.records.values() for key in keys))
    return Strand(start, found, steps, stale, most in (len(below), len(above)))


def way(start: Record, end: Record, streams: list[str]) -> list[thread.Node]:
    """Return the records between two, both included, in the direction of the thread; [] where neither comes from the other."""
    keys = walks.way(start.pk, end.pk) or walks.way(end.pk, start.pk)
    order = {key: n for n, key in enumerate(keys)}
    return sorted(thread.nodes(order, streams), key=lambda node: node.depth)


def coded(program: Program, code: str) -> Record:
    """Return the record of a program with this number; where kinds share a number, `kind:number` names one.

    Raises:
        NotFound: there is none.
        Invalid: records of several kinds have this number.
    """
    kind, _, number = code.rpartition(":")
    found = []
    for model in (record_types()[name] for name in sorted(landmarks())):
        asked = not kind or kind in (model.record_type(), model.record_type().partition(".")[2])
        if asked and any(field.name == "code" for field in model._meta.concrete_fields):
            found += list(
                model._default_manager.filter(models.Q(code__iexact=number), program=program, is_void=False)[:2]
            )
    if not found:
        raise NotFound("there is no record with this number", given=code, next="Search the program for a part of it")
    if len(found) > 1:
        names = ", ".join(f"{one.record_type().partition('.')[2]}:{number}" for one in found)
        raise Invalid("several records have this number", given=code, allowed=names)
    return found[0]


__all__ = ["STAGES", "Strand", "coded", "is_computed", "landmarks", "origin", "stage_of", "strand", "way"]
