"""How a command starts: quickly, without Django where it needs none, with its exit codes told."""

from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner
from typer.main import get_command

from crdmo.cli import app
from tests import databases

IMPORTED = "import sys; sys.argv = ['crdmo', *sys.argv[1:]]\nfrom crdmo.cli import main\ntry:\n    main()\nfinally:\n    print([m for m in ('django', 'polars', 'numpy') if m in sys.modules], file=sys.stderr)"  # noqa: E501


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PYTHONPATH": f"{databases.ROOT}/src", "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        [sys.executable, "-c", IMPORTED, *arguments], capture_output=True, text=True, env=environment, check=False
    )


def commands() -> list[str]:
    found = []
    for name, one in get_command(app).commands.items():
        found += [f"{name} {sub}" for sub in one.commands] if hasattr(one, "commands") else [name]
    return found


def test_help_starts_without_django() -> None:
    found = run("--help")
    assert found.returncode == 0
    assert found.stderr.strip() == "[]"


def test_help_tells_every_exit_code() -> None:
    said = " ".join(run("--help").stdout.split())
    assert (
        "0 done, 1 refused, 2 usage, 3 findings, 4 verification failed, 5 conflict, 6 not permitted, 7 unavailable"
        in said
    )


@pytest.mark.parametrize("command", commands())
def test_every_command_says_what_it_does(command: str) -> None:
    found = CliRunner().invoke(get_command(app), [*command.split(), "--help"])
    assert found.exit_code == 0
    assert len(found.stdout.splitlines()[2].strip()) > 20


@pytest.mark.parametrize("command", [c for c in commands() if c != "serve"])
def test_every_command_that_ends_answers_in_json_when_asked(command: str) -> None:
    assert "--json" in CliRunner().invoke(get_command(app), [*command.split(), "--help"]).stdout


def test_a_bundle_is_verified_without_django_and_what_is_no_bundle_is_named(tmp_path) -> None:
    path = tmp_path / "bundle.zip"
    path.write_bytes(b"no bundle")
    found = run("verify", str(path))
    assert found.returncode in (2, 4)
    assert found.stderr.strip().splitlines()[-1] == "[]"


def test_a_command_that_is_none_is_wrong_usage() -> None:
    assert run("frobnicate").returncode == 2
