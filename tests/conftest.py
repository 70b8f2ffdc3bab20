"""Fixtures that any test may ask for: an installation of its own, with real commits, and a second empty database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import databases
from tests.chromium import browser

__all__ = ["browser"]


@pytest.fixture(scope="session")
def house_factory(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Iterator[databases.Factory]:
    made = databases.Factory(tmp_path_factory.mktemp("databases"))
    yield made
    for name in list(made.made):
        made.drop(name)


@pytest.fixture
def installation(
    house_factory: databases.Factory, django_db_blocker: Any, settings: Any, tmp_path: Path
) -> Iterator[databases.Installation]:
    """Point `default` to a database of its own where commits are commits, with a home folder of its own."""
    settings.HOME = tmp_path / "home"
    settings.STORAGE_URL = f"file://{settings.HOME}/files"
    settings.ORIGIN = "test.example/log"
    with django_db_blocker.unblock():
        name = house_factory.copy()
        try:
            with databases.pointed(name):
                yield databases.Installation(name, settings.HOME)
        finally:
            house_factory.drop(name)


@pytest.fixture
def empty(house_factory: databases.Factory, installation: databases.Installation) -> Iterator[str]:
    """Return the alias of a second, empty database."""
    name = house_factory.copy()
    try:
        with databases.pointed(name, "empty"):
            yield "empty"
    finally:
        house_factory.drop(name)
