"""Chromium against the demo, served by an installation of its own; no page may ask anything from outside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from crdmo.demo.people import PASSWORD
from tests.web import served


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served.installation(tmp_path_factory.mktemp("demo"), "tests.web.scenes.demo") as address:
        yield address


@pytest.fixture
def at_desk(browser: Any, house: str) -> Iterator[Callable[..., Any]]:
    """Return a function that logs somebody in and gives the page; what leaves the installation or breaks the policy fails."""
    contexts: list[Any] = []
    violations: list[str] = []

    def sit(user_id: str, *, width: int = 1440, script: bool = True, theme: str = "light") -> Any:
        context = browser.new_context(
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
