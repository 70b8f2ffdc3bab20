"""A played demo, once a session, in an installation of its own; each command is run in this process or as one of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from crdmo.demo.play import play
from tests import databases
from tests.cli.terminal import Terminal


@contextmanager
def _within(name: str, home: Path, blocker: Any) -> Iterator[databases.Installation]:
    """Work in this database and home, and leave nothing of it to the tests of other files."""
    from django.test import override_settings

    with (
        override_settings(HOME=home, STORAGE_URL=f"file://{home}/files", ORIGIN="test.example/log"),
        blocker.unblock(),
        databases.pointed(name),
    ):
        yield databases.Installation(name, home)


@pytest.fixture(scope="session")
def played(
    house_factory: databases.Factory, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[databases.Installation]:
    """Play the demo once."""
    home = tmp_path_factory.mktemp("demo")
    with django_db_blocker.unblock():
        name = house_factory.copy()
    try:
        with _within(name, home, django_db_blocker) as installation:
            play(lambda text: None)
        yield installation
    finally:
        with django_db_blocker.unblock():
            house_factory.drop(name)


@pytest.fixture
def demo(played: databases.Installation, django_db_blocker: Any) -> Iterator[databases.Installation]:
    """Point this process to the played demo; tests that write go on from where the one before ended, and say so."""
    with _within(played.name, played.home, django_db_blocker) as installation:
        yield installation


@pytest.fixture
def terminal(demo: databases.Installation, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Return a terminal at the demo's installation, where nobody is logged in."""
    for name in ("CRDMO_TOKEN", "CRDMO_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    return Terminal(demo)
