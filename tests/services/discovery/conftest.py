"""Each test of discovery has a laboratory of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.services.discovery import chemistry


@pytest.fixture
def lab(db: None, settings: Any, tmp_path: Path) -> chemistry.Lab:
    settings.HOME = tmp_path
    settings.STORAGE_URL = f"file://{tmp_path}/files"
    # The real hash is slow on purpose; signing itself is tested with it in tests/foundation/signing.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return chemistry.make()
