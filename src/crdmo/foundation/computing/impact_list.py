"""What stands on a record: the results, documents, signatures and pages that a correction touches."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from crdmo.foundation.accounts import authority
from crdmo.foundation.accounts.models import Person
from crdmo.foundation.ledger import thread
from crdmo.foundation.ledger.models import Entry, Record
from crdmo.foundation.signing.models import Signature

RESULT = "computing.result"
DOCUMENTS = "documents."
SUBMISSIONS = "regulatory."
MANY = 100_000


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


def impact(record: Record, person: Person | None = None) -> Impact:
    """Return what stands on a record, as far as `person` may see it; without person, all of it."""
    reached = thread.downstream(record.id, limit=MANY)
    signatures = _signatures(reached)
    keys = {key: depth for key, depth in reached.items() if key not in signatures}
    streams = authority.streams_of(person) if person is not None else _streams(keys)
    nodes = thread.nodes(keys, streams)
    signed = _signed([node.key for node in nodes])
    touched = tuple(
        Touched(node.key, node.type, node.label, node.state, node.version, node.depth, node.stale, node.key in signed,
                _page(node.record))
        for node in nodes
    )  # fmt: skip
    return Impact(touched, len(keys) - len(touched))


def _signatures(keys: dict[UUID, int]) -> set[UUID]:
    return set(Signature.objects.filter(pk__in=list(keys)).values_list("pk", flat=True))


def _streams(keys: dict[UUID, int]) -> list[str]:
    return list(Entry.objects.filter(record_id__in=list(keys), version=1).values_list("stream", flat=True).distinct())


def _signed(keys: list[UUID]) -> set[UUID]:
    rows = Signature.objects.filter(target_id__in=keys, is_void=False).values_list("target_id", flat=True)
    return set(rows)


def _page(record: Record) -> str:
    address = getattr(record, "get_absolute_url", None)
    return str(address()) if callable(address) else ""
