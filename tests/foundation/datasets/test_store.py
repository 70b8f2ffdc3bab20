"""The store keeps bytes under their own hash, whole or not at all."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from crdmo.foundation.datasets import store
from crdmo.foundation.datasets.store import BlobAltered, BlobMissing
from crdmo.foundation.refusals import Invalid, Refused

HELLO = "sha256:" + hashlib.sha256(b"hello").hexdigest()


def _place(files: Path, name: str) -> Path:
    digest = name.removeprefix("sha256:")
    return files / "sha256" / digest[:2] / digest[2:]


def _overwrite(place: Path, data: bytes) -> None:
    place.chmod(0o644)
    place.write_bytes(data)


def test_bytes_come_back_under_their_hash():
    assert store.put(b"hello") == HELLO
    assert store.get(HELLO) == b"hello"
    assert store.size(HELLO) == 5
    assert store.open(HELLO).read() == b"hello"
    assert store.path(HELLO).read_bytes() == b"hello"


def test_a_file_gets_the_name_of_its_bytes(tmp_path: Path):
    source = tmp_path / "hello.txt"
    source.write_bytes(b"hello")
    assert store.put_file(source) == HELLO
    assert source.exists()


def test_a_file_larger_than_one_block_is_stored_whole(tmp_path: Path):
    source = tmp_path / "large"
    source.write_bytes(os.urandom(3 * store.BLOCK + 17))
    assert store.get(store.put_file(source)) == source.read_bytes()


def test_the_same_bytes_are_stored_once(files: Path):
    store.put(b"hello")
    before = _place(files, HELLO).stat()
    store.put(b"hello")
    after = _place(files, HELLO).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert list(store.names()) == [HELLO]


def test_a_stored_file_is_read_only(files: Path):
    store.put(b"hello")
    assert _place(files, HELLO).stat().st_mode & 0o222 == 0


def test_nothing_is_left_beside_the_blobs(files: Path):
    store.put(b"hello")
    assert list((files / ".incoming").iterdir()) == []


@pytest.mark.clause("21 CFR 11.10(a)")
@pytest.mark.parametrize("position", range(5))
def test_a_flipped_byte_is_refused_at_every_reading(files: Path, position: int):
    store.put(b"hello")
    data = bytearray(b"hello")
    data[position] ^= 1
    _overwrite(_place(files, HELLO), bytes(data))
    for reading in (store.get, store.open, store.path):
        with pytest.raises(BlobAltered, match="a sealed file was altered"):
            reading(HELLO)
    found = store.problem(HELLO)
    assert isinstance(found, BlobAltered)
    assert HELLO in str(found)


def test_a_truncated_blob_is_refused(files: Path):
    store.put(b"hello")
    _overwrite(_place(files, HELLO), b"hell")
    with pytest.raises(BlobAltered, match="altered"):
        store.get(HELLO)


def test_storing_again_does_not_hide_that_a_blob_was_altered(files: Path):
    store.put(b"hello")
    _overwrite(_place(files, HELLO), b"hullo")
    with pytest.raises(BlobAltered, match="altered"):
        store.put(b"hello")
    assert _place(files, HELLO).read_bytes() == b"hullo"


def test_a_missing_blob_says_what_would_mend_it():
    with pytest.raises(BlobMissing, match="Restore it from a backup"):
        store.get(HELLO)
    assert isinstance(store.problem(HELLO), BlobMissing)
    assert not store.exists(HELLO)


def test_a_sound_blob_has_no_problem():
    store.put(b"hello")
    assert store.problem(HELLO) is None


@pytest.mark.parametrize(
    "name", ["", "sha256:", "sha256:../../etc/passwd", "sha256:" + "G" * 64, HELLO + "\n", HELLO.upper()]
)
def test_what_is_no_name_is_refused(name: str):
    with pytest.raises(Invalid, match="not the name of a blob"):
        store.get(name)


def test_an_altered_blob_is_restored_from_a_copy_and_set_aside(files: Path, tmp_path: Path):
    store.put(b"hello")
    _overwrite(_place(files, HELLO), b"hullo")
    copy = tmp_path / "copy"
    copy.write_bytes(b"hello")
    assert store.restore(copy) == HELLO
    assert store.get(HELLO) == b"hello"
    assert [left.read_bytes() for left in (files / "altered").iterdir()] == [b"hullo"]


def test_a_missing_blob_is_restored_from_a_copy(tmp_path: Path):
    copy = tmp_path / "copy"
    copy.write_bytes(b"hello")
    store.restore(copy)
    assert store.get(HELLO) == b"hello"


def test_the_sweep_takes_old_unfinished_files_only(files: Path):
    store.put(b"hello")
    old, young = files / ".incoming" / "seal-old", files / ".incoming" / "seal-young"
    old.write_bytes(b"half")
    young.write_bytes(b"half")
    os.utime(old, (time.time() - 2 * store.ABANDONED_AFTER,) * 2)
    assert store.sweep() == 1
    assert not old.exists()
    assert young.exists()
    assert store.get(HELLO) == b"hello"


WRITER = """
import os, sys, django
from django.conf import settings
settings.configure(STORAGE_URL=sys.argv[1], HOME="/nowhere")
from crdmo.foundation.datasets import store
number = 0
while True:
    name = store.put(os.urandom(1 << 18) + number.to_bytes(8, "big"))
    print(name, flush=True)
    number += 1
"""


@pytest.mark.drill
def test_a_writer_killed_at_any_moment_leaves_only_whole_blobs(files: Path):
    acknowledged: list[str] = []
    for turn in range(12):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, f"file://{files}"],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert process.stdout is not None
        acknowledged.append(process.stdout.readline().strip())
        time.sleep(0.005 * turn)
        process.send_signal(signal.SIGKILL)
        acknowledged += [line.strip() for line in process.stdout.read().splitlines() if len(line.strip()) == 71]
        process.wait()
    assert len(acknowledged) >= 12
    assert set(acknowledged) <= set(store.names())
    assert [name for name in store.names() if store.problem(name)] == []


def test_a_full_disk_leaves_no_half_blob(files: Path, monkeypatch: pytest.MonkeyPatch):
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        store.put(b"hello")
    monkeypatch.undo()
    assert not store.exists(HELLO)
    assert list((files / ".incoming").iterdir()) == []


class TestARemoteStore:
    """The same promises on another file system of fsspec; here one in memory."""

    @pytest.fixture(autouse=True)
    def remote(self, settings, tmp_path: Path):
        settings.STORAGE_URL = f"memory://crdmo-{tmp_path.name}"
        settings.HOME = tmp_path

    def test_bytes_come_back(self):
        assert store.put(b"hello") == HELLO
        assert store.get(HELLO) == b"hello"
        assert list(store.names()) == [HELLO]

    def test_a_path_is_a_checked_local_copy(self):
        store.put(b"hello")
        assert store.path(HELLO).read_bytes() == b"hello"

    def test_a_local_copy_that_was_altered_is_fetched_again(self):
        store.put(b"hello")
        _overwrite(store.path(HELLO), b"hullo")
        assert store.path(HELLO).read_bytes() == b"hello"

    def test_altered_bytes_are_refused(self):
        store.put(b"hello")
        remote = store.backend()
        digest = HELLO.removeprefix("sha256:")
        remote.fs.pipe_file(f"{remote.root.rstrip('/')}/sha256/{digest[:2]}/{digest[2:]}", b"hullo")
        with pytest.raises(BlobAltered, match="altered"):
            store.get(HELLO)
        with pytest.raises(BlobAltered, match="altered"):
            store.path(HELLO)

    def test_a_remote_blob_is_restored_with_the_stores_own_tools(self, tmp_path: Path):
        store.put(b"hello")
        remote = store.backend()
        digest = HELLO.removeprefix("sha256:")
        remote.fs.pipe_file(f"{remote.root.rstrip('/')}/sha256/{digest[:2]}/{digest[2:]}", b"hullo")
        copy = tmp_path / "copy"
        copy.write_bytes(b"hello")
        with pytest.raises(Refused, match="own tools"):
            store.restore(copy)
