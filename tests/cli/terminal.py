"""Runs commands as a terminal or a script does."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from typer.main import get_command

from crdmo.cli import app
from crdmo.demo.people import PASSWORD
from tests import databases


@dataclass
class Terminal:
    """One terminal, at one installation."""

    installation: databases.Installation
    environment: dict[str, str] = field(default_factory=dict)

    def log_in(self) -> Terminal:
        """Have the password at hand, as scripts have it."""
        return Terminal(self.installation, {"CRDMO_PASSWORD": PASSWORD})

    def run(self, *arguments: str | Path) -> Result:
        """Run a command in this process."""
        return CliRunner(env=self.environment).invoke(get_command(app), [str(a) for a in arguments])

    def json(self, *arguments: str | Path) -> dict[str, Any]:
        """Run a command that must come out, and return its one object."""
        found = self.run(*arguments, "--json")
        assert found.exit_code == 0, found.output
        told: dict[str, Any] = json.loads(found.stdout)
        return told

    def process(self, *arguments: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a command as a process of its own, its output in a pipe."""
        environment = {**self.installation.environment, **self.environment, **more}
        command = [sys.executable, "-m", "crdmo.cli", *(str(a) for a in arguments)]
        return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
