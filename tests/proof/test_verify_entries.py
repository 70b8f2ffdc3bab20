"""Tampering with the ledger itself: by who holds the file, and by who owns the database and the key."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crdmo.proof import canonical, merkle
from tests.proof import ledgers
from tests.proof.ledgers import Ledger

Lines = list[bytes]


def edited(path: Path, change: Callable[[Lines], Lines | None]) -> str:
    """Change the lines of entries.txt as somebody without the key can, and return what is found."""

    def rewrite(files: dict[str, bytes], _: Any) -> None:
        lines = files["entries.txt"].splitlines(keepends=True)
        files["entries.txt"] = b"".join(change(lines) or lines)

    return ledgers.wrong(ledgers.repack(path, rewrite))


def forged(change: Callable[[Ledger], Any], tmp_path: Path, **more: Any) -> str:
    """Forge the ledger before it is chained and signed: only what entries say can give that away."""
    ledger = ledgers.small()
    change(ledger)
    ledger.rechain()
    return ledgers.wrong(ledgers.write(ledger, tmp_path / "forged.zip", **more))


def resign(ledger: Ledger) -> None:
    """Bind the signatures to the forged history, as its owner could."""
    for body in ledger.bodies:
        if body["type"] == "signing.signature":
            body["state"]["target_hash"] = ledger.hashes[body["state"]["target_entry"] - 1].hex()
    ledger.rechain()


def test_a_ledger_chained_again_without_change_still_verifies(tmp_path: Path) -> None:
    assert forged(lambda ledger: None, tmp_path) == ""


class TestTheHolderOfTheFile:
    def test_a_dropped_last_entry_is_found_by_the_head(self, bundle_path: Path) -> None:
        assert f"stream {ledgers.PROGRAM}: it is {{'size': 9" in edited(bundle_path, lambda lines: lines[:-1])

    def test_a_tail_cut_off_with_a_manifest_that_fits_loses_the_record_of_the_export(self, bundle_path: Path) -> None:
        ledger = ledgers.small()
        program = [i for i, body in enumerate(ledger.bodies) if body["stream"] == ledgers.PROGRAM]

        def drop(files: dict[str, bytes], manifest: dict[str, Any]) -> None:
            files["entries.txt"] = b"".join(files["entries.txt"].splitlines(keepends=True)[:-1])
            head = ledger.hashes[program[-2]].hex()
            manifest["streams"] = {ledgers.PROGRAM: {"size": len(program) - 1, "head": head}}

        assert "no entry records an export" in ledgers.wrong(ledgers.repack(bundle_path, drop))

    def test_a_dropped_entry_in_the_middle_is_named(self, bundle_path: Path) -> None:
        found = edited(bundle_path, lambda lines: lines[:4] + lines[5:])
        assert found == "entry 8: number 6 of its stream comes after 4"

    def test_a_dropped_first_entry_is_named(self, bundle_path: Path) -> None:
        assert edited(bundle_path, lambda lines: lines[1:]) == "entry 4: number 2 of its stream comes after 0"

    def test_swapped_entries_are_named(self, bundle_path: Path) -> None:
        found = edited(bundle_path, lambda lines: [lines[1], lines[0], *lines[2:]])
        assert found == "entry 4: number 2 of its stream comes after 0"

    def test_an_entry_shown_twice_is_named(self, bundle_path: Path) -> None:
        assert edited(bundle_path, lambda lines: [lines[0], *lines]) == "entry 2: comes after entry 2"

    def test_a_changed_value_breaks_the_link_of_the_next(self, bundle_path: Path) -> None:
        found = edited(bundle_path, lambda lines: [lines[0].replace(b"99.80", b"99.90"), *lines[1:]])
        assert found.startswith("entry 4: its stream_prev is ")

    def test_a_changed_last_entry_gives_another_head(self, bundle_path: Path) -> None:
        found = edited(bundle_path, lambda lines: [*lines[:-1], lines[-1].replace(b"Ana Lyst", b"Ana Last")])
        assert found.startswith(f"stream {ledgers.PROGRAM}: it is ")

    def test_a_rehashed_chain_does_not_lead_to_the_signed_root(self, bundle_path: Path) -> None:
        ledger = ledgers.small()
        ledger.bodies[1]["state"]["value"] = "99.90"
        ledger.rechain()
        resign(ledger)
        shown = [i for i, body in enumerate(ledger.bodies) if body["stream"] == ledgers.PROGRAM]

        def rewrite(files: dict[str, bytes], manifest: dict[str, Any]) -> None:
            files["entries.txt"] = b"".join(ledger.entries[i].line() for i in shown)
            number, head = ledger.heads[ledgers.PROGRAM]
            manifest["streams"] = {ledgers.PROGRAM: {"size": number, "head": head.hex()}}
            hidden = [node.hex() for node in merkle.batch_proof(ledger.hashes, shown)]
            files["tree.json"] = canonical.encode({"size": len(ledger.hashes), "hashes": hidden})

        found = ledgers.wrong(ledgers.repack(bundle_path, rewrite))
        assert found.startswith("checkpoint.txt: its root is ") and "the entries lead to" in found

    @pytest.mark.parametrize(
        "change",
        [
            lambda line: line.replace(b"2 ", b"02 ", 1),
            lambda line: b" " + line,
            lambda line: line.replace(b" {", b"  {", 1),
            lambda line: line.upper(),
            lambda line: b"\n" + line,
            lambda line: line.replace(b"\n", b"\r\n"),
            lambda line: b"2 " + line,
        ],
    )
    def test_a_line_that_is_no_entry_is_named(self, bundle_path: Path, change: Callable[[bytes], bytes]) -> None:
        assert "not an entry" in edited(bundle_path, lambda lines: [change(lines[0]), *lines[1:]])

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (b'"act":', b'"act": '),
            (b'"unit":"%"', b'"unit":"\\u0025"'),
            (b"1e+21", b"1E21"),
            (b"0.1", b"0.10"),
            (b",0,", b",-0.0,"),
            (b"100000000000000000000", b"100000000000000000001"),
            (b'"v":1', b'"v":1,"v":1'),
            (b'"schema":1', b'"schema":1.0'),
        ],
    )
    def test_another_form_of_the_same_json_is_refused(self, bundle_path: Path, old: bytes, new: bytes) -> None:
        found = edited(bundle_path, lambda lines: [lines[0].replace(old, new, 1), *lines[1:]])
        assert found.startswith("entry 2: not in canonical form")

    @pytest.mark.parametrize("new", [b"NaN", b"Infinity", b"{]", b"[" * 3000, b"\xff", b"1e999"])
    def test_what_is_no_json_is_refused(self, bundle_path: Path, new: bytes) -> None:
        found = edited(bundle_path, lambda lines: [lines[0].replace(b"0.1", new, 1), *lines[1:]])
        assert found.startswith("entry 2: not JSON")

    def test_a_hash_of_the_tree_that_is_missing_left_over_or_none_is_named(self, bundle_path: Path) -> None:
        def tree(change: Callable[[list[str]], list[str]]) -> str:
            def rewrite(files: dict[str, bytes], _: Any) -> None:
                found = json.loads(files["tree.json"])
                files["tree.json"] = canonical.encode({**found, "hashes": change(found["hashes"])})

            path = bundle_path.with_name("tree.zip")
            path.write_bytes(bundle_path.read_bytes())
            return ledgers.wrong(ledgers.repack(path, rewrite))

        assert tree(lambda hashes: hashes[:-1]) == "tree.json: a hash is missing"
        assert tree(lambda hashes: [*hashes, hashes[0]]) == "tree.json: a hash is left over"
        assert tree(lambda hashes: [*hashes[:-1], "xyz"]) == "tree.json: a hash has not 64 digits"
        assert "checkpoint.txt: its root is" in tree(lambda hashes: hashes[::-1])

    def test_a_tree_of_another_size_is_named(self, bundle_path: Path) -> None:
        path = ledgers.repack(bundle_path, lambda files, _: files.update({"tree.json": b'{"hashes":[],"size":15}'}))
        assert ledgers.wrong(path) == "tree.json: 15 leaves, the checkpoint says 14"


class TestTheOwnerOfTheDatabase:
    @pytest.mark.clause("21 CFR 11.10(e)")
    def test_time_that_runs_backwards_is_named(self, tmp_path: Path) -> None:
        found = forged(lambda ledger: ledger.bodies[3].update(at="2026-11-23T00:00:00.000000Z"), tmp_path)
        assert found == "entry 4: its time 2026-11-23T00:00:00.000000Z lies before 2026-11-24T11:00:02.000000Z"

    @pytest.mark.parametrize("at", ["2026-11-24T11:00:04Z", "2026-11-24T12:00:04.000000+01:00", "yesterday", "9"])
    def test_a_time_in_another_form_is_refused(self, tmp_path: Path, at: str) -> None:
        assert forged(lambda ledger: ledger.bodies[3].update(at=at), tmp_path) == f"entry 4: {at!r} is no time"

    def test_a_version_left_out_is_named(self, tmp_path: Path) -> None:
        found = forged(lambda ledger: ledger.bodies[6].update(version=3), tmp_path)
        assert found == "entry 7: version 3 of r1 comes after 1"

    def test_a_record_created_twice_is_named(self, tmp_path: Path) -> None:
        assert forged(lambda ledger: ledger.bodies[3].update(record="r1"), tmp_path).startswith(
            "entry 4: version 1 of r1"
        )

    @pytest.mark.parametrize("operation", ["change", "void", "delete", ""])
    def test_a_record_begins_with_its_creation(self, tmp_path: Path, operation: str) -> None:
        found = forged(lambda ledger: ledger.bodies[3].update(operation=operation), tmp_path)
        assert found == f"entry 4: {operation} as version 1, allowed: create or event"

    @pytest.mark.parametrize("operation", ["create", "event", "delete"])
    def test_a_later_version_is_a_change_or_a_void(self, tmp_path: Path, operation: str) -> None:
        found = forged(lambda ledger: ledger.bodies[6].update(operation=operation), tmp_path)
        assert found == f"entry 7: {operation} as version 2, allowed: change or void"

    def test_nothing_follows_a_void_record(self, tmp_path: Path) -> None:
        found = forged(lambda ledger: ledger.add("r2", 3, "change", {"value": "12"}), tmp_path)
        assert found == "entry 15: change of r2, which was void before"

    def test_an_event_is_never_changed(self, tmp_path: Path) -> None:
        found = forged(lambda ledger: ledger.add("e1", 2, "change", {}, type="ledger.export"), tmp_path)
        assert found == "entry 15: change of e1, which was event before"

    def test_a_record_keeps_its_type(self, tmp_path: Path) -> None:
        assert "entry 7: r1 is in ('other.type'" in forged(
            lambda ledger: ledger.bodies[6].update(type="other.type"), tmp_path
        )

    @pytest.mark.parametrize(
        "change",
        [
            {"v": 2},
            {"seq": 5},
            {"v": True},
            {"schema": "1"},
            {"state": []},
            {"organization": 7},
            {"reason": None},
            {"extra": 1},
        ],
    )
    def test_a_body_of_another_kind_is_refused(self, bundle_path: Path, change: dict[str, Any]) -> None:
        def rewrite(lines: Lines) -> Lines:
            head, body = lines[1][:132], json.loads(lines[1].split(b" ", 3)[3])
            return [lines[0], head + canonical.encode({**body, **change}) + b"\n", *lines[2:]]

        assert edited(bundle_path, rewrite).startswith("entry 4: ")

    def test_a_body_without_a_member_is_refused(self, bundle_path: Path) -> None:
        found = edited(bundle_path, lambda lines: [lines[0].replace(b'"reason":"",', b""), *lines[1:]])
        assert found.startswith("entry 2: a member is missing, unknown or not of its kind")

    def test_the_first_entry_of_the_ledger_follows_nothing(self, tmp_path: Path) -> None:
        ledger = ledgers.Ledger()
        ledger.add("e1", 1, "event", {"program": ledgers.PROGRAM, "for": ledgers.SPONSOR}, type="ledger.export")
        path, more = tmp_path / "b.zip", {"blobs": {}, "openings": []}
        assert ledgers.wrong(ledgers.write(ledger, path, **more)) == ""
        first = ledger.entries[0]
        ledger.entries[0] = ledgers.bundle.Entry(1, b"\x01" * 32, first.stream_prev, first.body)
        assert ledgers.wrong(ledgers.write(ledger, path, **more)).startswith("entry 1: does not follow entry 0")

    def test_adjacent_entries_are_linked_in_the_whole_ledger_too(self, tmp_path: Path) -> None:
        ledger = ledgers.small()
        entry = ledger.entries[4]
        ledger.entries[4] = ledgers.bundle.Entry(5, b"\x01" * 32, entry.stream_prev, entry.body)
        found = ledgers.wrong(ledgers.write(ledger, tmp_path / "b.zip"))
        assert found.startswith("entry 5: does not follow entry 4: it names 0101")


class TestBlobsAndPersonalData:
    def test_a_blob_that_is_missing_is_named_with_its_entry(self, tmp_path: Path) -> None:
        path = ledgers.write(ledgers.small(), tmp_path / "b.zip", blobs={})
        assert ledgers.wrong(path) == f"entry 2: the blob {ledgers.name_of(ledgers.RAW)[7:]} is missing"

    def test_a_blob_swapped_for_another_is_named(self, bundle_path: Path) -> None:
        name = f"blobs/{ledgers.name_of(ledgers.RAW)[7:]}"
        path = ledgers.repack(bundle_path, lambda files, _: files.update({name: b"other data"}))
        assert ledgers.wrong(path) == f"{name}: its SHA-256 is {ledgers.name_of(b'other data')[7:]}"

    def test_a_blob_that_no_entry_names_is_refused(self, bundle_path: Path) -> None:
        name = f"blobs/{ledgers.name_of(b'stowaway')[7:]}"
        path = ledgers.repack(bundle_path, lambda files, _: files.update({name: b"stowaway"}))
        assert ledgers.wrong(path) == f"{name}: no entry names it"

    def test_what_is_withheld_must_be_said(self, bundle_path: Path) -> None:
        path = ledgers.repack(bundle_path, lambda _, manifest: manifest.update(withheld={}))
        assert ledgers.wrong(path) == f"entry 7: the blob {ledgers.name_of(ledgers.KEPT_BACK)[7:]} is missing"

    @pytest.mark.parametrize(
        ("member", "value"), [("value", "Somebody"), ("salt", "00" * 32), ("commitment", "11" * 32)]
    )
    def test_a_wrong_opening_is_named(self, bundle_path: Path, member: str, value: str) -> None:
        def rewrite(files: dict[str, bytes], _: Any) -> None:
            files["personal.jsonl"] = canonical.encode({**json.loads(files["personal.jsonl"]), member: value}) + b"\n"

        assert ledgers.wrong(ledgers.repack(bundle_path, rewrite)).startswith("personal.jsonl line 1: it gives ")

    def test_an_opening_of_nothing_that_was_committed_to_is_named(self, tmp_path: Path) -> None:
        made = ledgers.commitments.commit(ledgers.SALT, "Nobody")
        opening = {"commitment": made, "salt": ledgers.SALT.hex(), "value": "Nobody"}
        path = ledgers.write(ledgers.small(), tmp_path / "b.zip", openings=[opening])
        assert ledgers.wrong(path) == f"personal.jsonl: no entry holds the commitment {made}"

    @pytest.mark.clause("21 CFR 11.10(c)")
    def test_the_proof_holds_without_the_personal_value(self, tmp_path: Path) -> None:
        assert ledgers.wrong(ledgers.write(ledgers.small(), tmp_path / "b.zip", openings=[])) == ""
