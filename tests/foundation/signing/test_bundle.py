"""Signatures in an export are checked by the one-file verifier, without this system."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from crdmo.foundation.ledger import bundles
from crdmo.foundation.ledger.acts import SYSTEM, act
from crdmo.foundation.signing import revoke
from crdmo.proof import verify
from tests.foundation.signing.desk import Desk, another_version, signed
from tests.foundation.signing.test_binding import forge


def verified(desk: Desk, folder: Path, settings: Any) -> subprocess.CompletedProcess[str]:
    """Export the program and give it to the verifier as an inspector would."""
    settings.HOME, settings.STORAGE_URL = folder, f"file://{folder}/files"
    path = folder / "bundle.zip"
    bundles.export(SYSTEM, desk.program, desk.program.sponsor, path)
    return subprocess.run(
        [sys.executable, "-I", verify.__file__, str(path)], capture_output=True, text=True, check=False
    )


@pytest.mark.clause("21 CFR 11.70")
def test_the_verifier_accepts_our_signatures_and_names_them(desk: Desk, tmp_path: Path, settings: Any) -> None:
    signed(desk.reviewer, [desk.version])
    signed(desk.approver, [desk.version], "approved", action="documents.approve")
    done = verified(desk, tmp_path, settings)
    assert done.returncode == 0, done.stdout + done.stderr
    assert desk.reviewer.printed_name in done.stdout and "reviewed" in done.stdout


def test_the_verifier_sees_what_changed_and_what_was_revoked(desk: Desk, tmp_path: Path, settings: Any) -> None:
    (made,) = signed(desk.reviewer, [desk.version])
    signed(desk.approver, [desk.version], "approved", action="documents.approve")
    with act(desk.reviewer, "documents.review", "mistake") as opened:
        revoke(opened, made)
    with act(desk.author, "documents.edit", "correction") as opened:
        opened.change(desk.version, text="Weigh 1 g.")
    done = verified(desk, tmp_path, settings)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "(signed version 2, the record is now at 3)" in done.stdout
    assert "(revoked)" in done.stdout


@pytest.mark.clause("21 CFR 11.70")
def test_the_verifier_refuses_a_signature_copied_to_another_record(desk: Desk, tmp_path: Path, settings: Any) -> None:
    other = another_version(desk)
    (made,) = signed(desk.reviewer, [desk.version])
    forge(made, target_id=other.id)
    done = verified(desk, tmp_path, settings)
    assert done.returncode == 4
    assert "signature" in (done.stdout + done.stderr).lower()
