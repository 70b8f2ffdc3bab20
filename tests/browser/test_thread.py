"""The whole thread, walked by its people in Chromium: each does a step of their own, and the last one checks the proof of all.

Chemist, study director with the unit that inspects her, investigator, statistician, publisher, process engineer, operator,
analyst, QA, sponsor, inspector; then the sponsor's bundle is verified and recomputed on a machine that has only the file.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from crdmo.demo.people import PASSWORD
from tests.web import served

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("thread")


@pytest.fixture(scope="module")
def house(home: Path) -> Iterator[str]:
    with served.installation(home, "tests.web.scenes.demo") as address:
        yield address


def sign(page: Any, step: str, user_id: str) -> None:
    """Sign the step of a record's page: both components at the first signing of a session."""
    if page.locator(f"#{step}-user").count():
        page.fill(f"#{step}-user", user_id)
    page.fill(f"#{step}-password", PASSWORD)
    page.locator(f"form:has(#{step}-password) button").click()


def program(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python against the installation's home, as its operator does."""
    environment = {**os.environ, **served.environment_of(home), "DJANGO_SETTINGS_MODULE": "crdmo.settings"}
    return subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False)


def test_the_thread_is_walked_by_its_people_and_ends_in_a_proof(
    at_desk: Callable[..., Any], house: str, home: Path, tmp_path: Path
) -> None:
    here = f"{house}/CRD-101"

    chemist = at_desk("w.tanaka")
    chemist.goto(f"{here}/discovery/registration/bring/")
    chemist.fill("#id_pasted", "CC(C)c1ccc(cc1)C(=O)NC1CC1 walk-1")
    chemist.click("text=Show what they are")
    chemist.locator("text=New compound").first.wait_for()
    chemist.click("main button:has-text('Register all')")
    chemist.locator("text=AUR-").first.wait_for()

    inspector_of_the_study = at_desk("q.laurent")
    inspector_of_the_study.goto(f"{here}/preclinical/studies/TOX-102-13W/protocol/")
    sign(inspector_of_the_study, "review", "q.laurent")
    inspector_of_the_study.locator("#review-password").wait_for(state="detached")
    director = at_desk("d.petrova")
    director.goto(house)
    director.click("text=TOX-102-13W protocol version 1")
    field = director.locator("main [name=signing_password]").first
    sign(director, field.get_attribute("id").removesuffix("-password"), "d.petrova")
    director.locator("main [name=signing_password]").wait_for(state="detached")

    investigator = at_desk("i.mensah", width=768)
    investigator.goto(f"{here}/clinical/trials/VT-202/queries/")
    investigator.fill("#a1", "Confirmed: read twice, the cuff was changed.")
    investigator.locator("form:has(#a1) button").click()
    investigator.locator("#a1").wait_for(state="detached")

    statistician = at_desk("b.lang")
    statistician.goto(f"{here}/clinical/trials/VT-201/analysis/")
    assert "with its sources" in statistician.locator("main").inner_text()
    assert statistician.locator("main svg").count() >= 1

    publisher = at_desk("e.okonkwo")
    publisher.goto(f"{here}/regulatory/applications/APP-26-0001/0001/")
    publisher.click("main button:has-text('Validate')")
    publisher.locator("text=Not validated yet").wait_for(state="detached")

    engineer = at_desk("k.maier")
    engineer.goto(f"{here}/process/strategies/CS-26-0001/1/")
    assert "Main compression force" in engineer.locator("main").inner_text()

    operator = at_desk("b.silva", width=768)
    operator.goto(f"{here}/manufacturing/batches/VT-2605/floor/")
    operator.fill("#gross", "16.05")
    operator.fill("#tare", "0.25")
    operator.fill("#signing-user-id", "b.silva")
    operator.fill("#signing-password", PASSWORD)
    operator.keyboard.press("Enter")
    operator.locator("text=15.80 kg from MCC-D1 is in the batch").wait_for()

    analyst = at_desk("a.lindgren")
    analyst.goto(f"{here}/quality/worksheets/")
    analyst.locator("tr:has-text('Appearance') >> text=Open a run").first.click()
    analyst.wait_for_load_state()

    quality = at_desk("h.brandt")
    quality.goto(f"{here}/quality/lots/VT-2604/")
    assert "DEV-" in quality.locator("main").inner_text()

    payer = at_desk("f.moss")
    payer.goto(f"{here}/contracts/invoices/INV-26-0002/")
    payer.click("main button:has-text('Accept')")
    payer.locator("main .chip:has-text('Accepted')").first.wait_for()

    agency = at_desk("t.holm")
    agency.goto(f"{here}/thread/")
    assert "AUR-" in agency.locator("main").inner_text()
    agency.fill("#tq", "28-day")
    agency.click("main button:has-text('Find')")
    agency.locator("text=Show the way").first.click()
    way = agency.locator("#way")
    way.wait_for()
    assert "Signed by" in way.inner_text() or "Record and history" in way.inner_text()

    sponsor = at_desk("k.yamada")
    sponsor.goto(f"{here}/proof/")
    key = sponsor.locator("text=/\\+[0-9a-f]{8}\\+/").first.inner_text().strip()
    sponsor.click("main button:has-text('Make a proof bundle')")
    worked = program(home, "-m", "crdmo.foundation.computing.worker", "--batch", "--interval", "0.1")
    assert worked.returncode == 0, worked.stderr
    sponsor.goto(f"{here}/proof/")
    with sponsor.expect_download() as loading:
        sponsor.locator("main a[href$='.zip']").first.click()
    bundle = tmp_path / "bundle.zip"
    loading.value.save_as(bundle)

    # From here on nothing of the installation is used but the file, and the key that was given out of hand.
    elsewhere = tmp_path / "elsewhere"
    verified = program(elsewhere, "-m", "crdmo.cli", "verify", str(bundle), "--key", key, "--json")
    assert verified.returncode == 0 and json.loads(verified.stdout)["verified"], verified.stdout + verified.stderr
    again = program(elsewhere, "-m", "crdmo.cli", "recompute", str(bundle))
    assert again.returncode == 0 and "different" not in again.stdout, again.stdout[-2000:]
