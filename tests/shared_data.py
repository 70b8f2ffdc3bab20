"""Where tests find the real files that may not be redistributed with the project.

They lie in a folder `shared/data` beside the checkout. Where that folder is absent a test is skipped with a plain
message; under CI=true its absence is a failure, so that nothing is skipped in silence.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("CRDMO_SHARED", ROOT.parent / "shared"))


def path(relative: str) -> Path:
    """Return the path of one real file, e.g. `path("quality/stability/leblond2011_potency.csv")`."""
    found = SHARED / "data" / relative
    if found.exists():
        return found
    message = f"{relative} is not in {SHARED / 'data'}: put the shared data beside the checkout or set CRDMO_SHARED"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)
