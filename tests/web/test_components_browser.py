"""The style guide in Chromium: axe, keyboard, dialogs, drafts, grids, tables in place; no request elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests import factories
from tests.chromium import found_by_axe, sideways
from tests.web import served

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.browser
GUIDE = "/styleguide/"
# Drawn text and single signs: axe cannot say which ground they stand on; test_tokens.py computes their colours.
SIGNS = ("<text ", '<span class="shape"', '<span class="arrow"', "<span><del>")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("house")
    with served.installation(home, "tests.web.scenes.people", CRDMO_ENVIRONMENT="test") as address:
        yield address


@pytest.fixture(scope="module")
def cookies(browser: Any, house: str) -> Any:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{house}/login/")
    page.fill("[name=login]", "ann")
    page.fill("[name=password]", factories.PASSWORD)
    page.click("form.form button.primary")
    page.wait_for_url(lambda url: "/login/" not in url)
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def opened(browser: Any, house: str, cookies: Any) -> Iterator[Any]:
    """Give a function that opens the guide in a context of its own; whatever breaks the rules fails the test."""
    contexts, broken = [], []

    def watch(page: Any) -> None:
        page.on(
            "console", lambda m: broken.append(m.text) if m.type == "error" and "status of 4" not in m.text else None
        )
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.on("request", lambda r: None if r.url.startswith((house, "data:", "blob:")) else broken.append(r.url))

    def open_(path: str = GUIDE, **options: Any) -> Any:
        context = browser.new_context(**{"storage_state": cookies, "timezone_id": "Europe/Berlin", **options})
        contexts.append(context)
        page = context.new_page()
        watch(page)
        page.goto(f"{house}{path}")
        page.wait_for_load_state("networkidle")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert broken == []


# Everybody can use it


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (1440, "dark"), (390, "light")])
def test_axe_finds_no_violation(opened: Any, width: int, theme: str) -> None:
    page = opened(color_scheme=theme, viewport={"width": width, "height": 900}, bypass_csp=True)
    found = found_by_axe(page)
    assert [(v["id"], v["nodes"][0]["html"][:120]) for v in found["violations"]] == []
    left = [n["html"] for v in found["incomplete"] for n in v["nodes"]]
    assert [html for html in left if not html.startswith(SIGNS)] == []


@pytest.mark.parametrize("part", ["?part=sign", "?part=drawer"])
def test_axe_finds_no_violation_in_dialogs(opened: Any, part: str) -> None:
    page = opened(bypass_csp=True)
    page.click(f".verbs a[href='{part}']")
    page.wait_for_selector("dialog[open]")
    found = found_by_axe(page)
    assert [(v["id"], v["nodes"][0]["html"][:120]) for v in found["violations"]] == []


def test_nothing_is_wider_than_the_window(opened: Any) -> None:
    page = opened(viewport={"width": 1024, "height": 800})
    assert sideways(page) == {}


@pytest.mark.parametrize(("touch", "least"), [(False, 24), (True, 44)])
def test_everything_that_is_pressed_is_large_enough(opened: Any, touch: bool, least: int) -> None:
    page = opened(viewport={"width": 768, "height": 1000}, has_touch=touch, is_mobile=touch)
    small = page.evaluate(
        """(least) => [...document.querySelectorAll("button, .button, summary, .tabs a, .rail a, select, .head a")]
        .filter((e) => e.checkVisibility({visibilityProperty: true}) && e.getClientRects().length)
        .map((e) => [e.outerHTML.slice(0, 90), e.getBoundingClientRect()])
        .map(([html, box]) => [html, Math.min(box.height, box.width)])
        .filter(([, size]) => size < least - 0.5)""",
        least,
    )
    assert small == []


def test_the_first_stop_of_the_keyboard_is_the_skip_link(opened: Any) -> None:
    page = opened("/styleguide/?part=drawer")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_every_stop_of_the_keyboard_is_seen(opened: Any) -> None:
    page = opened("/styleguide/?part=drawer")
    for _ in range(25):
        page.keyboard.press("Tab")
        shown = page.evaluate(
            """() => { const e = document.activeElement, s = getComputedStyle(e), r = e.getBoundingClientRect();
            return e === document.body || (r.width > 0 && (s.outlineStyle !== "none" || e.closest("svg"))); }"""
        )
        assert shown, page.evaluate("document.activeElement.outerHTML.slice(0, 120)")


def test_without_scripts_everything_is_there_and_links_go(opened: Any) -> None:
    page = opened(java_script_enabled=False)
    assert (
        page.is_visible("table.cards") and page.is_visible("#form_sample") and page.is_visible("svg[role=img] >> nth=0")
    )
    page.click("thead a >> text=Expiry")
    assert "sort=expires" in page.url
    page.goto(page.url.split("?")[0] + "?part=sign")
    assert page.is_visible("#signing-password") and page.is_enabled("[data-sign]")


def test_the_page_weighs_little(opened: Any) -> None:
    page = opened("/styleguide/?part=drawer")
    loaded = page.evaluate(
        """() => performance.getEntriesByType("resource").map((r) => [r.name.split("/").pop(), r.encodedBodySize])"""
    )
    assert len(loaded) + 1 <= 10
    assert sum(size for _, size in loaded) <= 45_000


# Menus, keys, choices


def test_the_palette_opens_by_keyboard_and_gives_the_focus_back(opened: Any) -> None:
    page = opened()
    page.focus(".verbs button")
    page.keyboard.press("Control+k")
    page.wait_for_selector("dialog.palette")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "combobox"
    page.keyboard.type("zzz-nothing")
    page.wait_for_selector("text=Nothing found")
    page.keyboard.press("Escape")
    page.locator("dialog.palette").wait_for(state="detached")
    assert page.evaluate("document.activeElement.matches('.verbs button')")


def test_the_question_mark_lists_the_keys_unless_it_is_switched_off(opened: Any) -> None:
    page = opened()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    page.wait_for_selector("dialog >> text=Search, or do something")
    page.uncheck("dialog input[type=checkbox]")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.wait_for_timeout(150)
    assert page.locator("dialog[open]").count() == 0
    page.focus("#form_sample")
    page.keyboard.type("?")
    assert page.input_value("#form_sample") == "?"


def test_the_theme_stays_on_the_next_page(opened: Any) -> None:
    page = opened(color_scheme="light")
    page.locator("header details.menu").last.locator("summary").click()
    page.click("[data-theme-toggle]")
    assert page.get_attribute("html", "data-theme") == "dark"
    page.reload()
    assert page.get_attribute("html", "data-theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(230, 234, 239)"


def test_dense_rows_and_larger_text_are_drawn_so_at_once(opened: Any) -> None:
    page = opened()
    page.locator("header details.menu").last.locator("summary").click()
    page.click("[data-density-toggle]")
    page.click("[data-text-toggle]")
    page.reload()
    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "16px"
    assert page.get_attribute("html", "data-density") == "dense"


def test_on_a_narrow_page_the_rail_opens_takes_the_focus_and_closes(opened: Any) -> None:
    page = opened(viewport={"width": 390, "height": 800})
    assert not page.is_visible("#rail")
    page.click("[data-rail]")
    page.wait_for_selector("#rail.open")
    assert page.is_visible("#rail") and page.get_attribute("[data-rail]", "aria-expanded") == "true"
    assert page.evaluate("document.activeElement.closest('#rail') !== null")
    page.keyboard.press("Escape")
    page.wait_for_timeout(200)
    assert not page.is_visible("#rail") and page.evaluate("document.activeElement.matches('[data-rail]')")


def test_what_a_scanner_types_is_looked_up(opened: Any) -> None:
    page = opened()
    page.evaluate("document.activeElement.blur()")
    # As fast as a scanner: a busy test machine cannot send single keys so fast.
    page.evaluate(
        """() => { for (const key of [..."LOT-26-0001", "Enter"])
        document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })); }"""
    )
    page.wait_for_url("**/search/?q=LOT-26-0001&go=1")


def test_slow_typing_is_no_scan(opened: Any) -> None:
    page = opened()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.type("LOT-26", delay=90)
    page.keyboard.press("Enter")
    page.wait_for_timeout(200)
    assert page.url.endswith(GUIDE)


def test_times_say_the_readers_own_zone(opened: Any) -> None:
    page = opened()
    title = page.get_attribute("time[datetime^='2026-11-22T13:05:22']", "title")
    assert "14:05" in title or "02:05" in title


# Drawer and signature


def test_the_drawer_shows_a_thread_and_gives_the_focus_back(opened: Any) -> None:
    page = opened()
    page.click(".verbs [data-thread]")
    page.wait_for_selector("dialog.drawer svg")
    assert page.get_attribute("dialog.drawer footer a", "href").endswith("?part=drawer")
    page.keyboard.press("Escape")
    page.wait_for_timeout(50)
    assert page.locator("dialog").count() == 0
    assert page.evaluate("document.activeElement.matches('.verbs [data-thread]')")


def test_a_signature_opens_only_after_reading_and_a_refusal_keeps_what_was_typed(opened: Any) -> None:
    page = opened()
    page.click(".verbs [data-dialog]")
    page.wait_for_selector("dialog.signature[open]")
    assert page.is_disabled("[data-sign]") and page.inner_text("[data-sign]") == "Verify 7 results"
    page.evaluate("document.querySelector('[data-must-read]').scrollTo(0, 1e6)")
    page.wait_for_selector("[data-sign]:enabled")
    page.fill("#signing-user-id", "vera")
    page.fill("#signing-password", "wrong")
    page.keyboard.press("Control+s")  # a signature is given with its button
    page.wait_for_timeout(150)
    assert page.locator("#signing-password-error").count() == 0
    page.click("[data-sign]")
    page.wait_for_selector("#signing-password-error")
    assert page.input_value("#signing-user-id") == "vera" and page.input_value("#signing-password") == ""
    assert page.is_enabled("[data-sign]") and page.evaluate("document.activeElement.id") == "signing-password"


# Drafts


def test_what_was_typed_comes_back_after_the_page_is_gone(opened: Any) -> None:
    page = opened()
    form = "form[data-draft]"
    page.fill(f"{form} [name=remark]", "weighed twice")
    page.check(f"{form} [value=damaged]")
    page.wait_for_timeout(2600)
    page.reload()
    page.wait_for_selector("text=A draft, not a record.")
    assert page.input_value(f"{form} [name=remark]") == ""
    page.click("text=Take it up")
    assert page.input_value(f"{form} [name=remark]") == "weighed twice" and page.is_checked(f"{form} [value=damaged]")
    page.reload()
    page.wait_for_selector("text=Forget it")
    page.click("text=Forget it")
    page.wait_for_timeout(300)
    page.reload()
    page.wait_for_load_state("networkidle")
    assert page.locator("text=A draft, not a record.").count() == 0


def test_a_password_is_never_part_of_a_draft(opened: Any) -> None:
    page = opened()
    sent = []
    page.on("request", lambda r: sent.append(r.post_data) if r.url.endswith("/drafts/") else None)
    page.evaluate(
        """() => { const f = document.createElement("input");
        f.name = "signing_password"; f.type = "password"; f.value = "hidden";
        document.querySelector("form[data-draft]").append(f); }"""
    )
    page.fill("form[data-draft] [name=sample]", "SMP-1")
    page.wait_for_timeout(2500)
    assert sent and all("SMP-1" in body and "hidden" not in body and "csrf" not in body for body in sent)


# Tables and grids


def test_a_table_is_sorted_in_place_and_the_focus_stays_on_its_heading(opened: Any) -> None:
    page = opened()
    page.evaluate("window.same = true")
    page.click("thead a >> text=Expiry")
    page.wait_for_selector("th[aria-sort=ascending] >> text=Expiry")
    assert page.evaluate("window.same") and page.url.endswith("sort=expires")
    assert page.evaluate("document.activeElement.textContent.trim()").startswith("Expiry")
    assert "12" in page.inner_text("#status")


def test_rows_are_chosen_together_and_the_verbs_wait_for_them(opened: Any) -> None:
    page = opened()
    assert page.is_disabled("text=Release chosen lots")
    page.check("[data-all]")
    assert page.inner_text("[data-chosen]") == "5 of 5 chosen" and page.is_enabled("text=Release chosen lots")
    page.uncheck("tbody input[type=checkbox] >> nth=1")
    assert page.evaluate("document.querySelector('[data-all]').indeterminate")


def test_a_column_that_was_taken_away_stays_away(opened: Any) -> None:
    page = opened()
    page.click("text=Columns")
    page.uncheck(".sheet label:has-text('Product') input")
    assert not page.is_visible("th[data-column=product]")
    page.reload()
    page.wait_for_selector("text=Columns")
    assert not page.is_visible("th[data-column=product]") and page.is_visible("th[data-column=status]")


PASTE = """(text) => { const data = new DataTransfer(); data.setData("text/plain", text);
const options = { clipboardData: data, bubbles: true, cancelable: true };
document.activeElement.dispatchEvent(new ClipboardEvent("paste", options)); }"""
CELLS = """() => [...document.querySelectorAll("table.entry tbody tr")]
.map((r) => [...r.querySelectorAll("input")].map((i) => i.value))"""


def test_a_pasted_block_fills_the_grid_and_makes_rows(opened: Any) -> None:
    page = opened()
    page.focus("table.entry input >> nth=0")
    page.evaluate(PASTE, "\r\n".join(f"SMP-{n}\t99,8{n}\t0.1{n}" for n in range(6)) + "\r\n")
    cells = page.evaluate(CELLS)
    assert len(cells) == 6
    assert cells[0] == ["SMP-0", "99.80", "0.10"] and cells[5] == ["SMP-5", "99.85", "0.15"]
    assert "18 cells filled." in page.inner_text("#status")


def test_a_number_that_can_be_read_in_two_ways_stays_and_is_marked(opened: Any) -> None:
    page = opened()
    page.focus("table.entry input >> nth=0")
    page.evaluate(PASTE, "SMP-1\t1,500\t0,500\nSMP,2\t12,5\t7")
    assert page.evaluate(CELLS)[:2] == [["SMP-1", "1,500", "0.500"], ["SMP,2", "12.5", "7"]]
    assert page.locator("table.entry td.odd").count() == 1
    assert "1 can be read in two ways" in page.inner_text("#status")


def test_keys_move_in_the_grid(opened: Any) -> None:
    page = opened()
    page.focus("table.entry input >> nth=1")
    page.keyboard.type("99.8")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    place = "[...document.querySelectorAll('table.entry tbody input')].indexOf(document.activeElement)"
    assert page.evaluate(place) == 2
    assert page.get_attribute("table.entry", "role") == "grid"


def test_a_refused_block_names_its_cells_and_saves_nothing(opened: Any) -> None:
    page = opened()
    page.focus("table.entry input >> nth=0")
    page.evaluate(PASTE, "SMP-1\t99.8\t0.1\nSMP-2\t9.98\t0.1")
    with page.expect_request(lambda r: "part=grid" in r.url and r.method == "POST") as sent:
        page.click("text=Save all rows")
    assert sent.value.post_data_json["rows"] == [
        {"sample": "SMP-1", "assay": "99.8", "water": "0.1"},
        {"sample": "SMP-2", "assay": "9.98", "water": "0.1"},
    ]
    page.wait_for_selector("table.entry td.bad")
    assert page.locator("td.bad").count() == 1 and "Allowed: 90 to 110 %" in page.inner_text("td.bad")
    assert page.evaluate("document.activeElement.value") == "9.98"
    assert "Nothing was saved: 1 cell needs a look." in page.inner_text("#status")


def test_a_job_is_followed_to_its_end(opened: Any) -> None:
    page = opened()
    page.wait_for_selector("text=40 of 40 recomputed: identical.")
    assert page.evaluate("document.querySelector('[data-job] progress').position") == 1
