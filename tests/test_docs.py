"""The documents say what the house does: links lead somewhere, what there is is described, examples run."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote

import pytest
import typer.main
from django.test import Client

from crdmo import settings as settings_file
from crdmo.cli import app
from crdmo.cli import common as exits
from crdmo.foundation.refusals import Refused
from crdmo.science import method
from crdmo.web import door, errors
from crdmo.web.pages import docs
from tests import clauses

ROOT = Path(__file__).resolve().parent.parent
OWN = ("README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md", "THREAT_MODEL.md")
PAGES = sorted([*(ROOT / name for name in OWN), *(ROOT / "docs").rglob("*.md")])
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.M | re.S)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", path.read_text(encoding="utf-8")), re.M)
    return {docs.slug(re.sub(r"[`*]", "", heading)) for heading in headings}


def examples(name: str, language: str) -> Iterator[str]:
    for indent, kind, code in FENCE.findall(text_of(name)):
        if kind == language:
            yield "".join(line.removeprefix(indent) for line in code.splitlines(keepends=True))


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_to_a_file_and_a_heading_that_are_there(name: str) -> None:
    for target in LINK.findall(FENCE.sub("", text_of(name))):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        place, _, anchor = unquote(target).partition("#")
        path = (ROOT / name).parent / place if place else ROOT / name
        assert path.exists(), f"{name}: {target} leads nowhere"
        if anchor:
            assert anchor in anchors(path), f"{name}: {target}: no such heading"


@pytest.mark.parametrize("name", [name for name in NAMES if "```python" in text_of(name)])
def test_examples_in_python_run(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # What an example registers is gone after it.
    monkeypatch.setattr(method, "_METHODS", dict(method.registered()))
    for number, code in enumerate(examples(name, "python"), 1):
        module = ModuleType(f"example_{number}")
        monkeypatch.setitem(sys.modules, module.__name__, module)
        exec(compile(code, f"{name}, example {number}", "exec"), module.__dict__)


def commands() -> dict[str, list[str]]:
    """Return every command by its full name, with its options."""
    found: dict[str, list[str]] = {}

    def walk(command: object, name: str) -> None:
        inner = getattr(command, "commands", None)
        if inner:
            for key, one in inner.items():
                walk(one, f"{name} {key}".strip())
        else:
            found[name] = [o for p in command.params for o in p.opts if o.startswith("--")]  # type: ignore[attr-defined]

    walk(typer.main.get_command(app), "")
    return found


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_is_described(name: str) -> None:
    assert f"crdmo {name}" in text_of("docs/cli.md"), f"docs/cli.md does not describe crdmo {name}"


def test_every_option_is_described() -> None:
    text = text_of("docs/cli.md")
    missing = [f"{name} {option}" for name, options in commands().items() for option in options if option not in text]
    assert not missing


def test_no_command_is_described_that_is_not_there() -> None:
    known = {name.split()[0] for name in commands()}
    for name in NAMES:
        shown = "\n".join(code for _, kind, code in FENCE.findall(text_of(name)) if kind == "sh")
        used = set(re.findall(r"(?:^|&& |\s)crdmo ([a-z]+)", shown))
        assert used <= known, f"{name} shows {sorted(used - known)}"


def test_every_exit_code_is_described() -> None:
    table = set(re.findall(r"^\| (\d+) \|", text_of("docs/cli.md"), re.M))
    codes = (
        exits.DONE,
        exits.REFUSED,
        exits.USAGE,
        exits.FINDINGS,
        exits.NOT_VERIFIED,
        exits.CONFLICT,
        exits.NOT_PERMITTED,
        exits.UNAVAILABLE,
        130,
    )
    assert table == {str(code) for code in codes}


def test_every_setting_is_described_and_none_that_is_not_there() -> None:
    source = Path(settings_file.__file__).read_text(encoding="utf-8")
    read = set(re.findall(r"""environ(?:\.get\(|\[)["'](CRDMO_\w+)""", source))
    table = set(re.findall(r"^\| `(CRDMO_\w+)`", text_of("docs/operate.md"), re.M))
    assert read == table


def kinds() -> set[str]:
    """Return every kind of problem that the source can answer with."""
    door.table()  # brings in every room, and with it every refusal
    found, classes = set(errors.TITLES), [Refused]
    while classes:
        one = classes.pop()
        found.add(one.kind)
        classes += one.__subclasses__()
    for path in (ROOT / "src" / "crdmo").rglob("*.py"):
        found |= set(re.findall(r"/docs/problems/#([a-z-]+)", path.read_text(encoding="utf-8")))
    return found


def test_every_kind_of_problem_has_its_heading() -> None:
    missing = kinds() - anchors(ROOT / "docs" / "problems.md")
    assert not missing


def test_the_table_of_clauses_is_up_to_date() -> None:
    assert clauses.PAGE.read_text(encoding="utf-8") == clauses.page(), "run python -m tests.clauses"


def test_every_page_is_reached_from_the_first() -> None:
    seen: set[Path] = set()
    todo = [ROOT / "docs" / "index.md"]
    while todo:
        page = todo.pop()
        if page in seen:
            continue
        seen.add(page)
        for target in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
            path = (page.parent / target.partition("#")[0]).resolve()
            if path.suffix == ".md" and path.is_file():
                todo.append(path)
    assert set((ROOT / "docs").rglob("*.md")) <= seen


def test_pictures_are_small() -> None:
    large = [path.name for path in (ROOT / "docs" / "pictures").glob("*.png") if path.stat().st_size > 250_000]
    assert not large


def test_a_link_within_the_documents_leads_to_their_address() -> None:
    assert docs.address("users/analyst", "../cli.md#exit-codes") == "/docs/cli/#exit-codes"
    assert docs.address("index", "users/analyst.md") == "/docs/users/analyst/"
    assert docs.address("users/analyst", "../index.md") == "/docs/"


def test_a_link_to_the_source_is_no_link_on_the_page() -> None:
    assert docs.address("tour", "../src/crdmo/proof/verify.py") is None
    html = docs.read("tour").html
    assert "src/crdmo/proof/verify.py" in html
    assert "../src" not in re.sub(r"<code>.*?</code>", "", html)


def test_every_page_is_rendered_without_inline_style_or_script() -> None:
    for name in docs.names():
        html = docs.read(name).html
        assert not re.search(r"<[^>]* style=", html), name
        assert "<script" not in html.lower(), name


@pytest.mark.parametrize("name", ["../settings", "/etc/passwd", "builders/../../README", "builders", "nothing-here"])
def test_nothing_but_documents_is_given(name: str) -> None:
    with pytest.raises(docs.NotFound, match="there is no such document"):
        docs.read(name)


@pytest.mark.django_db
def test_documents_are_for_people_who_are_logged_in(client: Client) -> None:
    response = client.get("/docs/")
    assert (response.status_code, response["Location"].partition("?")[0]) == (302, "/login/")
