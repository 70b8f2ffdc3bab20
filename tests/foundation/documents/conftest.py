"""Documents are tested at the same desk as signatures; PDFs are read with pikepdf."""

from __future__ import annotations

import pytest

from tests.foundation.signing import desk as desks


@pytest.fixture
def desk(db: None) -> desks.Desk:
    return desks.make("# Purpose\n\nWeigh 100 mg of the sample.")
