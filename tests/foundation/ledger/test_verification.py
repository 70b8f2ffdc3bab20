"""Verification finds what the owner of a database did behind the guards' back, and names it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection

from crdmo.foundation.accounts.models import Organization
from crdmo.foundation.datasets import store
from crdmo.foundation.documents import workflow as documents
from crdmo.foundation.ledger import acts, guards
from crdmo.foundation.ledger.models import Entry, Personal
from crdmo.foundation.ledger.verification import verify
from crdmo.foundation.signing.models import Signature
from crdmo.proof import canonical
from crdmo.proof.chain import entry_hash
from tests import factories
from tests.foundation.ledger import house
from tests.foundation.signing import desk as desks

pytestmark = [pytest.mark.django_db, pytest.mark.clause("21 CFR 11.10(a)")]


@pytest.fixture(autouse=True)
def home(settings: Any, tmp_path: Any) -> None:
    settings.HOME = tmp_path
    settings.STORAGE_URL = f"file://{tmp_path}/files"


def behind(sql: str, parameters: Any = ()) -> None:
    """Do it with the guards down, then put them up again."""
    with house.guards_down():
        house.run(sql, parameters)


def first(check: str) -> str:
    """Return the first problem of a check as text; the guards themselves must be in place again."""
    found = verify()
    problem = found.first(check)
    assert found.first("guards") is None and problem is not None, found.problems
    return f"{problem.place}: {problem.what}"


def test_what_was_written_by_acts_alone_holds() -> None:
    house.renamed(house.organization(), "Second")
    house.lots(factories.program())
    found = verify()
    assert found.holds and found.entries == len(house.sequences()) and found.rows == found.entries - 1


def test_an_empty_ledger_holds() -> None:
    found = verify()
    assert found.holds and (found.entries, found.head) == (0, "00" * 32)
    assert found.root == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_the_outcome_says_how_much_was_looked_at() -> None:
    house.organization()
    told = verify().as_json()
    assert (told["holds"], told["entries"], told["rows"], told["problems"]) == (True, 1, 1, [])
    assert verify().sentence().startswith("Verified: 1 entries, 1 rows")


def test_progress_is_told() -> None:
    house.organization()
    said: list[tuple[int, int, str]] = []
    verify(progress=lambda *step: said.append(step))
    assert (1, 1, "entries") in said and any(what == "record types" for _, _, what in said)


def test_a_missing_guard_is_named() -> None:
    on = "" if connection.vendor == "sqlite" else " ON ledger_entry"
    house.run(f"DROP TRIGGER ledger_entry_chain{on}")
    problem = verify(deep=False).first("guards")
    assert problem is not None and problem.place == "trigger ledger_entry_chain"


@pytest.mark.parametrize("deep", [True, False])
def test_a_changed_byte_in_an_entry_is_named(deep: bool) -> None:
    for number in range(5):
        house.organization(f"ORG-{number}", "Acme")
    raw = bytes(Entry.objects.get(seq=3).body).replace(b"Acme", b"Acne")
    behind("UPDATE ledger_entry SET body = %s WHERE seq = 3", [raw])
    problem = verify(deep=deep).first("chain")
    assert problem is not None and problem.place == "entry 3" and "not those that were hashed" in problem.what


def test_an_entry_hashed_anew_breaks_the_next_one() -> None:
    for number in range(4):
        house.organization(f"ORG-{number}", "Acme")
    entry = Entry.objects.get(seq=2)
    raw = bytes(entry.body).replace(b"Acme", b"Acne")
    digest = entry_hash(bytes(entry.prev), bytes(entry.stream_prev), raw)
    behind("UPDATE ledger_entry SET body = %s, hash = %s WHERE seq = 2", [raw, digest])
    assert first("chain") == "entry 3: does not follow the entry before it: the chain was cut or forked here"


def test_a_removed_entry_in_the_middle_is_named() -> None:
    for number in range(4):
        house.organization(f"ORG-{number}")
    behind("DELETE FROM ledger_entry WHERE seq = 2")
    assert first("chain") == "entry 2: missing; entry 3 comes next"


def test_entries_removed_from_the_end_are_missed_by_the_head() -> None:
    for number in range(4):
        house.organization(f"ORG-{number}")
    behind("DELETE FROM ledger_entry WHERE seq = 4")
    assert first("heads") == "the whole ledger: the head names entry 4, the last one is 3"
    assert "a row without any entry" in first("rows")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("action", "other"),
        ("actor", "somebody"),
        ("operation", "void"),
        ("stream", "x"),
        ("record_type", "accounts.person"),
        ("version", 7),
        ("stream_seq", 9),
    ],
)
def test_an_index_column_that_is_not_what_the_body_says_is_named(column: str, value: Any) -> None:
    house.organization("ORG-1")
    house.organization("ORG-2")
    behind(f"UPDATE ledger_entry SET {column} = %s WHERE seq = 2", [value])
    assert first("index") == f"entry 2: the column {column} is not what the body says"


def test_an_instant_that_was_moved_in_the_index_is_named() -> None:
    house.organization()
    behind(
        "UPDATE ledger_entry SET at = '2020-01-01 00:00:00+00'"
        if connection.vendor == "postgresql"
        else "UPDATE ledger_entry SET at = '2020-01-01 00:00:00'"
    )
    assert first("index") == "entry 1: the column at is not what the body says"


def rewrite(change: Any) -> None:
    """Rewrite history from the first entry on, hashing everything anew, as somebody can who owns the database."""
    prev, streams = bytes(32), {}
    with house.guards_down():
        for entry in Entry.objects.order_by("seq"):
            body = json.loads(bytes(entry.body))
            change(body)
            raw = canonical.encode(body)
            stream_prev = streams.get(entry.stream, bytes(32))
            digest = entry_hash(prev, stream_prev, raw)
            house.run(
                "UPDATE ledger_entry SET body = %s, prev = %s, stream_prev = %s, hash = %s WHERE seq = %s",
                [raw, prev, stream_prev, digest, entry.seq],
            )
            prev = streams[entry.stream] = digest
        house.run("UPDATE ledger_head SET hash = %s WHERE stream = ''", [prev])
        for stream, digest in streams.items():
            house.run("UPDATE ledger_head SET hash = %s WHERE stream = %s", [digest, stream])


def test_time_that_runs_backwards_is_named() -> None:
    house.organization("ORG-1")
    house.organization("ORG-2")

    def back(body: dict[str, Any]) -> None:
        if body["seq"] == 2:
            body["at"] = "2020-01-01T00:00:00.000000Z"

    rewrite(back)
    assert first("time").startswith("entry 2: its time 2020-01-01T00:00:00.000000Z lies before")


def test_a_stream_that_was_spliced_is_named() -> None:
    program = factories.program()
    house.lots(program, 3)
    seq = Entry.objects.filter(stream=str(program.id)).order_by("seq").values_list("seq", flat=True)[2]

    def skip(body: dict[str, Any]) -> None:
        if body["seq"] == seq:
            body["stream_seq"] += 5

    rewrite(skip)
    assert first("streams").startswith(f"entry {seq}: number 8 of its stream follows 2")


def test_a_body_of_another_format_is_named() -> None:
    house.organization()
    rewrite(lambda body: body.pop("role"))
    assert first("index") == "entry 1: its body is not one of this sequence and format"


def test_versions_out_of_turn_are_named() -> None:
    made = house.organization()
    house.renamed(made, "Second")

    def jump(body: dict[str, Any]) -> None:
        if body["version"] == 2:
            body["version"] = 3

    rewrite(jump)
    with house.guards_down():
        house.run("UPDATE ledger_entry SET version = 3 WHERE version = 2")
    assert first("versions") == "entry 2: change as version 3 after version 1"


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("name", "Other", "name not as in entry 1"),
        ("kind", "agency", "kind not as in entry 1"),
        ("code", "ORG-9", "code not as in entry 1"),
        ("is_void", True, "is_void not as in entry 1"),
        ("entry", 2, "id, code not as in entry 2"),
        ("entry", 99, "the row names entry 99, which is not there"),
        ("version", 2, "the row is at version 2, the ledger at 1"),
    ],
)
def test_a_row_that_is_not_its_last_entry_is_named(column: str, value: Any, said: str) -> None:
    made = house.organization()
    house.organization("ORG-2")
    behind(f"UPDATE accounts_organization SET {column} = %s WHERE entry = 1", [value])
    assert first("rows") == f"accounts.organization {made.id}: {said}"


def test_a_row_set_back_to_an_older_version_is_named() -> None:
    made = house.organization(name="First")
    house.renamed(made, "Second")
    behind("UPDATE accounts_organization SET name = 'First', version = 1, entry = 1")
    assert first("rows") == f"accounts.organization {made.id}: the row is at version 1, the ledger at 2"


def test_a_row_without_entry_is_named() -> None:
    house.organization()
    key = house.stored(Organization.objects.get().id)
    other = (
        "'00000000-0000-7000-8000-000000000001'"
        if connection.vendor == "postgresql"
        else "'00000000000070008000000000000001'"
    )
    columns = "version, entry, is_void, name, kind"
    behind(
        f"INSERT INTO accounts_organization (id, code, {columns}) SELECT {other}, 'X', {columns} "
        "FROM accounts_organization WHERE id = %s",
        [key],
    )
    assert first("rows") == "accounts.organization 00000000-0000-7000-8000-000000000001: a row without any entry"


def test_an_entry_without_its_row_is_named() -> None:
    made = house.organization()
    behind("DELETE FROM accounts_organization")
    assert first("rows") == f"accounts.organization {made.id}: entry 1 created it, but there is no row"


@pytest.mark.skipif(house.NOT_SQLITE, reason="a column of PostgreSQL has one type")
def test_a_value_that_only_looks_the_same_is_named() -> None:
    made = house.organization()
    behind("UPDATE accounts_organization SET is_void = 2")
    assert not Organization.objects.get(pk=made.pk).is_void  # what a reader through the ORM sees
    assert "is_void not as in entry 1" in first("rows")


def test_a_head_that_was_moved_is_named() -> None:
    house.organization("ORG-1")
    house.organization("ORG-2")
    behind("UPDATE ledger_head SET seq = 1 WHERE stream = 'installation'")
    assert first("heads") == "stream installation: the head names number 1, the last one is 2"


def blob_in_a_document(text: bytes) -> str:
    name = store.put(text)
    program = factories.program()
    with acts.act(acts.SYSTEM, "test.note") as opened:
        opened.event("test.note", {"file": name}, program=program.id)
    return name


def test_an_altered_file_is_named() -> None:
    name = blob_in_a_document(b"raw data of the balance")
    store.path(name).chmod(0o600)
    store.path(name).write_bytes(b"raw data of the balanse")
    assert first("blobs").startswith(f"{name}: named by entry {house.head()}: a sealed file was altered")


def test_a_missing_file_is_named() -> None:
    name = blob_in_a_document(b"raw data of the balance")
    store.path(name).unlink()
    assert first("blobs").startswith(f"{name}: named by entry {house.head()}: the store holds no such file")


def test_files_that_are_there_are_counted() -> None:
    blob_in_a_document(b"raw data")
    assert verify().blobs == 1


def signed() -> Signature:
    desk = desks.make()
    version = documents.review(desk.reviewer, desk.version, credentials=desks.both(desk.reviewer))
    found = Signature.objects.filter(target_id=version.id).first()
    assert found is not None
    return found


def test_signatures_of_the_house_hold() -> None:
    signed()
    found = verify()
    assert found.holds and found.signatures == 1


@pytest.mark.clause("21 CFR 11.70")
@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("target_hash", "0" * 64, "the hash it names is not that of the entry"),
        ("content_hash", "0" * 64, "its content hash is not that of what was signed"),
        ("target_version", 1, "the entry it names is another"),
        ("target_version", 99, "which is not there"),
        ("target_type", "quality.result", "it names another type of record"),
        ("signer", "00000000-0000-7000-8000-000000000001", "signed for another"),
        ("printed_name", "Somebody Else", "the printed name is not that of the actor"),
        ("signed_at", "2999-01-01T00:00:00.000000Z", "signed later than written"),
    ],
)
def test_a_signature_moved_to_something_else_is_named(field: str, value: Any, said: str) -> None:
    seq = signed().entry

    def move(body: dict[str, Any]) -> None:
        if body["seq"] == seq:
            body["state"][field] = value

    rewrite(move)
    problem = first("signatures")
    assert problem.startswith(f"entry {seq}: ") and said in problem


def test_a_changed_personal_value_is_named() -> None:
    ann = house.person(email="ann@example.org")
    Personal.objects.update(value='"eve@example.org"')
    assert first("personal") == f"email of {ann.id}: the value is not the one committed to"


def test_a_personal_value_that_no_entry_committed_to_is_named() -> None:
    ann, ben = house.person("ann"), house.person("ben")
    Personal.objects.filter(record_id=ann.id).update(record_id=ben.id)
    assert "no entry of the record holds its commitment" in first("personal")


def test_a_personal_value_that_is_gone_without_an_erasure_is_named() -> None:
    ann = house.person()
    Personal.objects.all().delete()
    assert first("personal") == f"accounts.person {ann.id}: the email is gone, and no erasure is on record"


def test_of_many_faults_of_one_kind_the_first_are_named_and_the_others_counted() -> None:
    for number in range(30):
        house.organization(f"ORG-{number}")
    behind("UPDATE accounts_organization SET name = 'Other'")
    found = verify()
    assert len(found.problems) == 20 and found.not_shown == 10 and "(and 29 more)" in found.sentence()


def test_verification_goes_on_after_the_first_fault() -> None:
    house.organization("ORG-1")
    house.organization("ORG-2")
    behind("UPDATE accounts_organization SET name = 'Other' WHERE code = 'ORG-2'")
    behind("UPDATE ledger_entry SET hash = %s WHERE seq = 1", [b"x" * 32])
    checks = [problem.check for problem in verify().problems]
    assert "chain" in checks and "rows" in checks


def test_a_record_type_that_this_release_does_not_know_is_named() -> None:
    house.organization()

    def strange(body: dict[str, Any]) -> None:
        body["type"] = "imaging.scan"

    rewrite(strange)
    with house.guards_down():
        house.run("UPDATE ledger_entry SET record_type = 'imaging.scan'")
    assert guards.missing() == []
    assert any(p.place == "imaging.scan" for p in verify().problems)
