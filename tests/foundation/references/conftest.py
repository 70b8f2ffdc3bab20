"""Each test seals into a folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def files(tmp_path: Path, settings) -> Path:
    """Return the folder where this test's blobs lie."""
    settings.STORAGE_URL = f"file://{tmp_path / 'files'}"
    return tmp_path / "files"
