"""Every way around the gate is refused by the database itself, on SQLite and on PostgreSQL."""

from __future__ import annotations

import io
import json
import re
import time
import uuid
from typing import Any

import pytest
from django.contrib.admin import ModelAdmin, site
from django.core import serializers
from django.core.management import call_command
from django.db import connection, models, transaction
from django.db.models import F, Value
from django.db.models.functions import Concat

from crdmo.foundation.accounts.models import Organization
from crdmo.foundation.ledger import guards
from crdmo.foundation.ledger.acts import SYSTEM, act
from crdmo.foundation.ledger.models import Checkpoint, Entry, Head
from crdmo.proof import canonical
from crdmo.proof.chain import GENESIS, entry_hash
from crdmo.proof.identifiers import uuid7
from tests import databases
from tests.foundation.ledger import house

pytestmark = [pytest.mark.django_db, pytest.mark.clause("21 CFR 11.10(e)")]
BY_AN_ACT = "a accounts.organization is written by an act only"
NEVER = "accounts.organization is never deleted"


def copy_of(made: Organization, **more: Any) -> Organization:
    values = {"id": uuid7(), "code": "X", "name": "X", "kind": "site", "version": 1, "entry": made.entry}
    return Organization(**{**values, **more})


def table() -> str:
    return connection.ops.quote_name(Organization._meta.db_table)


def values(key: uuid.UUID, entry: int, version: int = 1) -> list[Any]:
    return [house.stored(key), version, entry, False, "X", "X", "site"]


INSERT = (
    "INTO accounts_organization (id, version, entry, is_void, code, name, kind) VALUES (%s, %s, %s, %s, %s, %s, %s)"
)


def test_bulk_create_is_refused() -> None:
    made = house.organization()
    assert BY_AN_ACT in house.refused(lambda: Organization.objects.bulk_create([copy_of(made)]))


def test_bulk_create_of_a_known_record_with_its_own_entry_is_refused() -> None:
    made = house.organization()
    assert BY_AN_ACT in house.refused(
        lambda: Organization.objects.bulk_create(
            [copy_of(made, id=made.id, code="Y")], update_conflicts=True, unique_fields=["id"], update_fields=["name"]
        )
    )


def test_bulk_update_is_refused() -> None:
    made = house.organization()
    made.name = "Other"
    assert BY_AN_ACT in house.refused(lambda: Organization.objects.bulk_update([made], ["name"]))


def test_update_of_a_queryset_is_refused() -> None:
    house.organization()
    assert BY_AN_ACT in house.refused(lambda: Organization.objects.update(name="Other"))


def test_update_with_an_expression_is_refused() -> None:
    house.organization()
    assert BY_AN_ACT in house.refused(lambda: Organization.objects.update(name=Concat(F("name"), Value("!"))))


def test_update_of_the_version_alone_is_refused() -> None:
    house.organization()
    assert BY_AN_ACT in house.refused(lambda: Organization.objects.update(version=F("version") + 1))


def test_update_that_changes_nothing_is_refused() -> None:
    house.organization()
    assert BY_AN_ACT in house.refused(lambda: Organization.objects.update(name=F("name")))


def test_delete_of_a_queryset_is_refused() -> None:
    house.organization()
    assert NEVER in house.refused(lambda: Organization.objects.all().delete())


def test_delete_of_an_object_is_refused() -> None:
    made = house.organization()
    assert NEVER in house.refused(lambda: Organization.objects.get(pk=made.pk).delete())


def test_save_of_a_changed_object_is_refused() -> None:
    made = house.organization()
    made.name = "Other"
    assert BY_AN_ACT in house.refused(made.save)


def test_save_of_a_new_object_is_refused() -> None:
    made = house.organization()
    assert BY_AN_ACT in house.refused(copy_of(made).save)


def test_the_admin_cannot_save() -> None:
    made = house.organization()
    made.name = "Other"
    page = ModelAdmin(Organization, site)
    assert BY_AN_ACT in house.refused(lambda: page.save_model(None, made, None, True))


def test_the_admin_cannot_delete() -> None:
    made = house.organization()
    page = ModelAdmin(Organization, site)
    assert NEVER in house.refused(lambda: page.delete_model(None, made))


def test_a_fixture_cannot_be_loaded_over_a_record(tmp_path: Any) -> None:
    made = house.organization()
    fixture = tmp_path / "organizations.json"
    fixture.write_text(serializers.serialize("json", [made]).replace("An Organization", "Another"))
    assert BY_AN_ACT in house.refused(lambda: call_command("loaddata", str(fixture), verbosity=0, stdout=io.StringIO()))


def test_a_fixture_cannot_bring_a_new_record(tmp_path: Any) -> None:
    made = house.organization()
    fixture = tmp_path / "organizations.json"
    text = serializers.serialize("json", [made]).replace(str(made.id), str(uuid7())).replace("ORG-1", "ORG-2")
    fixture.write_text(text)
    assert BY_AN_ACT in house.refused(lambda: call_command("loaddata", str(fixture), verbosity=0, stdout=io.StringIO()))


def test_a_data_migration_cannot_update_rows() -> None:
    from django.apps import apps
    from django.db.migrations import RunPython
    from django.db.migrations.state import ProjectState

    house.organization()
    step = RunPython(
        lambda registry, editor: registry.get_model("accounts", "Organization").objects.update(kind="agency")
    )
    state = ProjectState.from_apps(apps)

    def migrate() -> None:
        with connection.schema_editor(atomic=False) as editor:
            step.database_forwards("accounts", editor, state, state)

    if connection.vendor == "sqlite":
        # Within a test's transaction SQLite cannot turn off foreign keys as a schema editor wants; run the step bare.
        migrate = lambda: step.code(state.apps, None)  # noqa: E731
    assert BY_AN_ACT in house.refused(migrate)


def test_a_raw_insert_is_refused() -> None:
    made = house.organization()
    assert BY_AN_ACT in house.refused(lambda: house.run(f"INSERT {INSERT}", values(uuid7(), made.entry)))


def test_a_raw_insert_with_an_entry_that_is_not_there_is_refused() -> None:
    house.organization()
    assert BY_AN_ACT in house.refused(lambda: house.run(f"INSERT {INSERT}", values(uuid7(), 99)))


def test_a_raw_update_is_refused() -> None:
    house.organization()
    assert BY_AN_ACT in house.refused(lambda: house.run(f"UPDATE {table()} SET name = 'Other'"))


def test_a_raw_delete_is_refused() -> None:
    house.organization()
    assert NEVER in house.refused(lambda: house.run(f"DELETE FROM {table()}"))


def test_an_upsert_is_refused() -> None:
    made = house.organization()
    sql = f"INSERT {INSERT} ON CONFLICT (id) DO UPDATE SET name = 'Other'"
    assert BY_AN_ACT in house.refused(lambda: house.run(sql, values(made.id, made.entry)))


@pytest.mark.skipif(house.NOT_SQLITE, reason="SQLite's own statement")
@pytest.mark.parametrize("verb", ["INSERT OR REPLACE", "REPLACE", "INSERT OR IGNORE", "UPDATE OR REPLACE"])
def test_the_conflict_clauses_of_sqlite_are_refused(verb: str) -> None:
    made = house.organization()
    if verb.startswith("UPDATE"):
        assert BY_AN_ACT in house.refused(lambda: house.run(f"{verb} {table()} SET name = 'Other'"))
    else:
        assert BY_AN_ACT in house.refused(lambda: house.run(f"{verb} {INSERT}", values(made.id, made.entry)))


@pytest.mark.skipif(house.NOT_POSTGRESQL, reason="PostgreSQL's own statement")
def test_copy_is_refused() -> None:
    made = house.organization()

    def copy() -> None:
        with (
            connection.cursor() as cursor,
            cursor.copy(
                "COPY accounts_organization (id, version, entry, is_void, code, name, kind) FROM STDIN"
            ) as into,
        ):
            into.write_row(values(uuid7(), made.entry))

    assert BY_AN_ACT in house.refused(copy)


@pytest.mark.skipif(house.NOT_POSTGRESQL, reason="PostgreSQL's own statement")
@pytest.mark.parametrize("name", ["accounts_organization", "ledger_entry", "ledger_checkpoint", "ledger_head"])
def test_truncate_is_refused(name: str) -> None:
    house.organization()
    house.settled()
    assert re.search(
        "never deleted|append-only|not deleted", house.refused(lambda: house.run(f"TRUNCATE {name} CASCADE"))
    )


@pytest.mark.skipif(house.NOT_POSTGRESQL, reason="PostgreSQL's own setting")
def test_a_session_of_a_replica_fires_the_guards_too() -> None:
    house.organization()

    def as_replica() -> None:
        house.run("SET LOCAL session_replication_role = replica")
        house.run("UPDATE accounts_organization SET name = 'Other'")

    assert BY_AN_ACT in house.refused(as_replica)


@pytest.mark.skipif(house.NOT_POSTGRESQL, reason="PostgreSQL's own statement")
def test_merge_is_refused() -> None:
    house.organization()
    sql = (
        """MERGE INTO accounts_organization t USING (SELECT 1) s ON true WHEN MATCHED THEN UPDATE SET name = 'Other'"""
    )
    assert BY_AN_ACT in house.refused(lambda: house.run(sql))


@pytest.mark.parametrize(
    ("table_name", "column"), [("ledger_entry", "action"), ("ledger_entry", "body"), ("ledger_checkpoint", "note")]
)
def test_what_is_append_only_is_not_updated(table_name: str, column: str) -> None:
    house.organization()
    Checkpoint.objects.create(size=1, root=b"r", note="n", frontier="f", at="2026-11-24T00:00:00Z")
    said = house.refused(lambda: house.run(f"UPDATE {table_name} SET {column} = {column}"))
    assert f"{table_name} is append-only" in said


@pytest.mark.parametrize("model", [Entry, Checkpoint])
def test_what_is_append_only_is_not_deleted(model: type[models.Model]) -> None:
    house.organization()
    Checkpoint.objects.create(size=1, root=b"r", note="n", frontier="f", at="2026-11-24T00:00:00Z")
    assert "is append-only" in house.refused(lambda: model._default_manager.all().delete())


def test_heads_are_not_deleted() -> None:
    house.organization()
    assert "heads are not deleted" in house.refused(lambda: Head.objects.all().delete())


def test_a_head_is_not_set_back() -> None:
    house.organization("ORG-1")
    house.organization("ORG-2")
    first = Entry.objects.get(seq=1)
    said = house.refused(lambda: Head.objects.filter(stream="").update(seq=1, hash=bytes(first.hash)))
    assert "moves only to the last entry" in said


def test_a_head_does_not_move_to_an_entry_that_is_not_there() -> None:
    house.organization()
    said = house.refused(lambda: Head.objects.filter(stream="").update(seq=9, hash=b"x" * 32))
    assert "moves only to the last entry" in said


def test_a_chain_does_not_begin_in_the_middle() -> None:
    house.organization()
    said = house.refused(lambda: Head.objects.create(stream="stranger", seq=5, hash=b"x" * 32, at=""))
    assert "begins with its first entry" in said


def forged(**more: Any) -> Entry:
    """Return an entry that continues the chain as an act would, with something else in it."""
    last = Entry.objects.order_by("-seq").first()
    assert last is not None
    key = more.pop("record_id", uuid7())
    body = json.loads(bytes(last.body)) | {
        "seq": last.seq + 1,
        "stream": "forged",
        "stream_seq": 1,
        "record": str(key),
        "version": 1,
        **more.pop("body", {}),
    }
    raw = canonical.encode(body)
    prev, stream_prev = more.pop("prev", bytes(last.hash)), more.pop("stream_prev", GENESIS)
    known = {
        "seq": last.seq + 1,
        "stream": "forged",
        "stream_seq": 1,
        "at": last.at,
        "act": last.act,
        "actor": last.actor,
        "action": last.action,
        "operation": last.operation,
        "record_type": last.record_type,
        "record_id": key,
        "version": 1,
        "body": raw,
        "prev": prev,
        "stream_prev": stream_prev,
        "hash": entry_hash(prev, stream_prev, raw),
    }
    return Entry(**{**known, **more})


def append(entry: Entry) -> str:
    return house.refused(lambda: entry.save(force_insert=True))


CONTINUE, HASHED = "does not continue the chain", "is not what its hash says"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"seq": 7}, CONTINUE),
        ({"prev": b"x" * 32}, CONTINUE),
        ({"stream_prev": b"x" * 32}, CONTINUE),
        ({"stream_seq": 2}, CONTINUE),
        ({"hash": b"x" * 32}, HASHED),
        ({"record_type": "accounts.person"}, HASHED),
        ({"version": 3}, HASHED),
        ({"body": {"seq": 9}}, HASHED),
        ({"body": {"stream": "other"}}, HASHED),
        ({"body": {"record": str(uuid.UUID(int=7))}}, HASHED),
    ],
    ids=lambda value: "" if isinstance(value, str) else next(iter(value)),
)
def test_a_forged_entry_is_refused(more: dict[str, Any], said: str) -> None:
    house.organization()
    assert said in append(forged(**more))


def test_a_version_is_not_written_twice() -> None:
    made = house.organization()
    said = append(forged(record_id=made.id))
    assert CONTINUE in said or "ledger_one_entry_a_version" in said


def test_an_entry_of_the_past_does_not_serve_for_another_write() -> None:
    made = house.organization()
    house.renamed(made, "Second")
    sql = f"UPDATE {table()} SET version = 3, entry = {made.entry}, name = 'Other'"
    assert BY_AN_ACT in house.refused(lambda: house.run(sql))


@pytest.mark.skipif(house.NOT_SQLITE, reason="a file that anybody may open who has it")
def test_another_program_that_opens_the_file_can_write_nothing(installation: Any) -> None:
    house.organization()
    connection.close()
    other = installation.sqlite()
    for sql in (
        "UPDATE accounts_organization SET name = 'Other'",
        "DELETE FROM accounts_organization",
        "DELETE FROM ledger_entry",
        "UPDATE ledger_entry SET body = body",
        "INSERT INTO accounts_organization (id, version, entry, is_void, code, name, kind)"
        " SELECT 'a1', version, entry, is_void, 'Z', name, kind FROM accounts_organization",
        "REPLACE INTO accounts_organization SELECT * FROM accounts_organization",
        "INSERT INTO ledger_entry SELECT seq + 1, stream, stream_seq + 1, at, act, actor, action, operation,"
        " record_type, 'x', version, body, hash, hash, hash FROM ledger_entry",
    ):
        with pytest.raises(Exception, match=r"ledger:|no such function: crdmo_entry_fits"):
            other.execute(sql)
    other.close()


def test_all_guards_are_in_place_after_a_migrate() -> None:
    assert guards.missing() == [] and len(guards.wanted()) > 30


@pytest.mark.parametrize("name", ["accounts_organization_changed", "ledger_entry_chain", "ledger_head_moves"])
def test_a_dropped_trigger_is_missed(name: str) -> None:
    on = guards.wanted()[name].split("|")[0]
    house.run(f"DROP TRIGGER {name}" + ("" if connection.vendor == "sqlite" else f" ON {on}"))
    assert guards.missing() == [name]


@pytest.mark.skipif(house.NOT_SQLITE, reason="SQLite's own statement")
def test_an_altered_trigger_is_missed_on_sqlite() -> None:
    house.run("DROP TRIGGER accounts_organization_changed")
    house.run("CREATE TRIGGER accounts_organization_changed BEFORE UPDATE ON accounts_organization BEGIN SELECT 1; END")
    assert guards.missing() == ["accounts_organization_changed"]


@pytest.mark.skipif(house.NOT_POSTGRESQL, reason="PostgreSQL's own statements")
@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE accounts_organization DISABLE TRIGGER accounts_organization_changed",
        "ALTER TABLE accounts_organization ENABLE TRIGGER accounts_organization_changed",
        "CREATE OR REPLACE FUNCTION accounts_organization_changed() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RETURN NEW; END $$",
        "CREATE OR REPLACE TRIGGER accounts_organization_changed BEFORE UPDATE ON accounts_organization FOR EACH ROW "
        "WHEN (false) EXECUTE FUNCTION accounts_organization_changed()",
        "CREATE OR REPLACE TRIGGER accounts_organization_changed BEFORE UPDATE OF code ON accounts_organization "
        "FOR EACH ROW EXECUTE FUNCTION accounts_organization_changed()",
        "CREATE OR REPLACE TRIGGER accounts_organization_changed AFTER UPDATE ON accounts_organization FOR EACH ROW "
        "EXECUTE FUNCTION accounts_organization_changed()",
        "ALTER FUNCTION accounts_organization_changed() SET search_path = pg_temp",
        "ALTER FUNCTION accounts_organization_changed() SECURITY INVOKER",
    ],
    ids=[
        "disabled",
        "for the origin only",
        "replaced",
        "never",
        "for one column",
        "too late",
        "other path",
        "other rights",
    ],
)
def test_an_altered_trigger_is_missed_on_postgresql(sql: str) -> None:
    house.run(sql)
    if "CREATE OR REPLACE TRIGGER" in sql:
        house.run("ALTER TABLE accounts_organization ENABLE ALWAYS TRIGGER accounts_organization_changed")
    assert guards.missing() == ["accounts_organization_changed"]


@pytest.mark.skipif(house.NOT_POSTGRESQL, reason="PostgreSQL plans by statistics")
def test_statistics_that_say_empty_do_not_make_a_long_act_slow(installation: Any) -> None:
    import psycopg

    def seconds(first: int, last: int) -> float:
        rows = [{"code": f"ORG-{number}", "name": "Name", "kind": "site"} for number in range(first, last)]
        started = time.perf_counter()
        opened.create_many(Organization, rows)
        return time.perf_counter() - started

    with act(SYSTEM, "test.import") as opened:
        before = seconds(0, 30_000)
        with psycopg.connect(**databases.parameters(installation.name), autocommit=True) as other:
            # As autovacuum would: nothing of this act is committed, so that the tables count as empty from now on.
            other.execute("VACUUM ANALYZE ledger_entry, accounts_organization, ledger_head")
        after = seconds(30_000, 34_000)
    assert after < before, f"{before:.1f} s for thirty thousand before, {after:.1f} s for four thousand after"


def test_guards_put_up_again_hold_again() -> None:
    made = house.organization()
    with house.guards_down(), transaction.atomic():
        house.run("UPDATE accounts_organization SET name = 'Other'")
    made.name = "Third"
    assert guards.missing() == [] and BY_AN_ACT in house.refused(made.save)
