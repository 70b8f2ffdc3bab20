"""The audit trail answers what a reader asks, in pages, with old and new values."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crdmo.common.materials.models import Lot
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger import acts, state, trail
from crdmo.foundation.ledger.acts import SYSTEM, act
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.ledger.trail import Ask, Change, page
from crdmo.foundation.refusals import Invalid, Refused
from tests import factories
from tests.foundation.ledger import house

pytestmark = [pytest.mark.django_db, pytest.mark.clause("21 CFR 11.10(e)")]


@pytest.fixture
def program() -> Program:
    return factories.program()


@pytest.fixture
def lot(program: Program) -> Lot:
    return house.lots(program, 1)[0]


def weighed(lot: Lot, amount: str, by: Any = SYSTEM, reason: str = "weighed again") -> Lot:
    with act(by, "ledger.erase" if by is not SYSTEM else "test.weigh", reason) as opened:
        return opened.change(lot, amount=amount)


def test_a_change_shows_old_and_new_value_and_the_reason(program: Program, lot: Lot) -> None:
    weighed(lot, "99.81", reason="balance was recalibrated")
    line = page(Ask([program.id], only="changes")).lines[0]
    assert line.changes == (Change("amount", "99.80", "99.81"),) and line.reason == "balance was recalibrated"


def test_the_newest_entry_comes_first(program: Program, lot: Lot) -> None:
    weighed(lot, "99.81")
    seqs = [line.seq for line in page(Ask([program.id])).lines]
    assert seqs == sorted(seqs, reverse=True) and len(seqs) == Entry.objects.filter(stream=str(program.id)).count()


def test_pages_go_on_where_the_last_one_ended(program: Program) -> None:
    house.lots(program, 25)
    ask, seen, before = Ask([program.id]), [], None
    while True:
        found = page(ask, before=before, limit=10)
        seen += [line.seq for line in found.lines]
        before = found.next
        if before is None:
            break
    assert seen == list(Entry.objects.filter(stream=str(program.id)).order_by("-seq").values_list("seq", flat=True))


def test_a_new_entry_in_between_shifts_no_page(program: Program, lot: Lot) -> None:
    house.lots(program, 8)
    first = page(Ask([program.id]), limit=4)
    weighed(lot, "99.81")
    second = page(Ask([program.id]), before=first.next, limit=4)
    assert first.lines[-1].seq - 1 == second.lines[0].seq


def test_only_the_streams_given_are_read(program: Program, lot: Lot) -> None:
    house.lots(factories.program("CRD-900", owner=factories.sponsor("OTHER")), 2)
    assert {line.stream for line in page(Ask([program.id])).lines} == {str(program.id)}
    assert page(Ask([])).lines == []


def test_by_person(program: Program, lot: Lot) -> None:
    qa = factories.person(Role.QA, program)
    weighed(lot, "99.81")
    weighed(lot, "99.82", qa)
    assert [line.changes[0].new for line in page(Ask([program.id], actor=str(qa.id))).lines] == ["99.82"]


def test_by_verb_and_by_service(program: Program, lot: Lot) -> None:
    weighed(lot, "99.81")
    assert [line.action for line in page(Ask([program.id], action="test.weigh")).lines] == ["test.weigh"]
    assert {line.action for line in page(Ask([program.id], action="test.")).lines} == {"test.weigh", "test.create"}


def test_by_kind_of_record(program: Program, lot: Lot) -> None:
    assert {line.type for line in page(Ask([program.id], types=("materials.lot",))).lines} == {"materials.lot"}


def test_after_an_entry(program: Program, lot: Lot) -> None:
    signed_at = house.head()
    weighed(lot, "99.81")
    assert [line.version for line in page(Ask([program.id], after=signed_at)).lines] == [2]


def test_between_two_instants(program: Program, lot: Lot) -> None:
    middle = dt.datetime.now(dt.UTC)
    weighed(lot, "99.81")
    assert [line.version for line in page(Ask([program.id], since=middle)).lines] == [2]
    assert all(line.version == 1 for line in page(Ask([program.id], until=middle)).lines)


def test_refusals_and_voids(program: Program, lot: Lot) -> None:
    acts.refusal(SYSTEM, "quality.release", Refused("not yet", given="untested"), program.id, None)
    with act(SYSTEM, "test.void", "entered twice") as opened:
        opened.void(lot)
    refusals, voids = page(Ask([program.id], only="refusals")).lines, page(Ask([program.id], only="voids")).lines
    assert refusals[0].state["given"] == "untested" and len(refusals) == 1
    assert voids[0].record == lot.id and voids[0].changes == (Change("is_void", None, True),)


def test_a_filter_that_is_not_known_is_refused(program: Program) -> None:
    with pytest.raises(Invalid, match="cannot be filtered"):
        page(Ask([program.id], only="everything"))


def test_the_history_of_a_record_shows_each_version_against_the_one_before(lot: Lot) -> None:
    for amount in ("99.81", "99.82"):
        weighed(lot, amount)
    found = trail.history(lot.id)
    assert [(line.version, [(c.old, c.new) for c in line.changes]) for line in found] == [
        (3, [("99.81", "99.82")]),
        (2, [("99.80", "99.81")]),
        (1, []),
    ]


def test_a_long_history_comes_in_pieces(lot: Lot) -> None:
    for number in range(6):
        weighed(lot, f"{number}")
    assert [line.version for line in trail.history(lot.id, before=5, limit=2)] == [4, 3]


@pytest.mark.parametrize(("moment", "amount"), [(0, None), (1, "99.80"), (2, "99.81"), (3, "99.82")])
def test_a_record_as_of_an_instant(program: Program, moment: int, amount: str | None) -> None:
    instants = [dt.datetime.now(dt.UTC)]
    lot = house.lots(program, 1)[0]
    instants.append(dt.datetime.now(dt.UTC))
    for new in ("99.81", "99.82"):
        weighed(lot, new)
        instants.append(dt.datetime.now(dt.UTC))
    row = trail.row_as_of(Lot, lot.id, instants[moment])
    assert (row and row.amount) == amount


def test_an_instant_without_offset_is_refused(lot: Lot) -> None:
    with pytest.raises(Invalid, match="needs its offset"):
        trail.as_of(lot.id, dt.datetime(2026, 11, 24))


def test_the_people_of_a_trail_are_named_as_last_printed(program: Program, lot: Lot) -> None:
    qa = factories.person(Role.QA, program, printed_name="Ann Before")
    weighed(lot, "99.81", qa)
    with act(SYSTEM, "test.change", "marriage") as opened:
        opened.change(qa, printed_name="Ann After")
    weighed(lot, "99.82", qa)
    assert trail.people([program.id]) == {str(qa.id): "Ann After", "system": "System"}


def test_everything_asked_for_is_yielded_oldest_first(program: Program) -> None:
    house.lots(program, 30)
    seqs = [line.seq for line in trail.every(Ask([program.id]), piece=7)]
    assert seqs == sorted(seqs) and len(seqs) == Entry.objects.filter(stream=str(program.id)).count()


def test_a_line_as_json_is_plain(program: Program, lot: Lot) -> None:
    weighed(lot, "99.81")
    told = page(Ask([program.id], only="changes")).lines[0].as_json()
    assert told["changes"] == [{"field": "amount", "old": "99.80", "new": "99.81"}] and told["record"] == str(lot.id)


def test_a_page_takes_the_same_few_queries_however_long_the_trail(program: Program) -> None:
    lots = house.lots(program, 60)
    for lot in lots:
        weighed(lot, "99.81")
    with CaptureQueriesContext(
        connection,
    ) as few:
        page(Ask([program.id], only="changes"), limit=50)
    assert len(few) <= 3


@pytest.mark.drill
def test_a_record_with_a_hundred_thousand_versions_is_shown_in_less_than_300_milliseconds(program: Program) -> None:
    lot = house.lots(program, 1)[0]
    with act(SYSTEM, "test.weigh", "weighed again") as opened:
        writer = opened._writer
        for version in range(2, 100_001):
            contents = state.text(Lot, {**state.of(lot), "amount": f"{version}"})
            writer.append(
                opened._header("system"),
                stream=str(program.id),
                operation="change",
                type="materials.lot",
                schema=1,
                record=lot.id,
                version=version,
                organization=program.organization_id,
                contents=contents,
            )
    started = time.perf_counter()
    newest = trail.history(lot.id, limit=50)
    middle = trail.history(lot.id, before=50_000, limit=50)
    ask = page(Ask([program.id], record=lot.id, only="changes"), limit=50)
    elapsed = time.perf_counter() - started
    assert (newest[0].version, middle[0].version, len(ask.lines)) == (100_000, 49_999, 50)
    assert elapsed < 0.3 * 3, f"three pages took {elapsed * 1000:.0f} ms"
