"""Commands of data: import a table for evaluation, official artefacts; follow the thread of a program."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import common
from .house import Json, User

if TYPE_CHECKING:
    from crdmo.foundation.accounts.models import Person, Program

STRUCTURES = "structures"


def import_table(
    file: Annotated[Path, typer.Argument(help="CSV, XLSX, JSON or Parquet; structures as SDF, CSV or SMILES.")],
    program: Annotated[str, typer.Option("--program", help="Code of the program.")],
    kind: Annotated[str, typer.Option("--kind", help="shelf_life, dissolution, precision or structures.")],
    title: Annotated[str, typer.Option("--title", help="What the table is.")] = "",
    option: Annotated[list[str] | None, typer.Option("--option", help="NAME=VALUE, such as lower_limit=95.0")] = None,
    conclusion: Annotated[str, typer.Option("--conclusion", help="What follows from it.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and check, write nothing.")] = False,
    user: User = "",
    json: Json = False,
) -> None:
    """Import a table, seal it as it came, and evaluate it; or register the compounds of a file of structures, all or none."""
    common.open_house()
    from crdmo.foundation.refusals import Invalid  # noqa: PLC0415 — see open_house
    from crdmo.services.quality import imports  # noqa: PLC0415
    from crdmo.services.quality.workflow import analyses  # noqa: PLC0415

    with common.refusals(json):
        person = common.acting(user)
        here = common.program_of(person, program)
        if not file.is_file():
            raise Invalid("there is no such file", given=str(file))
        if kind == STRUCTURES:
            _structures(person, here, file, dry_run=dry_run, json=json)
            return
        table = imports.read(file.name, file.read_bytes())
        if dry_run:
            analyses.named(kind).arguments(table.frame, imports.options(option or []))
            common.answer(
                {"rows": table.frame.height, "columns": table.frame.columns},
                json,
                [f"{file}: {table.frame.height} rows, columns {', '.join(table.frame.columns)}. Nothing was written."],
            )
            return
        made = imports.analyse(
            person,
            here,
            table,
            kind=kind,
            title=title or file.stem,
            options=imports.options(option or []),
            conclusion=conclusion,
        )
    found = {"analysis": made.code, "finding": made.finding, "id": str(made.pk), "result": str(made.computed_id)}
    common.answer(found, json, [f"{made.code}: {made.finding}"])


def _structures(person: Person, program: Program, file: Path, *, dry_run: bool, json: bool) -> None:
    """Register the compounds of a file, or say what each of its records is."""
    from crdmo.foundation.accounts import authority  # noqa: PLC0415 — see open_house
    from crdmo.foundation.refusals import NotPermitted  # noqa: PLC0415
    from crdmo.services.discovery import registry  # noqa: PLC0415
    from crdmo.services.discovery.workflow import registration  # noqa: PLC0415

    if not authority.may(person, "discovery.bring_structures", program.pk):
        raise NotPermitted("this person registers no compounds here", given=person.user_id)
    kind = {".sdf": "sdf", ".csv": "csv"}.get(file.suffix.lower(), "smiles")
    data = file.read_bytes()
    found = registry.judged(program, registry.read_records(kind, data, file.name)) if dry_run else []
    rows = [{"record": one.source.number, "decision": str(one.decision), "reason": one.reason} for one in found]
    told = [f"{row['record']}: {row['decision']}: {row['reason']}" for row in rows]
    if dry_run:
        common.answer({"records": rows}, json, [*told, f"{file}: {len(rows)} records. Nothing was written."])
        return
    made = registration.bring_structures(person, program, data=data, kind=kind, file_name=file.name)
    registration.register_upload(person, made)
    common.answer(
        {"upload": made.code, "records": made.records}, json, [f"{made.code}: {made.records} records registered."]
    )


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
    app.command("import")(import_table)
    app.command("thread")(thread)
    app.add_typer(references, name="references")
