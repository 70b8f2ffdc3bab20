"""The low hand of an act: locks the head, chains entries, writes rows. Nothing else in the house writes GxP tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connections, models

from crdmo.proof import canonical
from crdmo.proof.chain import GENESIS, entry_hash

from . import state
from .fields import CanonicalJSONField
from .models import Record, State

PARSE = "%Y-%m-%dT%H:%M:%S.%fZ"
CHUNK = 500
AS_IS = (models.CharField, models.BooleanField, models.IntegerField)
ENTRY_COLUMNS = (
    "seq, stream, stream_seq, at, act, actor, action, operation, record_type, record_id, version, "
    "body, prev, stream_prev, hash"
)


class Table:
    """The statements that write one record type on one database."""

    def __init__(self, model: type[Record], using: str) -> None:
        connection = connections[using]
        quote = connection.ops.quote_name
        header = [model._meta.get_field(name) for name in ("id", "version", "entry", "is_void")]
        own = [model._meta.get_field(codec.name) for codec in state.codecs(model)]
        self.fields = [*header, *own]
        self.attnames = [field.attname for field in self.fields]
        names = [quote(field.column) for field in self.fields]
        name = quote(model._meta.db_table)
        self.insert = f"INSERT INTO {name} ({', '.join(names)}) VALUES ({', '.join(['%s'] * len(names))})"  # noqa: S608
        sets = ", ".join(f"{column} = %s" for column in names[1:])
        self.update = f"UPDATE {name} SET {sets} WHERE {names[0]} = %s AND {names[1]} = %s"  # noqa: S608
        self.lock = f"SELECT {names[1]} FROM {name} WHERE {names[0]} = %s"  # noqa: S608
        self.columns = [self._column(field, connection) for field in self.fields]

    @staticmethod
    def _column(field: Any, connection: Any) -> Any:
        if isinstance(field, AS_IS) or (isinstance(field, models.TextField) and not isinstance(field, CanonicalJSONField)):
            return None
        return lambda value: field.get_db_prep_save(value, connection)

    def row(self, record: Record) -> list[Any]:
        """Return a record's column values in the order of the statements."""
        values = [getattr(record, attname) for attname in self.attnames]
        return [v if f is None else f(v) for f, v in zip(self.columns, values, strict=True)]


@lru_cache(maxsize=None)
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
        self._uuid = models.UUIDField().get_db_prep_save
        self._when = models.DateTimeField().get_db_prep_save
        seq, head, last = self._lock()
        self.seq, self.head = seq, head
        now = dt.datetime.now(dt.UTC)
        before = dt.datetime.strptime(last, PARSE).replace(tzinfo=dt.UTC) if last else now
        self.stepped_back = before - now if before > now else dt.timedelta(0)
        self.now = max(now, before)
        self.at = state.instant(self.now)

    def _lock(self) -> tuple[int, bytes, str]:
        """Lock the head of the whole chain; other writers wait here, so the chain cannot fork."""
        wait = " FOR UPDATE" if self.connection.vendor == "postgresql" else ""
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT seq, hash, at FROM ledger_head WHERE stream = ''" + wait)
            row = cursor.fetchone()
            if row is None:
                # The first act ever; of two at the same time the second waits here, then reads what the first wrote.
                begin = "INSERT INTO ledger_head (stream, seq, hash, at) VALUES ('', 0, %s, '') ON CONFLICT DO NOTHING"
                cursor.execute(begin, [GENESIS])
                cursor.execute("SELECT seq, hash, at FROM ledger_head WHERE stream = ''" + wait)
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
        self, header: dict[str, Any], *, stream: str, operation: str, type: str, schema: int, record: UUID, version: int,
        organization: UUID | None, contents: State,
    ) -> int:
        """Chain one entry and return its sequence. It reaches the database with the next `flush`."""
        stream_seq, stream_prev = self.stream_head(stream)
        self.seq += 1
        stream_seq += 1
        body = canonical.encode(
            {
                **header, "v": 1, "seq": self.seq, "stream": stream, "stream_seq": stream_seq, "at": self.at,
                "operation": operation, "type": type, "schema": schema, "record": str(record), "version": version,
                "organization": None if organization is None else str(organization), "state": contents,
            }
        )  # fmt: skip
        digest = entry_hash(self.head, stream_prev, body)
        self.pending.append(
            (
                self.seq, stream, stream_seq, self._when(self.now, self.connection),
                self._uuid(UUID(header["act"]), self.connection), header["actor"], header["action"], operation, type,
                self._uuid(record, self.connection), version, body, self.head, stream_prev, digest,
            )
        )  # fmt: skip
        self.head = digest
        self.heads[stream] = (stream_seq, digest)
        self.moved.add(stream)
        return self.seq

    def flush(self) -> None:
        """Send the chained entries to the database."""
        if self.pending:
            self.carry(self.pending)
            self.pending.clear()

    def carry(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Write entries given by their columns; what does not continue the chain, the guards refuse."""
        one = "(" + ", ".join(["%s"] * 15) + ")"
        # One statement for many rows where the driver does not batch by itself; SQLite is quickest with executemany.
        with self.connection.cursor() as cursor:
            sql = f"INSERT INTO ledger_entry ({ENTRY_COLUMNS}) VALUES "  # noqa: S608 — no value from outside
            if self.connection.vendor == "sqlite":
                cursor.executemany(sql + one, rows)
            else:
                for start in range(0, len(rows), CHUNK):
                    part = rows[start : start + CHUNK]
                    flat = [value for row in part for value in row]
                    cursor.execute(sql + ", ".join([one] * len(part)), flat)

    def insert(self, model: type[Record], records: Sequence[Record]) -> None:
        """Write the rows of new records; their entries are flushed first, or the guards would refuse them."""
        self.flush()
        statements = table(model, self.using)
        rows = [statements.row(record) for record in records]
        with self.connection.cursor() as cursor:
            if len(rows) == 1:
                cursor.execute(statements.insert, rows[0])
            elif self.connection.vendor == "sqlite":
                cursor.executemany(statements.insert, rows)
            else:
                head, one = statements.insert.split(" VALUES ")
                for start in range(0, len(rows), CHUNK):
                    part = rows[start : start + CHUNK]
                    cursor.execute(f"{head} VALUES {', '.join([one] * len(part))}", [v for row in part for v in row])

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
        rows = [(seq, digest, at, stream) for stream, (seq, digest) in heads.items()]
        with self.connection.cursor() as cursor:
            cursor.executemany("UPDATE ledger_head SET seq = %s, hash = %s, at = %s WHERE stream = %s", rows)
