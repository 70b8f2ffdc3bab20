"""Every page of the demo for everybody: axe finds nothing, nothing scrolls sideways on a phone, print and dark included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.chromium import found_by_axe

pytestmark = pytest.mark.browser
ROOM = "/CRD-101/quality"
PLANT = "/CRD-101/manufacturing"
COMPLIANCE = "/CRD-101/compliance"
REGULATORY = "/CRD-101/regulatory"
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
    f"{PLANT}/",
    f"{PLANT}/batches/",
    f"{PLANT}/batches/VT-2604/",
    f"{PLANT}/batches/VT-2604/?tab=review",
    f"{PLANT}/batches/VT-2604/?tab=trail",
    f"{PLANT}/masters/",
    f"{PLANT}/masters/MBR-VT20/1/",
    f"{PLANT}/equipment/",
    f"{PLANT}/equipment/BLD-01/",
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
    "/CRD-101/documents/",
    "/CRD-101/documents/RA-1571/",
    f"{REGULATORY}/",
    f"{REGULATORY}/applications/APP-26-0001/",
    f"{REGULATORY}/applications/APP-26-0001/0000/",
    f"{REGULATORY}/applications/APP-26-0001/dossier/view/",
    f"{REGULATORY}/packages/",
)
# What only the people of the plant open.
FLOOR = (
    ("b.silva", f"{PLANT}/"),
    ("b.silva", f"{PLANT}/batches/VT-2605/floor/"),
    ("f.weber", f"{PLANT}/batches/VT-2605/"),
    ("f.weber", f"{PLANT}/batches/issue/"),
    ("f.weber", f"{PLANT}/masters/draft/"),
    ("f.weber", f"{PLANT}/equipment/register/"),
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


@pytest.mark.parametrize("user_id", ["b.silva", "f.weber"])
def test_the_pages_of_the_plant_are_open_to_everybody(at_desk: Callable[..., Any], house: str, user_id: str) -> None:
    """axe finds nothing and nothing scrolls sideways on what QA cannot open."""
    for width in (1440, 768, 320):
        page = at_desk(user_id, width=width)
        for path in (path for who, path in FLOOR if who == user_id):
            assert page.goto(house + path).status == 200, path
            assert [v["id"] for v in found_by_axe(page)["violations"]] == [], (path, width)
            over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert over <= 0, (path, width)


def test_what_an_operator_presses_is_large(at_desk: Callable[..., Any], house: str) -> None:
    page = at_desk("b.silva", width=768)
    page.goto(f"{house}{PLANT}/batches/VT-2605/floor/")
    for control in page.locator(".floor-form :is(input:not([type=hidden]), select, button)").all():
        box = control.bounding_box()
        assert box is not None and box["height"] >= 64


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
