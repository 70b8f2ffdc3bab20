"""Review by exception: the lines that a reviewer has to look at, and no others."""

from __future__ import annotations

import pytest

from crdmo.foundation.accounts.models import Program
from crdmo.foundation.documents import workflow as documents
from crdmo.foundation.ledger import acts
from crdmo.foundation.ledger.acts import SYSTEM, act
from crdmo.foundation.ledger.review import KINDS, exceptions
from crdmo.foundation.refusals import Refused
from tests import factories
from tests.foundation.ledger import house
from tests.foundation.signing import desk as desks

pytestmark = [pytest.mark.django_db, pytest.mark.clause("EU Annex 11 §9")]


@pytest.fixture
def program() -> Program:
    return factories.program()


def kinds(program: Program, after: int = 0, until: int | None = None) -> list[str]:
    return [found.kind for found in exceptions([program.id], after=after, until=until)]


def test_first_entries_and_workflow_steps_are_ordinary(program: Program) -> None:
    lot = house.lots(program, 3)[0]
    with act(SYSTEM, "test.release") as opened:
        opened.change(lot, status="released")
    assert kinds(program) == []


def test_changed_data_voids_and_refusals_are_exceptions_in_their_order(program: Program) -> None:
    lots = house.lots(program, 2)
    with act(SYSTEM, "test.change", "weighed again") as opened:
        opened.change(lots[0], amount="99.81")
    acts.refusal(SYSTEM, "quality.release", Refused("not yet"), program.id, None)
    with act(SYSTEM, "test.void", "entered twice") as opened:
        opened.void(lots[1])
    assert kinds(program) == ["changed", "refused", "voided"]


def test_data_changed_after_its_signature_is_told_apart() -> None:
    desk = desks.make()
    version = documents.review(desk.reviewer, desk.version, credentials=desks.both(desk.reviewer))
    last = house.head()
    with act(SYSTEM, "test.change", "typing error") as opened:
        opened.change(version, change_summary="corrected")
    assert kinds(desk.program, after=last) == ["changed after signature"]


def test_a_revoked_signature_is_an_exception() -> None:
    from crdmo.foundation.signing.models import Signature

    desk = desks.make()
    documents.review(desk.reviewer, desk.version, credentials=desks.both(desk.reviewer))
    with act(SYSTEM, "test.revoke", "signed the wrong version") as opened:
        opened.void(Signature.objects.get())
    assert kinds(desk.program)[-1] == "revoked"


def test_only_what_came_after_the_last_review_and_up_to_this_one(program: Program) -> None:
    lots = house.lots(program, 3)
    marks = []
    for lot in lots:
        with act(SYSTEM, "test.change", "weighed again") as opened:
            opened.change(lot, amount="99.81")
        marks.append(house.head())
    found = list(exceptions([program.id], after=marks[0], until=marks[1]))
    assert [line.line.record for line in found] == [lots[1].id]


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ("ledger.clock_anomaly", "clock"),
        ("ledger.erasure", "erased"),
        ("accounts.log_in_failed", "failed log-in"),
        ("signing.failed_attempt", "failed log-in"),
        ("ledger.export", "exported"),
    ],
)
def test_events_that_matter_are_exceptions(program: Program, event: str, kind: str) -> None:
    with act(SYSTEM, "test.note") as opened:
        opened.event(event, {}, program=program.id)
    found = next(iter(exceptions([program.id])))
    assert found.kind == kind and found.says == KINDS[kind]


def test_another_programs_exceptions_are_not_seen(program: Program) -> None:
    other = factories.program("CRD-900", owner=factories.sponsor("OTHER"))
    lot = house.lots(other, 1)[0]
    with act(SYSTEM, "test.change", "weighed again") as opened:
        opened.change(lot, amount="99.81")
    assert kinds(program) == []
