"""Static files: found in the packages, marked by their contents, compressed, kept; nothing comes from outside."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client, override_settings

from crdmo.web import assets

STATIC = Path(finders.find("crdmo/app.css")).parent  # type: ignore[arg-type]
SCRIPTS = sorted(STATIC.glob("*.js"))


@pytest.fixture
def client(tmp_path: Path):
    with override_settings(STATIC_ROOT=tmp_path / "static", WHITENOISE_USE_FINDERS=True):
        yield Client()


def whole(response) -> bytes:
    return b"".join(response.streaming_content)


def test_an_address_holds_the_mark_of_the_contents() -> None:
    url = assets.StaticFiles().url("crdmo/app.css")
    assert re.fullmatch(r"/static/crdmo/app\.css\?[0-9a-f]{12}", url)
    assert url.endswith(assets.digest(str(STATIC / "app.css"), (STATIC / "app.css").stat().st_mtime))


def test_a_file_that_is_not_there_has_no_mark() -> None:
    assert assets.StaticFiles().url("crdmo/none.css") == "/static/crdmo/none.css"


def test_a_changed_file_gets_another_mark(tmp_path: Path) -> None:
    file = tmp_path / "a.js"
    file.write_text("1")
    before = assets.digest(str(file), 1.0)
    file.write_text("2")
    assert assets.digest(str(file), 2.0) != before


def test_with_the_right_mark_a_file_is_kept_for_ever(client: Client) -> None:
    url = assets.StaticFiles().url("crdmo/app.css")
    assert client.get(url)["Cache-Control"] == assets.FOREVER
    assert client.get("/static/crdmo/app.css?0123456789ab")["Cache-Control"] == "max-age=60, public"
    assert client.get("/static/crdmo/app.css")["Cache-Control"] == "max-age=60, public"


def test_a_browser_that_can_gets_it_compressed(client: Client) -> None:
    response = client.get("/static/crdmo/app.css", headers={"Accept-Encoding": "gzip"})
    assert response["Content-Encoding"] == "gzip" and response["Vary"] == "Accept-Encoding"
    assert gzip.decompress(whole(response)) == (STATIC / "app.css").read_bytes()


def test_a_browser_that_cannot_gets_it_plain(client: Client) -> None:
    response = client.get("/static/crdmo/app.css", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in response and whole(response) == (STATIC / "app.css").read_bytes()


def test_compressed_copies_are_made_once(tmp_path: Path) -> None:
    made = assets.copies(str(STATIC / "app.css"), tmp_path)
    stamp = Path(made["gzip"]).stat().st_mtime_ns
    assert assets.copies(str(STATIC / "app.css"), tmp_path) == made
    assert Path(made["gzip"]).stat().st_mtime_ns == stamp


def test_pictures_are_not_compressed_again(tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    picture.write_bytes(b"\x89PNG" * 400)
    assert assets.copies(str(picture), tmp_path / "copies") == {}


def test_no_file_outside_is_reached(client: Client) -> None:
    assert client.get("/static/../settings.py").status_code in (302, 404)
    assert client.get("/static/crdmo/%2e%2e/%2e%2e/settings.py").status_code in (302, 404)


def test_the_style_sheet_weighs_no_more_than_twenty_kilobytes() -> None:
    assert len(gzip.compress((STATIC / "app.css").read_bytes(), 9)) <= 20_000


def test_all_scripts_together_weigh_no_more_than_thirty_kilobytes() -> None:
    assert sum(len(gzip.compress(file.read_bytes(), 9)) for file in SCRIPTS) <= 30_000


@pytest.mark.parametrize("file", [*SCRIPTS, STATIC / "app.css", STATIC / "icon.svg"], ids=lambda f: f.name)
def test_nothing_is_fetched_from_elsewhere(file: Path) -> None:
    found = re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", file.read_text())
    assert [url for url in found if "www.w3.org" not in url] == []


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda f: f.name)
def test_scripts_run_under_the_content_security_policy(file: Path) -> None:
    assert not re.search(
        r"\beval\(|new Function|\.style\b|setAttribute\(.style|document\.write|javascript:", file.read_text()
    )


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda f: f.name)
def test_scripts_import_only_scripts_that_are_there(file: Path) -> None:
    for name in re.findall(r"""(?:from|import\()\s*["']\./([\w.]+)["']""", file.read_text()):
        assert (STATIC / name).exists(), name
        # A second copy of the entry would listen twice.
        assert name != "app.js"


@pytest.mark.parametrize("page", sorted((STATIC.parents[1] / "templates").rglob("*.html")), ids=lambda p: p.name)
def test_no_template_styles_or_acts_inline(page: Path) -> None:
    assert not re.search(r"""\sstyle\s*=|<style|\son[a-z]+\s*=\s*["']|<script(?![^>]*\bsrc=)""", page.read_text())
