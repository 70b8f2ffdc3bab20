"""Ledger entries as people read them: who did what, what changed from what to what, why."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from crdmo.foundation.accounts.authority import TABLE
from crdmo.foundation.ledger.models import Entry, record_types

HIDDEN = frozenset({"organization", "program"})
OPERATIONS = {"create": "created", "change": "changed", "void": "voided", "event": "noted"}


def says(action: str) -> str:
    """Return a verb in words."""
    rule = TABLE.get(action)
    return rule.says if rule else action.replace("_", " ").replace(".", ": ")


def line(entry: Entry) -> dict[str, Any]:
    """Return one entry for a timeline."""
    body = json.loads(bytes(entry.body))
    kind = (
        "signature"
        if body["type"] == "signing.signature"
        else "refused"
        if body["type"] == "ledger.refusal"
        else body["operation"]
    )
    return {
        "seq": entry.seq,
        "at": dt.datetime.fromisoformat(body["at"]),
        "name": body["name"],
        "role": body["role"],
        "says": says(body["action"]),
        "operation": OPERATIONS[body["operation"]],
        "type": body["type"],
        "label": type_label(body["type"]),
        "kind": kind,
        "reason": body["reason"],
        "record": body["record"],
        "version": body["version"],
        "state": body["state"],
        "hash": bytes(entry.hash).hex(),
        "act": body["act"],
    }


def type_label(record_type: str) -> str:
    """Return a record type in words: `quality.retestplan` → Retest plan."""
    model = record_types().get(record_type)
    words = str(model._meta.verbose_name) if model else record_type.rpartition(".")[2].replace("_", " ")
    return words[:1].upper() + words[1:]


def shown(value: Any) -> str:
    """Return a value of a state as text."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def differences(before: dict[str, Any] | None, after: dict[str, Any]) -> list[dict[str, str]]:
    """Return the fields that a version changed, old and new; of a first version, all that are not empty."""
    if before is None:
        return [
            {"name": n, "old": "", "new": shown(v)}
            for n, v in after.items()
            if n not in HIDDEN and v not in (None, "", [], {})
        ]
    names = [n for n in {**before, **after} if before.get(n) != after.get(n) and n not in HIDDEN]
    return [{"name": n, "old": shown(before.get(n)), "new": shown(after.get(n))} for n in names]


def history(entries: list[Entry]) -> list[dict[str, Any]]:
    """Return the versions of one record, newest first, each with what it changed."""
    lines: list[dict[str, Any]] = []
    before: dict[str, Any] | None = None
    for entry in entries:
        made = line(entry)
        made["changes"] = differences(before, made["state"])
        before = made["state"]
        lines.append(made)
    return lines[::-1]


def acts(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return lines gathered by the act that wrote them: one sentence an act, its records below."""
    found: list[dict[str, Any]] = []
    for made in lines:
        if not found or found[-1]["act"] != made["act"]:
            found.append({"act": made["act"], "first": made, "lines": [], "kind": made["kind"]})
        found[-1]["lines"].append(made)
    for act in found:
        counts: dict[tuple[str, str], int] = {}
        for made in act["lines"]:
            counts[made["operation"], made["label"]] = counts.get((made["operation"], made["label"]), 0) + 1
        act["told"] = ", ".join(
            f"{operation} {label.lower()}" + (f" × {n}" if n > 1 else "") for (operation, label), n in counts.items()
        )
        if any(made["kind"] == "signature" for made in act["lines"]):
            act["kind"] = "signature"
    return found
