"""Tampering with the file: the zip, its members, the manifest, key and checkpoint. The first thing wrong is named."""

from __future__ import annotations

import hashlib
import io
import json
import random
import zipfile
from pathlib import Path

import pytest

from crdmo.proof import canonical, verify
from crdmo.proof.notes import Checkpoint, Signer
from tests.proof import ledgers

pytestmark = pytest.mark.clause("21 CFR 11.10(a)")


@pytest.mark.drill
def test_of_1000_random_flipped_bytes_1000_are_found(original: Path, tmp_path: Path) -> None:
    data, chance, place = original.read_bytes(), random.Random(20261124), tmp_path / "flipped.zip"
    missed = []
    for _ in range(1000):
        at, mask = chance.randrange(len(data)), chance.randrange(1, 256)
        place.write_bytes(data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :])
        if not ledgers.wrong(place):
            missed.append(at)
    assert missed == []


@pytest.mark.drill
def test_every_byte_of_the_frame_counts(original: Path, tmp_path: Path) -> None:
    data, place, missed = original.read_bytes(), tmp_path / "flipped.zip", []
    end = data.index(b"PK\x01\x02")
    for at in [*range(60), *range(end, len(data))]:
        place.write_bytes(data[:at] + bytes([data[at] ^ 0x01]) + data[at + 1 :])
        if not ledgers.wrong(place):
            missed.append(at)
    assert missed == []


@pytest.mark.parametrize("name", ["entries.txt", "tree.json", "README.txt", "verify.py", "personal.jsonl"])
def test_a_flipped_byte_in_a_file_is_named(bundle_path: Path, name: str) -> None:
    files = ledgers.contents(bundle_path)
    files[name] = files[name][:5] + bytes([files[name][5] ^ 1]) + files[name][6:]
    assert f"{name}: its SHA-256 is " in ledgers.wrong(ledgers.pack(bundle_path, files))


def test_a_file_that_grew_is_named_with_both_sizes(bundle_path: Path) -> None:
    files = ledgers.contents(bundle_path)
    files["README.txt"] += b"!"
    assert ledgers.wrong(ledgers.pack(bundle_path, files)) == "README.txt: 10 bytes, the manifest says 9"


@pytest.mark.parametrize("tail", [b"\0", b"garbage", b"PK\x05\x06" + bytes(18)])
def test_something_after_the_end_is_found(bundle_path: Path, tail: bytes) -> None:
    bundle_path.write_bytes(bundle_path.read_bytes() + tail)
    assert ledgers.wrong(bundle_path)


def test_something_before_the_beginning_is_found(bundle_path: Path) -> None:
    bundle_path.write_bytes(b"#!/bin/sh\n" + bundle_path.read_bytes())
    assert "zip: at byte 0 there is not the header of README.txt" in ledgers.wrong(bundle_path)


@pytest.mark.parametrize("length", [0, 1, 100, 5000, -1, -22])
def test_a_torn_file_is_no_bundle(bundle_path: Path, length: int) -> None:
    bundle_path.write_bytes(bundle_path.read_bytes()[:length])
    assert "not of the format of a bundle" in ledgers.wrong(bundle_path)


@pytest.mark.parametrize(
    "name", ["../evil.py", "/etc/passwd", "blobs/../x", "blobs\\x", "blobs/", "extra.txt", "blobs/ABC"]
)
def test_a_name_that_is_not_of_a_bundle_is_refused(bundle_path: Path, name: str) -> None:
    path = ledgers.repack(bundle_path, lambda files, _: files.update({name: b"x"}))
    assert ledgers.wrong(path) == f"zip: {name!r} is no file of a bundle"


def test_a_file_that_is_there_twice_is_refused(bundle_path: Path) -> None:
    files = list(ledgers.contents(bundle_path).items())
    with io.BytesIO() as sink:
        writer = ledgers.bundle._Writer(sink)
        for name, data in [files[0], *files]:
            writer.add(name, [data])
        writer.close()
        bundle_path.write_bytes(sink.getvalue())
    assert ledgers.wrong(bundle_path) == "zip: README.txt is there twice"


def test_a_bomb_is_refused_before_it_is_unpacked(bundle_path: Path) -> None:
    with zipfile.ZipFile(bundle_path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("entries.txt", bytes(50_000_000))
    assert ledgers.wrong(bundle_path) == "zip: entries.txt is packed; a bundle is not"


def test_the_same_files_in_another_zip_are_not_the_bundle(bundle_path: Path) -> None:
    files = ledgers.contents(bundle_path)
    with zipfile.ZipFile(bundle_path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    assert "there is not the header of README.txt" in ledgers.wrong(bundle_path)


@pytest.mark.parametrize("name", sorted(verify.FILES))
def test_a_missing_file_is_named(bundle_path: Path, name: str) -> None:
    files = ledgers.contents(bundle_path)
    del files[name]
    assert ledgers.wrong(ledgers.pack(bundle_path, files)) == f"zip: {name} missing"


def test_a_file_that_the_manifest_does_not_list_is_named(bundle_path: Path) -> None:
    files, extra = ledgers.contents(bundle_path), b"more"
    name = "blobs/" + hashlib.sha256(extra).hexdigest()
    assert ledgers.wrong(ledgers.pack(bundle_path, {**files, name: extra})).startswith(
        f"{name}: in the zip or in the manifest"
    )


def test_a_listed_file_that_is_gone_is_named(bundle_path: Path) -> None:
    files = ledgers.contents(bundle_path)
    name = next(n for n in files if n.startswith("blobs/"))
    del files[name]
    assert ledgers.wrong(ledgers.pack(bundle_path, files)).startswith(f"{name}: in the zip or in the manifest")


def test_a_manifest_of_another_format_is_refused(bundle_path: Path) -> None:
    files = ledgers.contents(bundle_path)
    manifest = {**json.loads(files["manifest.json"]), "format": "crdmo.bundle/2"}
    path = ledgers.pack(bundle_path, {**files, "manifest.json": canonical.encode(manifest)})
    assert ledgers.wrong(path) == "manifest.json: format 'crdmo.bundle/2', not 'crdmo.bundle/1'"


@pytest.mark.parametrize(
    "text", [b"[]", b"{}", b"null", b'{"files":7,"format":"crdmo.bundle/1"}', b"[" * 5000, b"\xff"]
)
def test_a_manifest_that_makes_no_sense_is_wrong_and_no_crash(bundle_path: Path, text: bytes) -> None:
    files = {**ledgers.contents(bundle_path), "manifest.json": text}
    assert ledgers.wrong(ledgers.pack(bundle_path, files))


def test_a_manifest_with_a_member_twice_is_refused(bundle_path: Path) -> None:
    files = ledgers.contents(bundle_path)
    doubled = files["manifest.json"].replace(b'"origin":', b'"origin":"other","origin":')
    path = ledgers.pack(bundle_path, {**files, "manifest.json": doubled})
    assert "manifest.json: not in canonical form" in ledgers.wrong(path)


@pytest.mark.parametrize(("member", "forged"), [("checkpoint_size", 13), ("origin", "other.example/log")])
def test_a_manifest_that_names_another_checkpoint_is_refused(bundle_path: Path, member: str, forged: object) -> None:
    path = ledgers.repack(bundle_path, lambda _, manifest: manifest.update({member: forged}))
    assert "manifest.json: names checkpoint" in ledgers.wrong(path)


@pytest.mark.parametrize("forged", [{"for": {"id": "somebody"}}, {"program": {"id": ledgers.OTHER}}])
def test_a_manifest_for_somebody_else_is_not_covered_by_an_entry(bundle_path: Path, forged: dict[str, object]) -> None:
    path = ledgers.repack(bundle_path, lambda _, manifest: manifest.update(forged))
    assert "manifest.json: no entry records an export of" in ledgers.wrong(path)


def test_another_key_than_the_one_given_is_refused_with_both(original: Path) -> None:
    mine = Signer.generate("lab.example/log").verifier.text()
    assert ledgers.wrong(original, mine) == f"key.txt: it holds {ledgers.SIGNER.verifier.text()}, you gave {mine}"


def test_a_bundle_made_whole_with_another_key_fails_against_the_true_one(tmp_path: Path) -> None:
    forger = Signer.generate(ledgers.SIGNER.name)
    path = ledgers.write(ledgers.small(), tmp_path / "b.zip", signer=forger)
    assert ledgers.wrong(path) == ""
    assert ledgers.wrong(path, ledgers.SIGNER.verifier.text()).startswith("key.txt: it holds")


def test_a_key_that_was_swapped_in_the_bundle_does_not_fit_the_checkpoint(bundle_path: Path) -> None:
    other = Signer.generate("lab.example/log").verifier.text().encode() + b"\n"
    path = ledgers.repack(bundle_path, lambda files, _: files.update({"key.txt": other}))
    assert "checkpoint.txt: not signed by lab.example/log" in ledgers.wrong(path)


@pytest.mark.parametrize("key", [b"", b"nonsense", b"a+b", b"a+00000000+AQ==", b"lab.example/log+8940af4f+!!!"])
def test_a_key_that_is_none_is_refused(bundle_path: Path, key: bytes) -> None:
    assert ledgers.wrong(ledgers.repack(bundle_path, lambda files, _: files.update({"key.txt": key})))


def test_a_key_whose_id_is_not_its_own_is_refused(bundle_path: Path) -> None:
    forged = ledgers.SIGNER.verifier.text().replace("8940af4f", "8940af40").encode()
    assert "id 8940af4f" in ledgers.wrong(
        ledgers.repack(bundle_path, lambda files, _: files.update({"key.txt": forged}))
    )


@pytest.mark.parametrize(
    ("old", "new"), [("\n14\n", "\n15\n"), ("lab.example/log\n14", "lab.example/los\n14"), ("\n14\n", "\n014\n")]
)
def test_an_edited_checkpoint_does_not_hold(bundle_path: Path, old: str, new: str) -> None:
    def edit(files: dict[str, bytes], _: object) -> None:
        files["checkpoint.txt"] = files["checkpoint.txt"].decode().replace(old, new, 1).encode()

    assert "the signature of lab.example/log does not hold" in ledgers.wrong(ledgers.repack(bundle_path, edit))


def test_a_checkpoint_of_another_log_is_refused(bundle_path: Path) -> None:
    note = ledgers.SIGNER.sign(Checkpoint("other.example/log", 14, bytes(32)).text()).encode()
    path = ledgers.repack(bundle_path, lambda files, _: files.update({"checkpoint.txt": note}))
    assert "checkpoint.txt: it is about other.example/log" in ledgers.wrong(path)


def test_a_checkpoint_without_signature_is_refused(bundle_path: Path) -> None:
    def strip(files: dict[str, bytes], _: object) -> None:
        files["checkpoint.txt"] = files["checkpoint.txt"].split(b"\n\n")[0] + b"\n"

    assert "checkpoint.txt: not signed" in ledgers.wrong(ledgers.repack(bundle_path, strip))
