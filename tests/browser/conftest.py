"""Chromium against the demo, served by an installation of its own; no page may ask anything from outside."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from crdmo.demo.people import PASSWORD
from tests.web import served

CHROMIUM = next(
    (
        p
        for p in (os.environ.get("CRDMO_CHROMIUM", ""), "/usr/bin/chromium", "/usr/bin/chromium-browser")
        if p and Path(p).exists()
    ),
    "",
)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    if not CHROMIUM:
        message = "Chromium is not here: install Debian's package chromium, or set CRDMO_CHROMIUM"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        opened = driver.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served.installation(tmp_path_factory.mktemp("demo"), "tests.web.scenes.demo") as address:
        yield address


@pytest.fixture
def at_desk(chromium: Any, house: str) -> Iterator[Callable[..., Any]]:
    """Return a function that logs somebody in and gives the page; what leaves the installation or breaks the policy fails."""
    contexts: list[Any] = []
    violations: list[str] = []

    def sit(user_id: str, *, width: int = 1440, script: bool = True, theme: str = "light") -> Any:
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, java_script_enabled=script, color_scheme=theme
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15000)
        page.on("console", lambda m: violations.append(m.text) if "Content Security Policy" in m.text else None)
        page.on("pageerror", lambda e: violations.append(str(e)))
        page.on("request", lambda r: None if r.url.startswith((house, "data:", "blob:")) else violations.append(r.url))
        page.goto(f"{house}/login/")
        page.fill("[name=login]", user_id)
        page.fill("[name=password]", PASSWORD)
        page.click("main button.primary")
        page.wait_for_url(f"{house}/")
        return page

    yield sit
    for context in contexts:
        context.close()
    assert violations == []
