"""PDF/A from JSON: a template of the house style, the data, figures as SVG, files to attach.

The same input gives the same bytes with the same version of typst: the only date in a file is `data["dated"]`, fonts
are those of this folder and of the compiler, and nothing is read from the machine. Bookmarks come from the headings.
"""

from __future__ import annotations

import datetime as dt
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import typst

from crdmo.proof import canonical

from ..refusals import Invalid

HERE = Path(__file__).resolve().parent
TEMPLATES = HERE / "typst"
FONTS = HERE / "fonts"
RENDERER = f"typst {version('typst')}"
NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,80}$")
MIME = {
    ".json": "application/json", ".csv": "text/csv", ".txt": "text/plain", ".xml": "application/xml",
    ".zip": "application/zip", ".pdf": "application/pdf", ".svg": "image/svg+xml",
}  # fmt: skip
ESCAPES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
# In the figures the families of the page stand; here is none of them.
FAMILY = re.compile(r"""font-family\s*=\s*("[^"]*"|'[^']*')""")
MISSING = re.compile(r"could not be displayed with any font|not be displayed with|missing glyph", re.IGNORECASE)


@lru_cache(maxsize=1)
def fonts() -> typst.Fonts:
    """Return the fonts that a document may use: ours and the compiler's own, none of the machine."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[str(FONTS)])


def render(
    template: str | Path,
    data: Mapping[str, Any],
    *,
    figures: Mapping[str, str] | None = None,
    watermark: str | None = None,
    attachments: Mapping[str, bytes] | None = None,
) -> bytes:
    """Return a PDF/A-2b, or a PDF/A-3b when files are attached.

    Args:
        template: name of a template in this room (`report`, `document`, `certificate`), or the path of another .typ
            file, which may import `/house.typ`.
        data: JSON that the template draws. All templates know `title`, `kind`, `code`, `version`, `state`, `tone`,
            `organization`, `program`, `footer`, `dated` (ISO date or instant: the only date in the file).
        figures: SVG text by the name under which a block of kind `figure` asks for it.
        watermark: word laid under each page.
        attachments: files to attach by name.

    Raises:
        Invalid: no such template, a name that is no file name, or data that the template cannot draw.
    """
    files, pictures = dict(attachments or {}), dict(figures or {})
    _check_names(files, pictures)
    told = {**data, "watermark": watermark or "", "attachments": [_attached(n) for n in sorted(files)]}
    told.setdefault("keywords", [RENDERER])
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        main = _lay_out(root, template, pictures, files)
        standard = "a-3b" if files else "a-2b"
        return _compile(root, main, told, standard)


def _check_names(*named: Mapping[str, object]) -> None:
    for name in (n for mapping in named for n in mapping):
        if not NAME.match(name):
            raise Invalid("this cannot name a file in a PDF", given=repr(name), allowed="letters, digits, . _ -")


def _attached(name: str) -> dict[str, str]:
    mime = MIME.get(Path(name).suffix.lower(), "application/octet-stream")
    return {"name": name, "mime": mime, "relationship": "data", "description": name}


def _lay_out(root: Path, template: str | Path, figures: Mapping[str, str], files: Mapping[str, bytes]) -> Path:
    """Put everything that the compiler may read into one folder and return the main file."""
    source = template if isinstance(template, Path) else TEMPLATES / f"{template}.typ"
    if not source.is_file() or (not isinstance(template, Path) and not NAME.match(template)):
        known = ", ".join(sorted(p.stem for p in TEMPLATES.glob("*.typ") if p.stem != "house"))
        raise Invalid("there is no such template", given=str(template), allowed=known)
    for helper in source.parent.glob("*.typ"):
        shutil.copyfile(helper, root / helper.name)
    shutil.copyfile(TEMPLATES / "house.typ", root / "house.typ")
    for folder, contents in (("figures", figures), ("attachments", files)):
        (root / folder).mkdir()
        for name, content in contents.items():
            if isinstance(content, str):
                (root / folder / f"{name}.svg").write_text(FAMILY.sub('font-family="IBM Plex Sans"', content))
            else:
                (root / folder / name).write_bytes(content)
    return root / source.name


def moment(dated: str) -> dt.datetime:
    """Return the instant that stands in the file, from an ISO date or instant; without, the first of 1970."""
    if not dated:
        return dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    found = dt.datetime.fromisoformat(dated).replace(microsecond=0)
    zoned = found.replace(tzinfo=dt.UTC) if found.tzinfo is None else found.astimezone(dt.UTC)
    return zoned.replace(microsecond=0)  # a PDF counts in seconds


def _compile(root: Path, main: Path, data: dict[str, Any], standard: Any) -> bytes:
    compiler = typst.Compiler(str(main), root=str(root), font_paths=fonts(), ignore_system_fonts=True)
    when = moment(str(data.get("dated") or ""))
    shown = _printable(data)
    for last in (False, True):
        (root / "data.json").write_bytes(canonical.encode(shown))
        try:
            made = compiler.compile(format="pdf", pdf_standards=[standard], timestamp=when)
        except typst.TypstError as error:
            if last or not MISSING.search(error.message):
                raise Invalid(
                    "this cannot be printed", given=error.message[:300], allowed="data that the template knows",
                    next="; ".join(error.hints)[:300],
                ) from error  # fmt: skip
            shown = _spelled_out(shown)
        else:
            return bytes(made) if isinstance(made, bytes | bytearray) else b"".join(made or [])
    raise AssertionError("unreachable")


def _printable(value: Any) -> Any:
    """Return JSON without the control characters that no page can show; they are written as their numbers."""
    return _each_text(value, lambda text: ESCAPES.sub(lambda m: f"\\u{ord(m[0]):04x}", text))


def _spelled_out(value: Any) -> Any:
    """Return JSON in which characters beyond the fonts are written as ⟨U+4E2D⟩: printed, not lost."""
    return _each_text(value, lambda text: "".join(c if _has_glyph(c) else f"⟨U+{ord(c):04X}⟩" for c in text))


def _has_glyph(character: str) -> bool:
    point = ord(character)
    return point < 0x0590 or 0x2000 <= point < 0x2C00


def _each_text(value: Any, change: Any) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: _each_text(inner, change) for key, inner in value.items()}
    if isinstance(value, Sequence):
        return [_each_text(inner, change) for inner in value]
    return value
