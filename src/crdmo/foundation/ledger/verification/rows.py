"""Guards, versions and rows: triggers are there, versions run 1, 2, 3 …, and each row is its last entry, to the byte."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db import connections

from crdmo.proof import canonical

from ...refusals import Invalid
from .. import guards
from ..chainwriter import table
from ..models import Record, record_types
from .columns import expected
from .findings import Findings
from .reading import PIECE, fetch, raw

BATCH = 400


def check_guards(found: Findings, using: str) -> None:
    """Check that every trigger that must be there is there, with the text it must have."""
    for name in guards.missing(using):
        found.add(
            "guards", f"trigger {name}", "missing, switched off or altered: rows could be written around the ledger"
        )


def check_versions(found: Findings, using: str) -> None:
    """Check that the entries of each record are create, change …, void, numbered 1, 2, 3 …, in one stream and type."""
    columns = "record_id, version, operation, seq, record_type, stream"
    order = f"ORDER BY record_id, version LIMIT {PIECE}"
    sql = f"SELECT {columns} FROM ledger_entry WHERE (record_id, version) > (%s, %s) {order}"  # noqa: S608
    native = connections[using].features.has_native_uuid_field
    start: tuple[Any, Any] = (UUID(int=0) if native else "", -1)
    before: tuple[Any, ...] = (None, 0, "", 0, "", "")
    while part := fetch(using, sql, start):
        for row in part:
            wrong = _follows(before, row)
            if wrong:
                found.add("versions", f"entry {row[3]}", wrong)
            before = row
        start = (part[-1][0], part[-1][1])


def _follows(before: tuple[Any, ...], row: tuple[Any, ...]) -> str:
    record, version, operation, seq, kind, stream = row
    if record != before[0]:
        return (
            ""
            if version == 1 and operation in ("create", "event")
            else f"{operation} as version {version}, the first one"
        )
    if version != before[1] + 1 or operation not in ("change", "void"):
        return f"{operation} as version {version} after version {before[1]}"
    if before[2] in ("void", "event"):
        return f"version {version} of what was {'void' if before[2] == 'void' else 'an event'} before"
    if seq <= before[3] or kind != before[4] or stream != before[5]:
        return f"version {version} does not belong to version {before[1]}: another type, stream or order"
    return ""


def check_rows(found: Findings, using: str) -> None:
    """Check every row of every record type against its last entry, and that no entry lacks its row."""
    known = record_types()
    of = len(known)
    for number, (name, model) in enumerate(sorted(known.items()), 1):
        for part in _parts(model, using):
            _compare(found, using, name, model, part)
        _without_row(found, using, name, model)
        found.tell(number, of, "record types")
    names = [row[0] for row in fetch(using, "SELECT DISTINCT record_type FROM ledger_entry WHERE operation <> 'event'")]
    for name in sorted(set(names) - known.keys()):
        found.add("rows", name, "entries of this record type are there, but this release does not know it")


def _parts(model: type[Record], using: str) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the rows of a record type as stored, in the order of the writer's columns: key, version, entry, void, …."""
    quote = connections[using].ops.quote_name
    columns = ", ".join(raw(using, quote(field.column)) for field in table(model, using).fields)
    where = f"FROM {quote(model._meta.db_table)} WHERE id > %s ORDER BY id LIMIT {BATCH}"
    last: Any = UUID(int=0) if connections[using].features.has_native_uuid_field else ""
    while part := fetch(using, f"SELECT {columns} {where}", [last]):
        yield part
        last = part[-1][0]


def _compare(found: Findings, using: str, name: str, model: type[Record], part: list[tuple[Any, ...]]) -> None:
    keys = [row[0] for row in part]
    marks = ", ".join(["%s"] * len(keys))
    newest = dict(
        fetch(using, f"SELECT record_id, max(version) FROM ledger_entry WHERE record_id IN ({marks}) GROUP BY 1", keys)  # noqa: S608
    )
    seqs = [row[2] for row in part]
    bodies = dict(fetch(using, f"SELECT seq, body FROM ledger_entry WHERE seq IN ({marks})", seqs))  # noqa: S608
    for row in part:
        found.rows += 1
        wrong = _wrong(using, name, model, row, bodies.get(row[2]), newest.get(row[0]))
        if wrong:
            found.add("rows", f"{name} {_key(row[0])}", wrong)


def _key(stored: Any) -> str:
    try:
        return str(UUID(str(stored)))
    except ValueError:
        return repr(stored)


def _wrong(using: str, name: str, model: type[Record], row: tuple[Any, ...], body: Any, newest: int | None) -> str:
    """Return what is wrong with a row, or nothing."""
    if newest is None:
        return "a row without any entry"
    if row[1] != newest:
        return f"the row is at version {row[1]}, the ledger at {newest}"
    if body is None:
        return f"the row names entry {row[2]}, which is not there"
    try:
        wanted = expected(model, using, canonical.decode(bytes(body)))
    except (Invalid, ValueError, KeyError, TypeError, AttributeError) as error:
        return f"entry {row[2]} does not give a {name}: {error}"
    if wanted == row:
        return ""
    columns = [field.column for field in table(model, using).fields]
    differing = [c for c, a, b in zip(columns, wanted, row, strict=True) if a != b]
    return f"{', '.join(differing)} not as in entry {row[2]}"


def _without_row(found: Findings, using: str, name: str, model: type[Record]) -> None:
    own = connections[using].ops.quote_name(model._meta.db_table)
    sql = f"""SELECT e.seq, e.record_id FROM ledger_entry e WHERE e.record_type = %s AND e.operation = 'create'
        AND NOT EXISTS (SELECT 1 FROM {own} t WHERE t.id = e.record_id) ORDER BY e.seq"""  # noqa: S608
    for seq, key in fetch(using, sql, [name]):
        found.add("rows", f"{name} {_key(key)}", f"entry {seq} created it, but there is no row")
