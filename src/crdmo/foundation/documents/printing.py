"""Controlled documents as PDF: the version's text or data, its signatures, and what the versions before it were."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from crdmo.foundation.datasets import store
from crdmo.foundation.ledger.models import Entry, Record
from crdmo.foundation.ledger.state import instant as written
from crdmo.foundation.signing import as_json, signatures_of

from . import markdown, pdf
from .models import ControlledCopy, DocumentVersion

State = DocumentVersion.State
TONES = {
    State.DRAFT: "neutral", State.IN_REVIEW: "info", State.APPROVED: "info", State.EFFECTIVE: "ok",
    State.SUPERSEDED: "warning", State.WITHDRAWN: "bad",
}  # fmt: skip
# Only the version in force may be used: all others say so across the page.
WATERMARKS = {
    State.DRAFT: "Draft", State.IN_REVIEW: "Draft", State.SUPERSEDED: "Superseded", State.WITHDRAWN: "Withdrawn",
}  # fmt: skip
LONG_TEXT = 4


def day(date: dt.date | None) -> str:
    """Return a date as printed: `24 Nov 2026`."""
    return "" if date is None else date.strftime("%d %b %Y").lstrip("0")


def instant(moment: dt.datetime) -> str:
    """Return an instant as printed: `24 Nov 2026 11:00 UTC`."""
    return moment.astimezone(dt.UTC).strftime("%d %b %Y %H:%M UTC").lstrip("0")


def footer(printed_by: str, at: dt.datetime | None, *, controlled: bool = True, issued: str = "Issued document") -> str:
    """Return the foot line of a copy: by whom and when it was printed, and what it is worth.

    Without a name it is the issued document itself, which nobody prints: its bytes never change.
    """
    if not printed_by:
        return issued
    copy = "Controlled copy" if controlled else "Uncontrolled copy"
    return f"{copy}, printed by {printed_by}, {instant(at or dt.datetime.now(dt.UTC))}"


def header(record: Record) -> dict[str, Any]:
    """Return what the head of each page says of a record's place: who issues it, in which program."""
    program, organization = record.program, record.organization
    issuer = program.partner if program is not None else organization
    return {"organization": issuer.name if issuer else "", "program": program.code if program else ""}


def document_pdf(
    version: DocumentVersion,
    *,
    printed_by: str = "",
    at: dt.datetime | None = None,
    copy: ControlledCopy | None = None,
) -> bytes:
    """Return a version of a controlled document as PDF/A.

    Args:
        version: any version; one that is not in force carries a watermark.
        printed_by: who takes the copy; without, it is the issued document and the same bytes at every call.
        at: when the copy was taken; now by default.
        copy: the numbered controlled copy that this print is.
    """
    document = version.document
    body = version.data.get("blocks", []) if version.data else markdown.blocks(version.text)
    headings = sum(1 for b in body if b.get("kind") == "heading")
    shown = signatures_of(version)
    data = {
        **header(version), "title": document.title, "kind": document.get_kind_display(), "code": document.code,
        "version": f"Version {version.number}", "state": version.get_state_display(),
        "tone": TONES[State(version.state)],
        "footer": _foot(copy) if copy else footer(printed_by, at, controlled=False), "dated": dated(version),
        "description": f"{document.code} version {version.number}, record {version.id}",
        "facts": _facts(version), "blocks": body, "contents": headings >= LONG_TEXT, "signatures": as_json(shown),
        "versions": _versions(version),
    }  # fmt: skip
    watermark = "Void" if version.is_void else WATERMARKS.get(State(version.state))
    attached = _attached(version)
    return pdf.render(version.template or "document", data, watermark=watermark, attachments=attached)


def _foot(copy: ControlledCopy) -> str:
    held = f"{copy.holder.printed_name}, {copy.place}" if copy.place else copy.holder.printed_name
    return f"Controlled copy {copy.number}, held by {held}, issued {day(copy.issued_on)}"


def dated(record: Record) -> str:
    """Return when the present version of a record was written: the date that its PDF carries."""
    return written(Entry.objects.only("at").get(seq=record.entry).at)


def _facts(version: DocumentVersion) -> list[list[str]]:
    document = version.document
    found = [
        ["Document", document.code], ["Version", str(version.number)],
        ["Owner", document.owner.printed_name], ["State", version.get_state_display()],
        ["In force from", day(version.effective_from) or "not yet"],
        ["In force until", day(version.effective_until) or "a new version"],
    ]  # fmt: skip
    if version.file:
        found += [["Attached file", version.filename or "unnamed"], ["Its digest", version.file, "code"]]
    return found + ([["What changed", version.change_summary]] if version.change_summary else [])


def _versions(version: DocumentVersion) -> list[list[str]]:
    """Return the versions up to this one, newest first; a copy says nothing of later ones."""
    rows = DocumentVersion.objects.filter(document_id=version.document_id, number__lte=version.number, is_void=False)
    return [
        [str(v.number), v.get_state_display(), day(v.effective_from), v.change_summary or "First version"]
        for v in rows.order_by("-number")
    ]


def _attached(version: DocumentVersion) -> Mapping[str, bytes]:
    """Return the file of a version that is one, under its own name or, if that is none for a PDF, the document's."""
    if not version.file:
        return {}
    name = version.filename if pdf.NAME.match(version.filename) else f"version-{version.number}.bin"
    return {name: store.get(version.file)}
