"""A proof bundle holds what the receiver may see, verifies without the house, and its making is on record."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from array import array
from pathlib import Path
from typing import Any

import pytest

from crdmo.foundation.accounts.models import Program
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.datasets import store
from crdmo.foundation.documents import workflow as documents
from crdmo.foundation.ledger import bundles, checkpoints, keys
from crdmo.foundation.ledger.acts import SYSTEM, act
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.refusals import NotPermitted, Refused
from crdmo.proof import merkle
from crdmo.proof import verify as offline
from tests import factories
from tests.foundation.ledger import house
from tests.foundation.signing import desk as desks

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def home(settings: Any, tmp_path: Path) -> None:
    settings.HOME, settings.ORIGIN = tmp_path / "home", "lab.example/log"
    settings.STORAGE_URL = f"file://{tmp_path}/files"


@pytest.fixture
def program() -> Program:
    """Return a sponsor's program with a signed document, lots and a file, beside a competitor's."""
    desk = desks.make()
    documents.review(desk.reviewer, desk.version, credentials=desks.both(desk.reviewer))
    house.lots(desk.program, 5)
    house.lots(factories.program("CRD-900", owner=factories.sponsor("OTHER")), 5)
    with act(SYSTEM, "test.note") as opened:
        opened.event("test.note", {"file": store.put(b"raw data of the balance")}, program=desk.program.id)
    return desk.program


@pytest.fixture
def lead(program: Program) -> Any:
    return factories.person(Role.SPONSOR_LEAD, program, organization=factories.sponsor())


def made(person: Any, program: Program, tmp_path: Path, **more: Any) -> bundles.Summary:
    return bundles.export(person, program, factories.sponsor(), tmp_path / "bundle.zip", **more)


def test_a_bundle_verifies_against_the_key_of_the_house(program: Program, lead: Any, tmp_path: Path) -> None:
    summary = made(lead, program, tmp_path)
    found = offline.verify(str(summary.path), keys.signer().verifier.text())
    assert found["entries"] == summary.entries == Entry.objects.filter(stream=str(program.id)).count()
    assert found["root"] == summary.root and len(found["signatures"]) == 1 and found["blobs"] == 1


def test_it_verifies_with_its_own_copy_of_the_verifier_and_nothing_installed(
    program: Program, lead: Any, tmp_path: Path
) -> None:
    summary = made(lead, program, tmp_path)
    with zipfile.ZipFile(summary.path) as archive:
        archive.extract("verify.py", tmp_path)
    told = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            str(tmp_path / "verify.py"),
            str(summary.path),
            "--key",
            keys.signer().verifier.text(),
        ],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"]},
        check=False,
    )
    assert told.returncode == 0 and told.stdout.startswith(f"VERIFIED  {summary.entries} entries"), told.stdout


def test_it_holds_nothing_of_another_program(program: Program, lead: Any, tmp_path: Path) -> None:
    summary = made(lead, program, tmp_path)
    with zipfile.ZipFile(summary.path) as archive:
        lines = archive.read("entries.txt").splitlines()
        everything = b"".join(archive.read(name) for name in archive.namelist())
    assert {json.loads(line.split(b" ", 3)[3])["stream"] for line in lines} == {str(program.id)}
    foreign = factories.program("CRD-900")
    assert (
        str(foreign.id).encode() not in everything and b"CRD-900" not in everything and b"Other Ltd" not in everything
    )


def test_the_export_itself_is_on_record_and_in_the_bundle(program: Program, lead: Any, tmp_path: Path) -> None:
    made(lead, program, tmp_path, reason="annual review")
    with zipfile.ZipFile(tmp_path / "bundle.zip") as archive:
        last = json.loads(archive.read("entries.txt").splitlines()[-1].split(b" ", 3)[3])
    assert (last["type"], last["actor"], last["reason"]) == ("ledger.export", str(lead.id), "annual review")
    assert last["state"] == {"program": str(program.id), "for": str(factories.sponsor().id)}


def test_nothing_is_made_of_an_altered_entry(program: Program, lead: Any, tmp_path: Path) -> None:
    entry = Entry.objects.filter(stream=str(program.id)).order_by("seq")[2]
    raw = bytes(entry.body).replace(b'"name":"', b'"name":"X')
    with house.guards_down():
        house.run("UPDATE ledger_entry SET body = %s WHERE seq = %s", [raw, entry.seq])
    with pytest.raises(Refused, match=f"entry {entry.seq} is not what its hash says"):
        made(lead, program, tmp_path)
    assert not (tmp_path / "bundle.zip").exists()


def test_nothing_is_made_of_a_ledger_altered_elsewhere(program: Program, lead: Any, tmp_path: Path) -> None:
    checkpoints.sign()
    with house.guards_down():
        house.run("UPDATE ledger_entry SET hash = %s WHERE seq = 1", [b"x" * 32])
    with pytest.raises(Refused, match=r"not made of a ledger that was altered|entries are not those"):
        made(lead, program, tmp_path)


def test_a_sponsor_exports_no_program_of_another(program: Program, tmp_path: Path) -> None:
    rival = factories.person(Role.SPONSOR_LEAD, organization=factories.sponsor("OTHER"))
    before = house.sequences()
    with pytest.raises(NotPermitted, match="may not export the proof bundle"):
        bundles.export(rival, program, factories.sponsor("OTHER"), tmp_path / "x.zip")
    assert house.sequences() == before and not (tmp_path / "x.zip").exists()


def test_a_sponsor_exports_for_itself_only(program: Program, lead: Any, tmp_path: Path) -> None:
    with pytest.raises(NotPermitted, match="is not made for Other Ltd"):
        bundles.export(lead, program, factories.sponsor("OTHER"), tmp_path / "x.zip")


def test_a_partner_exports_for_the_sponsor_or_an_agency_and_nobody_else(program: Program, tmp_path: Path) -> None:
    qa = factories.person(Role.QA, program)
    bundles.export(qa, program, factories.agency(), tmp_path / "a.zip")
    bundles.export(qa, program, factories.sponsor(), tmp_path / "s.zip")
    with pytest.raises(NotPermitted, match="is not made for Other Ltd"):
        bundles.export(qa, program, factories.sponsor("OTHER"), tmp_path / "x.zip")


def test_an_analyst_exports_nothing(program: Program, tmp_path: Path) -> None:
    with pytest.raises(NotPermitted, match="may not export"):
        made(factories.person(Role.ANALYST, program), program, tmp_path)


def test_a_file_that_is_missing_is_listed_as_withheld(program: Program, lead: Any, tmp_path: Path) -> None:
    name = store.name_of(b"raw data of the balance")
    store.path(name).unlink()
    summary = made(lead, program, tmp_path)
    assert summary.withheld == {name: "not in the store when the bundle was made"}
    assert offline.verify(str(summary.path))["withheld"] == 1


def test_a_file_that_was_altered_stops_the_export(program: Program, lead: Any, tmp_path: Path) -> None:
    place = store.path(store.name_of(b"raw data of the balance"))
    place.chmod(0o600)
    place.write_bytes(b"other")
    with pytest.raises(Refused, match="a sealed file was altered"):
        made(lead, program, tmp_path)
    assert not (tmp_path / "bundle.zip").exists()


def test_personal_values_stay_closed_by_default(program: Program, lead: Any, tmp_path: Path) -> None:
    with act(SYSTEM, "test.create") as opened:
        opened.create(type(lead), program=program, user_id="subject-1", printed_name="Subject", email="s@example.org")
    summary = made(lead, program, tmp_path, may_open=lambda kind, home, receiver: False)
    with zipfile.ZipFile(summary.path) as archive:
        assert archive.read("personal.jsonl") == b"" and summary.openings == 0


def test_personal_values_that_the_receiver_may_see_are_opened(program: Program, lead: Any, tmp_path: Path) -> None:
    with act(SYSTEM, "test.create") as opened:
        opened.create(type(lead), program=program, user_id="subject-1", printed_name="Subject", email="s@example.org")
    summary = made(lead, program, tmp_path)
    assert summary.openings == 1 and offline.verify(str(summary.path))["personal"] == 1


def test_progress_is_told(program: Program, lead: Any, tmp_path: Path) -> None:
    said: list[tuple[int, int, str]] = []
    summary = made(lead, program, tmp_path, progress=lambda *step: said.append(step))
    assert said[-1] == (summary.entries, summary.entries, "entries")


def test_nothing_leaves_a_ledger_that_was_rewritten(program: Program, lead: Any, tmp_path: Path) -> None:
    from tests.foundation.ledger.test_verification import rewrite

    checkpoints.sign()
    rewrite(lambda body: body.update(name="Rewritten"))
    with pytest.raises(Refused, match="does not continue its checkpoint"):
        made(lead, program, tmp_path)
    assert not (tmp_path / "bundle.zip").exists()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 13, 64, 100])
def test_hidden_subtrees_are_the_batch_proof_of_the_whole_list(size: int) -> None:
    leaves = [bytes([n]) * 32 for n in range(size)]
    for shown in ([], [0], [size - 1], list(range(0, size, 3)), list(range(size))):
        streamed = bundles.hidden_subtrees(iter(leaves), size, array("q", shown))
        assert streamed == merkle.batch_proof(leaves, shown)


def test_a_ledger_shorter_than_its_checkpoint_is_not_exported() -> None:
    with pytest.raises(Refused, match="fewer entries than its checkpoint"):
        bundles.hidden_subtrees(iter([b"x" * 32]), 5, array("q", [0]))
