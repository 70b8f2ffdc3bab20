"""Each test of process development has a laboratory of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.services.process import desk as desks


@pytest.fixture
def desk(db: None, settings: Any, tmp_path: Path) -> desks.Desk:
    settings.HOME = tmp_path
    settings.STORAGE_URL = f"file://{tmp_path}/files"
    # The real hash is slow on purpose; signing itself is tested with it in tests/foundation/signing.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return desks.make()
