"""Checkpoints: when they are due, what they say, and that a rewritten history is never signed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from crdmo.foundation.ledger import checkpoints, keys
from crdmo.foundation.ledger.checkpoints import NotAnExtension
from crdmo.foundation.ledger.models import Checkpoint, Entry
from crdmo.foundation.ledger.verification import verify
from crdmo.foundation.refusals import Refused
from crdmo.proof import merkle, notes
from crdmo.proof.merkle import Frontier
from tests.foundation.ledger import house
from tests.foundation.ledger.test_verification import rewrite

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def home(settings: Any, tmp_path: Path) -> Path:
    settings.HOME, settings.ORIGIN = tmp_path, "lab.example/log"
    return tmp_path


def organizations(first: int, last: int) -> None:
    for number in range(first, last + 1):
        house.organization(f"ORG-{number}")


def leaves() -> list[bytes]:
    return [bytes(digest) for digest in Entry.objects.order_by("seq").values_list("hash", flat=True)]


def problem() -> str:
    found = verify(deep=False).first("checkpoints")
    return "" if found is None else f"{found.place}: {found.what}"


def test_a_checkpoint_is_a_signed_note_over_the_root_of_all_entries() -> None:
    organizations(1, 5)
    made = checkpoints.sign()
    note = notes.Note.parse(made.note)
    assert note.verify(keys.signer().verifier) is None
    told = notes.Checkpoint.parse(note.text)
    assert (told.origin, told.size, told.root) == ("lab.example/log", 5, merkle.root(leaves()))


def test_the_same_note_lies_outside_the_database(home: Path) -> None:
    organizations(1, 2)
    made = checkpoints.sign()
    assert (home / "checkpoints" / "000000000002.note").read_text() == made.note


@pytest.mark.parametrize("sizes", [(1, 2, 3), (3, 4, 8, 13), (7, 8, 9), (5, 21)])
def test_each_checkpoint_extends_the_one_before(sizes: tuple[int, ...]) -> None:
    last = 0
    for size in sizes:
        organizations(last + 1, size)
        last = size
        assert bytes(checkpoints.sign().root) == merkle.root(leaves())
    assert verify().holds and verify().checkpoints == len(sizes)


@pytest.mark.parametrize("edge_size", [0, 1, 3, 6, 8, 11])
def test_a_consistency_proof_from_the_edge_is_that_of_the_whole_tree(edge_size: int) -> None:
    every = [bytes([n]) * 32 for n in range(20)]
    edge = Frontier()
    edge.extend(every[:edge_size])
    for new in range(max(edge_size, 1), 21):
        for old in range(max(edge_size, 1), new + 1):
            proof = checkpoints.consistency(edge, every[edge_size:new], old)
            assert proof == merkle.consistency_proof(every[:new], old)


def test_without_new_entries_the_last_checkpoint_is_returned() -> None:
    organizations(1, 2)
    assert checkpoints.sign().size == checkpoints.sign().size == 2 and Checkpoint.objects.count() == 1


def test_an_empty_ledger_has_nothing_to_sign() -> None:
    with pytest.raises(Refused, match="nothing to sign yet"):
        checkpoints.sign()
    assert checkpoints.due() is None


def test_the_first_entries_are_due_at_once_and_then_nothing() -> None:
    organizations(1, 1)
    assert checkpoints.due() is not None
    organizations(2, 3)
    assert checkpoints.due() is None


def test_after_ten_minutes_new_entries_are_due(monkeypatch: pytest.MonkeyPatch) -> None:
    organizations(1, 1)
    checkpoints.sign()
    organizations(2, 2)
    monkeypatch.setattr(checkpoints, "AFTER", dt.timedelta(0))
    made = checkpoints.due()
    assert made is not None and made.size == 2 and checkpoints.due() is None


def test_after_many_entries_a_checkpoint_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    organizations(1, 1)
    checkpoints.sign()
    organizations(2, 5)
    monkeypatch.setattr(checkpoints, "EVERY", 4)
    made = checkpoints.due()
    assert made is not None and made.size == 5


def test_what_may_still_be_rolled_back_is_not_signed() -> None:
    organizations(1, 1)
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        checkpoints.sign()


def test_a_history_rewritten_with_all_its_hashes_is_not_signed() -> None:
    organizations(1, 4)
    checkpoints.sign()
    organizations(5, 6)
    rewrite(lambda body: body["state"].update(name="Rewritten"))
    with house.guards_down():
        house.run("DELETE FROM ledger_checkpoint")
    with pytest.raises(NotAnExtension, match="does not continue its checkpoint over 4 entries"):
        checkpoints.sign()


@pytest.mark.parametrize("size", [1, 4, 5, 6])
def test_a_history_rewritten_under_a_checkpoint_left_alone_is_not_signed(size: int) -> None:
    organizations(1, size)
    checkpoints.sign()
    organizations(size + 1, size + 2)
    rewrite(lambda body: body["state"].update(name="Rewritten") if body["seq"] == 1 else None)
    with pytest.raises(NotAnExtension, match="its entries are not those whose root was signed"):
        checkpoints.sign()


def test_a_history_rewritten_with_all_its_hashes_is_found_by_the_note_outside() -> None:
    organizations(1, 4)
    checkpoints.sign()
    rewrite(lambda body: body["state"].update(name="Rewritten"))
    with house.guards_down():
        house.run("UPDATE accounts_organization SET name = 'Rewritten'")
        house.run("DELETE FROM ledger_checkpoint")
    found = verify()
    assert [p.check for p in found.problems] == ["checkpoints"] and "signed was" in found.problems[0].what


def test_a_ledger_set_back_to_an_older_backup_is_not_signed() -> None:
    organizations(1, 4)
    checkpoints.sign()
    with house.guards_down():
        house.run("DELETE FROM ledger_checkpoint")
        house.run("DELETE FROM accounts_organization WHERE entry > 2")
        house.run("DELETE FROM ledger_entry WHERE seq > 2")
    with pytest.raises(NotAnExtension, match="the ledger has 2 entries only"):
        checkpoints.sign()
    assert problem() == "checkpoint 4: the ledger ends at entry 2: what was signed beyond it was removed"


def test_an_edge_that_was_tampered_with_is_not_continued() -> None:
    organizations(1, 4)
    checkpoints.sign()
    organizations(5, 5)
    other = Frontier(4, [b"x" * 32])
    with house.guards_down():
        house.run("UPDATE ledger_checkpoint SET frontier = %s", [other.to_json()])
    with pytest.raises(NotAnExtension, match="does not lead to the root that was signed"):
        checkpoints.sign()


def test_a_note_outside_that_was_edited_is_named(home: Path) -> None:
    organizations(1, 3)
    checkpoints.sign()
    place = home / "checkpoints" / "000000000003.note"
    place.write_text(place.read_text().replace("\n3\n", "\n2\n"))
    assert problem().startswith("checkpoint 3: ") and "does not hold" in problem()
    organizations(4, 4)
    with pytest.raises(NotAnExtension, match=r"000000000003\.note"):
        checkpoints.sign()


def test_a_note_of_a_strangers_key_is_named(home: Path) -> None:
    organizations(1, 3)
    made = checkpoints.sign()
    stranger = notes.Signer.generate("lab.example/log")
    text = notes.Note.parse(made.note).text
    (home / "checkpoints" / "000000000003.note").write_text(stranger.sign(text))
    assert "no key of this installation signed it" in problem()


def test_a_note_missing_outside_is_named(home: Path) -> None:
    organizations(1, 3)
    checkpoints.sign()
    (home / "checkpoints" / "000000000003.note").unlink()
    assert problem() == "checkpoint 3: its copy outside the database is missing"


def test_a_note_changed_inside_is_named() -> None:
    organizations(1, 3)
    checkpoints.sign()
    organizations(4, 4)
    other = checkpoints.sign().note
    with house.guards_down():
        house.run("UPDATE ledger_checkpoint SET note = %s WHERE size = 3", [other])
    assert problem() == "checkpoint 3: the copies inside and outside the database differ"


def test_a_crash_between_the_two_copies_is_mended_by_the_next_checkpoint() -> None:
    organizations(1, 3)
    checkpoints.sign()
    with house.guards_down():
        house.run("DELETE FROM ledger_checkpoint")
    assert verify().holds
    organizations(4, 6)
    assert checkpoints.sign().size == 6 and verify().holds


def test_a_cosigned_copy_outside_still_counts(home: Path) -> None:
    organizations(1, 3)
    checkpoints.sign()
    place = home / "checkpoints" / "000000000003.note"
    place.write_text(place.read_text() + notes.DASH + "witness.example/w AAAAAAAAAAAAAAAA\n")
    assert verify().holds


def test_after_a_renewal_of_the_key_old_checkpoints_still_hold() -> None:
    organizations(1, 3)
    checkpoints.sign()
    keys.renew()
    organizations(4, 5)
    checkpoints.sign()
    assert verify().holds and verify().checkpoints == 2


def test_two_signers_at_the_same_time_make_no_fork(installation: Any) -> None:
    organizations(1, 10)
    running = [installation.start("tests.drills.signer") for _ in range(2)]
    said = sorted(process.communicate(timeout=60)[0].strip() for process in running)
    assert said == ["10", "10"] and [p.returncode for p in running] == [0, 0]
    assert Checkpoint.objects.count() == 1 and verify().holds
