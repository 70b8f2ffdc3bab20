"""Make the pictures of the documents from a running demo.

    crdmo serve &                                    # an installation that holds the demo program
    python docs/pictures/make.py http://localhost:8000

Pictures are small on purpose (a test refuses more than 250 kB): 1280 pixels wide, one scale.
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

PASSWORD = "open thread, signed record"  # noqa: S105 — the demo prints it
HERE = Path(__file__).resolve().parent
QUALITY = "/CRD-101/quality"
# Who looks, at what, under which name, and how high.
SHOTS: tuple[tuple[str, tuple[tuple[str, str, int], ...]], ...] = (
    ("h.brandt", (("desk", "/", 760), ("lot", f"{QUALITY}/lots/VT-2603/", 820),
                 ("investigation", f"{QUALITY}/investigations/OOS-26-0001/", 900))),
    ("a.lindgren", (("worklist", f"{QUALITY}/", 760), ("sample", f"{QUALITY}/samples/S-26-0024/", 820))),
    ("k.yamada", (("proof", "/CRD-101/proof/", 760),)),
)  # fmt: skip


def log_in(page: Page, origin: str, user_id: str) -> None:
    """Log in and wait for the desk."""
    page.goto(origin + "/login/")
    page.fill("input[name=login]", user_id)
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(origin + "/")


def grid(page: Page, origin: str) -> None:
    """Open a run and type into its grid; the worksheet stays in the demo, open."""
    page.goto(f"{origin}{QUALITY}/worksheets/open/")
    page.select_option("select[name=method]", label="M-KF-01 version 1")
    wanted = next(
        text for text in page.locator("select[name=instrument] option").all_inner_texts() if text.startswith("KF-02")
    )
    page.select_option("select[name=instrument]", label=wanted)
    page.locator("main button", has_text="Open the worksheet").click()
    page.wait_for_selector("input[name^=value_]")
    for number, text in enumerate(("2.31", "2.35")):
        page.locator("input[name^=value_]").nth(number).fill(text)
    page.set_viewport_size({"width": 1280, "height": 700})
    page.screenshot(path=HERE / "grid.png", animations="disabled")
    print("grid", (HERE / "grid.png").stat().st_size)


def main(origin: str) -> None:
    """Make every picture."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for user_id, shots in SHOTS:
            page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
            log_in(page, origin, user_id)
            for name, address, height in shots:
                page.set_viewport_size({"width": 1280, "height": height})
                answer = page.goto(origin + address)
                if answer is None or not answer.ok:
                    raise SystemExit(f"{address} answers {answer and answer.status} to {user_id}")
                page.wait_for_load_state("load")
                page.screenshot(path=HERE / f"{name}.png", animations="disabled")
                print(name, (HERE / f"{name}.png").stat().st_size)
            if user_id == "a.lindgren":
                grid(page, origin)
            page.context.close()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/") if len(sys.argv) > 1 else "http://localhost:8000")
