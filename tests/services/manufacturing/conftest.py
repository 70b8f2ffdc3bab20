"""Each test of manufacturing has a plant of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.services.manufacturing import plant as plants


@pytest.fixture
def plant(db: None, settings: Any, tmp_path: Path) -> plants.Plant:
    settings.HOME = tmp_path
    settings.STORAGE_URL = f"file://{tmp_path}/files"
    # The real hash is slow on purpose; signing itself is tested with it in tests/foundation/signing.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return plants.make()
