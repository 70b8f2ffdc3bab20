"""The low hand of an act: locks the head, chains entries, writes rows. Nothing else in the house writes GxP tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connections, models

from crdmo.proof.chain import GENESIS, entry_hash

from . import state
from .fields import CanonicalJSONField
from .frames import Frame
from .models import Record

CHUNK = 2000
AS_IS = (models.CharField, models.BooleanField, models.IntegerField)
UUID_FIELD, INSTANT_FIELD = models.UUIDField(), models.DateTimeField()
ENTRY_COLUMNS = (
    "seq, stream, stream_seq, at, act, actor, action, operation, record_type, record_id, version, "
    "body, prev, stream_prev, hash"
)

# All heads in one statement: each is a journey to a PostgreSQL server.
MOVE = """WITH moved (stream, seq, hash, at) AS (VALUES {rows})
    UPDATE ledger_head SET seq = moved.seq, hash = moved.hash, at = moved.at FROM moved
     WHERE ledger_head.stream = moved.stream"""


class Table:
    """The statements that write one record type on one database."""

    def __init__(self, model: type[Record], using: str) -> None:
        connection = connections[using]
        quote = connection.ops.quote_name
        header: list[Any] = [model._meta.get_field(name) for name in ("id", "version", "entry", "is_void")]
        own: list[Any] = [model._meta.get_field(codec.name) for codec in state.codecs(model)]
        self.fields = [*header, *own]
        names = [quote(field.column) for field in self.fields]
        name = quote(model._meta.db_table)
        self.insert = f"INSERT INTO {name} ({', '.join(names)}) "
        sets = ", ".join(f"{column} = %s" for column in names[1:])
        self.update = f"UPDATE {name} SET {sets} WHERE {names[0]} = %s AND {names[1]} = %s"  # noqa: S608
        self.unnested = _unnested([_array(field, connection) for field in self.fields])
        self.columns = [(field.attname, self._column(field, connection)) for field in self.fields]

    @staticmethod
    def _column(field: Any, connection: Any) -> Any:
        is_text = isinstance(field, models.TextField) and not isinstance(field, CanonicalJSONField)
        if isinstance(field, AS_IS) or is_text:
            return None
        if isinstance(field, models.UUIDField | models.ForeignKey):
            return key_column(connection)
        return lambda value: field.get_db_prep_save(value, connection)

    def row(self, record: Record) -> list[Any]:
        """Return a record's column values in the order of the statements."""
        values = record.__dict__
        return [values[n] if f is None else f(values[n]) for n, f in self.columns]


ENTRY_ARRAYS = (
    "bigint[]", "varchar[]", "bigint[]", "timestamptz[]", "uuid[]", "varchar[]", "varchar[]", "varchar[]", "varchar[]",
    "uuid[]", "integer[]", "bytea[]", "bytea[]", "bytea[]", "bytea[]",
)  # fmt: skip


def _array(field: Any, connection: Any) -> str:
    """Return the type of an array of a column's values; without length: the column itself refuses what is too long."""
    return str(field.db_type(connection)).partition("(")[0] + "[]"


def _unnested(types: Sequence[str]) -> str:
    """Return the end of an INSERT that takes one array a column: the quickest on PostgreSQL under row-level security."""
    return f"SELECT * FROM unnest({', '.join(f'%s::{kind}' for kind in types)})"  # noqa: S608 — types of the models


def key_column(connection: Any) -> Callable[[Any], Any]:
    """Return the function that gives a key as its column takes it."""
    native, prepare = connection.features.has_native_uuid_field, UUID_FIELD.get_db_prep_save

    def column(value: Any) -> Any:
        if value.__class__ is UUID:
            return value if native else value.hex
        return prepare(value, connection)

    return column


@cache
def table(model: type[Record], using: str) -> Table:
    """Return the statements of a record type, built once."""
    return Table(model, using)


class ChainWriter:
    """Appends entries within one transaction, holding the lock on the head from the first to the last."""

    def __init__(self, using: str) -> None:
        self.connection = connections[using]
        self.using = using
        self.heads: dict[str, tuple[int, bytes]] = {}
        self.moved: set[str] = set()
        self.pending: list[tuple[Any, ...]] = []
        self.frames: dict[tuple[Any, ...], tuple[Frame, Any]] = {}
        self._key = key_column(self.connection)
        seq, head, last = self._lock()
        self.seq, self.head = seq, head
        now = dt.datetime.now(dt.UTC)
        before = dt.datetime.fromisoformat(last) if last else now
        self.stepped_back = before - now if before > now else dt.timedelta(0)
        self.now = max(now, before)
        self.at = state.instant(self.now)
        self.when = INSTANT_FIELD.get_db_prep_save(self.now, self.connection)

    def _lock(self) -> tuple[int, bytes, str]:
        """Lock the head of the whole chain; other writers wait here, so the chain cannot fork."""
        wait = " FOR UPDATE" if self.connection.vendor == "postgresql" else ""
        look = f"SELECT seq, hash, at FROM ledger_head WHERE stream = ''{wait}"  # noqa: S608
        with self.connection.cursor() as cursor:
            cursor.execute(look)
            row = cursor.fetchone()
            if row is None:
                # The first act ever; of two at the same time the second waits here, then reads what the first wrote.
                begin = "INSERT INTO ledger_head (stream, seq, hash, at) VALUES ('', 0, %s, '') ON CONFLICT DO NOTHING"
                cursor.execute(begin, [GENESIS])
                cursor.execute(look)
                row = cursor.fetchone()
        return row[0], bytes(row[1]), row[2]

    def stream_head(self, stream: str) -> tuple[int, bytes]:
        """Return the number and hash of the last entry of a stream; the first call for a new stream begins it."""
        found = self.heads.get(stream)
        if found is None:
            with self.connection.cursor() as cursor:
                cursor.execute("SELECT seq, hash FROM ledger_head WHERE stream = %s", [stream])
                row = cursor.fetchone()
                if row is None:
                    cursor.execute(
                        "INSERT INTO ledger_head (stream, seq, hash, at) VALUES (%s, 0, %s, '')", [stream, GENESIS]
                    )
                    row = (0, GENESIS)
            found = self.heads[stream] = (row[0], bytes(row[1]))
        return found

    def append(
        self, header: Mapping[str, str], *, stream: str, operation: str, type: str, schema: int, record: UUID,
        version: int, organization: UUID | None, contents: str,
    ) -> int:  # fmt: skip
        """Chain one entry and return its sequence. It reaches the database with the next `flush`.

        `contents` is the canonical text of the state. The header (who, why, in which role) stays as it is for all
        entries of an act in one role.
        """
        number, stream_prev = self.stream_head(stream)
        seq, stream_seq = self.seq + 1, number + 1
        shared = (header["act"], header["role"], stream, operation, type, schema, organization)
        found = self.frames.get(shared)
        if found is None:
            found = self.frames[shared] = (self._frame(header, *shared[2:]), self._key(UUID(header["act"])))
        frame, act = found
        body = frame.body(str(record), seq, contents, stream_seq, version)
        digest = entry_hash(self.head, stream_prev, body)
        self.pending.append(
            (
                seq, stream, stream_seq, self.when, act, header["actor"], header["action"], operation, type,
                self._key(record), version, body, self.head, stream_prev, digest,
            )
        )  # fmt: skip
        self.seq, self.head = seq, digest
        self.heads[stream] = (stream_seq, digest)
        self.moved.add(stream)
        return seq

    def _frame(
        self, header: Mapping[str, str], stream: str, operation: str, type: str, schema: int, organization: UUID | None
    ) -> Frame:
        home = None if organization is None else str(organization)
        about = {"stream": stream, "operation": operation, "type": type, "schema": schema, "organization": home}
        return Frame({**header, **about, "at": self.at})

    def flush(self) -> None:
        """Send the chained entries to the database."""
        if self.pending:
            self.carry(self.pending)
            self.pending.clear()

    def carry(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Write entries given by their columns; what does not continue the chain, the guards refuse."""
        self._write(f"INSERT INTO ledger_entry ({ENTRY_COLUMNS}) ", _unnested(ENTRY_ARRAYS), rows)

    def _write(self, begin: str, unnested: str, rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows by the quickest statement of each database."""
        one = f"VALUES ({', '.join(['%s'] * len(rows[0]))})"
        with self.connection.cursor() as cursor:
            if len(rows) == 1:
                cursor.execute(begin + one, rows[0])
            elif self.connection.vendor == "sqlite":
                cursor.executemany(begin + one, rows)
            else:
                for start in range(0, len(rows), CHUNK):
                    part = rows[start : start + CHUNK]
                    cursor.execute(begin + unnested, [list(column) for column in zip(*part, strict=True)])

    def insert(self, model: type[Record], records: Sequence[Record]) -> None:
        """Write the rows of new records; their entries are flushed first, or the guards would refuse them."""
        self.flush()
        statements = table(model, self.using)
        self._write(statements.insert, statements.unnested, [statements.row(record) for record in records])

    def update(self, record: Record, expected: int) -> bool:
        """Write a new version of a row; false when the row is no longer at the expected version."""
        self.flush()
        statements = table(type(record), self.using)
        row = statements.row(record)
        with self.connection.cursor() as cursor:
            cursor.execute(statements.update, [*row[1:], row[0], expected])
            return bool(cursor.rowcount == 1)

    def close(self) -> None:
        """Move the heads on to the last entries written: from now on they are history."""
        self.flush()
        if not self.moved:
            return
        streams = {stream: head for stream, head in self.heads.items() if stream in self.moved}
        self.move({**streams, "": (self.seq, self.head)}, self.at)

    def move(self, heads: Mapping[str, tuple[int, bytes]], at: str) -> None:
        """Move heads on to the entries given."""
        rows = [(stream, seq, digest, at) for stream, (seq, digest) in heads.items()]
        with self.connection.cursor() as cursor:
            cursor.execute(
                MOVE.format(rows=", ".join(["(%s, %s, %s, %s)"] * len(rows))), [v for row in rows for v in row]
            )
