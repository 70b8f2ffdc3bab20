"""What an act writes, what it refuses, and that a refusal leaves nothing."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.db import transaction

from crdmo.common.materials.models import Lot
from crdmo.foundation.accounts.models import Organization, Person
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger.acts import SYSTEM, act, refusal
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.refusals import Conflict, Invalid, NotPermitted, Refused
from tests import factories
from tests.foundation.ledger import house

pytestmark = pytest.mark.django_db


@pytest.mark.clause("21 CFR 11.10(e)")
def test_an_entry_says_who_what_when_why_and_the_whole_new_state() -> None:
    before = dt.datetime.now(dt.UTC)
    made = house.organization(name="Acme")
    house.renamed(made, "Acme Inc", "registered name")
    body = house.bodies()[-1]
    assert (body["actor"], body["name"], body["role"], body["action"]) == ("system", "System", "system", "test.change")
    assert (body["operation"], body["version"], body["reason"]) == ("change", 2, "registered name")
    assert body["state"]["name"] == "Acme Inc" and body["state"]["code"] == "ORG-1"
    assert before <= dt.datetime.fromisoformat(body["at"]) <= dt.datetime.now(dt.UTC)


def test_the_earlier_value_stays_readable() -> None:
    house.renamed(house.organization(name="Acme"), "Acme Inc")
    assert [body["state"]["name"] for body in house.bodies()] == ["Acme", "Acme Inc"]


def test_a_first_entry_asks_for_no_reason() -> None:
    assert house.organization().version == 1


@pytest.mark.clause("EU Annex 11 §9")
def test_a_change_of_data_without_reason_is_refused_whole() -> None:
    made = house.organization(name="Acme")
    with pytest.raises(Invalid, match="needs a reason"), act(SYSTEM, "test.change", "  ") as opened:
        opened.change(made, name="Other")
    assert house.sequences() == [1] and made.name == "Acme" and made.version == 1


def test_a_workflow_step_asks_for_no_reason() -> None:
    lot = house.lots(factories.program(), 1)[0]
    with act(SYSTEM, "test.release") as opened:
        assert opened.change(lot, status="released").status == "released"


def test_a_void_record_stays_readable_and_is_not_changed_any_more() -> None:
    made = house.organization()
    with act(SYSTEM, "test.void", "entered twice") as opened:
        opened.void(made)
    assert Organization.objects.get(pk=made.pk).is_void
    with pytest.raises(Refused, match="is void"), act(SYSTEM, "test.change", "why") as opened:
        opened.change(made, name="Other")


def test_a_record_is_not_voided_without_reason() -> None:
    made = house.organization()
    with pytest.raises(Invalid, match="voided with a reason"), act(SYSTEM, "test.void") as opened:
        opened.void(made)


def test_a_stale_object_is_refused_and_says_which_version_it_was() -> None:
    made = house.organization()
    old = Organization.objects.get(pk=made.pk)
    house.renamed(made, "Second")
    with pytest.raises(Conflict, match="version 1"):
        house.renamed(old, "Third")
    assert Organization.objects.get(pk=made.pk).name == "Second" and old.name == "An Organization"


def test_a_value_that_does_not_fit_its_field_is_refused_by_name() -> None:
    with pytest.raises(Invalid, match="cannot take this value") as caught:
        house.organization(code="C" * 21)
    assert caught.value.errors == {"code": "at most 20 characters"} and house.sequences() == []


@pytest.mark.parametrize("amount", ["99,80", "9e9999", "NaN", "1 000", "٣"])
def test_a_measured_value_is_a_decimal_number_with_a_point(amount: str) -> None:
    lot = house.lots(factories.program(), 1)[0]
    with pytest.raises(Invalid, match="amount"), act(SYSTEM, "test.change", "weighed again") as opened:
        opened.change(lot, amount=amount)


def test_a_measured_value_keeps_its_digits() -> None:
    lot = house.lots(factories.program(), 1)[0]
    assert Lot.objects.get(pk=lot.pk).amount == "99.80" and house.bodies()[-1]["state"]["amount"] == "99.80"


def test_an_unknown_field_is_refused() -> None:
    made = house.organization()
    with pytest.raises(Invalid, match="no such field"), act(SYSTEM, "test.change", "why") as opened:
        opened.change(made, colour="red")


def test_a_record_never_moves_to_another_program() -> None:
    lot = house.lots(factories.program(), 1)[0]
    other = factories.program("CRD-900")
    with pytest.raises(Refused, match="never moves"), act(SYSTEM, "test.change", "why") as opened:
        opened.change(lot, program=other)


def test_what_fails_halfway_leaves_nothing_and_no_gap() -> None:
    house.organization("ORG-1")
    with pytest.raises(RuntimeError, match="halfway"), act(SYSTEM, "test.create") as opened:
        opened.create(Organization, code="ORG-2", name="Two", kind="site")
        raise RuntimeError("halfway")
    house.organization("ORG-3")
    assert house.sequences() == [1, 2] and house.head() == 2
    assert list(Organization.objects.order_by("entry").values_list("code", "entry")) == [("ORG-1", 1), ("ORG-3", 2)]


def test_a_constraint_of_the_database_undoes_the_entry_too() -> None:
    house.organization("ORG-1")
    house.refused(lambda: house.organization("ORG-1"))
    assert house.sequences() == [1] and house.head() == 1


def test_many_records_are_written_in_the_order_given() -> None:
    lots = house.lots(factories.program(), 1200)
    assert [lot.entry for lot in lots] == list(range(lots[0].entry, lots[0].entry + 1200))
    assert Lot.objects.count() == 1200


def test_one_bad_row_among_many_refuses_all() -> None:
    program = factories.program()
    before = house.sequences()
    rows = [{"code": f"O-{n}", "name": "x" * (n // 99 * 121), "kind": "site"} for n in range(100)]
    with pytest.raises(Invalid, match="name"), act(SYSTEM, "test.create") as opened:
        opened.create_many(Organization, rows)
    assert house.sequences() == before and program.pk


def test_an_act_within_an_act_is_refused() -> None:
    with (
        pytest.raises(RuntimeError, match=r"test\.inner opens an act within test\.outer"),
        act(SYSTEM, "test.outer"),
        act(SYSTEM, "test.inner"),
    ):
        pass
    house.organization()
    assert house.sequences() == [1]


def test_who_has_no_role_here_writes_nothing() -> None:
    program = factories.program()
    stranger = factories.person(organization=factories.sponsor("OTHER"))
    before = house.sequences()
    with pytest.raises(NotPermitted, match="may not erase"), act(stranger, "ledger.erase") as opened:
        opened.event("test.event", {}, program=program.id)
    assert house.sequences() == before


def test_the_role_in_which_somebody_acts_is_written() -> None:
    program = factories.program()
    qa = factories.person(Role.QA, program)
    with act(qa, "ledger.erase") as opened:
        opened.event("test.event", {"k": "v"}, program=program.id)
    body = house.bodies()[-1]
    assert (body["role"], body["name"], body["actor"]) == ("qa", qa.printed_name, str(qa.id))


def test_the_printed_name_is_that_of_the_time() -> None:
    ann = house.person("ann")
    with act(ann, "view") as opened:
        opened._roles[None, None] = "analyst"
        opened.event("test.event", {})
    with act(SYSTEM, "test.change", "marriage") as opened:
        opened.change(ann, printed_name="Ann Other")
    assert [b["name"] for b in house.bodies() if b["type"] == "test.event"] == ["Ann"]


def test_a_refused_step_is_on_record_with_what_was_refused() -> None:
    program = factories.program()
    refusal(SYSTEM, "quality.release", Refused("it is not tested", given="sampled", allowed="tested"), program.id, None)
    body = house.bodies()[-1]
    assert body["type"] == "ledger.refusal" and body["stream"] == str(program.id)
    assert (body["state"]["refused"], body["state"]["given"]) == ("quality.release", "sampled")


def test_what_must_be_on_record_although_refused_is_written_after_the_undoing() -> None:
    def aftermath() -> None:
        with act(SYSTEM, "test.attempt") as noted:
            noted.event("test.failed", {})

    refused = Refused("wrong password")
    refused.aftermath = aftermath
    with pytest.raises(Refused, match="wrong password"), act(SYSTEM, "test.sign") as opened:
        opened.create(Organization, code="X", name="X", kind="site")
        raise refused
    assert [body["type"] for body in house.bodies()] == ["test.failed"]


def test_each_program_has_a_chain_of_its_own() -> None:
    one, two = factories.program("CRD-101"), factories.program("CRD-102")
    house.lots(one, 2)
    numbers = {
        s: list(Entry.objects.filter(stream=str(s)).order_by("seq").values_list("stream_seq", flat=True))
        for s in (one.id, two.id)
    }
    assert numbers == {one.id: [1, 2, 3, 4], two.id: [1]}


def test_an_act_in_a_transaction_that_is_given_up_leaves_nothing() -> None:
    with pytest.raises(RuntimeError, match="given up"), transaction.atomic():
        house.organization()
        raise RuntimeError("given up")
    assert house.sequences() == [] and not Person.objects.exists()


def test_an_event_has_a_key_of_its_own_and_no_row() -> None:
    with act(SYSTEM, "test.note") as opened:
        key = opened.event("test.note", {"seen": True})
    assert isinstance(key, uuid.UUID) and Entry.objects.get(record_id=key).operation == "event"
