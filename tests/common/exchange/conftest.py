"""Each test has a house of its own, with every room ready."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.common.exchange import house as houses
from tests.common.exchange.doors import Doors


@pytest.fixture
def house(db: None, settings: Any, tmp_path: Path) -> houses.House:
    settings.HOME = tmp_path
    settings.STORAGE_URL = f"file://{tmp_path}/files"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return houses.make()


@pytest.fixture
def doors(tmp_path: Path) -> Doors:
    return Doors(tmp_path)
