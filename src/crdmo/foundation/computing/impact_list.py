"""What stands on a record: the results, documents, signatures and pages that a correction touches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from crdmo.foundation.accounts import authority
from crdmo.foundation.accounts.models import Person, Program
from crdmo.foundation.ledger import thread
from crdmo.foundation.ledger.models import Entry, Record, Stale
from crdmo.foundation.signing.models import Signature

RESULT = "computing.result"
DOCUMENTS = "documents."
SUBMISSIONS = "regulatory."
MANY = 100_000
Address = Callable[[Record], str]


@dataclass(frozen=True)
class Touched:
    """One record that stands on another."""

    key: UUID
    type: str
    label: str
    state: str
    version: int
    steps: int
    stale: bool
    signed: bool
    page: str

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {**asdict(self), "key": str(self.key)}


@dataclass(frozen=True)
class Impact:
    """All that stands on a record, nearest first, as far as the reader may see; `hidden` counts the rest."""

    touched: tuple[Touched, ...]
    hidden: int

    @property
    def results(self) -> list[Touched]:
        """Computed results."""
        return [one for one in self.touched if one.type == RESULT]

    @property
    def documents(self) -> list[Touched]:
        """Controlled documents and their versions."""
        return [one for one in self.touched if one.type.startswith(DOCUMENTS)]

    @property
    def submissions(self) -> list[Touched]:
        """Parts of submissions to an agency."""
        return [one for one in self.touched if one.type.startswith(SUBMISSIONS)]

    @property
    def records(self) -> list[Touched]:
        """All other records: the certificates, batches and decisions of the services."""
        known = {one.key for one in (*self.results, *self.documents, *self.submissions)}
        return [one for one in self.touched if one.key not in known]

    @property
    def signed(self) -> list[Touched]:
        """What bears a signature that was not revoked: somebody must decide on each of these."""
        return [one for one in self.touched if one.signed]

    @property
    def pages(self) -> list[str]:
        """The addresses of the pages that show what is touched."""
        return list(dict.fromkeys(one.page for one in self.touched if one.page))

    def as_json(self) -> dict[str, Any]:
        """Return the lists as plain JSON."""
        parts = {
            "results": self.results,
            "documents": self.documents,
            "submissions": self.submissions,
            "records": self.records,
        }
        rows = {name: [one.as_json() for one in part] for name, part in parts.items()}
        return {**rows, "pages": self.pages, "hidden": self.hidden}


def impact(record: Record, person: Person | None = None, *, address: Address | None = None) -> Impact:
    """Return what stands on a record, as far as `person` may see it; without person, all of it.

    Args:
        record: that was changed, or may be.
        person: who asks.
        address: gives the page of a record; without it, no pages are named.
    """
    reached = thread.downstream(record.id, limit=MANY)
    signatures = _signatures(reached)
    keys = {key: depth for key, depth in reached.items() if key not in signatures}
    streams = authority.streams_of(person) if person is not None else _streams(keys)
    touched = _touched(keys, streams, address)
    return Impact(touched, len(keys) - len(touched))


def corrections(program: Program, person: Person, *, address: Address | None = None) -> list[tuple[UUID, Impact]]:
    """Return what in a program stands on data changed since, by the record whose change made it so, latest first."""
    mine = Entry.objects.filter(stream=str(program.pk), version=1).values("record_id")
    marks: dict[UUID, set[UUID]] = {}
    latest: dict[UUID, int] = {}
    for mark in Stale.objects.filter(record_id__in=mine):
        marks.setdefault(mark.cause, set()).add(mark.record_id)
        latest[mark.cause] = max(mark.entry, latest.get(mark.cause, 0))
    streams, found = authority.streams_of(person), []
    for cause in sorted(marks, key=lambda cause: -latest[cause]):
        steps = thread.downstream(cause, only_data=True, limit=MANY)
        keys = {key: steps.get(key, 1) for key in marks[cause]}
        touched = _touched(keys, streams, address)
        if touched:
            found.append((cause, Impact(touched, len(keys) - len(touched))))
    return found


def _touched(keys: dict[UUID, int], streams: list[str], address: Address | None) -> tuple[Touched, ...]:
    nodes = thread.nodes(keys, streams)
    signed = _signed([node.key for node in nodes])
    return tuple(
        Touched(node.key, node.type, node.label, node.state, node.version, node.depth, node.stale, node.key in signed,
                address(node.record) if address else "")
        for node in nodes
    )  # fmt: skip


def _signatures(keys: dict[UUID, int]) -> set[UUID]:
    return set(Signature.objects.filter(pk__in=list(keys)).values_list("pk", flat=True))


def _streams(keys: dict[UUID, int]) -> list[str]:
    return list(Entry.objects.filter(record_id__in=list(keys), version=1).values_list("stream", flat=True).distinct())


def _signed(keys: list[UUID]) -> set[UUID]:
    rows = Signature.objects.filter(target_id__in=keys, is_void=False).values_list("target_id", flat=True)
    return set(rows)
