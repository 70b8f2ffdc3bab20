"""Commands about formats: they need no installation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from typer.main import get_command

from crdmo.cli import app
from crdmo.standards import ectd
from tests import shared_data
from tests.standards.ectd import golden


def run(*words: str) -> Result:
    return CliRunner().invoke(get_command(app), ["standards", *words])


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "ind.zip"
    path.write_bytes(ectd.to_zip(golden.application(), "000001"))
    return path


def test_an_ectd_is_checked_and_shown(archive: Path) -> None:
    found = run("check", str(archive), "--official", str(shared_data.path("regulatory/ectd")))
    assert found.exit_code == 0 and "ECTD-B11" in found.stdout and "0 errors" in found.stdout
    leaves = json.loads(run("show", str(archive), "--json").stdout)["leaves"]
    assert len(leaves) == 10
    assert next(one for one in leaves if one["replaced"])["replaced"] == ["0000/index.xml#alpha-spec-v1"]
    assert len(json.loads(run("show", str(archive), "--until", "0000", "--json").stdout)["leaves"]) == 10


def test_an_error_and_a_refusal_have_their_own_exit_codes(archive: Path, tmp_path: Path) -> None:
    files = golden.application()
    files["0000/m2/25-clin-over/overview.pdf"] += b"x"
    archive.write_bytes(ectd.to_zip(files, ""))
    assert run("check", str(archive)).exit_code == 3
    archive.write_bytes(ectd.to_zip({"../index.xml": b"x"}, ""))
    assert run("check", str(archive)).exit_code == 1
    assert run("show", str(tmp_path / "none.zip")).exit_code == 1


def test_a_transport_file_is_checked_by_the_same_command() -> None:
    path = str(shared_data.path("regulatory/datasetjson/dm.xpt"))
    assert run("check", path).exit_code in (0, 3)
    assert json.loads(run("show", path, "--json").stdout)["members"][0]["rows"] == 18
