"""The floor as its people walk it: a material is weighed by keyboard alone, without scripts, and a colleague checks it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from crdmo.demo.people import PASSWORD

pytestmark = pytest.mark.browser
FLOOR = "/CRD-101/manufacturing/batches/VT-2605/floor/"


def tab_to(page: Any, key: str, most: int = 60) -> None:
    """Press Tab until a field has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == key:
            return
    raise AssertionError(f"{key} is not reached by Tab")


def test_a_material_is_weighed_by_keyboard_alone_and_checked_by_a_colleague(
    at_desk: Callable[..., Any], house: str
) -> None:
    operator = at_desk("b.silva", width=768, script=False)
    operator.goto(house + FLOOR)
    assert "Dispense Microcrystalline cellulose" in operator.locator("h1").inner_text()
    tab_to(operator, "gross")
    operator.keyboard.type("16,9")
    tab_to(operator, "signing-user-id")
    operator.keyboard.type("b.silva")
    tab_to(operator, "signing-password")
    operator.keyboard.type(PASSWORD)
    operator.keyboard.press("Enter")
    operator.locator("#errors").wait_for()
    assert "more Microcrystalline cellulose than the tolerance allows" in operator.locator("#errors").inner_text()
    assert operator.locator("#gross").input_value() == "16,9"
    operator.fill("#gross", "16.05")
    operator.fill("#tare", "0.25")
    operator.fill("#signing-user-id", "b.silva")
    operator.fill("#signing-password", PASSWORD)
    operator.keyboard.press("Enter")
    operator.locator("text=15.80 kg from MCC-D1 is in the batch").wait_for()
    assert "Dispense Magnesium stearate" in operator.locator("h1").inner_text()

    colleague = at_desk("n.kaur", width=390)
    colleague.goto(house + FLOOR)
    assert "Check what Bruno Silva recorded" in colleague.locator("h1").inner_text()
    assert "15.80 kg" in colleague.locator(".target").inner_text()
    colleague.fill("#signing-user-id", "n.kaur")
    colleague.fill("#signing-password", PASSWORD)
    colleague.click("text=Checked: sign")
    colleague.locator("text=is checked").wait_for()


def test_qa_sees_the_exceptions_and_the_whole_trail_one_click_away(at_desk: Callable[..., Any], house: str) -> None:
    page = at_desk("h.brandt")
    page.goto(f"{house}/CRD-101/manufacturing/batches/VT-2604/?tab=review")
    kinds = page.locator("main tbody th").all_inner_texts()
    assert sorted(kinds) == ["Correction", "Out of limit", "Refused step"]
    page.click("section >> text=Whole trail")
    page.wait_for_url("**tab=trail")
    page.goto(f"{house}/CRD-101/quality/lots/VT-2604/")
    gate = page.locator("tr", has_text="Batch record")
    assert "Met" in gate.inner_text() and "reviewed by Dr Helga Brandt" in gate.inner_text()
