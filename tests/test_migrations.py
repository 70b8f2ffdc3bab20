"""The migrations in the package make exactly the tables that the models describe."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_no_model_has_changed_without_its_migration(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "CRDMO_HOME": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "crdmo.settings",
        "PYTHONPATH": str(ROOT / "src"),
    }
    environment.pop("CRDMO_DATABASE_URL", None)
    command = [sys.executable, "-m", "django", "makemigrations", "--check", "--dry-run"]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert run.returncode == 0, run.stdout + run.stderr
