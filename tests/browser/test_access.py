"""Every page of the demo for everybody: axe finds nothing, nothing scrolls sideways on a phone, print and dark included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.chromium import found_by_axe

pytestmark = pytest.mark.browser
ROOM = "/CRD-101/quality"
COMPLIANCE = "/CRD-101/compliance"
PAGES = (
    "/",
    "/CRD-101/",
    "/CRD-101/ledger/",
    "/CRD-101/proof/",
    "/CRD-101/contracts/",
    "/CRD-101/contracts/WO-26-0001/",
    "/CRD-101/materials/",
    "/search/?q=VT-26",
    f"{ROOM}/",
    f"{ROOM}/lots/",
    f"{ROOM}/lots/VT-2602/",
    f"{ROOM}/lots/VT-2602/?tab=results",
    f"{ROOM}/lots/VT-2602/?tab=stock",
    f"{ROOM}/lots/VT-2602/?tab=review",
    f"{ROOM}/lots/new/",
    f"{ROOM}/samples/",
    f"{ROOM}/samples/S-26-0002/",
    f"{ROOM}/worksheets/",
    f"{ROOM}/worksheets/WS-26-0002/",
    f"{ROOM}/verify/",
    f"{ROOM}/investigations/",
    f"{ROOM}/investigations/OOS-26-0001/",
    f"{ROOM}/certificates/",
    f"{ROOM}/certificates/COA-26-0002/1/",
    f"{ROOM}/specifications/",
    f"{ROOM}/specifications/SPEC-26-0001/1/",
    f"{ROOM}/stability/",
    f"{ROOM}/analyses/",
    f"{COMPLIANCE}/",
    f"{COMPLIANCE}/deviations/",
    f"{COMPLIANCE}/deviations/new/",
    f"{COMPLIANCE}/deviations/DEV-26-0001/",
    f"{COMPLIANCE}/deviations/DEV-26-0002/",
    f"{COMPLIANCE}/capas/",
    f"{COMPLIANCE}/capas/new/",
    f"{COMPLIANCE}/capas/CAPA-26-0001/",
    f"{COMPLIANCE}/changes/",
    f"{COMPLIANCE}/changes/new/",
    f"{COMPLIANCE}/changes/CC-26-0001/",
    f"{COMPLIANCE}/training/",
    f"{COMPLIANCE}/suppliers/",
    f"{COMPLIANCE}/suppliers/new/",
    f"{COMPLIANCE}/suppliers/import/",
    f"{COMPLIANCE}/suppliers/SUP-014/",
    f"{COMPLIANCE}/reviews/",
    f"{COMPLIANCE}/reviews/new/",
    f"{COMPLIANCE}/reviews/ATR-26-0001/",
)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(at_desk: Callable[..., Any], house: str, theme: str) -> None:
    page = at_desk("h.brandt", theme=theme)
    found = {}
    for path in PAGES:
        answer = page.goto(house + path)
        assert answer.status == 200, path
        violations = found_by_axe(page)["violations"]
        if violations:
            found[path] = [f"{v['id']}: {n['target']}" for v in violations for n in v["nodes"][:3]]
    assert found == {}


@pytest.mark.parametrize("width", [320, 390, 768])
def test_nothing_scrolls_sideways(at_desk: Callable[..., Any], house: str, width: int) -> None:
    page = at_desk("h.brandt", width=width)
    wide = {}
    for path in PAGES:
        page.goto(house + path)
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if over > 0:
            wide[path] = over
    assert wide == {}


def test_every_page_has_one_heading_and_a_language(at_desk: Callable[..., Any], house: str) -> None:
    page = at_desk("h.brandt")
    for path in PAGES:
        page.goto(house + path)
        assert page.locator("h1").count() == 1, path
        assert page.locator("html").get_attribute("lang") == "en"
