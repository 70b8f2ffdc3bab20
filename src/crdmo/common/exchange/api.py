"""Routes of files: which kinds a person may bring, a look at a file, and taking it in."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpResponse
from ninja import File as FilePart
from ninja import Form, Path, Router, Schema
from ninja.files import UploadedFile

from crdmo.common.routes import LongText, ProgramCode, Text, permission

from . import incoming
from .outgoing import give as give_file

router = Router()
KindName = Annotated[str, Path(description="Name of the kind, as the list gives it.", pattern=r"^[a-z_]{1,40}$")]


class OptionLine(Schema):
    """Something to say beside the file."""

    name: str
    says: str
    required: bool


class KindLine(Schema):
    """A kind of file that this person may bring here."""

    name: str
    title: str
    room: str
    files: str
    beside: str
    options: list[OptionLine]


class Kinds(Schema):
    """The kinds of file that this person may bring here."""

    items: list[KindLine]


class Seen(Schema):
    """What a file would become, or became. `id` and `type` name the record; both are null after a look."""

    kind: str
    written: bool
    type: str | None
    id: UUID | None
    says: str
    detail: dict[str, Any]


class Beside(Schema):
    """What is said beside the file: `options` holds NAME=VALUE, one a line or with semicolons between."""

    options: LongText = ""
    look: bool = False


@router.get("", url_name="exchange_kinds", response=Kinds)
@permission("view")
def kinds(request: Any, program: ProgramCode) -> dict[str, Any]:
    """List the kinds of file that this person may bring, with what each needs."""
    return {
        "items": [
            {
                "name": one.name,
                "title": one.title,
                "room": one.room,
                "files": one.files,
                "beside": one.beside,
                "options": [
                    {"name": option.name, "says": option.says, "required": option.required} for option in one.options
                ],
            }
            for one in incoming.offered(request.person, request.program)
        ]
    }


@router.post("/{kind}", url_name="exchange_take", response=Seen)
@permission("view")
def take(
    request: Any,
    program: ProgramCode,
    kind: KindName,
    file: FilePart[UploadedFile],
    given: Form[Beside],
    beside: FilePart[UploadedFile | None] = None,
) -> dict[str, Any]:
    """Take a file in, whole or not at all; with `look` it is read and checked only. Each kind asks for its own verb."""
    second = incoming.File(beside.name or "beside", beside.read()) if beside else None
    lines = [line for line in given.options.replace(";", "\n").splitlines() if line.strip()]
    brought = incoming.Brought(incoming.File(file.name or "file", file.read()), second, incoming.options_from(lines))
    if given.look:
        seen = incoming.look(request.person, request.program, kind, brought)
        told: dict[str, Any] = {"type": None, "id": None, "says": "\n".join(seen.lines), "detail": dict(seen.detail)}
    else:
        made = incoming.take(request.person, request.program, kind, brought)
        named = {"type": made.record.record_type(), "id": str(made.record.pk)}
        told = {**named, "says": made.says, "detail": dict(made.detail)}
    return {"kind": kind, "written": not given.look, **told}


@router.get("/{kind}/{code}", url_name="exchange_give", response={200: bytes})
@permission("view")
def give(request: Any, program: ProgramCode, kind: KindName, code: Text) -> HttpResponse:
    """Return a record as a file in its standard: of `send`, `sdtm`, `plate`, `structures`, `runs`, `batch` by its number."""
    made = give_file(request.person, request.program, kind, code)
    response = HttpResponse(made.data, content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="{made.name}"'
    return response
