"""The offline verifier says yes to what is right, in words, and is itself what it promises to be."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from crdmo.proof import verify
from tests.proof import ledgers

KEY = ledgers.SIGNER.verifier.text()


def told(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the one file as an inspector would: no packages, no environment."""
    command = [sys.executable, "-I", "-S", verify.__file__, *arguments]
    return subprocess.run(command, capture_output=True, text=True, env={}, check=False, encoding="utf-8")


def test_a_true_bundle_is_verified_against_the_key_that_one_was_given(original: Path) -> None:
    done = told(str(original), "--key", KEY)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("VERIFIED  10 entries, 6 records, 1 files")
    assert "the one you gave" in done.stdout


def test_without_a_key_it_says_that_the_key_came_from_the_bundle(original: Path) -> None:
    done = told(str(original))
    assert done.returncode == 0 and "FROM THE BUNDLE ITSELF" in done.stdout and KEY in done.stdout


def test_the_key_may_lie_in_a_file(original: Path, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY + "\n")
    assert told(str(original), "--key", str(tmp_path / "key")).returncode == 0


def test_signatures_are_counted_by_person_and_meaning_and_say_what_came_after(original: Path) -> None:
    report = told(str(original)).stdout
    assert "2 × reviewed     Rita Viewer  quality.result" in report
    assert "(signed version 1, the record is now at 2)" in report and "(revoked)" in report


def test_json_holds_the_same_for_programs(original: Path) -> None:
    found = json.loads(told(str(original), "--key", KEY, "--json").stdout)
    assert found["verified"] and found["key_given"] and found["entries"] == 10 and found["checkpoint"] == 14
    assert found["withheld_because"] == {ledgers.name_of(ledgers.KEPT_BACK): "confidential"}


def test_a_failure_ends_with_4_and_names_the_place(bundle_path: Path) -> None:
    ledgers.repack(bundle_path, lambda files, _: files.update({"tree.json": b'{"hashes":[],"size":14}'}))
    done = told(str(bundle_path), "--json")
    assert done.returncode == 4
    assert json.loads(done.stdout) == {"verified": False, "wrong": "tree.json: a hash is missing"}


@pytest.mark.parametrize("arguments", [[], ["a.zip", "b.zip"], ["a.zip", "--key"], ["missing.zip"], ["x", "--unknown"]])
def test_wrong_usage_ends_with_2(arguments: list[str]) -> None:
    assert told(*arguments).returncode == 2


def test_it_runs_as_a_module_of_the_package(original: Path) -> None:
    command = [sys.executable, "-m", "crdmo.proof.verify", str(original)]
    src = str(Path(verify.__file__).parents[2])
    done = subprocess.run(command, capture_output=True, text=True, env={"PYTHONPATH": src}, check=False)
    assert done.returncode == 0, done.stderr


def test_the_copy_in_the_bundle_is_the_verifier_itself(original: Path) -> None:
    assert ledgers.contents(original)["verify.py"] == Path(verify.__file__).read_bytes()


def test_it_uses_the_standard_library_only() -> None:
    tree = ast.parse(Path(verify.__file__).read_text(encoding="utf-8"))
    roots = {a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names}
    roots |= {node.module or "." for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in roots} <= set(sys.stdlib_module_names)


def test_it_can_be_read_in_an_hour() -> None:
    assert len(Path(verify.__file__).read_text(encoding="utf-8").splitlines()) < 500


def test_it_is_written_in_the_python_of_2020() -> None:
    ast.parse(Path(verify.__file__).read_text(encoding="utf-8"), feature_version=(3, 9))


def test_a_witness_who_signed_is_confirmed(bundle_path: Path) -> None:
    note = ledgers.contents(bundle_path)["checkpoint.txt"].decode()
    cosigned = ledgers.WITNESS.cosign(note, 1_790_000_000)
    ledgers.repack(bundle_path, lambda files, _: files.update({"checkpoint.txt": cosigned.encode()}))
    assert verify.verify(str(bundle_path), KEY, ledgers.WITNESS.witness.text())["witnessed"]


def test_a_witness_who_did_not_sign_is_missed(original: Path) -> None:
    assert "not signed by witness.example/w1" in ledgers.wrong(original, KEY, ledgers.WITNESS.witness.text())


def test_the_time_of_a_witness_cannot_be_moved(bundle_path: Path) -> None:
    note = ledgers.contents(bundle_path)["checkpoint.txt"].decode()
    early, late = (ledgers.WITNESS.cosign(note, seconds).splitlines()[-1].split(" ")[2] for seconds in (1, 2))
    forged = f"{note}\u2014 witness.example/w1 {late[:16]}{early[16:]}\n".encode()
    ledgers.repack(bundle_path, lambda files, _: files.update({"checkpoint.txt": forged}))
    assert "does not hold" in ledgers.wrong(bundle_path, KEY, ledgers.WITNESS.witness.text())


def test_a_bundle_of_a_program_without_entries_shown_needs_its_export_on_record(tmp_path: Path) -> None:
    ledger = ledgers.small()
    path = ledgers.write(ledger, tmp_path / "b.zip", visible=[])
    assert f"stream {ledgers.PROGRAM}: it is {{'size': 0" in ledgers.wrong(path)
