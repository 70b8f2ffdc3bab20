"""The numbers of a proof bundle come out again on a machine that has nothing but the package."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from crdmo.foundation import computing
from crdmo.foundation.computing import Verdict, recompute_bundle
from crdmo.foundation.computing.bundle_recompute import main
from crdmo.foundation.datasets import store
from crdmo.foundation.ledger.acts import SYSTEM, act
from crdmo.foundation.ledger.models import Entry
from crdmo.proof import bundle as bundles
from crdmo.proof import merkle
from tests import factories

from .test_recompute import _altered_code, _with_factor
from .test_run import make_dataset, run

pytestmark = pytest.mark.django_db
LINE = {
    "x": [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5],
    "y": [3060, 3522, 3707, 4280, 5058, 5510, 5703, 6205, 7156, 7178],
}


@pytest.fixture
def program():
    return factories.program()


def write(path: Path, program, *, without: tuple[str, ...] = ()) -> Path:
    """Write a bundle of the program's chain with every blob of the store, as `crdmo export` would; it is not signed."""
    entries = list(Entry.objects.order_by("seq"))
    visible = [i for i, entry in enumerate(entries) if entry.stream == str(program.id)]
    bundles.write_bundle(
        path,
        manifest={"program": program.code, "withheld": dict.fromkeys(without, "confidential")},
        checkpoint="",
        vkey="",
        entries=(
            bundles.Entry(e.seq, bytes(e.prev), bytes(e.stream_prev), bytes(e.body))
            for e in (entries[i] for i in visible)
        ),
        tree_size=len(entries),
        tree_hashes=merkle.batch_proof([bytes(e.hash) for e in entries], visible),
        blobs={name.removeprefix("sha256:"): store.get(name) for name in store.names() if name not in without},
        openings=[],
        readme="",
    )
    return path


def test_every_number_of_a_bundle_comes_out_again(program, tmp_path: Path):
    dataset = make_dataset(program)
    run(program, inputs={"values": computing.column(dataset, "signal")}, sources=[dataset])
    run(program, name="quality.calibration_line", inputs=LINE, parameters={})
    run(program, name="tests.draw", inputs={"count": 10}, parameters={})
    run(program, name="tests.many", inputs={"count": 50_000}, parameters={})
    report = recompute_bundle(write(tmp_path / "b.zip", program))
    assert report.came_out
    assert [item.outcome.verdict for item in report.items] == [Verdict.IDENTICAL] * 4
    assert report.counts()["identical"] == 4


def test_another_programs_results_are_not_in_it(program, tmp_path: Path):
    run(factories.program("CRD-202", owner=factories.sponsor("RIVAL")))
    assert recompute_bundle(write(tmp_path / "b.zip", program)).items == ()


def test_a_repaired_method_is_told_with_its_place(program, tmp_path: Path, monkeypatch):
    made = run(program)
    path = write(tmp_path / "b.zip", program)
    _altered_code(monkeypatch, function=_with_factor(2.0), version="1.1")
    report = recompute_bundle(path)
    (item,) = report.items
    assert (item.record, item.outcome.verdict) == (str(made.id), Verdict.DIFFERENT)
    assert not report.came_out
    assert any("different in 4 places: /mean was 3, is now 6" in line for line in report.lines())


def test_a_withheld_dataset_is_told_and_not_guessed(program, tmp_path: Path):
    dataset = make_dataset(program)
    run(program, inputs={"values": computing.column(dataset, "signal")}, sources=[dataset])
    report = recompute_bundle(write(tmp_path / "b.zip", program, without=(dataset.blob,)))
    (item,) = report.items
    assert item.outcome.verdict is Verdict.IMPOSSIBLE
    assert "not in the bundle" in item.outcome.sentence()
    assert not report.came_out


def test_an_altered_blob_is_told(program, tmp_path: Path):
    run(program, name="tests.many", inputs={"count": 50_000}, parameters={})
    path = write(tmp_path / "b.zip", program)
    forged = tmp_path / "forged.zip"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(forged, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, content.replace(b"49999", b"49998") if name.startswith("blobs/") else content)
    (item,) = recompute_bundle(forged).items
    assert item.outcome.verdict is Verdict.IMPOSSIBLE
    assert "is not what its name says" in item.outcome.sentence()


def test_an_altered_output_is_found(program, tmp_path: Path):
    run(program)
    path = write(tmp_path / "b.zip", program)
    forged = tmp_path / "forged.zip"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(forged, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b'"mean":3', b'"mean":4'))
    (item,) = recompute_bundle(forged).items
    assert item.outcome.notes == ("the stored computation was altered",)


class TestVersions:
    def test_the_last_version_is_recomputed_or_every_one(self, program, tmp_path: Path):
        made = run(program)
        with act(SYSTEM, "computing.rerun", "another limit") as opened:
            computing.rerun(opened, made, parameters={"limit": 99.0})
        path = write(tmp_path / "b.zip", program)
        assert [item.version for item in recompute_bundle(path).items] == [2]
        assert [item.version for item in recompute_bundle(path, every_version=True).items] == [1, 2]

    def test_a_void_result_is_left_out(self, program, tmp_path: Path):
        made = run(program)
        with act(SYSTEM, "computing.void", "computed by mistake") as opened:
            opened.void(made)
        assert recompute_bundle(write(tmp_path / "b.zip", program)).items == ()


class TestTheCommand:
    def command(self, *arguments: str) -> subprocess.CompletedProcess:
        """Run the module where Django cannot be imported."""
        code = (
            "import sys\n"
            "class Block:\n"
            "    def find_spec(self, name, path=None, target=None):\n"
            "        if name.split('.')[0] in ('django', 'ninja'): raise ImportError(name + ' is blocked')\n"
            "sys.meta_path.insert(0, Block())\n"
            "from crdmo.foundation.computing.bundle_recompute import main\n"
            f"sys.exit(main({list(arguments)!r}))\n"
        )
        environment = {"PYTHONPATH": ":".join(sys.path)}
        return subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
        )

    def test_it_runs_without_django(self, program, tmp_path: Path):
        run(program, name="quality.calibration_line", inputs=LINE, parameters={})
        told = self.command(str(write(tmp_path / "b.zip", program)))
        assert told.returncode == 0, told.stderr
        assert told.stdout.endswith("1 results: 1 identical\n")

    def test_it_ends_with_4_when_a_number_does_not_come_out(self, program, tmp_path: Path):
        run(program)  # a method of these tests, which that process does not have
        told = self.command(str(write(tmp_path / "b.zip", program)))
        assert told.returncode == 4
        assert "this release has no method tests.summary" in told.stdout

    def test_it_writes_json(self, program, tmp_path: Path, capsys):
        run(program)
        assert main([str(write(tmp_path / "b.zip", program)), "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["came_out"] is True
        assert told["results"][0]["verdict"] == "identical"

    @pytest.mark.parametrize("arguments", [[], ["a.zip", "b.zip"], ["missing.zip"]])
    def test_wrong_use_ends_with_2(self, arguments: list[str], capsys):
        assert main(arguments) == 2

    def test_a_file_that_is_no_bundle_ends_with_2(self, tmp_path: Path, capsys):
        place = tmp_path / "x.zip"
        place.write_bytes(b"no zip")
        assert main([str(place)]) == 2
        assert "is not a proof bundle" in capsys.readouterr().err
