"""In Chromium: a passkey from registration to log-in, and a log-in that ends while somebody types."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests import factories
from tests.chromium import found_by_axe, sideways
from tests.web import served

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context()
    opened = context.new_page()
    opened.violations = []
    opened.on("console", lambda m: opened.violations.append(m.text) if "Content Security Policy" in m.text else None)
    own = ("http://localhost:", "data:", "blob:")
    opened.on("request", lambda r: None if r.url.startswith(own) else opened.violations.append(r.url))
    yield opened
    assert opened.violations == []
    context.close()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served.installation(tmp_path_factory.mktemp("house"), "tests.web.scenes.people") as address:
        yield address


@pytest.fixture(scope="module")
def hurried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("hurried")
    with served.installation(home, "tests.web.scenes.people", settings="tests.web.hurried") as address:
        yield address


def log_in(page: Any, house: str, user_id: str) -> None:
    page.goto(f"{house}/login/")
    page.fill("[name=login]", user_id)
    page.fill("[name=password]", factories.PASSWORD)
    page.click("form.form button.primary")
    page.wait_for_url(lambda url: "/login/" not in url)


def test_a_passkey_is_registered_and_opens_without_user_id(page: Any, house: str) -> None:
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    key = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": key})
    log_in(page, house, "quinn")
    page.goto(f"{house}/account/security/passkeys/add/")
    page.fill("[name=password]", factories.PASSWORD)
    page.click("button.primary")
    page.fill("[name=name]", "my laptop")
    page.click("text=Add the passkey")
    page.wait_for_url("**/account/security/codes/")
    page.goto(f"{house}/account/security/")
    assert "my laptop" in page.content()
    page.goto(f"{house}/logout/")
    page.click("main button.primary")
    page.wait_for_url("**/login/")
    page.click("text=Log in with a passkey")
    page.wait_for_url(lambda url: "/login/" not in url)
    page.goto(f"{house}/account/security/")
    assert "quinn" in page.content()


PAGES = (
    "/people/",
    "/people/ann/",
    "/people/una/",
    "/people/ann/role/",
    "/people/new/",
    "/people/matrix/",
    "/people/organizations/",
    "/account/security/",
    "/account/security/app/add/",
    "/account/password/",
    "/account/training/",
    "/account/delegation/",
    "/account/tokens/new/",
    "/inbox/",
    "/drafts/",
    "/no/such/page/",
)


def test_pages_of_accounts_are_accessible_and_do_not_scroll_sideways(browser: Any, house: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{house}/login/")
    found = {"/login/": found_by_axe(page)["violations"]}
    log_in(page, house, "boss")
    wide = []
    for path in PAGES:
        page.goto(house + path)
        found[path] = found_by_axe(page)["violations"]
        # By night only the colours are others.
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        found[f"{path} by night"] = found_by_axe(page, "color-contrast")["violations"]
        page.emulate_media(color_scheme="light")
        wide += [(path, width, more) for width, more in sideways(page).items()]
    context.close()
    said = [(path, v["id"], v["nodes"][0]["html"][:200]) for path, many in found.items() for v in many]
    assert said == [] and wide == []


def test_a_log_in_that_ends_while_somebody_types_loses_no_character(page: Any, hurried: str) -> None:
    log_in(page, hurried, "boss")
    page.goto(f"{hurried}/people/ann/deactivate/")
    page.wait_for_timeout(4500)
    typed = "Left the company; 1,5 days of hand-over, ä ö ü 测"
    page.fill("[name=reason]", typed)
    dialog = page.locator("dialog[open]")
    dialog.locator("[name=password]").fill("wrong")
    dialog.locator("button.primary").click()
    playwright.expect(dialog.locator(".error")).to_have_text(re.compile("password is wrong; 4 more tries"))
    dialog.locator("[name=password]").fill(factories.PASSWORD)
    with page.expect_response(lambda answer: answer.url.endswith("/drafts/") and answer.status == 200):
        dialog.locator("button.primary").click()
    assert page.input_value("[name=reason]") == typed
    page.click("main form button.primary")
    page.wait_for_url("**/people/ann/")
    assert "Deactivated" in page.content()


def test_a_form_sent_after_the_end_asks_who_it_is_and_then_goes_on(page: Any, hurried: str) -> None:
    log_in(page, hurried, "boss")
    page.goto(f"{hurried}/people/sam/deactivate/")
    page.wait_for_timeout(4500)
    page.evaluate("document.querySelector('[name=reason]').value = 'left in March'")
    page.click("main form button.primary")
    dialog = page.locator("dialog[open]")
    dialog.locator("[name=password]").fill(factories.PASSWORD)
    dialog.locator("button.primary").click()
    page.wait_for_url("**/people/sam/")
    assert "Deactivated" in page.content()


def test_a_plain_form_sent_after_the_end_comes_back_as_a_draft(page: Any, hurried: str) -> None:
    log_in(page, hurried, "boss")
    page.goto(f"{hurried}/people/una/deactivate/")
    page.wait_for_timeout(4500)
    page.fill("[name=reason]", "left in March")
    # Sent past the page's script, as by a browser in which it does not run.
    page.evaluate("document.querySelector('main form').submit()")
    page.wait_for_url("**/login/**")
    assert "kept as a draft" in page.content()
    page.fill("[name=password]", factories.PASSWORD)
    page.click("form.form button.primary")
    page.wait_for_url("**/people/una/deactivate/")
    page.click("text=Take it up")
    assert page.input_value("[name=reason]") == "left in March"
