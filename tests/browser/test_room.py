"""A lot through quality control as its people walk it: analyst, reviewer, QA, qualified person, sponsor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from crdmo.demo.people import PASSWORD

pytestmark = pytest.mark.browser
ROOM = "/CRD-101/quality"
RUNS = (
    ("M-APP-01", "", [["conforms"]]),
    ("M-HPLC-01", "HPLC-07", [["1000.0", "50.0", "998.0", "50.0"]]),
    ("M-IMP-01", "HPLC-07", [["0.11"]]),
    ("M-KF-01", "KF-02", [["2.31", "2,35"]]),
    ("M-DIS-01", "DIS-01", [["84.1", "85.2", "83.7", "86.0", "85.5", "84.8"]]),
)
CONTROLS = ("1.2", "0.4", "100.1")


def sign(page: Any, user_id: str, scope: str = "main") -> None:
    """Fill the signature step and press its button."""
    step = page.locator(scope).locator("form[data-signs]").last
    if step.locator("[name=signing_user_id]").count():
        step.locator("[name=signing_user_id]").fill(user_id)
    step.locator("[name=signing_password]").fill(PASSWORD)
    review = step.locator("[data-must-read]")
    if review.count():
        review.first.evaluate("e => { e.scrollTop = e.scrollHeight; }")
    step.locator("button.primary").last.click()


def run(page: Any, house: str, method: str, instrument: str, rows: list[list[str]]) -> None:
    """Open a worksheet for a method, record its controls, type the grid, close it."""
    page.goto(f"{house}{ROOM}/worksheets/")
    page.locator("tr", has_text=method).first.locator("a.button").click()
    if instrument:
        value = page.locator(f"#id_instrument option:has-text('{instrument}')").get_attribute("value")
        page.select_option("#id_instrument", value)
    standard = page.locator("label", has_text="reference standard").locator("input")
    if instrument == "HPLC-07" and standard.count():
        standard.first.check()
    page.locator("main form button.primary").click()
    page.wait_for_url("**/worksheets/WS-**")
    controls = page.locator("[name^=control_]")
    if controls.count():
        for i, value in enumerate(CONTROLS):
            controls.nth(i).fill(value)
        page.click("text=Record the controls")
        page.wait_for_selector("table.entry")
    inputs = page.locator("table.entry input[name^=value_]")
    for i, value in enumerate(v for row in rows for v in row):
        inputs.nth(i).fill(value)
    page.click("text=Enter the results")
    page.wait_for_selector("text=a colleague verifies")
    sign(page, "a.lindgren")
    page.wait_for_selector("text=The worksheet is closed")


def test_a_lot_goes_from_the_bench_to_the_market(at_desk: Callable[..., Any], house: str) -> None:
    analyst = at_desk("a.lindgren")
    assert "wait" in analyst.locator("h1").inner_text()
    for method, instrument, rows in RUNS:
        run(analyst, house, method, instrument, rows)

    reviewer = at_desk("r.haddad")
    reviewer.goto(f"{house}{ROOM}/verify/")
    reviewer.check("[data-all=round]")
    reviewer.fill("[name=signing_user_id]", "r.haddad")
    reviewer.fill("[name=signing_password]", PASSWORD)
    reviewer.click("button[value=verify]")
    reviewer.wait_for_selector("text=are verified")

    qa = at_desk("h.brandt")
    qa.goto(f"{house}{ROOM}/lots/VT-2603/")
    qa.click("text=Draft a certificate")
    qa.wait_for_url("**/certificates/**")
    supervisor = at_desk("j.novak")
    qa.goto(f"{house}{ROOM}/lots/VT-2603/?tab=review")
    qa.locator("[name=conclusion]").fill("Nothing open.")
    sign(qa, "h.brandt")
    qa.wait_for_selector("text=The review is signed")
    supervisor.goto(f"{house}{ROOM}/lots/VT-2603/")
    assert supervisor.locator("text=Release VT-2603").count() == 0

    qp = at_desk("l.adeyemi")
    qp.goto(f"{house}{ROOM}/lots/VT-2603/")
    qp.locator("tr", has_text="Certificate").first.wait_for()
    assert qp.locator("button:has-text('Release VT-2603')").count() == 0  # the certificate is not signed yet
    # Whoever drafts a certificate does not approve it; QA drafted, the qualified person signs.
    qp.goto(f"{house}{ROOM}/certificates/")
    qp.locator("tr", has_text="VT-2603").locator("a").first.click()
    sign(qp, "l.adeyemi")
    qp.wait_for_selector("text=Signed. The PDF and JSON are made and kept")
    qp.goto(f"{house}{ROOM}/lots/VT-2603/")
    sign_release = qp.locator("section.panel", has_text="Release").locator("form[data-signs]").first
    sign_release.locator("[name=signing_password]").fill(PASSWORD)
    sign_release.locator("button.primary").click()
    qp.wait_for_selector("text=Released.")

    sponsor = at_desk("e.castro")
    sponsor.goto(f"{house}/CRD-101/contracts/WO-26-0001/")
    row = sponsor.locator("section", has=sponsor.locator("h2", has_text="Milestones")).locator(
        "tr", has_text="Lot VT-2603 released"
    )
    assert "Met" in row.inner_text()
    row.locator("a").first.click()
    assert "VT-2603" in sponsor.locator("h1").inner_text()


def test_a_number_leads_to_its_source_in_a_drawer(at_desk: Callable[..., Any], house: str) -> None:
    page = at_desk("k.yamada")
    page.goto(f"{house}{ROOM}/certificates/COA-26-0001/1/")
    page.locator("tr", has_text="Assay").locator("td a").first.click()
    page.locator("main [data-thread]").first.click()
    drawer = page.locator("dialog[open]")
    drawer.wait_for()
    assert "Comes from" in drawer.inner_text()
    page.keyboard.press("Escape")
    assert page.locator("dialog[open]").count() == 0


def test_the_sponsor_fetches_no_other_sponsors_program(at_desk: Callable[..., Any], house: str) -> None:
    page = at_desk("o.lund")
    assert page.goto(f"{house}/CRD-101/").status == 404
    assert page.goto(f"{house}/LQ-7/").status == 200
    assert "CRD-101" not in page.locator("body").inner_text()


def test_the_palette_finds_a_lot_by_keyboard_alone(at_desk: Callable[..., Any], house: str) -> None:
    page = at_desk("h.brandt")
    page.keyboard.press("Control+k")
    page.locator("dialog[open] input").wait_for()
    page.keyboard.type("VT-2601")
    page.locator("dialog[open] [role=option]", has_text="VT-2601").first.wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url("**/lots/VT-2601/")


def test_results_are_verified_by_keyboard_alone_and_without_script(at_desk: Callable[..., Any], house: str) -> None:
    page = at_desk("j.novak", script=False)
    page.goto(f"{house}{ROOM}/verify/")
    assert page.locator("h1").inner_text()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"


def test_a_block_from_a_spreadsheet_fills_the_grid(at_desk: Callable[..., Any], house: str) -> None:
    page = at_desk("j.novak")
    page.goto(f"{house}{ROOM}/specifications/draft/")
    cell = page.locator("table.entry input[name=line_name]").first
    cell.focus()
    page.evaluate("""() => {
        const data = new DataTransfer();
        data.setData("text/plain", "Assay\\tM-HPLC-02\\t≥ 98.0\\t%\\nWater\\tM-KF-01\\t≤ 1,5\\t%\\n");
        document.activeElement.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
    }""")
    assert cell.input_value() == "Assay"
    assert page.locator("table.entry input[name=line_method]").nth(1).input_value() == "M-KF-01"


def test_a_data_manager_amends_a_trial_by_grid_and_tries_a_check_before_it_is_saved(
    at_desk: Callable[..., Any], house: str
) -> None:
    page = at_desk("x.duarte")
    page.goto(f"{house}/CRD-101/clinical/trials/VT-202/build/")
    page.fill("[name=reason]", "Pulse is needed for safety")
    page.click("button:has-text('Draft an amendment')")
    page.wait_for_selector("text=The amendment is begun")
    page.click("main a:has-text('Vital signs')")
    row = page.locator("table.entry tbody tr").nth(4)
    for name, value in {"code": "PULSE", "name": "Pulse", "kind": "decimal", "unit": "/min", "max": "130"}.items():
        row.locator(f"[name=line_{name}]").fill(value)
    page.click("text=Put it into the draft")
    page.wait_for_selector("text=is in the draft")
    assert page.locator("tr", has_text="Form").filter(has_text="Changed").count() == 1
    page.click("text=New edit check")
    page.select_option("[name=form]", "VS")
    page.select_option("[name=weight]", "soft")
    given = {"code": "VS09", "expression": "PULSE <= 200", "message": "Is it a minute?"}
    for name, value in {**given, "holds": "PULSE=72", "fires": "PULSE=200"}.items():
        page.fill(f"[name={name}]", value)
    page.click("text=Try it")
    page.wait_for_selector("text=Not as said")
