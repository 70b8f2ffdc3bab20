"""A signature that was moved, forged or back-dated is named, even when the whole ledger was signed with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crdmo.proof import verify
from tests.proof import ledgers
from tests.proof.ledgers import Ledger

pytestmark = pytest.mark.clause("21 CFR 11.70")


def found(tmp_path: Path, change: Callable[[Ledger], Any]) -> str:
    ledger = ledgers.small()
    change(ledger)
    return ledgers.wrong(ledgers.write(ledger, tmp_path / "b.zip"))


@pytest.mark.parametrize(
    ("member", "forged"),
    [
        ("target_id", "r2"),
        ("target_version", 1),
        ("target_type", "quality.other"),
        ("target_hash", "00" * 32),
        ("content_hash", "11" * 32),
        ("signer", ledgers.ANALYST),
        ("printed_name", "Somebody Else"),
    ],
)
def test_a_signature_that_names_something_else_is_refused(tmp_path: Path, member: str, forged: object) -> None:
    said = found(tmp_path, lambda ledger: ledger.sign(7, "s9", **{member: forged}))
    assert said.startswith(f"entry 15 (signature): its {member} is {forged}, it should be ")


@pytest.mark.parametrize("entry", [3, 15, 99, 0, -1])
def test_a_signature_of_an_entry_that_is_not_shown_before_it_is_refused(tmp_path: Path, entry: int) -> None:
    said = found(tmp_path, lambda ledger: ledger.sign(7, "s9", target_entry=entry))
    assert said == f"entry 15 (signature): it signs entry {entry}, which is not in the bundle before it"


def test_a_signature_moved_to_another_record_is_refused(tmp_path: Path) -> None:
    said = found(tmp_path, lambda ledger: ledger.sign(4, "s9", target_entry=7))
    assert said.startswith("entry 15 (signature): its target_id is r2, it should be r1")


@pytest.mark.parametrize("at", ["2026-11-24T11:00:59.000000Z", "2026-11-24T11:00:06.000000Z", "2026-11-24 11:00", ""])
def test_a_signature_of_another_moment_is_refused(tmp_path: Path, at: str) -> None:
    said = found(tmp_path, lambda ledger: ledger.sign(7, "s9", signed_at=at))
    assert said.startswith(f"entry 15 (signature): signed at {at}, not between 2026-11-24T11:00:07")


def test_a_signature_is_never_edited(tmp_path: Path) -> None:
    state = ledgers.small().bodies[7]["state"]
    said = found(tmp_path, lambda ledger: ledger.add("s2", 2, "change", state, type="signing.signature"))
    assert said == "entry 15 (signature): change; a signature is made or revoked"


def test_a_signature_in_the_guise_of_an_event_is_refused(tmp_path: Path) -> None:
    said = found(tmp_path, lambda ledger: ledger.add("s9", 1, "event", {}, type="signing.signature"))
    assert said == "entry 15 (signature): event; a signature is made or revoked"


def test_a_signature_without_its_members_is_refused(tmp_path: Path) -> None:
    said = found(
        tmp_path, lambda ledger: ledger.add("s9", 1, "create", {"meaning": "approved"}, type="signing.signature")
    )
    assert "not of the format of a bundle: KeyError 'target_entry'" in said


def test_a_record_changed_after_it_was_signed_is_told_and_not_an_error(tmp_path: Path) -> None:
    ledger = ledgers.small()
    ledger.add("r1", 3, "change", {"value": "99.82"}, reason="recalculated")
    notes = [made[4] for made in verify.verify(str(ledgers.write(ledger, tmp_path / "b.zip")))["signatures"]]
    assert notes == ["signed version 1, the record is now at 3", "signed version 2, the record is now at 3", "revoked"]


def test_the_content_hash_is_that_of_numbers_and_names_in_any_script(tmp_path: Path) -> None:
    ledger = ledgers.small()
    target = ledger.add("r7", 1, "create", {"größe": [1e20, 1e-7, 0.1, -0.0], "🧪": 2**53 - 1, "\ufb33": "x"})
    ledger.sign(target, "s7")
    assert ledgers.wrong(ledgers.write(ledger, tmp_path / "b.zip")) == ""
