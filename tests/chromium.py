"""One Chromium a test file, and where it is found.

The fixture ends with its file: Playwright's loop runs in the thread that started it, and Django refuses the database to
every test that comes while one runs.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

WIDTHS = (768, 390, 320)
# By how much the page is too wide, asked after the layout came to rest: at once, or else within half a second.
OVER = """async () => {
  const root = document.documentElement, over = () => root.scrollWidth - root.clientWidth, end = performance.now() + 500;
  while (over() > 0 && performance.now() < end) await new Promise(requestAnimationFrame);
  return over();
}"""


def program() -> str:
    """Return the path of Chromium, or skip the test (fail it in CI) with what to do."""
    found = os.environ.get("CRDMO_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), "")
    if not found:
        message = "Chromium is not here: install Debian's package chromium, or set CRDMO_CHROMIUM"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Give a running Chromium that asks nothing from outside by itself."""
    path = program()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-background-networking"])
        yield opened
        opened.close()


def found_by_axe(page: Any, *rules: str) -> dict[str, Any]:
    """Run the accessibility rules of WCAG 2.2 AA on a page, or the rules named, and return what axe answers."""
    from axe_playwright_python.sync_playwright import Axe

    chosen = {"type": "rule", "values": list(rules)} if rules else {"type": "tag", "values": TAGS}
    # What passes is told by one example a rule: to describe every element of a page takes longer than to look at it.
    options = {"runOnly": chosen, "resultTypes": ["violations", "incomplete"]}
    answer: dict[str, Any] = Axe().run(page, options=options).response
    return answer


def sideways(page: Any) -> dict[int, int]:
    """Return by how much the page that is open is too wide, for each width of a screen where it is."""
    over = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        more = page.evaluate(OVER)
        if more > 0:
            over[width] = more
    page.set_viewport_size({"width": 1440, "height": 900})
    return over
