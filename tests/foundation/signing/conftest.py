"""Each test of signing has a desk."""

from __future__ import annotations

import pytest

from tests.foundation.signing import desk as desks


@pytest.fixture
def desk(db: None) -> desks.Desk:
    return desks.make()
