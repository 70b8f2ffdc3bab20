"""The copy of any record for an inspector: state, history, signatures and proof, as PDF/A-3 with the data inside.

21 CFR 11.10(b): accurate and complete copies in human readable and electronic form. Attached are the very bytes of each
version's entry, so that anybody can compute the hashes that the page prints.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import models

from crdmo.foundation.ledger.models import Entry, Record
from crdmo.foundation.signing import as_csv_rows, as_json, binding, signatures_of
from crdmo.foundation.signing.binding import Version
from crdmo.foundation.signing.manifestation import Manifestation
from crdmo.proof import canonical

from ..refusals import NotFound
from . import blocks, history, pdf
from .blocks import Block
from .printing import dated, footer, header

HOW_TO_CHECK = (
    "Each attached version-N.json is the text of one ledger entry, byte for byte, and version-N.prev.txt holds the "
    "two hashes before it. The SHA-256 of a zero byte, these two hashes (32 bytes each) and the text is the hash "
    "printed here. Any change of one character gives another hash. That no entry is missing is shown by the proof "
    "bundle of the program."
)


def record_copy(record: Record, *, printed_by: str = "", at: dt.datetime | None = None) -> bytes:
    """Return the complete copy of a record as PDF/A-3b.

    Args:
        record: a record of any type; what the reader may see is for the caller to decide.
        printed_by: who takes the copy.
        at: when; now by default.

    Raises:
        NotFound: the ledger holds no entry of this record.
    """
    entries = list(Entry.objects.filter(record_id=record.id).order_by("seq"))
    if not entries:
        raise NotFound("the ledger holds no such record", given=str(record.id))
    versions = [binding.read(entry) for entry in entries]
    shown = signatures_of(record)
    data = {
        **header(record), "title": str(record), "kind": f"Record copy: {record._meta.verbose_name}",
        "code": record.record_type(), "version": f"Version {record.version}",
        "state": "Void" if record.is_void else "", "tone": "neutral",
        "footer": footer(printed_by, at, controlled=False, issued="Copy from the ledger"), "dated": dated(record),
        "description": f"{record.record_type()} {record.id} version {record.version}",
        "facts": _facts(record, versions), "blocks": _blocks(record, versions, shown),
    }  # fmt: skip
    return pdf.render(
        "report", data, watermark="Void" if record.is_void else None, attachments=_attached(entries, shown)
    )


def _facts(record: Record, versions: Sequence[Version]) -> list[list[str]]:
    first, last = versions[0], versions[-1]
    return [
        ["Record", str(record.id), "code"],
        ["Created", f"{history.printed(first.at)} by {first.name}"],
        ["Last written", f"{history.printed(last.at)} by {last.name}, version {last.version}"],
        ["Stream of the ledger", record.stream(), "code"],
        ["Content (SHA-256)", last.content_hash, "code"],
    ]


def _blocks(record: Record, versions: Sequence[Version], shown: Sequence[Manifestation]) -> list[Block]:
    return [
        blocks.heading("Content"),
        _content(record, versions),
        blocks.heading("Signatures"),
        blocks.signatures(shown),
        blocks.heading("Audit trail"),
        blocks.trail(history.trail_of(versions)),
        blocks.heading("Proof"),
        blocks.text(HOW_TO_CHECK),
        _proof(versions),
    ]


def _content(record: Record, versions: Sequence[Version]) -> Block:
    """Return the present state; a value changed since it was first entered is marked, its former values follow."""
    former = history.changes(versions)
    rows: list[list[str | Block]] = []
    for name, value in versions[-1].state.items():
        if name in ("organization", "program"):
            continue
        text = _value(record, name, value)
        drawn = blocks.cell(text or "empty", changes=former.get(name, ()), faint=not text)
        rows.append([history.label(name).capitalize(), drawn])
    return blocks.table([blocks.column("Field"), blocks.column("Value", width="1fr")], rows)


def _value(record: Record, name: str, value: Any) -> str:
    if name in type(record).personal:
        return f"kept apart; commitment {value}" if value else ""
    fields = {f.name: f for f in record._meta.concrete_fields}
    field = fields.get(name)
    if isinstance(field, models.ForeignKey) and value:
        try:
            return f"{getattr(record, name)} ({value})"
        except ObjectDoesNotExist:
            return str(value)
    if field is not None and field.choices and value:
        word = dict(field.flatchoices).get(value, value)
        return str(word) if str(word).lower() == str(value).replace("_", " ") else f"{word} ({value})"
    return "" if value in ([], {}) else history.shown(value)


def _proof(versions: Sequence[Version]) -> Block:
    rows = [[str(v.version), str(v.seq), v.hash, v.content_hash] for v in versions]
    head = [
        blocks.column("Version", align="right"),
        blocks.column("Entry", align="right"),
        blocks.column("Hash of the entry", width="1fr", style="code"),
        blocks.column("Hash of the content", width="1fr", style="code"),
    ]
    return blocks.table(head, rows)


def _attached(entries: Sequence[Entry], shown: Sequence[Manifestation]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for entry in entries:
        files[f"version-{entry.version}.json"] = bytes(entry.body)
        told = {"prev": entry.prev, "stream_prev": entry.stream_prev, "hash": entry.hash}
        lines = [f"{name} {bytes(value).hex()}\n" for name, value in told.items()]
        files[f"version-{entry.version}.prev.txt"] = "".join(lines).encode()
    files["record.json"] = canonical.encode(canonical.decode(bytes(entries[-1].body))["state"])
    files["signatures.json"] = json.dumps(as_json(shown), ensure_ascii=False, indent=1).encode()
    rows = as_csv_rows(shown)
    files["signatures.csv"] = "".join(",".join(_quoted(c) for c in row) + "\r\n" for row in rows).encode()
    return files


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
