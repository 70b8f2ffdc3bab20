"""A played demo, once a session, in an installation of its own; each command is run in this process or as one of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from crdmo.demo.play import play
from tests import databases
from tests.cli.terminal import Terminal


@pytest.fixture(scope="session")
def demo(
    house_factory: databases.Factory, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[databases.Installation]:
    """Play the demo; tests that write go on from there and say so."""
    from django.test import override_settings

    home = tmp_path_factory.mktemp("demo")
    with (
        override_settings(HOME=home, STORAGE_URL=f"file://{home}/files", ORIGIN="test.example/log"),
        django_db_blocker.unblock(),
    ):
        name = house_factory.copy()
        try:
            with databases.pointed(name):
                play(lambda text: None)
                yield databases.Installation(name, home)
        finally:
            house_factory.drop(name)


@pytest.fixture
def terminal(demo: databases.Installation, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Return a terminal at the demo's installation, where nobody is logged in."""
    for name in ("CRDMO_TOKEN", "CRDMO_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    return Terminal(demo)
