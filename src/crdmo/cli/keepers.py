"""Commands of whoever keeps the house: backup, restore, checkpoint, doctor."""

from __future__ import annotations

import datetime as dt
import hashlib
import json as json_text
import shutil
import sqlite3
import tarfile
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from . import common
from .house import Json

PARTS = ("files", "keys", "checkpoints")
STATED = "backup.json"


def backup(
    out: Annotated[Path, typer.Argument(help="Where the backup goes, e.g. backup.tar.gz")],
    json: Json = False,
) -> None:
    """Back up database, files, keys and checkpoints as one file, consistent while people go on working."""
    common.open_house()
    from django.conf import settings  # noqa: PLC0415 — see open_house

    from crdmo.foundation.ledger.models import Entry  # noqa: PLC0415
    from crdmo.foundation.refusals import Refused  # noqa: PLC0415

    with common.refusals(json):
        if "sqlite" not in settings.DATABASES["default"]["ENGINE"]:
            raise Refused(
                "this command backs up SQLite",
                next="On PostgreSQL use pg_basebackup and keep the folders files, keys and checkpoints of CRDMO_HOME with it",
            )
        scratch = out.with_name(out.name + ".sqlite3")
        source, target = sqlite3.connect(settings.DATABASES["default"]["NAME"]), sqlite3.connect(scratch)
        try:
            # One snapshot from beginning to end: without it the copy begins anew whenever somebody writes, and in a
            # busy house it would never end.
            source.execute("BEGIN")
            source.execute("SELECT 1 FROM ledger_entry LIMIT 1").fetchone()
            source.backup(
                target, pages=2000, progress=lambda status, left, total: common.progress("Copying")(total - left, total)
            )
            entries = target.execute("SELECT coalesce(max(seq), 0) FROM ledger_entry").fetchone()[0]
        finally:
            source.close()
            target.close()
        stated = {
            "made_at": dt.datetime.now(dt.UTC).isoformat(),
            "entries": entries,
            "database_sha256": _digest(scratch),
        }
        part = out.with_name(out.name + ".part")
        with tarfile.open(part, "w:gz") as archive:
            archive.add(scratch, "crdmo.sqlite3")
            for name in PARTS:
                if (settings.HOME / name).exists():
                    archive.add(settings.HOME / name, name)
            note = scratch.with_suffix(".json")
            note.write_text(json_text.dumps(stated))
            archive.add(note, STATED)
            note.unlink()
        scratch.unlink()
        part.replace(out)
    behind = Entry.objects.count() - entries
    common.answer(
        {**stated, "file": str(out)},
        json,
        [
            f"{out}: {entries} entries. {behind} were written while it ran. Keep it off this machine: it holds the installation's key."
        ],
    )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def restore(
    archive: Annotated[Path, typer.Argument(help="A backup made by `crdmo backup`.")],
    json: Json = False,
) -> None:
    """Restore a backup into an empty CRDMO_HOME and verify it whole. Prints how long it took and up to when it reaches."""
    common.open_house()
    from django.conf import settings  # noqa: PLC0415 — see open_house

    from crdmo.foundation.ledger.verification import verify  # noqa: PLC0415
    from crdmo.foundation.refusals import Invalid, Refused  # noqa: PLC0415

    began = time.monotonic()
    with common.refusals(json):
        home, database = settings.HOME, Path(settings.DATABASES["default"]["NAME"])
        if database.exists():
            raise Refused(
                "a backup is restored into an empty place",
                given=str(database),
                next="Name another folder with CRDMO_HOME",
            )
        stated = _unpack(archive, home, Invalid)
        if _digest(database) != stated["database_sha256"]:
            raise Invalid(
                "the database in the backup is not the one that was backed up",
                given=_digest(database),
                allowed=stated["database_sha256"],
            )
        found = verify(progress=common.progress("Verifying"))
    seconds = round(time.monotonic() - began, 1)
    lines = [found.sentence(), f"Restored in {seconds} s, up to {stated['made_at']} ({stated['entries']} entries)."]
    common.answer({**stated, "seconds": seconds, "verified": found.holds}, json, lines)
    if not found.holds:
        raise typer.Exit(common.NOT_VERIFIED)


def _unpack(archive: Path, home: Path, invalid: Any) -> dict[str, Any]:
    """Unpack beside the home first, so that a torn archive leaves nothing behind."""
    scratch = home.with_name(home.name + ".restoring")
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        with tarfile.open(archive) as opened:
            opened.extractall(scratch, filter="data")
        stated: dict[str, Any] = json_text.loads((scratch / STATED).read_text())
    except (tarfile.TarError, OSError, EOFError, ValueError) as error:
        shutil.rmtree(scratch, ignore_errors=True)
        raise invalid(
            f"{archive} is not a whole backup: {error}", next="Take another backup; nothing was restored"
        ) from error
    home.mkdir(parents=True, exist_ok=True)
    for name in (*PARTS, "crdmo.sqlite3"):
        if (scratch / name).exists():
            shutil.rmtree(home / name, ignore_errors=True)
            shutil.move(scratch / name, home / name)
    shutil.rmtree(scratch, ignore_errors=True)
    return stated


def checkpoint(json: Json = False) -> None:
    """Sign a checkpoint over the ledger now, and print it."""
    common.open_house()
    from crdmo.foundation.ledger import checkpoints  # noqa: PLC0415 — see open_house

    with common.refusals(json):
        made = checkpoints.sign()
    common.answer({"size": made.size, "note": made.note}, json, [made.note])


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    for command in (backup, restore, checkpoint):
        app.command()(command)
