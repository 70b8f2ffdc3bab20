"""Every page of the demo for everybody: axe finds nothing, nothing scrolls sideways on a phone, print and dark included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.chromium import found_by_axe, sideways

pytestmark = pytest.mark.browser
ROOM = "/CRD-101/quality"
PLANT = "/CRD-101/manufacturing"
COMPLIANCE = "/CRD-101/compliance"
DISCOVERY = "/CRD-101/discovery"
TOXICITY = "/CRD-101/preclinical/studies/TOX-101-28D"
TRIAL = "/CRD-101/clinical/trials/VT-201"
PROCESS = "/CRD-101/process"
REGULATORY = "/CRD-101/regulatory"
PAGES = (
    "/",
    "/CRD-101/",
    "/CRD-101/ledger/",
    "/CRD-101/proof/",
    "/CRD-101/thread/",
    "/CRD-101/stale/",
    "/CRD-101/thread/?q=VT-26",
    "/CRD-101/contracts/",
    "/CRD-101/contracts/WO-26-0001/",
    "/CRD-101/contracts/WO-26-0001/plan/",
    "/CRD-101/contracts/changes/CO-26-0001/",
    "/CRD-101/contracts/invoices/INV-26-0001/",
    "/CRD-101/contracts/duties/",
    "/CRD-101/contracts/scoreboard/",
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
    f"{DISCOVERY}/",
    f"{DISCOVERY}/compounds/",
    f"{DISCOVERY}/compounds/AUR-000002/",
    f"{DISCOVERY}/sar/",
    f"{DISCOVERY}/assays/",
    f"{DISCOVERY}/candidates/",
    f"{DISCOVERY}/registration/",
    "/CRD-101/preclinical/",
    "/CRD-101/preclinical/master/",
    f"{TOXICITY}/",
    f"{TOXICITY}/protocol/",
    f"{TOXICITY}/animals/",
    f"{TOXICITY}/data/",
    f"{TOXICITY}/toxicokinetics/",
    f"{TOXICITY}/statistics/",
    f"{TOXICITY}/noael/",
    f"{TOXICITY}/report/",
    f"{TOXICITY}/exchange/",
    "/CRD-101/clinical/",
    f"{TRIAL}/",
    f"{TRIAL}/subjects/",
    f"{TRIAL}/queries/",
    f"{TRIAL}/safety/",
    f"{TRIAL}/randomisation/",
    f"{TRIAL}/lock/",
    f"{TRIAL}/analysis/",
    f"{PROCESS}/",
    f"{PROCESS}/profile/",
    f"{PROCESS}/risks/RA-26-0001/2/",
    f"{PROCESS}/studies/",
    f"{PROCESS}/studies/DOE-26-0001/",
    f"{PROCESS}/strategies/CS-26-0001/1/",
)
# What only the people of other desks open.
OTHERS = (
    ("b.silva", f"{PLANT}/"),
    ("b.silva", f"{PLANT}/batches/VT-2605/floor/"),
    ("f.weber", f"{PLANT}/batches/VT-2605/"),
    ("f.weber", f"{PLANT}/batches/issue/"),
    ("f.weber", f"{PLANT}/masters/draft/"),
    ("f.weber", f"{PLANT}/equipment/register/"),
    ("w.tanaka", f"{DISCOVERY}/registration/bring/"),
    ("y.cho", "/CRD-101/clinical/trials/VT-202/subjects/01-001/"),
    ("y.cho", "/CRD-101/clinical/trials/VT-202/queries/"),
)
# What only the desks of the contract open.
CONTRACT = (
    ("e.castro", "/requests/"),
    ("e.castro", "/requests/new/"),
    ("e.castro", "/requests/RFP-26-0001/"),
    ("m.keller", "/CRD-101/contracts/WO-26-0001/change/"),
    ("g.osei", "/CRD-101-R26-1-HALDEN/contracts/bid/"),
)


# Slashes in the address of a room's first page: http://host/PROGRAM/room/
FIRST = 5


def wrong_with(page: Any) -> list[str]:
    """Return what is wrong with the page that is open: what axe finds by day and by night, headings, language, width."""
    found = []
    # By night only the colours are others; every pair of them is checked by the tests of the tokens, so that the first
    # page of each room is enough here.
    night = [("dark", ("color-contrast",))] if page.url.count("/") <= FIRST else []
    for theme, rules in (("light", ()), *night):
        # Without motion: axe would measure colours that are still on their way to the other theme.
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        violations = found_by_axe(page, *rules)["violations"]
        found += [f"{theme}: {v['id']}: {n['target']}" for v in violations for n in v["nodes"][:3]]
    page.emulate_media(color_scheme="light")
    if page.locator("h1").count() != 1:
        found.append("not one heading")
    if page.locator("html").get_attribute("lang") != "en":
        found.append("no language")
    return found + [f"{more} px too wide at {width}" for width, more in sideways(page).items()]


def test_every_page_is_open_to_everybody_on_every_screen(at_desk: Callable[..., Any], house: str) -> None:
    page = at_desk("h.brandt")
    found = {}
    for path in PAGES:
        answer = page.goto(house + path)
        assert answer.status == 200, path
        if wrong := wrong_with(page):
            found[path] = wrong
    assert found == {}


@pytest.mark.parametrize("user_id", sorted({who for who, _ in (*OTHERS, *CONTRACT)}))
def test_pages_that_qa_cannot_open_are_open_to_everybody_else(
    at_desk: Callable[..., Any], house: str, user_id: str
) -> None:
    page = at_desk(user_id)
    for path in (path for who, path in (*OTHERS, *CONTRACT) if who == user_id):
        assert page.goto(house + path).status == 200, path
        assert wrong_with(page) == [], path


def test_what_an_operator_presses_is_large(at_desk: Callable[..., Any], house: str) -> None:
    page = at_desk("b.silva", width=768)
    page.goto(f"{house}{PLANT}/batches/VT-2605/floor/")
    for control in page.locator(".floor-form :is(input:not([type=hidden]), select, button)").all():
        box = control.bounding_box()
        assert box is not None and box["height"] >= 64
