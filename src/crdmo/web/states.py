"""How a state looks: tone, shape and word. The same word stands in tables, PDFs and the API."""

from __future__ import annotations

from typing import NamedTuple


class Look(NamedTuple):
    """Tone of the chip, shape before the word, and the word where it is not the state's own."""

    tone: str
    shape: str
    word: str = ""


OK, WARN, BAD, INFO, STALE, NEUTRAL = "ok", "warn", "bad", "info", "stale", ""
LOOKS: dict[str, Look] = {
    **dict.fromkeys(("released", "approved", "effective", "verified", "signed", "suitable", "passes", "met", "valid", "done",
                     "in_service", "completed", "active", "received", "identical"), Look(OK, "●")),
    **dict.fromkeys(("quarantine", "due", "late", "returned", "hold", "retest", "overdue", "missed", "investigation",
                     "entered", "changed", "within tolerance"), Look(WARN, "▲")),
    **dict.fromkeys(("rejected", "confirmed", "unsuitable", "fails", "out_of_service", "failed", "different", "invalidated",
                     "refused", "revoked", "broken"), Look(BAD, "■")),
    **dict.fromkeys(("open", "assigned", "registered", "in_review", "running", "queued", "pulled", "Ia", "Ib", "II",
                     "reviewed", "sent"), Look(INFO, "◐")),
    **dict.fromkeys(("draft", "planned", "proposed", "pending", "not met"), Look(NEUTRAL, "○")),
    **dict.fromkeys(("superseded", "replaced", "closed", "concluded", "retained", "disposed", "cancelled", "withdrawn",
                     "ended", "deactivated"), Look(NEUTRAL, "◇")),
    "stale": Look(STALE, "⟳", "Stale"),
    "void": Look(NEUTRAL, "✕", "Void"),
}  # fmt: skip


def look(state: str) -> Look:
    """Return how a state looks; an unknown one is shown as it is, in neutral tone."""
    found = LOOKS.get(state, Look(NEUTRAL, "○"))
    return Look(found.tone, found.shape, found.word or state.replace("_", " ").capitalize())
