"""A laboratory that programs ask: each asks with a token of one of its people."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.core.cache import cache

from crdmo.foundation.accounts.models import Person
from crdmo.web import door
from tests.api.asker import Asker
from tests.services.quality.conftest import lab  # noqa: F401 — a fixture
from tests.services.quality.lab import Lab


@pytest.fixture(autouse=True)
def strict(settings) -> Iterator[None]:
    settings.DOOR_STRICT = True
    cache.clear()
    yield
    door.table.cache_clear()


@pytest.fixture
def ask(lab: Lab) -> Callable[..., Asker]:  # noqa: F811
    """Return how to ask as a person of the laboratory; reading and writing unless said otherwise."""

    def asking(person: Person | None = None, *scopes: str) -> Asker:
        return Asker(person or lab.analyst, scopes or ("read", "write"))

    return asking
