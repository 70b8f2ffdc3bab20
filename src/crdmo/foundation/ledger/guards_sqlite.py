"""The guards as SQLite's triggers: SQL text by trigger name."""

from __future__ import annotations

from .models import APPEND_ONLY, Record


def ledger() -> dict[str, str]:
    """Return the guards of the ledger's own tables."""
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
        WHERE NEW.stream <> OLD.stream OR NEW.seq <= OLD.seq
          OR (NEW.stream = '' AND (NEW.seq, NEW.hash) IS NOT
               (SELECT seq, hash FROM ledger_entry ORDER BY seq DESC LIMIT 1))
          OR (NEW.stream <> '' AND (NEW.seq, NEW.hash) IS NOT
               (SELECT stream_seq, hash FROM ledger_entry WHERE stream = NEW.stream ORDER BY stream_seq DESC LIMIT 1));
    END"""
    return made


def record(model: type[Record]) -> dict[str, str]:
    """Return the guards of a record type's table."""
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
