"""Commands of proof: export, verify, recompute, replay."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

import typer

from . import common
from .house import Json, User

BUNDLE = "bundle"


def export(
    program: Annotated[str, typer.Option("--program", help="Code of the program.")],
    for_: Annotated[str, typer.Option("--for", help="Code of the organization that will hold the bundle.")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="Where the file goes.")] = None,
    kind: Annotated[str, typer.Option("--kind", help="bundle, or what crdmo kinds lists.")] = BUNDLE,
    code: Annotated[str, typer.Option("--code", help="Number of the record that goes out, for other kinds.")] = "",
    user: User = "",
    json: Json = False,
) -> None:
    """Write a proof bundle of a program (its chain, proofs, files, and the verifier), or a record in its standard."""
    common.open_house()
    if kind != BUNDLE:
        _give(program, kind, code, out, user, json)
        return
    out = out or Path("bundle.zip")
    from crdmo.foundation.accounts.models import Organization  # noqa: PLC0415 — see open_house
    from crdmo.foundation.ledger import bundles, keys  # noqa: PLC0415
    from crdmo.foundation.refusals import NotFound  # noqa: PLC0415

    with common.refusals(json):
        person = common.acting(user)
        holder = Organization.objects.filter(code=for_).first()
        if holder is None:
            raise NotFound("there is no such organization", given=for_)
        made = bundles.export(person, common.program_of(person, program), holder, out, common.progress("Writing"))
    key = keys.signer().verifier.text()
    found = {
        "bundle": str(out),
        "sha256": made.sha256,
        "entries": made.entries,
        "checkpoint": made.size,
        "root": made.root,
        "key": key,
    }
    common.answer(
        found,
        json,
        [
            f"{out}: {made.entries} entries, {made.blobs} files, under the checkpoint over {made.size} entries.",
            f"Key: {key}",
            f"Check it anywhere: python verify.py {out} --key KEY",
        ],
    )


def _give(program: str, kind: str, code: str, out: Path | None, user: str, json: bool) -> None:
    """Write a record as a file in its standard; what stands there already is not overwritten."""
    from crdmo.common import exchange  # noqa: PLC0415 — see open_house
    from crdmo.foundation.refusals import Invalid  # noqa: PLC0415

    with common.refusals(json):
        person = common.acting(user)
        here = common.program_of(person, program)
        made = exchange.give(person, here, kind, code)
        path = out or Path(made.name)
        try:
            with path.open("xb") as file:
                file.write(made.data)
        except OSError as error:
            raise Invalid(
                "the file cannot be written", given=f"{path}: {error.strerror}", next="Name another --out"
            ) from error
    found = {"file": str(path), "bytes": len(made.data), "sha256": hashlib.sha256(made.data).hexdigest()}
    common.answer(found, json, [f"{path}: {len(made.data)} bytes."])


def verify(
    bundle: Annotated[
        Path | None, typer.Argument(help="A proof bundle; without it, the whole installation is verified.")
    ] = None,
    key: Annotated[str, typer.Option(help="The public key that you were given.")] = "",
    json: Json = False,
) -> None:
    """Verify a bundle (no database needed), or the ledger, tables, files and checkpoints of this installation."""
    if bundle is not None:
        from crdmo.proof import verify as verifier  # noqa: PLC0415 — start-up

        raise typer.Exit(verifier.main([str(bundle), *(["--key", key] if key else []), *(["--json"] if json else [])]))
    common.open_house()
    from crdmo.foundation.ledger.verification import verify as verify_all  # noqa: PLC0415 — see open_house

    with common.refusals(json):
        found = verify_all(progress=common.progress("Verifying"))
    common.answer(found.as_json(), json, [found.sentence(), *map(str, found.problems[1:])])
    if not found.holds:
        raise typer.Exit(common.NOT_VERIFIED)


def recompute(
    bundle: Annotated[
        Path | None, typer.Argument(help="A proof bundle; without it, the results of this installation.")
    ] = None,
    program: Annotated[str, typer.Option("--program", help="Only the results of this program.")] = "",
    json: Json = False,
) -> None:
    """Compute every number again and say identical, within tolerance, or different."""
    if bundle is not None:
        from crdmo.foundation.computing.bundle_recompute import recompute_bundle  # noqa: PLC0415 — no database

        try:
            report = recompute_bundle(bundle)
        except ValueError as error:
            common.tell(str(error))
            raise typer.Exit(common.USAGE) from error
        common.answer(report.as_json(), json, list(report.lines()))
        raise typer.Exit(common.DONE if report.came_out else common.NOT_VERIFIED)
    common.open_house()
    from crdmo.foundation.computing import Result  # noqa: PLC0415 — see open_house
    from crdmo.foundation.computing import recompute as again  # noqa: PLC0415

    with common.refusals(json):
        rows = Result.objects.filter(is_void=False)
        if program:
            rows = rows.filter(program=common.program_of(None, program))
        step, total = common.progress("Recomputing"), rows.count()
        outcomes = []
        for done, result in enumerate(rows.order_by("entry"), 1):
            outcomes.append((result, again(result)))
            step(done, total)
    bad = [(r, o) for r, o in outcomes if not o.came_out]
    lines = [f"{r} ({r.method}): {o.sentence()}" for r, o in bad] + [
        f"{total} results, {total - len(bad)} came out again, {len(bad)} did not."
    ]
    common.answer({"results": total, "different": [{"result": str(r.pk), **o.as_json()} for r, o in bad]}, json, lines)
    raise typer.Exit(common.NOT_VERIFIED if bad else common.DONE)


def replay(
    into: Annotated[
        str, typer.Option("--into", help="Database URL of an empty database, e.g. sqlite:////tmp/replayed.sqlite3")
    ],
    json: Json = False,
) -> None:
    """Rebuild every table from the ledger into an empty database and compare, table by table."""
    common.open_house()
    import dj_database_url  # noqa: PLC0415 — see open_house
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import connections  # noqa: PLC0415

    from crdmo.foundation.ledger import guards  # noqa: PLC0415
    from crdmo.foundation.ledger.replay import replay as rebuild  # noqa: PLC0415

    with common.refusals(json):
        default = connections.settings["default"]
        connections.settings["replay"] = {
            **default,
            **dj_database_url.parse(into),
            "OPTIONS": default["OPTIONS"] if "sqlite" in into else {},
        }
        call_command("migrate", database="replay", interactive=False, verbosity=0)
        guards.install("replay")
        found = rebuild("default", "replay", common.progress("Replaying"))
    told = {
        "entries": found.entries,
        "rows": found.rows,
        "equal": found.equal,
        "differing": list(found.differing),
        "digests": found.digests,
    }
    said = "Every table came out as it was." if found.equal else "These tables differ: " + ", ".join(found.differing)
    common.answer(
        told, json, [f"{found.entries} entries gave {found.rows} rows of {len(found.digests)} tables. {said}"]
    )
    if not found.equal:
        raise typer.Exit(common.NOT_VERIFIED)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    for command in (export, verify, recompute, replay):
        app.command()(command)
