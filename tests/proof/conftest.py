"""A bundle as a sponsor holds it, made once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.proof import ledgers


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ledgers.write(ledgers.small(), tmp_path_factory.mktemp("bundles") / "original.zip")


@pytest.fixture
def bundle_path(original: Path, tmp_path: Path) -> Path:
    """Return a copy of the bundle that a test may spoil."""
    return Path(shutil.copy(original, tmp_path / "bundle.zip"))
