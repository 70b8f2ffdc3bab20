"""Database triggers that refuse every way around the ledger, on SQLite and on PostgreSQL.

What they enforce:
    - entries are appended in sequence, chained and hashed right, and are never updated or deleted;
    - a row of a record is inserted or updated only as the next version, by a matching entry that is *new*: one beyond
      the head, which moves on when the act is complete;
    - rows are never deleted, tables never truncated.

On SQLite the hash is computed by functions that only this program registers, so another client cannot even insert. On
PostgreSQL the application's role owns nothing, and row-level security shows it only the streams of `app.streams`.
`verify` checks that every guard is in place.
"""

from __future__ import annotations

import json
from typing import Any

from django.db import connections

from crdmo.proof.chain import entry_hash

from . import guards_postgresql, guards_sqlite
from .guards_postgresql import APP_ROLE
from .models import record_types


def _entry_fits(*columns: Any) -> int:
    """Return 1 if the index columns agree with the body, and the hash with the bytes."""
    seq, stream, stream_seq, record_type, record, version, body, prev, stream_prev, digest = columns
    try:
        found = json.loads(body)
        return int(
            entry_hash(bytes(prev), bytes(stream_prev), bytes(body)) == bytes(digest)
            and found["seq"] == seq
            and found["stream"] == stream
            and found["stream_seq"] == stream_seq
            and found["type"] == record_type
            and found["record"].replace("-", "") == record
            and found["version"] == version
        )
    except (ValueError, TypeError, KeyError):
        return 0


def register_functions(connection: Any) -> None:
    """Give one SQLite connection the function that the guards call."""
    connection.connection.create_function("crdmo_entry_fits", 10, _entry_fits, deterministic=True)
    connection.connection.execute("PRAGMA recursive_triggers=ON")
    # An erased personal value must not stay readable in the free pages of the file.
    connection.connection.execute("PRAGMA secure_delete=ON")


def forget(using: str = "default") -> None:
    """Bring an erasure from the write-ahead log into the file, where the old bytes are overwritten.

    On PostgreSQL the next vacuum does that; what older write-ahead logs and backups hold, their own retention decides.
    """
    connection = connections[using]
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _present_tables(connection: Any) -> set[str]:
    with connection.cursor() as cursor:
        return set(connection.introspection.table_names(cursor))


def wanted(using: str = "default") -> dict[str, str]:
    """Return every guard that must be in place on this database, by name."""
    connection = connections[using]
    tables = _present_tables(connection)
    if "ledger_entry" not in tables:
        return {}
    kind: Any = guards_sqlite if connection.vendor == "sqlite" else guards_postgresql
    made: dict[str, str] = kind.ledger()
    for model in record_types().values():
        if model._meta.db_table in tables:
            made.update(kind.record(model))
    return made


def install(using: str = "default") -> int:
    """Put every guard in place, replacing older ones; on PostgreSQL also row-level security. Returns their number."""
    connection = connections[using]
    guards = wanted(using)
    with connection.cursor() as cursor:
        for name, body in guards.items():
            if connection.vendor == "sqlite":
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
                cursor.execute(f"CREATE TRIGGER {name} {body}")
            else:
                guards_postgresql.put_up(cursor, name, body)
        if connection.vendor == "postgresql" and guards:
            guards_postgresql.isolate(cursor, _present_tables(connection))
    return len(guards)


def missing(using: str = "default") -> list[str]:
    """Return the names of guards that are not in place, switched off, or altered in any way."""
    connection = connections[using]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            found = dict(cursor.fetchall())
            return [n for n, body in wanted(using).items() if found.get(n) != f"CREATE TRIGGER {n} {body}"]
        there = guards_postgresql.in_place(cursor)
    return [n for n, body in wanted(using).items() if there.get(n) != guards_postgresql.as_in_place(body)]


__all__ = ["APP_ROLE", "forget", "install", "missing", "register_functions", "wanted"]
