"""What every API route needs: who may use it, bodies read strictly, pages by cursor, lists as files, versions as ETags."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Generic, Literal, TypeAlias, TypeVar
from uuid import UUID

import polars as pl
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Schema
from pydantic import ConfigDict, StringConstraints

from crdmo.foundation.datasets.tables.writers import MEDIA_TYPES, WRITERS
from crdmo.foundation.ledger.models import Record
from crdmo.foundation.refusals import Conflict, Invalid

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")
MOST = 1000
EXPORTED = 100_000
LARGEST = 2**63 - 1

ProgramCode = Annotated[str, Path(description="Code of the program.")]
# The cursor is a place in the ledger; what no database can hold is refused at the door.
After = Annotated[int, Query(ge=0, le=LARGEST, description="The `next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=MOST, description="How many rows a page holds.")]
FileFormat: TypeAlias = Literal["json", "csv", "parquet"]
Format = Annotated[FileFormat | None, Query(description="The whole list as a file, instead of a page of it.")]
# A NUL character is no text for PostgreSQL.
Text = Annotated[str, StringConstraints(max_length=300, pattern=r"^[^\x00]*$")]
LongText = Annotated[str, StringConstraints(max_length=20_000, pattern=r"^[^\x00]*$")]


class Given(Schema):
    """A body of a request. A field that is not described is refused: it was meant to say something."""

    model_config = ConfigDict(extra="forbid")


class Header(Schema):
    """What every record carries."""

    id: UUID
    type: str
    version: int
    entry: int
    void: bool


class Listing(Schema, Generic[T]):
    """A page of a list; ask again with `after` = `next` until it is null."""

    items: list[T]
    next: int | None


class NotCurrent(Conflict):
    """The request was made for a version that is no longer the current one."""

    status = 412

    def __init__(self, what: str, given: str, current: int) -> None:
        self.current = current
        super().__init__(
            what,
            given=f"version {given}",
            allowed=f"version {current}",
            next="Read it again, compare, and repeat what still applies",
        )

    def as_json(self) -> dict[str, Any]:
        """Return the parts with the version that stands now."""
        return {**super().as_json(), "current": self.current}


def permission(verb: str) -> Callable[[F], F]:
    """Say which verb of the table opens a route; the door asks for it."""

    def mark(function: F) -> F:
        function.permission = verb  # type: ignore[attr-defined]
        return function

    return mark


def page(rows: QuerySet[Any], after: int, limit: int, line: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    """Return a page of records in the order of their last entry, and the cursor of the next."""
    found = list(rows.filter(entry__gt=after).order_by("entry")[: limit + 1])
    more = len(found) > limit
    return {"items": [line(row) for row in found[:limit]], "next": found[limit - 1].entry if more else None}


def listed(
    rows: QuerySet[Any],
    after: int,
    limit: int,
    line: Callable[[Any], dict[str, Any]],
    *,
    file: str | None = None,
    name: str = "list",
) -> dict[str, Any] | HttpResponse:
    """Return a page of records, or all from the cursor on as a file.

    Raises:
        Invalid: there are more rows than a file holds.
    """
    if file is None:
        return page(rows, after, limit, line)
    found = list(rows.filter(entry__gt=after).order_by("entry")[: EXPORTED + 1])
    if len(found) > EXPORTED:
        raise Invalid(
            "a file holds no more rows than this",
            given=f"more than {EXPORTED}",
            allowed=str(EXPORTED),
            next="Filter, or go by pages",
        )
    lines = [{key: _cell(value) for key, value in line(row).items()} for row in found]
    frame = pl.DataFrame(lines, infer_schema_length=None)
    response = HttpResponse(WRITERS[file](frame), content_type=MEDIA_TYPES[file])
    response["Content-Disposition"] = f'attachment; filename="{name}.{file}"'
    return response


def _cell(value: Any) -> Any:
    """Return a value as a cell: measured values stay text, days ISO text, so that every format says the same."""
    return value if value is None or isinstance(value, bool | int) else str(value)


def header(record: Record) -> dict[str, Any]:
    """Return what every record carries."""
    return {
        "id": str(record.pk),
        "type": record.record_type(),
        "version": record.version,
        "entry": record.entry,
        "void": record.is_void,
    }


def tag(response: HttpResponse, version: int) -> None:
    """Name the version of the record that is answered, for a later If-Match."""
    response["ETag"] = f'"{version}"'


def current(request: HttpRequest, record: Record, stated: int | None = None) -> None:
    """Say nothing if the request was made for the version that stands now: by If-Match, or by a version in its body.

    Raises:
        Invalid: it names no version, or two different ones.
        NotCurrent: it names another version.
    """
    given = {part for part in (_if_match(request), "" if stated is None else str(stated)) if part}
    if len(given) != 1:
        raise Invalid(
            "a correction names the version that was read",
            errors={"version": "If-Match or version, both alike"},
            given=", ".join(sorted(given)),
        )
    if (named := given.pop()) not in (str(record.version), "*"):
        raise NotCurrent(f"{record} was changed since it was read", named, record.version)


def _if_match(request: HttpRequest) -> str:
    return request.headers.get("If-Match", "").strip().removeprefix("W/").strip('"')[:40]
