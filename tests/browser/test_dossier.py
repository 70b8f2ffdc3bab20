"""The dossier by keyboard alone, without scripts: a branch is closed and opened, and a leaf is opened from the tree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.browser


def test_the_tree_is_walked_by_keyboard_alone(at_desk: Callable[..., Any], house: str) -> None:
    page = at_desk("e.castro", script=False)
    page.goto(f"{house}/CRD-101/regulatory/applications/APP-26-0001/dossier/view/")
    branch = page.locator("summary", has_text="3.2.P.5.4 Batch analyses")
    leaf = page.get_by_role("link", name="Certificate of analysis, lot VT-2601")
    assert leaf.is_visible()
    for _ in range(80):
        page.keyboard.press("Tab")
        if branch.evaluate("node => node === document.activeElement"):
            break
    page.keyboard.press("Enter")
    assert not leaf.is_visible()
    page.keyboard.press("Enter")
    assert leaf.is_visible()
    page.keyboard.press("Tab")
    assert leaf.evaluate("node => node === document.activeElement")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator("h1", has_text="Certificate of analysis, lot VT-2601").wait_for()
    assert page.get_by_role("link", name="Open the file").is_visible()
