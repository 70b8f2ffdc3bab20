"""Commands about the field's formats: look into a file, check it. They need no installation and write nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from crdmo.standards import ectd
from crdmo.standards.refusals import Finding, FormatError, Severity

from . import common
from .house import Json

FINDINGS = 3
REFUSED = 1
app = typer.Typer(help="The field's formats: look into files and check them.", no_args_is_help=True)
File = Annotated[Path, typer.Argument(help="A transport file (.xpt), or an eCTD: its folder, or a zip of it.")]


def _refused(error: FormatError, json: bool) -> typer.Exit:
    told = {"error": "format", "what": error.what, "given": error.given, "allowed": error.allowed}
    common.answer(told, json, []) if json else common.tell(str(error))
    return typer.Exit(REFUSED)


def _ectd(file: Path) -> Mapping[str, ectd.Sequence]:
    return ectd.read_application(ectd.from_folder(file) if file.is_dir() else ectd.from_zip(str(file), file.stem))


def _require(file: Path) -> None:
    if not file.exists():
        raise FormatError("there is no such file", given=str(file))


@app.command("check")
def check(
    file: File,
    util: Annotated[
        Path | None, typer.Option("--official", help="Folder with the official document types, for validity.")
    ] = None,
    criteria: Annotated[str, typer.Option("--criteria", help="Edition of the criteria.")] = ectd.LATEST,
    json: Json = False,
) -> None:
    """Check a file by the rules of its standard. Ends with 3 where an error was found."""
    from crdmo.standards import xpt  # noqa: PLC0415 — commands that need no tables start quickly

    try:
        _require(file)
        if file.suffix.lower() == ".xpt":
            found = xpt.check(xpt.XptFile(file))
        else:
            official = {one.name: one.read_bytes() for one in sorted(util.iterdir()) if one.is_file()} if util else {}
            found = ectd.validate(_ectd(file), util=official, criteria=criteria)
    except FormatError as error:
        raise _refused(error, json) from error
    counts = Counter(one.severity.value for one in found)
    summary = ", ".join(f"{counts[weight.value]} {weight.value}s" for weight in Severity)
    lines = [f"{one.severity.value:<8} {one.criterion:<9} {one.place}: {one.what} [{one.reason}]" for one in found]
    common.answer(
        {"file": str(file), "counts": dict(counts), "findings": [_told(one) for one in found]}, json, [*lines, summary]
    )
    if counts[Severity.ERROR.value]:
        raise typer.Exit(FINDINGS)


def _told(one: Finding) -> dict[str, str]:
    return {
        "criterion": one.criterion, "severity": one.severity.value, "place": one.place, "what": one.what,
        "reason": one.reason,
    }  # fmt: skip


@app.command("show")
def show(
    file: File,
    until: Annotated[str, typer.Option("--until", help="As the dossier stood after this sequence.")] = "",
    json: Json = False,
) -> None:
    """Show what is in a file: the leaves that stand in an eCTD, or the members of a transport file."""
    try:
        _require(file)
        told, lines = _members(file) if file.suffix.lower() == ".xpt" else _leaves(file, until)
    except FormatError as error:
        raise _refused(error, json) from error
    common.answer(told, json, lines)


def _members(file: Path) -> tuple[dict[str, Any], list[str]]:
    from crdmo.standards import xpt  # noqa: PLC0415 — commands that need no tables start quickly

    held = xpt.XptFile(file)
    rows: list[dict[str, Any]] = [
        {"name": one.header.name, "rows": one.rows, "variables": [v.name for v in one.header.variables]}
        for one in held.places
    ]
    return {"members": rows}, [f"{row['name']}: {row['rows']} rows, {', '.join(row['variables'])}" for row in rows]


def _leaves(file: Path, until: str) -> tuple[dict[str, Any], list[str]]:
    view = ectd.current_view(_ectd(file), until or "9999")
    rows = [
        {
            "section": next((node.section for node in reversed(one.leaf.place) if node.section), "1"),
            "title": one.leaf.title,
            "file": one.path,
            "replaced": [str(target) for target in one.history],
        }
        for one in view.payload
    ]
    return {"leaves": rows}, [f"{row['section']:<10} {row['title']}  {row['file']}" for row in rows]


def add_to(root: typer.Typer) -> None:
    """Add these commands."""
    root.add_typer(app, name="standards")
