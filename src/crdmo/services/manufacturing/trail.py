"""What a reviewer of a batch record has to look at: exceptions, corrections, late entries, voided weighings, refused steps.

Everything else was in range, and `in_range` says how much that is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Max

from crdmo.foundation.ledger.models import Entry

from .models import Batch, BatchException, Dispensing, StepRecord, ValueRecord
from .progress import Progress

PARTS: tuple[tuple[Any, str], ...] = (
    (Dispensing, "batch"),
    (StepRecord, "batch"),
    (ValueRecord, "record__batch"),
    (BatchException, "batch"),
)


def last_entries(batches: Iterable[Batch]) -> dict[UUID, int]:
    """Return, for each batch, the last ledger entry on anything of its record: what a review must reach."""
    found = {batch.id: 0 for batch in batches}
    for model, path in PARTS:
        rows = model.objects.filter(**{f"{path}__in": list(found)}).values_list(path)
        for key, last in rows.annotate(last=Max("entry")).order_by():
            found[key] = max(found[key], last)
    return found


def last_entry(batch: Batch) -> int:
    """Return the last ledger entry on anything of a batch record."""
    return last_entries([batch])[batch.id]


def in_range(found: Progress) -> dict[str, int]:
    """Return the count of what was within limits, so that what is not listed is accounted for."""
    values = [value for line in found.steps for value in line.values]
    return {
        "values": len(values),
        "values_within": sum(value.passes for value in values),
        "weighings": sum(len(line.dispensings) for line in found.materials),
        "materials_within": sum(line.is_done for line in found.materials),
        "materials": len(found.materials),
        "steps": len(found.steps),
        "steps_prompt": sum(line.record is not None and not line.record.is_late for line in found.steps),
    }


def exceptions_of(batch: Batch) -> list[dict[str, Any]]:
    """Return what is unusual in a batch record, each with its entry, oldest first."""
    found = [
        {
            "kind": one.get_kind_display(),
            "text": one.text,
            "code": one.code,
            "state": one.state,
            "explanation": one.explanation,
            "entry": one.entry,
        }
        for one in batch.exceptions.filter(is_void=False).order_by("code")
    ]
    found += _corrections(batch) + _voided(batch) + _refusals(batch)
    return sorted(found, key=lambda line: line["entry"])


def _line(kind: str, text: str, entry: int) -> dict[str, Any]:
    return {"kind": kind, "text": text, "code": "", "state": "", "explanation": "", "entry": entry}


def _corrections(batch: Batch) -> list[dict[str, Any]]:
    changed = {
        one.id: one
        for one in ValueRecord.objects.filter(record__batch=batch, version__gt=1).select_related(
            "asked", "record__step"
        )
    }
    found: list[dict[str, Any]] = []
    before: dict[str, dict[str, Any]] = {}
    rows = (
        Entry.objects.filter(record_id__in=list(changed))
        .order_by("record_id", "version")
        .values_list("body", flat=True)
    )
    for raw in rows:
        body = json.loads(bytes(raw))
        old, now = before.get(body["record"]), body["state"]
        if old is not None and old["value"] != now["value"]:
            asked = changed[UUID(body["record"])].asked
            turned = "" if old["passes"] == now["passes"] else ", which turned the verdict"
            text = (
                f"{asked.name}: {old['value']} corrected to {now['value']} by {body['name']}{turned}: {body['reason']}"
            )
            found.append(_line("Correction", text, body["seq"]))
        before[body["record"]] = now
    return found


def _voided(batch: Batch) -> list[dict[str, Any]]:
    found = []
    gone = list(Dispensing.objects.filter(batch=batch, is_void=True).select_related("container"))
    entries = {e.seq: json.loads(bytes(e.body)) for e in Entry.objects.filter(seq__in=[one.entry for one in gone])}
    for one in gone:
        body = entries[one.entry]
        found.append(_line("Weighing voided", f"{one} by {body['name']}: {body['reason']}", one.entry))
    return found


def _refusals(batch: Batch) -> list[dict[str, Any]]:
    """Return the steps that were refused; each refusal names its batch."""
    named = re.compile(rf"(?<![\w-]){re.escape(batch.code)}(?![\w-])")
    rows = Entry.objects.filter(record_type="ledger.refusal", stream=str(batch.program_id)).order_by("seq")
    found = []
    for raw in rows.values_list("body", flat=True):
        body = json.loads(bytes(raw))
        what = body["state"].get("what", "")
        if body["state"].get("refused", "").startswith("manufacturing.") and named.search(what):
            given = body["state"].get("given", "")
            text = f"{body['name']}: {what}" + (f" ({given})" if given else "")
            found.append(_line("Refused step", text, body["seq"]))
    return found
