"""The guards as PostgreSQL's triggers: `table|timing|level|body of the function` by trigger name; and the walls of tenants.

Each look-up takes the first row of an order that only the right index gives, and the functions switch scans and sorts off:
so no plan, made while a table was small or its statistics out of date, reads a whole table for each row that is written.
"""

from __future__ import annotations

from typing import Any

from .models import APPEND_ONLY, Record, record_types

APP_ROLE = "crdmo_app"
# Settings of the guards' functions. The path is theirs, whatever the caller's is.
SETTINGS = (
    "search_path=pg_catalog, public, pg_temp", "enable_seqscan=off", "enable_bitmapscan=off", "enable_sort=off",
)  # fmt: skip
# The bits of pg_trigger.tgtype.
BITS = {"ROW": 1, "STATEMENT": 0, "BEFORE": 2, "INSERT": 4, "DELETE": 8, "UPDATE": 16, "TRUNCATE": 32}
NOTHING = "decode(repeat('00', 32), 'hex')"


def ledger() -> dict[str, str]:
    """Return the guards of the ledger's own tables."""
    made = {}
    for name in APPEND_ONLY:
        refuse = f"BEGIN RAISE EXCEPTION 'ledger: {name} is append-only'; END"
        made[f"{name}_no_change"] = f"{name}|BEFORE UPDATE OR DELETE|ROW|{refuse}"
        made[f"{name}_no_truncate"] = f"{name}|BEFORE TRUNCATE|STATEMENT|{refuse}"
    made["ledger_entry_chain"] = f"""ledger_entry|BEFORE INSERT|ROW|DECLARE
      b jsonb; last_seq bigint; last_hash bytea; last_number bigint; stream_hash bytea; BEGIN
      SELECT seq, hash INTO last_seq, last_hash FROM ledger_entry ORDER BY seq DESC LIMIT 1;
      SELECT stream_seq, hash INTO last_number, stream_hash FROM ledger_entry
        WHERE stream = NEW.stream ORDER BY stream_seq DESC LIMIT 1;
      IF NEW.seq <> coalesce(last_seq, 0) + 1 OR NEW.prev <> coalesce(last_hash, {NOTHING})
         OR NEW.stream_seq <> coalesce(last_number, 0) + 1 OR NEW.stream_prev <> coalesce(stream_hash, {NOTHING})
      THEN RAISE EXCEPTION 'ledger: this entry does not continue the chain'; END IF;
      b := convert_from(NEW.body, 'UTF8')::jsonb;
      IF NEW.hash <> sha256('\\x00'::bytea || NEW.prev || NEW.stream_prev || NEW.body)
         OR (b->>'seq')::bigint <> NEW.seq OR b->>'stream' <> NEW.stream
         OR (b->>'stream_seq')::bigint <> NEW.stream_seq OR b->>'type' <> NEW.record_type
         OR (b->>'record')::uuid <> NEW.record_id OR (b->>'version')::int <> NEW.version
      THEN RAISE EXCEPTION 'ledger: this entry is not what its hash says'; END IF;
      RETURN NEW; END"""  # noqa: S608 — nothing from outside
    deleted = "BEGIN RAISE EXCEPTION 'ledger: heads are not deleted'; END"
    made["ledger_head_no_delete"] = f"ledger_head|BEFORE DELETE|ROW|{deleted}"
    made["ledger_head_no_truncate"] = f"ledger_head|BEFORE TRUNCATE|STATEMENT|{deleted}"
    made["ledger_head_begins"] = f"""ledger_head|BEFORE INSERT|ROW|BEGIN
      IF NEW.seq <> 0 OR NEW.hash <> {NOTHING}
      THEN RAISE EXCEPTION 'ledger: a chain begins with its first entry'; END IF;
      RETURN NEW; END"""
    made["ledger_head_moves"] = """ledger_head|BEFORE UPDATE|ROW|DECLARE last_seq bigint; last_hash bytea; BEGIN
      IF NEW.stream = '' THEN
        SELECT seq, hash INTO last_seq, last_hash FROM ledger_entry ORDER BY seq DESC LIMIT 1;
      ELSE
        SELECT stream_seq, hash INTO last_seq, last_hash FROM ledger_entry
          WHERE stream = NEW.stream ORDER BY stream_seq DESC LIMIT 1;
      END IF;
      IF NEW.stream <> OLD.stream OR NEW.seq <= OLD.seq
         OR NEW.seq IS DISTINCT FROM last_seq OR NEW.hash IS DISTINCT FROM last_hash
      THEN RAISE EXCEPTION 'ledger: a head moves only to the last entry of its chain'; END IF;
      RETURN NEW; END"""
    return made


def record(model: type[Record]) -> dict[str, str]:
    """Return the guards of a record type's table."""
    name, kind = model._meta.db_table, model.record_type()
    gone = f"BEGIN RAISE EXCEPTION 'ledger: {kind} is never deleted; void it with a reason'; END"
    return {
        f"{name}_no_delete": f"{name}|BEFORE DELETE|ROW|{gone}",
        f"{name}_no_truncate": f"{name}|BEFORE TRUNCATE|STATEMENT|{gone}",
        f"{name}_created": f"{name}|BEFORE INSERT|ROW|{_fresh(kind, 'NEW.version = 1')}",
        f"{name}_changed": f"{name}|BEFORE UPDATE|ROW|"
        + _fresh(kind, "NEW.id = OLD.id AND NEW.version = OLD.version + 1"),
    }


def _fresh(kind: str, follows: str) -> str:
    """Return the body that lets a row pass only with an entry of its own that lies beyond the head."""
    return f"""DECLARE e record; BEGIN
      SELECT seq, record_id, version, record_type INTO e FROM ledger_entry
        WHERE seq >= NEW.entry ORDER BY seq LIMIT 1;
      IF ({follows} AND e.seq = NEW.entry AND e.record_id = NEW.id AND e.version = NEW.version
          AND e.record_type = '{kind}' AND e.seq > (SELECT seq FROM ledger_head WHERE stream = '')) IS NOT TRUE
      THEN RAISE EXCEPTION 'ledger: a {kind} is written by an act only'; END IF;
      RETURN NEW; END"""  # noqa: S608 — names come from the models


def put_up(cursor: Any, name: str, body: str) -> None:
    """Put one guard in place, in force for replicas too."""
    table, timing, level, code = body.split("|", 3)
    settings = " ".join(f"SET {setting}" for setting in SETTINGS)
    cursor.execute(
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER {settings} "
        f"AS $guard$ {code} $guard$"
    )
    cursor.execute(f"CREATE OR REPLACE TRIGGER {name} {timing} ON {table} FOR EACH {level} EXECUTE FUNCTION {name}()")
    cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")


def in_place(cursor: Any) -> dict[str, tuple[str, int, str]]:
    """Return the guards in place: table, kind of trigger and code by name. Those weakened in any way are left out."""
    # In force for replicas too, without condition, for all columns, calling the function of its name, as its owner.
    cursor.execute(
        """SELECT t.tgname, c.relname, t.tgtype, trim(p.prosrc) FROM pg_trigger t
             JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
            WHERE t.tgenabled = 'A' AND t.tgqual IS NULL AND t.tgattr::text = '' AND p.proname = t.tgname
              AND p.prosecdef AND p.proconfig = %s""",
        [list(SETTINGS)],
    )
    return {name: (table, kind, code) for name, table, kind, code in cursor.fetchall()}


def as_in_place(body: str) -> tuple[str, int, str]:
    """Return a guard as `in_place` returns it when all is well."""
    table, timing, level, code = body.split("|", 3)
    words = timing.replace(" OR ", " ").split()
    return table, BITS[level] + sum(BITS[word] for word in words), code.strip()


def isolate(cursor: Any, tables: set[str]) -> None:
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
    # A personal value belongs to its record: who sees no entry of the record reads and erases nothing of it. It is
    # put aside before the entry is written, so that anybody may insert; what it opens, the commitment decides.
    cursor.execute("ALTER TABLE ledger_personal ENABLE ROW LEVEL SECURITY")
    for policy in ("tenant_reads", "tenant_erases", "anyone_puts_aside"):
        cursor.execute(f"DROP POLICY IF EXISTS {policy} ON ledger_personal")
    seen = "EXISTS (SELECT 1 FROM ledger_entry e WHERE e.record_id = ledger_personal.record_id)"
    cursor.execute(f"CREATE POLICY tenant_reads ON ledger_personal FOR SELECT USING ({seen})")
    cursor.execute(f"CREATE POLICY tenant_erases ON ledger_personal FOR DELETE USING ({seen})")
    cursor.execute("CREATE POLICY anyone_puts_aside ON ledger_personal FOR INSERT WITH CHECK (true)")
    # A sealed value is put aside and read within the stream of its record; nobody changes or erases it.
    cursor.execute("ALTER TABLE ledger_sealed ENABLE ROW LEVEL SECURITY")
    for policy in ("tenant_reads", "anyone_puts_aside"):
        cursor.execute(f"DROP POLICY IF EXISTS {policy} ON ledger_sealed")
    seen = "EXISTS (SELECT 1 FROM ledger_entry e WHERE e.record_id = ledger_sealed.record_id)"
    cursor.execute(f"CREATE POLICY tenant_reads ON ledger_sealed FOR SELECT USING ({seen})")
    cursor.execute("CREATE POLICY anyone_puts_aside ON ledger_sealed FOR INSERT WITH CHECK (true)")
    cursor.execute(f"REVOKE UPDATE, DELETE ON ledger_sealed FROM {APP_ROLE}")
