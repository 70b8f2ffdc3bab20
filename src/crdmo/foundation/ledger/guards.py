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

from .models import Record, record_types

APPEND_ONLY = ("ledger_entry", "ledger_checkpoint")
APP_ROLE = "crdmo_app"
# Settings of the guards' functions: where they find tables, whatever the caller's path is; and that a plan made while a
# table was small does not scan it when it has grown.
PATH, NO_SCAN = "search_path=pg_catalog, public, pg_temp", "enable_seqscan=off"
# The bits of pg_trigger.tgtype.
BITS = {"ROW": 1, "STATEMENT": 0, "BEFORE": 2, "INSERT": 4, "DELETE": 8, "UPDATE": 16, "TRUNCATE": 32}


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


def _sqlite_ledger() -> dict[str, str]:
    made = {}
    for name in APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            made[f"{name}_no_{verb.lower()}"] = (
                f"BEFORE {verb} ON {name} BEGIN SELECT RAISE(ABORT, 'ledger: {name} is append-only'); END"
            )
    made["ledger_entry_chain"] = """BEFORE INSERT ON ledger_entry BEGIN
      SELECT RAISE(ABORT, 'ledger: this entry does not continue the chain')
        WHERE NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM ledger_entry)
          OR NEW.prev <> coalesce((SELECT hash FROM ledger_entry WHERE seq = NEW.seq - 1), zeroblob(32))
          OR NEW.stream_prev <> coalesce((SELECT hash FROM ledger_entry
               WHERE stream = NEW.stream AND stream_seq = NEW.stream_seq - 1), zeroblob(32))
          OR (NEW.stream_seq > 1 AND NEW.stream_prev = zeroblob(32))
          OR EXISTS (SELECT 1 FROM ledger_entry WHERE stream = NEW.stream AND stream_seq = NEW.stream_seq)
          OR EXISTS (SELECT 1 FROM ledger_entry WHERE record_id = NEW.record_id AND version = NEW.version);
      SELECT RAISE(ABORT, 'ledger: this entry is not what its hash says')
        WHERE NOT crdmo_entry_fits(NEW.seq, NEW.stream, NEW.stream_seq, NEW.record_type, NEW.record_id, NEW.version,
          NEW.body, NEW.prev, NEW.stream_prev, NEW.hash);
    END"""
    made["ledger_head_no_delete"] = (
        "BEFORE DELETE ON ledger_head BEGIN SELECT RAISE(ABORT, 'ledger: heads are not deleted'); END"
    )
    made["ledger_head_begins"] = """BEFORE INSERT ON ledger_head BEGIN
      SELECT RAISE(ABORT, 'ledger: a chain begins with its first entry')
        WHERE NEW.seq <> 0 OR NEW.hash <> zeroblob(32); END"""
    made["ledger_head_moves"] = """BEFORE UPDATE ON ledger_head BEGIN
      SELECT RAISE(ABORT, 'ledger: a head moves only to the last entry of its chain')
        WHERE NEW.stream <> OLD.stream OR NEW.seq <= OLD.seq OR NEW.hash IS NOT CASE NEW.stream
          WHEN '' THEN (SELECT hash FROM ledger_entry WHERE seq = NEW.seq)
          ELSE (SELECT hash FROM ledger_entry WHERE stream = NEW.stream AND stream_seq = NEW.seq) END;
    END"""
    return made


def _sqlite_record(model: type[Record]) -> dict[str, str]:
    name, kind = model._meta.db_table, model.record_type()
    fresh = f"""EXISTS (SELECT 1 FROM ledger_entry WHERE seq = NEW.entry AND record_id = NEW.id
          AND version = NEW.version AND record_type = '{kind}'
          AND seq > (SELECT seq FROM ledger_head WHERE stream = ''))"""  # noqa: S608 — names come from the models
    return {
        f"{name}_no_delete": f"""BEFORE DELETE ON {name} BEGIN
      SELECT RAISE(ABORT, 'ledger: {kind} is never deleted; void it with a reason'); END""",
        f"{name}_created": f"""BEFORE INSERT ON {name} BEGIN
      SELECT RAISE(ABORT, 'ledger: a {kind} is written by an act only')
        WHERE NEW.version <> 1 OR NOT {fresh}; END""",
        f"{name}_changed": f"""BEFORE UPDATE ON {name} BEGIN
      SELECT RAISE(ABORT, 'ledger: a {kind} is written by an act only')
        WHERE NEW.id <> OLD.id OR NEW.version <> OLD.version + 1 OR NOT {fresh}; END""",
    }


def _postgresql_ledger() -> dict[str, str]:
    """Return, by trigger name, `table|timing|body of the function`."""
    made = {}
    for name in APPEND_ONLY:
        refuse = f"BEGIN RAISE EXCEPTION 'ledger: {name} is append-only'; END"
        made[f"{name}_no_change"] = f"{name}|BEFORE UPDATE OR DELETE|ROW|{refuse}"
        made[f"{name}_no_truncate"] = f"{name}|BEFORE TRUNCATE|STATEMENT|{refuse}"
    made["ledger_entry_chain"] = """ledger_entry|BEFORE INSERT|ROW|DECLARE b jsonb; BEGIN
      IF NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM ledger_entry)
         OR NEW.prev <> coalesce((SELECT hash FROM ledger_entry WHERE seq = NEW.seq - 1),
              decode(repeat('00', 32), 'hex'))
         OR NEW.stream_prev <> coalesce((SELECT hash FROM ledger_entry
              WHERE stream = NEW.stream AND stream_seq = NEW.stream_seq - 1), decode(repeat('00', 32), 'hex'))
         OR (NEW.stream_seq > 1 AND NEW.stream_prev = decode(repeat('00', 32), 'hex'))
      THEN RAISE EXCEPTION 'ledger: this entry does not continue the chain'; END IF;
      b := convert_from(NEW.body, 'UTF8')::jsonb;
      IF NEW.hash <> sha256('\\x00'::bytea || NEW.prev || NEW.stream_prev || NEW.body)
         OR (b->>'seq')::bigint <> NEW.seq OR b->>'stream' <> NEW.stream
         OR (b->>'stream_seq')::bigint <> NEW.stream_seq OR b->>'type' <> NEW.record_type
         OR (b->>'record')::uuid <> NEW.record_id OR (b->>'version')::int <> NEW.version
      THEN RAISE EXCEPTION 'ledger: this entry is not what its hash says'; END IF;
      RETURN NEW; END"""
    made["ledger_head_no_delete"] = (
        "ledger_head|BEFORE DELETE|ROW|BEGIN RAISE EXCEPTION 'ledger: heads are not deleted'; END"
    )
    made["ledger_head_no_truncate"] = (
        "ledger_head|BEFORE TRUNCATE|STATEMENT|BEGIN RAISE EXCEPTION 'ledger: heads are not deleted'; END"
    )
    made["ledger_head_begins"] = """ledger_head|BEFORE INSERT|ROW|BEGIN
      IF NEW.seq <> 0 OR NEW.hash <> decode(repeat('00', 32), 'hex')
      THEN RAISE EXCEPTION 'ledger: a chain begins with its first entry'; END IF;
      RETURN NEW; END"""
    made["ledger_head_moves"] = """ledger_head|BEFORE UPDATE|ROW|BEGIN
      IF NEW.stream <> OLD.stream OR NEW.seq <= OLD.seq OR NEW.hash IS DISTINCT FROM (CASE NEW.stream
           WHEN '' THEN (SELECT hash FROM ledger_entry WHERE seq = NEW.seq)
           ELSE (SELECT hash FROM ledger_entry WHERE stream = NEW.stream AND stream_seq = NEW.seq) END)
      THEN RAISE EXCEPTION 'ledger: a head moves only to the last entry of its chain'; END IF;
      RETURN NEW; END"""
    return made


def _postgresql_record(model: type[Record]) -> dict[str, str]:
    name, kind = model._meta.db_table, model.record_type()
    fresh = f"""EXISTS (SELECT 1 FROM ledger_entry WHERE seq = NEW.entry AND record_id = NEW.id
          AND version = NEW.version AND record_type = '{kind}'
          AND seq > (SELECT seq FROM ledger_head WHERE stream = ''))"""  # noqa: S608 — names come from the models
    gone = f"BEGIN RAISE EXCEPTION 'ledger: {kind} is never deleted; void it with a reason'; END"
    refuse = f"RAISE EXCEPTION 'ledger: a {kind} is written by an act only'"
    return {
        f"{name}_no_delete": f"{name}|BEFORE DELETE|ROW|{gone}",
        f"{name}_no_truncate": f"{name}|BEFORE TRUNCATE|STATEMENT|{gone}",
        f"{name}_created": f"{name}|BEFORE INSERT|ROW|BEGIN IF NEW.version <> 1 OR NOT {fresh} "
        f"THEN {refuse}; END IF; RETURN NEW; END",
        f"{name}_changed": f"{name}|BEFORE UPDATE|ROW|BEGIN IF NEW.id <> OLD.id OR NEW.version <> OLD.version + 1 "
        f"OR NOT {fresh} THEN {refuse}; END IF; RETURN NEW; END",
    }


def _present_tables(connection: Any) -> set[str]:
    with connection.cursor() as cursor:
        return set(connection.introspection.table_names(cursor))


def wanted(using: str = "default") -> dict[str, str]:
    """Return every guard that must be in place on this database, by name."""
    connection = connections[using]
    tables = _present_tables(connection)
    if "ledger_entry" not in tables:
        return {}
    sqlite = connection.vendor == "sqlite"
    made = _sqlite_ledger() if sqlite else _postgresql_ledger()
    for model in record_types().values():
        if model._meta.db_table in tables:
            made.update(_sqlite_record(model) if sqlite else _postgresql_record(model))
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
                table, timing, level, code = body.split("|", 3)
                cursor.execute(
                    f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER "
                    f"SET {PATH} SET {NO_SCAN} AS $guard$ {code} $guard$"
                )
                cursor.execute(f"CREATE OR REPLACE TRIGGER {name} {timing} ON {table} FOR EACH {level} "
                               f"EXECUTE FUNCTION {name}()")  # fmt: skip
                cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")
        if connection.vendor == "postgresql" and guards:
            _isolate(cursor, _present_tables(connection))
    return len(guards)


def _isolate(cursor: Any, tables: set[str]) -> None:
    """Give the application role its rights and show it only the streams of the request."""
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APP_ROLE])
    if cursor.fetchone() is None:
        cursor.execute(f"CREATE ROLE {APP_ROLE} NOLOGIN")
    cursor.execute(f"GRANT USAGE ON SCHEMA public TO {APP_ROLE}")
    cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {APP_ROLE}")
    cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {APP_ROLE}")
    mine = "ANY (string_to_array(nullif(current_setting('app.streams', true), ''), ','))"
    for model in record_types().values():
        name = model._meta.db_table
        # The tenants themselves (accounts) are needed to find out what a person may see.
        if name not in tables or model._meta.app_label == "accounts":
            continue
        visible = f"coalesce(program_id, organization_id)::text = {mine}"
        cursor.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
        cursor.execute(f"DROP POLICY IF EXISTS tenant ON {name}")
        cursor.execute(f"CREATE POLICY tenant ON {name} USING ({visible}) WITH CHECK ({visible})")
    cursor.execute("ALTER TABLE ledger_entry ENABLE ROW LEVEL SECURITY")
    cursor.execute("DROP POLICY IF EXISTS tenant_reads ON ledger_entry")
    cursor.execute("DROP POLICY IF EXISTS anyone_appends ON ledger_entry")
    cursor.execute(f"CREATE POLICY tenant_reads ON ledger_entry FOR SELECT USING (stream = {mine})")
    # A refused or foreign log-in is written to its own stream; what may be appended, the chain guard decides.
    cursor.execute("CREATE POLICY anyone_appends ON ledger_entry FOR INSERT WITH CHECK (true)")


def missing(using: str = "default") -> list[str]:
    """Return the names of guards that are not in place, switched off, or altered in any way."""
    connection = connections[using]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            found = dict(cursor.fetchall())
            return [n for n, body in wanted(using).items() if found.get(n) != f"CREATE TRIGGER {n} {body}"]
        # In force for replicas too, without condition, for all columns, calling the function of its name, as its owner.
        cursor.execute(
            """SELECT t.tgname, c.relname, t.tgtype, trim(p.prosrc) FROM pg_trigger t
                 JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
                WHERE t.tgenabled = 'A' AND t.tgqual IS NULL AND t.tgattr::text = '' AND p.proname = t.tgname
                  AND p.prosecdef AND p.proconfig = ARRAY[%s, %s]""",
            [PATH, NO_SCAN],
        )
        there = {name: rest for name, *rest in cursor.fetchall()}
    return [name for name, body in wanted(using).items() if there.get(name) != _expected(body)]


def _expected(body: str) -> list[Any]:
    table, timing, level, code = body.split("|", 3)
    words = timing.replace(" OR ", " ").split()
    return [table, BITS[level] + sum(BITS[word] for word in words), code.strip()]
