"""Pages under test: an address that is in no table fails loudly, and no test inherits another's rate limits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from crdmo.web import door


@pytest.fixture(autouse=True)
def strict(settings) -> Iterator[None]:
    settings.DOOR_STRICT = True
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    cache.clear()
    yield
    door.table.cache_clear()
    door.nav.cache_clear()


@pytest.fixture
def addresses(settings) -> Iterator[None]:
    """Open the small house of tests/web/addresses.py."""
    settings.ROOT_URLCONF = "tests.web.addresses"
    door.table.cache_clear()
    yield
    door.table.cache_clear()
