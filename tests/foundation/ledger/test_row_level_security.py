"""On PostgreSQL the application's role sees the streams of the request, and nothing of the request before."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction

from crdmo.common.materials.models import Lot
from crdmo.foundation.accounts import scope
from crdmo.foundation.accounts.models import Person
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger import acts, guards
from crdmo.foundation.ledger.acts import SYSTEM, act
from crdmo.foundation.ledger.models import Entry, record_types
from crdmo.foundation.refusals import Refused
from tests import databases, factories
from tests.foundation.ledger import house

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.clause("21 CFR 11.10(d)"),
    pytest.mark.skipif(house.NOT_POSTGRESQL, reason="row-level security is PostgreSQL's"),
]


@pytest.fixture
def ours() -> Person:
    """Return a sponsor's lead; there are lots of this sponsor's program and of a competitor's."""
    house.lots(factories.program("CRD-101"), 3)
    house.lots(factories.program("CRD-900", owner=factories.sponsor("OTHER")), 4)
    return factories.person(Role.SPONSOR_LEAD)


def rows(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def test_the_role_is_neither_owner_nor_superuser_nor_exempt(ours: Person) -> None:
    assert rows(
        f"SELECT rolsuper, rolbypassrls, rolcreaterole, rolcanlogin FROM pg_roles WHERE rolname = '{guards.APP_ROLE}'"
    ) == [(False, False, False, False)]
    assert rows(f"SELECT count(*) FROM pg_tables WHERE tableowner = '{guards.APP_ROLE}'") == [(0,)]


def test_every_record_type_but_the_tenants_themselves_is_walled(ours: Person) -> None:
    walled = {name for (name,) in rows("SELECT relname FROM pg_class WHERE relrowsecurity")}
    wanted = {m._meta.db_table for m in record_types().values() if m._meta.app_label != "accounts"}
    assert wanted | {"ledger_entry", "ledger_personal"} <= walled


def test_a_personal_value_is_read_and_erased_only_where_its_record_is_seen(ours: Person) -> None:
    mine = house.person("ann", "ann@sponsor.example", home=ours.organization)
    foreign = house.person("eve", "eve@other.example", home=factories.sponsor("OTHER"))
    with scope.within(ours):
        assert acts.personal(mine, "email") == "ann@sponsor.example"
        assert acts.personal(foreign, "email") is None
        assert rows("SELECT count(DISTINCT record_id) FROM ledger_personal WHERE value LIKE '%other%'") == [(0,)]
        with pytest.raises(Refused, match="holds no email"):
            acts.erase(SYSTEM, foreign, "email", "asked for")
        house.run("DELETE FROM ledger_personal")
        assert acts.personal(mine, "email") is None
    assert acts.personal(foreign, "email") == "eve@other.example"


def test_a_person_with_an_address_is_entered_within_a_scope(ours: Person) -> None:
    with scope.within(ours):
        made = house.person("bea", "bea@sponsor.example", home=ours.organization)
        assert acts.personal(made, "email") == "bea@sponsor.example"


def test_within_a_scope_raw_sql_finds_no_row_of_another_sponsor(ours: Person) -> None:
    with scope.within(ours):
        assert rows("SELECT count(*) FROM materials_lot") == [(3,)]
        assert rows("SELECT count(*) FROM ledger_entry WHERE record_type = 'materials.lot'") == [(3,)]
        assert Lot.objects.count() == 3


def test_without_any_stream_the_role_sees_nothing(ours: Person) -> None:
    with transaction.atomic():
        house.run(f"SET LOCAL ROLE {guards.APP_ROLE}")
        assert rows("SELECT count(*) FROM materials_lot") == rows("SELECT count(*) FROM ledger_entry") == [(0,)]
        transaction.set_rollback(True)


def test_a_row_cannot_be_written_into_a_foreign_stream(ours: Person) -> None:
    foreign = factories.program("CRD-900")
    lot = Lot.objects.filter(program=foreign).select_related("substance").first()
    assert lot is not None

    def write() -> None:
        with scope.within(ours), act(SYSTEM, "test.change", "why") as opened:
            opened.create(
                Lot, program=foreign, code="X", substance=lot.substance, amount="1", unit="g", owner=foreign.partner
            )

    assert "row-level security" in house.refused(write)


def test_the_role_cannot_take_the_wall_or_the_guards_down(ours: Person) -> None:
    for sql in (
        "ALTER TABLE materials_lot DISABLE ROW LEVEL SECURITY",
        "DROP POLICY tenant ON materials_lot",
        "ALTER TABLE materials_lot DISABLE TRIGGER ALL",
        "DROP TRIGGER ledger_entry_chain ON ledger_entry",
        "SET session_replication_role = replica",
        "TRUNCATE ledger_entry",
        "CREATE OR REPLACE FUNCTION ledger_entry_chain() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RETURN NEW; END $$",
    ):
        with pytest.raises(ProgrammingError, match=r"must be owner|permission denied"), scope.within(ours):
            house.run(sql)


def test_the_next_user_of_the_connection_inherits_nothing(installation: Any) -> None:
    house.lots(factories.program("CRD-101"), 3)
    ours = factories.person(Role.SPONSOR_LEAD)
    house.run(f"SET ROLE {guards.APP_ROLE}")  # as a pooled connection of the application's own user
    try:
        with scope.within(ours):
            assert Lot.objects.count() == 3
        assert Lot.objects.count() == 0 and Entry.objects.count() == 0
        with pytest.raises(RuntimeError, match="stop"), scope.within(ours):
            raise RuntimeError("stop")
        assert Lot.objects.count() == 0
    finally:
        house.run("RESET ROLE")


def test_a_person_of_another_sponsor_on_the_same_connection_sees_the_other_half(ours: Person) -> None:
    theirs = factories.person(Role.SPONSOR_LEAD, organization=factories.sponsor("OTHER"))
    counts = []
    for person in (ours, theirs, ours):
        with scope.within(person):
            counts.append(Lot.objects.count())
    assert counts == [3, 4, 3]


def test_who_owns_the_database_sees_everything_and_that_is_why_the_application_must_not(ours: Person) -> None:
    with transaction.atomic():
        house.run("SELECT set_config('app.streams', '', true)")
        assert Lot.objects.count() == 7


def test_a_log_in_that_is_a_member_of_the_role_works_and_is_walled(installation: Any) -> None:
    import psycopg

    house.lots(factories.program("CRD-101"), 3)
    house.run(f"DROP ROLE IF EXISTS crdmo_web; CREATE ROLE crdmo_web LOGIN IN ROLE {guards.APP_ROLE}")
    try:
        with psycopg.connect(**{**databases.parameters(installation.name), "user": "crdmo_web"}) as other:
            assert other.execute("SELECT count(*) FROM materials_lot").fetchone() == (0,)
            stream = str(factories.program("CRD-101").id)
            other.execute("SELECT set_config('app.streams', %s, true)", [stream])
            assert other.execute("SELECT count(*) FROM materials_lot").fetchone() == (3,)
            other.rollback()
            assert other.execute("SELECT count(*) FROM materials_lot").fetchone() == (0,)
    finally:
        house.run("DROP ROLE crdmo_web")
