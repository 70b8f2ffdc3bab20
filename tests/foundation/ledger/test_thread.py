"""The thread: what a record stands on, what stands on it, and what a correction makes stale."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from crdmo.common.materials.models import Lot
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.computing.models import Result
from crdmo.foundation.ledger import thread
from crdmo.foundation.ledger.acts import SYSTEM, act
from crdmo.foundation.ledger.models import Record
from crdmo.proof.identifiers import uuid7
from tests import factories
from tests.foundation.ledger import house

pytestmark = pytest.mark.django_db


@pytest.fixture
def program() -> Program:
    return factories.program()


def result(program: Program, *sources: Record) -> Result:
    fields = {field.name: field for field in Result._meta.concrete_fields}
    text = {n for n, f in fields.items() if f.get_internal_type() in ("CharField", "TextField") and not f.blank}
    given = {n: "x" for n in text if not fields[n].has_default() and not fields[n].choices}
    with act(SYSTEM, "test.run") as opened:
        return opened.create(Result, **{**given, "program": program, "sources": thread.sources_of(sources)})


def stale() -> set[UUID]:
    from crdmo.foundation.ledger.models import Stale

    return set(Stale.objects.values_list("record_id", flat=True))


def changed(record: Any, **values: Any) -> Any:
    with act(SYSTEM, "test.change", "corrected") as opened:
        return opened.change(record, **values)


def test_a_record_stands_on_what_it_belongs_to_and_was_made_from(program: Program) -> None:
    lot = house.lots(program, 1)[0]
    made = result(program, lot)
    assert thread.upstream(made.id) == {lot.id: 1, lot.substance_id: 2}
    assert thread.downstream(lot.substance_id) == {lot.id: 1, made.id: 2}


def test_tenants_and_people_are_no_part_of_the_thread() -> None:
    assert set(thread.links(Lot)) == {"substance"}


def test_data_edges_alone_can_be_followed(program: Program) -> None:
    lot = house.lots(program, 1)[0]
    made = result(program, lot)
    assert thread.upstream(made.id, only_data=True) == {lot.id: 1}


def test_a_correction_makes_all_that_stands_on_the_data_stale_and_nothing_else(program: Program) -> None:
    one, two = house.lots(program, 2)
    first = result(program, one)
    second, other = result(program, first), result(program, two)
    changed(one, amount="99.81")
    assert stale() == {first.id, second.id} and other.id not in stale()
    assert thread.stale_causes([second.id, other.id]) == {second.id: [one.id]}


def test_a_correction_reaches_everything_however_much_stands_on_it(program: Program) -> None:
    lot = house.lots(program, 1)[0]
    many = [uuid7() for _ in range(6000)]
    thread.weave("default", [(lot.id, key, "data") for key in many])
    changed(lot, amount="123")
    assert stale() == set(many)
    assert len(thread.downstream(lot.id)) == 5000
    assert len(thread.downstream(lot.id, limit=None)) == 6000


def test_a_ring_of_edges_ends_and_each_record_is_met_at_its_nearest(program: Program) -> None:
    a, b, c, d = (uuid7() for _ in range(4))
    thread.weave("default", [(a, b, "data"), (b, c, "data"), (c, a, "data"), (a, d, "part"), (d, c, "part")])
    assert thread.downstream(a) == {b: 1, d: 1, c: 2}
    assert thread.upstream(a) == {c: 1, b: 2, d: 2}


def test_a_workflow_step_makes_nothing_stale(program: Program) -> None:
    lot = house.lots(program, 1)[0]
    result(program, lot)
    with act(SYSTEM, "test.release") as opened:
        opened.change(lot, status="released")
    assert stale() == set()


def test_what_is_made_anew_from_what_stands_now_is_no_longer_stale(program: Program) -> None:
    lot = house.lots(program, 1)[0]
    first = result(program, lot)
    second = result(program, first)
    changed(lot, amount="99.81")
    changed(first, sources=thread.sources_of([lot]))
    assert second.id in stale() and first.id not in stale()
    changed(second, sources=thread.sources_of([first]))
    assert stale() == set()


def test_what_is_made_anew_from_stale_sources_stays_stale(program: Program) -> None:
    lot = house.lots(program, 1)[0]
    first = result(program, lot)
    second = result(program, first)
    changed(lot, amount="99.81")
    changed(second, sources=thread.sources_of([first]))
    assert {first.id, second.id} <= stale()


def test_sources_name_version_and_digest_of_the_data(program: Program) -> None:
    lot = house.lots(program, 1)[0]
    told = thread.sources_of([lot])[0]
    assert (told["record"], told["type"], told["version"]) == (str(lot.id), "materials.lot", 1)
    with act(SYSTEM, "test.release") as opened:
        opened.change(lot, status="released")
    assert thread.sources_of([lot])[0]["data"] == told["data"]
    assert thread.sources_of([changed(lot, amount="99.81")])[0]["data"] != told["data"]


def test_only_nodes_of_streams_that_may_be_read_are_shown(program: Program) -> None:
    lot = house.lots(program, 1)[0]
    walk = thread.upstream(result(program, lot).id)
    assert [node.type for node in thread.nodes(walk, [str(program.id)])] == ["materials.lot", "materials.substance"]
    assert thread.nodes(walk, [str(factories.program("CRD-900").id)]) == []


def test_a_ring_of_edges_ends(program: Program) -> None:
    one, two = house.lots(program, 2)
    thread.weave("default", [(one.id, two.id, "data"), (two.id, one.id, "data")])
    assert two.id in thread.downstream(one.id) and len(thread.downstream(one.id)) <= 3
