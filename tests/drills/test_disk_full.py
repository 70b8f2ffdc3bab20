"""The disk runs full: a clean error, nothing half-written, and the house goes on when there is room again."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.ledger.verification import verify
from tests import databases
from tests.foundation.ledger import house

pytestmark = [pytest.mark.drill, pytest.mark.skipif(house.NOT_SQLITE, reason="on PostgreSQL the disk is the server's")]


def outcome(lines: list[str]) -> tuple[int, str]:
    """Return the number of entries acknowledged, and the writer's last word."""
    return sum(int(line.split()[2]) for line in lines if line.startswith("ack")), lines[-1]


def test_a_file_that_may_not_grow_stops_the_writer_and_nothing_else(installation: Any) -> None:
    most = Path(installation.name).stat().st_size + 300_000

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    process = installation.start("tests.drills.writer", "A", "100000", "many", preexec_fn=limit)
    written, last = outcome(process.communicate(timeout=300)[0].splitlines())
    assert last.startswith("failed OperationalError") and written > 50
    assert Entry.objects.count() == written and verify().holds
    assert house.organization().entry == written + 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 8 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)]
    if (
        os.geteuid()
        or shutil.which("mount") is None
        or subprocess.run(mount, capture_output=True, check=False).returncode
    ):
        pytest.skip("a disk can be mounted by root only")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_stops_the_writer_and_nothing_half_written_stays(
    small_disk: Path, house_factory: databases.Factory, installation: Any
) -> None:
    name = str(small_disk / "crdmo.sqlite3")
    shutil.copy(house_factory.template(), name)
    place = databases.Installation(name, installation.home)
    filler = small_disk / "filler"
    filler.write_bytes(b"\0" * max(0, shutil.disk_usage(small_disk).free - 1_000_000))
    lines = place.start("tests.drills.writer", "A", "100000", "many").communicate(timeout=300)[0].splitlines()
    written, last = outcome(lines)
    assert last.startswith("failed OperationalError") and "full" in last and written > 50
    filler.unlink()
    with databases.pointed(name):
        assert Entry.objects.count() == written and verify().holds
        assert house.organization().entry == written + 1
