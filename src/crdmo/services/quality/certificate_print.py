"""The certificate of analysis as PDF/A and JSON. Both follow from the record alone, so they come out the same every time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crdmo.common.materials.models import Lot
from crdmo.foundation.documents import pdf
from crdmo.foundation.signing import as_json, signatures_of
from crdmo.proof import canonical

from .models import Certificate

COLUMNS = (
    {"title": "Test", "width": "1.3fr"},
    {"title": "Method", "width": "auto"},
    {"title": "Limit", "width": "auto"},
    {"title": "Result", "width": "1fr"},
    {"title": "Verdict", "width": "auto"},
)


@dataclass(frozen=True)
class Printed:
    """Both forms of a certificate."""

    pdf: bytes
    json: bytes


def as_data(certificate: Certificate) -> dict[str, Any]:
    """Return the certificate as JSON: every line with its results and their ledger entries, every signature."""
    lot = certificate.lot
    return {
        "format": "crdmo.certificate/1",
        "code": certificate.code,
        "issue": certificate.issue,
        "id": str(certificate.id),
        "version": certificate.version,
        "entry": certificate.entry,
        "substance": {"code": lot.substance.code, "name": lot.substance.name, "strength": lot.substance.strength},
        "lot": {
            "code": lot.code,
            "id": str(lot.id),
            "amount": lot.amount,
            "unit": lot.unit,
            "made_on": _date(lot.made_on),
            "expires_on": _date(lot.expires_on),
            "retest_on": _date(lot.retest_on),
            "maker": lot.maker,
        },
        "specification": {"code": certificate.specification.code, "version": certificate.specification.number},
        "lines": certificate.lines,
        "conclusion": certificate.conclusion,
        "reissue_reason": certificate.reissue_reason,
        "signatures": as_json(signatures_of(certificate)),
    }


def _date(value: Any) -> str:
    return value.isoformat() if value else ""


def _verdict(line: dict[str, Any]) -> str:
    return "Evaluated" if "analysis" in line else "Meets" if line["passes"] else "Does not meet"


def _row(line: dict[str, Any]) -> list[str]:
    unit = f" {line['unit']}" if line["unit"] else ""
    return [
        line["test"],
        line["method"],
        line["limit"] + (unit if line["limit"] else ""),
        line["result"] + unit,
        _verdict(line),
    ]


def _history(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the table of every result of a test that was investigated: originals are never left off."""
    rows = [
        [
            line["test"],
            one["kind"],
            one["rounded"],
            {True: "meets", False: "out of limit", None: "next stage"}[one["passes"]],
            one["state"],
            ", ".join(line["investigations"]),
        ]
        for line in lines
        if line["investigations"]
        for one in line["results"]
    ]
    if not rows:
        return []
    names = ("Test", "Result of", "Value", "Verdict", "State", "Investigation")
    return [
        {"kind": "heading", "level": 1, "text": "Results under investigation"},
        {
            "kind": "table",
            "columns": [{"title": name, "width": "1fr" if name == "Test" else "auto"} for name in names],
            "rows": rows,
        },
    ]


def _facts(certificate: Certificate, lot: Lot) -> list[list[str]]:
    facts = [
        ["Product", f"{lot.substance.name} {lot.substance.strength}".strip()],
        ["Lot", lot.code],
        ["Specification", str(certificate.specification)],
        ["Quantity", f"{lot.amount} {lot.unit}"],
        ["Manufactured", _date(lot.made_on) or "–"],
        ["Expiry" if lot.expires_on else "Retest", _date(lot.expires_on or lot.retest_on) or "–"],
        ["Manufacturer", lot.maker or "–"],
        ["Certificate", f"{certificate.code} issue {certificate.issue}"],
    ]
    if certificate.reissue_reason:
        facts += [["Replaces", str(certificate.replaces)], ["Reason of re-issue", certificate.reissue_reason]]
    return facts


def make(certificate: Certificate) -> Printed:
    """Return PDF/A-3 with the JSON attached, and the JSON."""
    data = as_data(certificate)
    raw = canonical.encode(data)
    lot, lines = certificate.lot, certificate.lines
    tested = [line for line in lines if "analysis" not in line]
    blocks: list[dict[str, Any]] = [
        {"kind": "table", "columns": list(COLUMNS), "rows": [_row(line) for line in tested]},
        *_history(tested),
    ]
    for line in (one for one in lines if "analysis" in one):
        blocks += [
            {"kind": "heading", "level": 2, "text": line["test"]},
            {"kind": "text", "text": f"{line['result']}. {line['conclusion']}"},
        ]
    shown = {
        "title": f"{lot.substance.name} {lot.substance.strength}".strip(),
        "kind": "Certificate of analysis",
        "code": certificate.code,
        "version": f"issue {certificate.issue}",
        "state": "Signed" if certificate.state != "draft" else "Draft",
        "tone": "ok",
        "organization": certificate.program.partner.name if certificate.program else "",
        "program": str(certificate.program),
        "footer": f"{certificate.code} issue {certificate.issue} · ledger entry {certificate.entry}",
        "dated": certificate.issued_at.isoformat(),
        "facts": _facts(certificate, lot),
        "blocks": blocks,
        "conclusion": certificate.conclusion,
        "conclusion_tone": "ok" if all(line["passes"] for line in lines) else "bad",
        "signatures": data["signatures"],
    }
    watermark = None if certificate.state != "draft" else "Draft"
    name = f"{certificate.code}-{certificate.issue}.json"
    return Printed(pdf.render("certificate", shown, watermark=watermark, attachments={name: raw}), raw)
