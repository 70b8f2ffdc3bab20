"""Commands of data: take a file in, official artefacts; follow the thread of a program."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import common
from .house import Json, User

if TYPE_CHECKING:
    from crdmo.common.exchange import File


def import_file(
    file: Annotated[Path, typer.Argument(help="The file; of packages a folder as well.")],
    program: Annotated[str, typer.Option("--program", help="Code of the program.")],
    kind: Annotated[str, typer.Option("--kind", help="What the file is; crdmo kinds lists them.")],
    title: Annotated[str, typer.Option("--title", help="The option title, where the kind has one.")] = "",
    option: Annotated[list[str] | None, typer.Option("--option", help="NAME=VALUE, such as lower_limit=95.0")] = None,
    conclusion: Annotated[str, typer.Option("--conclusion", help="The option conclusion, where there is one.")] = "",
    beside: Annotated[Path | None, typer.Option("--beside", help="A second file: the layout of a plate.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and check, write nothing.")] = False,
    user: User = "",
    json: Json = False,
) -> None:
    """Take a file into the room that it belongs to, whole or not at all."""
    common.open_house()
    from crdmo.common import exchange  # noqa: PLC0415 — see open_house

    with common.refusals(json):
        person = common.acting(user)
        here = common.program_of(person, program)
        found = exchange.kind_of(kind)
        named = {"title": title, "conclusion": conclusion}
        options = exchange.options_from(option or []) | {name: text for name, text in named.items() if text}
        second = _file(beside, packed=False) if beside else None
        brought = exchange.Brought(_file(file, packed=found.packed), second, options)
        if dry_run:
            seen = exchange.look(person, here, kind, brought)
            common.answer(dict(seen.detail), json, [*seen.lines, f"{file}: nothing was written."])
            return
        made = exchange.take(person, here, kind, brought)
    common.answer({**made.detail, "id": str(made.record.pk)}, json, [made.says])


def _file(path: Path, *, packed: bool) -> File:
    """Return a file; a folder of a package as the archive that its owner would have made of it.

    Raises:
        Invalid: there is none, or the folder holds a link or too much.
    """
    from crdmo.common.exchange import File  # noqa: PLC0415 — see open_house
    from crdmo.foundation.refusals import Invalid  # noqa: PLC0415
    from crdmo.standards.cdisc import packed_folder  # noqa: PLC0415
    from crdmo.standards.refusals import FormatError  # noqa: PLC0415

    if packed and path.is_dir():
        try:
            return File(f"{path.name}.zip", packed_folder(path))
        except FormatError as error:
            raise Invalid(error.what, given=error.given, allowed=error.allowed, next=error.next_step) from error
    if not path.is_file():
        raise Invalid("there is no such file", given=str(path))
    return File(path.name, path.read_bytes())


def list_kinds(json: Json = False) -> None:
    """List the kinds of file that are taken and given, with what each needs."""
    common.open_house()
    from crdmo.common import exchange  # noqa: PLC0415 — see open_house

    taken = [
        {"name": one.name, "files": one.files, "beside": one.beside,
         "options": {option.name: option.says for option in one.options},
         "required": [option.name for option in one.options if option.required]}
        for one in exchange.kinds()
    ]  # fmt: skip
    given = [{"name": one.name, "title": one.title, "of": one.of} for one in exchange.outgoing()]
    lines = ["crdmo import FILE --kind …"]
    lines += [
        f"  {row['name']}: {str(row['files']).rstrip('.')}. Needs: {', '.join(row['required']) or 'nothing else'}."
        for row in taken
    ]
    lines += ["crdmo export --kind … --code …", *(f"  {one['name']}: {one['title']}, by {one['of']}." for one in given)]
    common.answer({"taken": taken, "given": given}, json, lines)


references = typer.Typer(help="The catalogue of official artefacts that users bring themselves.", no_args_is_help=True)


@references.command("add")
def add_reference(
    file: Annotated[Path, typer.Argument(help="The artefact as it was published.")],
    name: Annotated[str, typer.Option("--name", help="Its name in the catalogue.")],
    edition: Annotated[str, typer.Option("--edition", help="Version or date of publication.")],
    kind: Annotated[str, typer.Option("--kind", help="schema, rules, terminology, table, …")],
    licence: Annotated[str, typer.Option("--licence", help="Under what it may be used.")],
    publisher: Annotated[str, typer.Option("--publisher", help="Who publishes it.")],
    effective: Annotated[str, typer.Option("--effective", help="In force from, ISO date; today if not given.")] = "",
    digest: Annotated[
        str, typer.Option("--sha256", help="Digest that the publisher states; a file that differs is refused.")
    ] = "",
    user: User = "",
    json: Json = False,
) -> None:
    """Add an official artefact with its edition, digest and licence."""
    common.open_house()
    from crdmo.foundation.references import workflow  # noqa: PLC0415 — see open_house

    with common.refusals(json):
        person = common.acting(user)
        day = dt.date.fromisoformat(effective) if effective else dt.datetime.now(dt.UTC).date()
        made = workflow.add(
            person,
            file,
            name=name,
            edition=edition,
            kind=kind,
            effective_from=day,
            licence=licence,
            publisher=publisher,
            organization=person.organization,
            digest=digest,
        )
    common.answer({"reference": str(made.pk), "digest": made.digest}, json, [f"{made}: {made.digest}"])


@references.command("list")
def list_references(json: Json = False) -> None:
    """List what is in the catalogue."""
    common.open_house()
    from crdmo.foundation.references.models import Reference  # noqa: PLC0415 — see open_house

    with common.refusals(json):
        rows = [
            {"name": r.name, "edition": r.edition, "kind": r.kind, "licence": r.licence, "digest": r.digest}
            for r in Reference.objects.filter(is_void=False).order_by("name")
        ]
    common.answer(
        {"references": rows},
        json,
        [f"{r['name']} {r['edition']} ({r['kind']}, {r['licence']}) {r['digest'][:19]}…" for r in rows]
        or ["The catalogue is empty: crdmo references add FILE"],
    )


def thread(
    program: Annotated[str, typer.Argument(help="Code of the program.")],
    start: Annotated[str, typer.Option("--from", help="Number of the record to begin at, such as lot:VT-2604.")] = "",
    to: Annotated[str, typer.Option("--to", help="Number of the record to find the way to.")] = "",
    user: User = "",
    json: Json = False,
) -> None:
    """Follow the thread of a program from its molecule or from a record, and the way to another record."""
    common.open_house()
    from crdmo.common import threads  # noqa: PLC0415 — see open_house
    from crdmo.foundation.accounts import authority  # noqa: PLC0415
    from crdmo.foundation.refusals import NotFound  # noqa: PLC0415

    with common.refusals(json):
        person = common.acting(user)
        here = common.program_of(person, program)
        streams = authority.streams_of(person)
        if str(here.pk) not in streams:
            # Who works at a site sees the own subjects, and no other record of the program.
            raise NotFound("there is no such program", given=program)
        begin = threads.coded(here, start) if start else threads.origin(here)
        if begin is None:
            raise NotFound("the thread has no beginning yet", given=program, next="Register a substance first")
        found = threads.strand(begin, streams)
        way = threads.way(begin, threads.coded(here, to), streams) if to else []
    kinds = [
        {"stage": threads.stage_of(kind), "type": kind, "count": len(keys)}
        for kind, keys in found.kinds.records.items()
    ]
    steps = [{"id": str(n.key), "type": n.type, "label": n.label, "state": n.state, "stale": n.stale} for n in way]
    if to:
        told = [f"{s['type']}: {s['label']} {s['state']}{' (stale)' if s['stale'] else ''}" for s in steps]
        lines = told or [f"Neither comes from the other: {begin} and {to}."]
    else:
        lines = [f"{begin}", *(f"{kind['stage']}: {kind['count']} {kind['type']}" for kind in kinds)]
    answered = {"from": str(begin.pk), "kinds": kinds, "stale": len(found.stale), "way": steps}
    common.answer(answered, json, lines)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("import")(import_file)
    app.command("kinds")(list_kinds)
    app.command("thread")(thread)
    app.add_typer(references, name="references")
