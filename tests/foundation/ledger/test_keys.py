"""The installation's key: made once, for its owner's eyes only, never replaced in silence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crdmo.foundation.ledger import keys
from crdmo.foundation.refusals import Refused
from crdmo.proof.notes import Note


@pytest.fixture(autouse=True)
def home(settings: Any, tmp_path: Path) -> Path:
    settings.HOME, settings.ORIGIN = tmp_path, "lab.example/log"
    return tmp_path


def test_the_first_call_makes_the_key_and_later_ones_find_it() -> None:
    assert keys.signer().seed == keys.signer().seed and keys.signer().name == "lab.example/log"


def test_only_its_owner_can_read_it(home: Path) -> None:
    keys.signer()
    assert (home / "keys" / "checkpoint.key").stat().st_mode & 0o777 == 0o600
    assert (home / "keys").stat().st_mode & 0o777 == 0o700


def test_a_key_that_others_can_read_is_not_used(home: Path) -> None:
    keys.signer()
    (home / "keys" / "checkpoint.key").chmod(0o644)
    with pytest.raises(Refused, match="readable by others"):
        keys.signer()


@pytest.mark.parametrize("text", ["", "PRIVATE+KEY+name", "PRIVATE+KEY+a+00000000+AAAA", "something else"])
def test_a_torn_key_is_refused(home: Path, text: str) -> None:
    keys.signer()
    (home / "keys" / "checkpoint.key").write_text(text)
    with pytest.raises(Refused, match="cannot be read"):
        keys.signer()


def test_a_lost_key_is_not_replaced_in_silence(home: Path) -> None:
    keys.signer()
    (home / "keys" / "checkpoint.key").unlink()
    with pytest.raises(Refused, match="its public half is still there"):
        keys.signer()


def test_the_name_stays_that_of_the_day_it_was_made(settings: Any) -> None:
    keys.signer()
    settings.ORIGIN = "elsewhere.example/log"
    assert keys.signer().name == "lab.example/log"


def test_the_public_half_verifies_what_the_key_signs() -> None:
    note = keys.signer().sign("lab.example/log\n1\nAAAA\n")
    assert Note.parse(note).verify(keys.verifiers()[0]) is None


def test_a_lost_public_half_is_made_again(home: Path) -> None:
    made = keys.signer().verifier
    (home / "keys" / "checkpoint.vkey").unlink()
    keys.signer()
    assert keys.verifiers() == [made]


def test_a_renewed_key_leaves_the_former_one_to_verify_with() -> None:
    former = keys.signer().verifier
    present = keys.renew().verifier
    assert keys.verifiers() == [present, former] and present.name == former.name and present != former
