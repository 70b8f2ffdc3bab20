"""Reading the database as it is stored: one moment for the whole verification, and columns without conversion."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import connections, transaction

PIECE = 5_000


@contextmanager
def snapshot(using: str) -> Iterator[None]:
    """Read as of one moment while others go on writing."""
    connection = connections[using]
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(using=using):
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield
    else:
        # Django would begin IMMEDIATE and keep every writer waiting; a deferred one reads from the write-ahead log.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")


def raw(using: str, column: str) -> str:
    """Return the expression that reads a column as stored.

    On SQLite a driver converts by the declared type of a column (and would read a boolean 2 as false); an expression
    has no declared type.
    """
    return f"+{column}" if connections[using].vendor == "sqlite" else column


def fetch(using: str, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Return all rows of a statement."""
    with connections[using].cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def entries(using: str, columns: Sequence[str]) -> Iterator[list[tuple[Any, ...]]]:
    """Yield all entries in pieces, by sequence; the first column is `seq`."""
    chosen = ", ".join(raw(using, column) if column == "at" else column for column in columns)
    sql = f"SELECT {chosen} FROM ledger_entry WHERE seq > %s ORDER BY seq LIMIT {PIECE}"  # noqa: S608 — fixed names
    last = -(2**63)
    while part := fetch(using, sql, [last]):
        yield part
        last = part[-1][0]


def as_stored(using: str, key: UUID) -> Any:
    """Return a key as the database stores it."""
    return key if connections[using].features.has_native_uuid_field else key.hex


def instant_as_stored(using: str, text: str) -> Any:
    """Return an instant of an entry as its column holds it."""
    moment = dt.datetime.fromisoformat(text)
    return moment if connections[using].vendor == "postgresql" else str(moment.replace(tzinfo=None))
