"""The drill: a backup made while somebody writes, restored into an empty place, ends in a ledger that verifies."""

from __future__ import annotations

import gzip
import json
import threading
from pathlib import Path

import pytest
from django.db import connection, connections

from crdmo.cli import common
from crdmo.foundation.ledger.acts import SYSTEM, act
from crdmo.foundation.ledger.models import Entry
from tests.cli.terminal import Terminal

pytestmark = [
    pytest.mark.drill,
    pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL is backed up with its own tools"),
]
assert connection is not None


@pytest.fixture
def backed_up(terminal: Terminal, tmp_path: Path) -> Path:
    """Back up while another writes without a pause."""
    path, stop, written = tmp_path / "backup.tar.gz", threading.Event(), []

    def write() -> None:
        while not stop.is_set():
            with act(SYSTEM, "ledger.drill") as opened:
                written.append(opened.event("ledger.drill", {"number": len(written)}))
        connections.close_all()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        found = terminal.process("backup", path, "--json")
    finally:
        stop.set()
        writer.join()
    assert found.returncode == 0, found.stderr
    assert len(written) > 10
    return path


def elsewhere(tmp_path: Path) -> dict[str, str]:
    home = tmp_path / "restored"
    return {
        "CRDMO_HOME": str(home),
        "CRDMO_DATABASE_URL": f"sqlite:///{home}/crdmo.sqlite3",
        "CRDMO_STORAGE_URL": f"file://{home}/files",
    }


def test_a_backup_made_while_somebody_writes_is_restored_and_verified(
    terminal: Terminal, backed_up: Path, tmp_path: Path
) -> None:
    found = terminal.process("restore", backed_up, "--json", **elsewhere(tmp_path))
    assert found.returncode == 0, found.stderr
    told = json.loads(found.stdout)
    assert told["verified"]
    assert 700 < told["entries"] <= Entry.objects.count()
    again = terminal.process("verify", **elsewhere(tmp_path))
    assert again.returncode == 0, again.stdout
    assert "erif" in again.stdout


def test_a_restored_house_recomputes_its_numbers(terminal: Terminal, backed_up: Path, tmp_path: Path) -> None:
    terminal.process("restore", backed_up, **elsewhere(tmp_path))
    found = terminal.process("recompute", "--program", "CRD-101", "--json", **elsewhere(tmp_path))
    assert found.returncode == 0, found.stdout[-500:]


def test_nothing_is_restored_over_what_is_there(terminal: Terminal, backed_up: Path) -> None:
    before = Entry.objects.count()
    found = terminal.process("restore", backed_up)
    assert found.returncode == common.REFUSED
    assert "empty place" in found.stderr
    assert Entry.objects.count() == before


def test_a_torn_backup_restores_nothing(terminal: Terminal, backed_up: Path, tmp_path: Path) -> None:
    torn = tmp_path / "torn.tar.gz"
    torn.write_bytes(backed_up.read_bytes()[: backed_up.stat().st_size // 2])
    found = terminal.process("restore", torn, **elsewhere(tmp_path))
    assert found.returncode == common.FINDINGS
    assert "Traceback" not in found.stderr
    assert not (tmp_path / "restored" / "crdmo.sqlite3").exists()


def test_a_backup_whose_database_was_changed_is_refused(terminal: Terminal, backed_up: Path, tmp_path: Path) -> None:
    data = bytearray(gzip.decompress(backed_up.read_bytes()))
    place = data.index(b"SQLite format 3")
    data[place + 200_000] ^= 1
    (changed := tmp_path / "changed.tar.gz").write_bytes(gzip.compress(bytes(data), 1))
    found = terminal.process("restore", changed, **elsewhere(tmp_path))
    assert found.returncode == common.FINDINGS
    assert "not the one that was backed up" in found.stderr
