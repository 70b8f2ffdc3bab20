"""21 CFR 11.10(b): the copy of any record is complete, readable and can be checked without this system."""

from __future__ import annotations

import csv
import hashlib
import io
import json

import pytest

from crdmo.foundation.accounts.models import Person
from crdmo.foundation.documents.copies import record_copy
from crdmo.foundation.documents.history import changes_of
from crdmo.foundation.ledger.acts import SYSTEM, act
from crdmo.foundation.ledger.models import Entry, Record, record_types
from crdmo.foundation.refusals import NotFound
from crdmo.proof.identifiers import uuid7
from tests.foundation.documents import reading
from tests.foundation.signing.desk import Desk, signed


@pytest.fixture
def changed(desk: Desk) -> Desk:
    """A version that was signed and then corrected."""
    signed(desk.reviewer, [desk.version])
    with act(desk.author, "documents.edit", "transcription error") as opened:
        opened.change(desk.version, text="Weigh 150 mg of the sample.")
    return desk


@pytest.mark.clause("21 CFR 11.10(b)")
def test_the_copy_shows_content_signatures_trail_and_proof(changed: Desk) -> None:
    text = reading.text(record_copy(changed.version, printed_by="Ina Inspector"))
    entry = Entry.objects.get(record_id=changed.version.id, version=3)
    for said in ("Content", "Signatures", "Audit trail", "Proof", changed.reviewer.printed_name, "Ina Inspector"):
        assert said in text
    assert bytes(entry.hash).hex() in "".join(text.split())


@pytest.mark.clause("EU GMP Annex 11, 8.2")
def test_the_copy_marks_what_changed_since_the_first_entry(changed: Desk) -> None:
    text = " ".join(reading.text(record_copy(changed.version)).split())
    assert "Weigh 100 mg of the sample. → Weigh 150 mg of the sample., Analyst" in text
    assert "transcription error" in text


@pytest.mark.clause("21 CFR 11.10(e)")
def test_the_trail_shows_old_and_new_value_actor_and_reason(changed: Desk) -> None:
    text = reading.text(record_copy(changed.version))
    assert "Reason: transcription error" in text
    assert f"changed by {changed.author.printed_name}" in text
    assert "Version 1 created" in text.replace("  ", " ")


@pytest.mark.clause("21 CFR 11.10(b)")
def test_the_attached_bytes_give_the_printed_hashes(changed: Desk) -> None:
    files = reading.attached(record_copy(changed.version))
    for entry in Entry.objects.filter(record_id=changed.version.id):
        told = dict(line.split() for line in files[f"version-{entry.version}.prev.txt"].decode().splitlines())
        leaf = b"\0" + bytes.fromhex(told["prev"]) + bytes.fromhex(told["stream_prev"])
        assert hashlib.sha256(leaf + files[f"version-{entry.version}.json"]).hexdigest() == told["hash"]
        assert told["hash"] == bytes(entry.hash).hex()


def test_the_attached_state_has_the_hash_that_the_signature_names(desk: Desk) -> None:
    (made,) = signed(desk.reviewer, [desk.version])
    files = reading.attached(record_copy(desk.version))
    assert hashlib.sha256(files["record.json"]).hexdigest() == made.content_hash


def test_signatures_are_attached_as_json_and_csv(changed: Desk) -> None:
    files = reading.attached(record_copy(changed.version))
    (told,) = json.loads(files["signatures.json"])
    (row,) = csv.DictReader(io.StringIO(files["signatures.csv"].decode()))
    assert told["printed_name"] == row["printed_name"] == changed.reviewer.printed_name
    assert told["state"] == row["state"] == "Record changed since"


def test_the_copy_is_pdf_a_3b_with_bookmarks(changed: Desk) -> None:
    made = record_copy(changed.version)
    assert reading.standard(made) == "3b"
    assert reading.bookmarks(made) == ["Content", "Signatures", "Audit trail", "Proof"]
    assert all(reading.fonts(made).values())


def test_the_copy_without_a_name_is_the_same_bytes_each_time(changed: Desk) -> None:
    assert record_copy(changed.version) == record_copy(changed.version)


def test_a_void_record_says_so_on_each_page(changed: Desk) -> None:
    with act(SYSTEM, "documents.withdraw", "entered twice") as opened:
        opened.void(changed.version)
    made = record_copy(changed.version)
    with reading.opened(made) as file:
        assert reading.watermarked_pages(made) == list(range(1, len(file.pages) + 1))
    assert "entered twice" in reading.text(made)


def test_personal_values_are_kept_out_of_the_copy(desk: Desk) -> None:
    with act(SYSTEM, "accounts.create_person") as opened:
        person = opened.create(
            Person, organization=desk.author.organization, user_id="pia", printed_name="Pia", email="pia@home.example"
        )
    made = record_copy(person)
    assert "kept apart; commitment" in reading.text(made)
    assert b"pia@home.example" not in made + b"".join(reading.attached(made).values())


def test_every_record_of_the_house_can_be_copied(desk: Desk) -> None:
    signed(desk.reviewer, [desk.version])
    copied = 0
    for model in record_types().values():
        record: Record | None = model._default_manager.first()
        if record is not None:
            assert str(record.id) in "".join(reading.text(record_copy(record)).split())
            copied += 1
    assert copied >= 6


def test_what_is_not_in_the_ledger_is_not_copied(desk: Desk) -> None:
    unknown = Person(id=uuid7(), user_id="x", printed_name="X")
    with pytest.raises(NotFound, match="no such record"):
        record_copy(unknown)


def test_former_values_are_found_for_many_records_at_once(changed: Desk) -> None:
    found = changes_of([changed.version, changed.document])
    (change,) = found[changed.version.id]["text"]
    assert (change.old, change.new, change.reason) == (
        "# Purpose\n\nWeigh 100 mg of the sample.",
        "Weigh 150 mg of the sample.",
        "transcription error",
    )
    assert found[changed.document.id] == {}


def test_steps_of_the_workflow_are_no_former_values(desk: Desk) -> None:
    assert changes_of([desk.version])[desk.version.id] == {}
