"""Small things that the tests of the ledger share: records to write, and the ways of somebody who owns the database."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection, transaction

from crdmo.common.materials.models import Lot, Substance
from crdmo.foundation.accounts.models import Organization, Person, Program
from crdmo.foundation.ledger import guards
from crdmo.foundation.ledger.acts import SYSTEM, act
from crdmo.foundation.ledger.models import Entry, Head
from tests import factories

NOT_POSTGRESQL = connection.vendor != "postgresql"
NOT_SQLITE = connection.vendor != "sqlite"


def organization(code: str = "ORG-1", name: str = "An Organization") -> Organization:
    with act(SYSTEM, "test.create") as opened:
        return opened.create(Organization, code=code, name=name, kind="site")


def person(user_id: str = "ann", email: str = "ann@example.org", home: Organization | None = None) -> Person:
    home = home or factories.partner()
    with act(SYSTEM, "test.create") as opened:
        return opened.create(Person, organization=home, user_id=user_id, printed_name=user_id.title(), email=email)


def renamed(record: Organization, name: str, reason: str = "it was misspelt") -> Organization:
    with act(SYSTEM, "test.change", reason) as opened:
        return opened.change(record, name=name)


def lots(program: Program, count: int = 3) -> list[Lot]:
    """Return lots of one substance, written in one act."""
    with act(SYSTEM, "test.create") as opened:
        substance = opened.create(Substance, program=program, code="SUB-1", name="Substance", kind="drug_substance")
        rows = [
            {
                "program": program,
                "code": f"LOT-{n}",
                "substance": substance,
                "amount": "99.80",
                "unit": "g",
                "owner": program.partner,
            }
            for n in range(count)
        ]
        return opened.create_many(Lot, rows)


def bodies() -> list[dict[str, Any]]:
    return [json.loads(bytes(entry.body)) for entry in Entry.objects.order_by("seq")]


def sequences() -> list[int]:
    return list(Entry.objects.order_by("seq").values_list("seq", flat=True))


def head() -> int:
    return Head.objects.get(stream="").seq


def run(sql: str, parameters: Any = ()) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def refused(call: Any) -> str:
    """Do something that the database must refuse, and return what it said."""
    try:
        with transaction.atomic():
            call()
    except (DatabaseError, getattr(connection.Database, "Error", DatabaseError)) as error:
        return str(error)
    raise AssertionError("the database let it pass")


def stored(key: UUID) -> Any:
    return key if connection.features.has_native_uuid_field else key.hex


def settled() -> None:
    """Let PostgreSQL check foreign keys now: a table with checks still pending cannot be altered or truncated."""
    if connection.vendor == "postgresql":
        run("SET CONSTRAINTS ALL IMMEDIATE")


def _fires(triggers: Iterable[str], how: str) -> int:
    """Say how these triggers of PostgreSQL fire, and let every session know. Returns their number."""
    run("UPDATE pg_trigger SET tgenabled = %s WHERE tgname = ANY(%s)", [how, list(triggers)])
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE pg_class SET relname = relname WHERE relhastriggers AND relnamespace = 'public'::regnamespace"
        )
        cursor.execute("SELECT count(*) FROM pg_trigger WHERE tgname = ANY(%s)", [list(triggers)])
        return int(cursor.fetchone()[0])


@contextmanager
def guards_down() -> Iterator[None]:
    """Do as the owner of the database can: take the triggers down, and put them back as if nothing had been."""
    wanted = guards.wanted()
    if connection.vendor == "postgresql":
        # In the catalogue, all at once: to alter each of some hundred tables twice takes seconds.
        settled()
        was = _fires(wanted, "D")
        yield
        settled()
        assert _fires(wanted, "A") == was
        return
    for name in wanted:
        run(f"DROP TRIGGER {name}")
    yield
    for name, body in wanted.items():
        run(f"CREATE TRIGGER {name} {body}")
