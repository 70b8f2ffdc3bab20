"""Writing a bundle: the same contents give the same bytes, and what makes no bundle leaves nothing behind."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path
from shutil import which

import pytest

from crdmo.proof import bundle
from crdmo.proof.bundle import BundleError, Entry, read_bundle
from tests.proof import ledgers


def test_the_same_contents_give_the_same_bytes(original: Path, tmp_path: Path) -> None:
    assert ledgers.write(ledgers.small(), tmp_path / "again.zip").read_bytes() == original.read_bytes()


def test_the_bytes_do_not_depend_on_the_order_of_blobs(tmp_path: Path) -> None:
    blobs = {ledgers.name_of(data)[7:]: data for data in (b"a", b"b", b"c")}
    one = ledgers.write(ledgers.small(), tmp_path / "1.zip", blobs=blobs)
    two = ledgers.write(ledgers.small(), tmp_path / "2.zip", blobs=dict(reversed(blobs.items())))
    assert one.read_bytes() == two.read_bytes()


def test_a_blob_may_come_from_a_file(tmp_path: Path, original: Path) -> None:
    place = tmp_path / "raw"
    place.write_bytes(ledgers.RAW)
    made = ledgers.write(ledgers.small(), tmp_path / "b.zip", blobs={ledgers.name_of(ledgers.RAW)[7:]: place})
    assert made.read_bytes() == original.read_bytes()


def test_other_tools_read_the_zip(original: Path) -> None:
    with zipfile.ZipFile(original) as archive:
        assert archive.testzip() is None
    if unzip := which("unzip"):
        assert subprocess.run([unzip, "-tqq", str(original)], check=False).returncode == 0


def test_files_beyond_4_gib_are_framed_as_other_tools_read_them(tmp_path: Path) -> None:
    place, size = tmp_path / "large.zip", 5 * 2**30
    header = bundle.local_header("entries.txt", 0, size)
    with place.open("wb") as file:  # sparse: takes no room on the disk
        file.write(header)
        file.seek(size, 1)
        second = file.tell()
        file.write(bundle.local_header("key.txt", 0, 0))
        file.write(bundle.directory([("entries.txt", 0, size, 0), ("key.txt", 0, 0, second)], file.tell()))
    with zipfile.ZipFile(place) as archive:
        large, small = archive.infolist()
        assert (large.file_size, small.header_offset) == (size, second) and archive.read("key.txt") == b""


def test_a_blob_that_is_not_what_its_name_says_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"the contents given as blob 0000.* have the SHA-256"):
        ledgers.write(ledgers.small(), tmp_path / "b.zip", blobs={"00" * 32: b"x"})
    assert list(tmp_path.iterdir()) == []


def test_an_existing_bundle_stays_when_the_new_one_fails(tmp_path: Path) -> None:
    path = ledgers.write(ledgers.small(), tmp_path / "b.zip")
    before = path.read_bytes()
    with pytest.raises(BundleError, match="entry 2 comes after 3"):
        ledgers.write(ledgers.small(), path, entries=[ledgers.small().entries[i] for i in (2, 1)])
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_entries_beyond_the_tree_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="entry 14 comes after 0: entries rise, up to the 13 of the tree"):
        ledgers.write(ledgers.small(), tmp_path / "b.zip", entries=ledgers.small().entries[13:], tree_size=13)


@pytest.mark.parametrize("entry", [Entry(1, b"", bytes(32), b"{}"), Entry(1, bytes(32), bytes(32), b"{\n}")])
def test_an_entry_that_does_not_fit_on_a_line_is_refused(tmp_path: Path, entry: Entry) -> None:
    with pytest.raises(BundleError, match="links of 32 bytes and a body on one line"):
        ledgers.write(ledgers.small(), tmp_path / "b.zip", entries=[entry])


def test_entries_and_blobs_are_read_back(original: Path) -> None:
    found, ledger = read_bundle(original), ledgers.small()
    shown = [e for e, body in zip(ledger.entries, ledger.bodies, strict=True) if body["stream"] == ledgers.PROGRAM]
    assert list(found.entries()) == shown
    assert found.blob(ledgers.name_of(ledgers.RAW)) == ledgers.RAW
    assert found.manifest["checkpoint_size"] == 14
    with pytest.raises(KeyError, match="There is no item"):
        found.blob(ledgers.name_of(b"not in it"))


def test_a_file_that_is_no_bundle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"no zip")
    with pytest.raises(ValueError, match="is not a proof bundle"):
        read_bundle(tmp_path / "x.zip")
