"""Replay: the tables are nothing but the ledger's last page."""

from __future__ import annotations

from typing import Any

import pytest

from crdmo.common.materials.models import Lot
from crdmo.foundation.accounts.models import Organization
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger import acts, replay
from crdmo.foundation.ledger.acts import SYSTEM, act
from crdmo.foundation.ledger.models import Edge, Entry, Head, Stale, record_types
from crdmo.foundation.ledger.verification import verify
from crdmo.foundation.refusals import Refused
from tests import factories
from tests.foundation.ledger import house


@pytest.fixture
def busy(installation: Any) -> None:
    """A house where everything happened that can: bulk, change, void, events, personal data, several streams."""
    program = factories.program()
    lots = house.lots(program, 30)
    with act(SYSTEM, "test.change", "weighed again") as opened:
        for lot in lots[:10]:
            opened.change(lot, amount="99.81")
        opened.void(lots[11])
        opened.event("test.note", {"text": "µg ≤ 5 °C"}, program=program.id)
    ann = factories.person(Role.QA, program)
    house.renamed(factories.partner(), "Renamed")
    acts.refusal(ann, "quality.release", Refused("not yet"), program.id, None)


@pytest.mark.clause("21 CFR 11.10(b)")
def test_all_tables_come_out_equal_by_digest(busy: None, empty: str) -> None:
    found = replay.replay("default", empty)
    rows = sum(model._default_manager.count() for model in record_types().values())
    assert found.equal and found.entries == Entry.objects.count() and found.rows == rows
    assert replay.digests(empty) == replay.digests() and len(set(found.digests.values())) > 4


def test_the_entries_are_carried_over_byte_for_byte(busy: None, empty: str) -> None:
    replay.replay("default", empty)
    columns = [field.attname for field in Entry._meta.concrete_fields]
    rows = [
        [(bytes(v) if isinstance(v, memoryview) else v) for v in row]
        for row in Entry.objects.order_by("seq").values_list(*columns)
    ]
    made = Entry.objects.using(empty).order_by("seq").values_list(*columns)
    assert [[(bytes(v) if isinstance(v, memoryview) else v) for v in row] for row in made] == rows


def test_what_was_rebuilt_verifies(busy: None, empty: str) -> None:
    replay.replay("default", empty)
    found = verify(empty)
    assert [p for p in found.problems if p.check != "personal"] == []
    assert set(Head.objects.using(empty).values_list("stream", "seq")) == set(Head.objects.values_list("stream", "seq"))


def test_the_thread_is_rebuilt_too(busy: None, empty: str) -> None:
    replay.replay("default", empty)
    for model in (Edge, Stale):
        columns = [field.name for field in model._meta.concrete_fields if field.name != "id"]
        assert set(model.objects.using(empty).values_list(*columns)) == set(model.objects.values_list(*columns))


def test_an_act_goes_on_in_the_rebuilt_database(busy: None, empty: str) -> None:
    replay.replay("default", empty)
    last = Entry.objects.count()
    with act(SYSTEM, "test.create", using=empty) as opened:
        assert opened.create(Organization, code="NEW", name="New", kind="site").entry == last + 1


def test_a_row_that_was_tampered_with_comes_out_as_the_ledger_says(busy: None, empty: str) -> None:
    with house.guards_down():
        house.run("UPDATE materials_lot SET amount = '1.00' WHERE code = 'LOT-20'")
    found = replay.replay("default", empty)
    assert found.differing == ("materials.lot",) and not found.equal
    assert Lot.objects.using(empty).get(code="LOT-20").amount == "99.80"


def test_an_entry_that_was_tampered_with_is_not_taken(busy: None, empty: str) -> None:
    body = bytes(Entry.objects.get(seq=3).body)
    with house.guards_down():
        house.run("UPDATE ledger_entry SET body = %s WHERE seq = 3", [body.replace(b"system", b"sistem")])
    with pytest.raises(Exception, match="ledger: this entry is not what its hash says"):
        replay.replay("default", empty)
    assert not Entry.objects.using(empty).exists()


def test_a_replay_goes_into_an_empty_database_only(busy: None, empty: str) -> None:
    replay.replay("default", empty)
    with pytest.raises(Refused, match="empty database"):
        replay.replay("default", empty)


def test_progress_is_told(busy: None, empty: str) -> None:
    said: list[tuple[int, int, str]] = []
    replay.replay("default", empty, lambda *step: said.append(step))
    assert said[-1] == (Entry.objects.count(), Entry.objects.count(), "entries")


def test_a_digest_sees_every_field(busy: None) -> None:
    before = replay.digest(Lot)
    with house.guards_down():
        house.run("UPDATE materials_lot SET storage = 'x' WHERE code = 'LOT-20'")
    assert replay.digest(Lot) != before
