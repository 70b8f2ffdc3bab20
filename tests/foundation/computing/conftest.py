"""Each test keeps its blobs in a folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import sample_methods  # noqa: F401 — registers the methods that these tests run


@pytest.fixture(autouse=True)
def files(tmp_path: Path, settings) -> Path:
    """Return the folder where this test's blobs lie."""
    settings.STORAGE_URL = f"file://{tmp_path / 'files'}"
    return tmp_path / "files"
