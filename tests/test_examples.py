"""The worked examples under docs/examples run, and the pictures in docs/science are those that they draw.

Each script has `main() -> str`: it prints what it found, as in a notebook, and returns its picture as SVG text. With
CRDMO_WRITE_PICTURES=1 the pictures are written instead of compared.
"""

from __future__ import annotations

import os
import re
import runpy
from pathlib import Path

import pytest

from tests import shared_data

DOCS = Path(__file__).resolve().parents[1] / "docs"
EXAMPLES = sorted((DOCS / "examples").glob("[a-z]*.py"))
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


@pytest.mark.parametrize("script", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_and_draws_its_picture(script: Path, capsys, monkeypatch):
    monkeypatch.setenv("CRDMO_SHARED", str(shared_data.SHARED))
    module = runpy.run_path(str(script))
    for needed in module.get("DATA", ()):
        shared_data.path(needed)
    svg = module["main"]()
    assert svg.startswith("<svg")
    assert len(capsys.readouterr().out.splitlines()) >= 3
    kept = DOCS / "science" / f"{script.stem.replace('_', '-')}.svg"
    if os.environ.get("CRDMO_WRITE_PICTURES"):
        kept.write_text(svg, encoding="utf-8")
    old = kept.read_text(encoding="utf-8")
    assert NUMBER.sub("#", svg) == NUMBER.sub("#", old), "the picture is another: run with CRDMO_WRITE_PICTURES=1"
    # Another processor may round a last digit of a coordinate the other way.
    for new, was in zip(NUMBER.findall(svg), NUMBER.findall(old), strict=True):
        assert float(new) == pytest.approx(float(was), rel=0.01, abs=0.6)


@pytest.mark.parametrize("page", sorted((DOCS / "science").glob("*.md")), ids=lambda path: path.stem)
def test_a_page_of_a_family_says_what_it_must(page: Path):
    text = page.read_text(encoding="utf-8")
    for heading in ("## Formulae", "## What it refuses", "## Sources"):
        assert heading in text, f"{page.name} has no {heading}"
    pictures = re.findall(r"!\[[^\]]+\]\(([a-z0-9-]+)\.svg\)", text)
    assert pictures, f"{page.name} shows no picture"
    for picture in pictures:
        assert (DOCS / "examples" / f"{picture.replace('-', '_')}.py").exists()
