"""How a state looks: tone, shape and word say the same. The same word stands in tables, PDFs and the API.

A new state goes into one of the lists below; an unknown one is shown as it is, in neutral tone.
"""

from __future__ import annotations

from typing import NamedTuple


class Look(NamedTuple):
    """Tone of the chip, the shape or icon before the word, and the word where it is not the state's own."""

    tone: str
    shape: str
    word: str = ""


OK, WARN, BAD, INFO, STALE, NEUTRAL = "ok", "warn", "bad", "info", "stale", ""

# ● it is good as it stands.
GOOD = (
    "released",
    "approved",
    "effective",
    "verified",
    "suitable",
    "passes",
    "met",
    "valid",
    "done",
    "in_service",
    "completed",
    "active",
    "received",
    "identical",
    "certified",
    "accepted",
    "paid",
    "in_control",
    "current",
    "resolved",
    "delivered",
    "passed",
    "validated",
    "signed_off",
    "published",
    "acknowledged",
    "fulfilled",
    "awarded",
    "won",
    "executed",
    "covered",
    "match",
    "better",
)
# ▲ somebody must look, soon.
WATCH = (
    "quarantine",
    "due",
    "late",
    "returned",
    "hold",
    "retest",
    "next_stage",
    "overdue",
    "missed",
    "investigation",
    "entered",
    "changed",
    "within tolerance",
    "out_of_trend",
    "expiring",
    "conditional",
    "disputed",
    "at_risk",
    "to_check",
    "unclean",
    "alert",
    "held",
    "critical",
)
# ■ out of limit or refused.
WRONG = (
    "rejected",
    "confirmed",
    "unsuitable",
    "fails",
    "out_of_service",
    "failed",
    "different",
    "invalidated",
    "refused",
    "revoked",
    "broken",
    "expired",
    "out_of_specification",
    "out_of_control",
    "recalled",
    "error",
    "blocked",
    "mismatch",
    "worse",
)
# ◐ it is on its way.
MOVING = (
    "open",
    "assigned",
    "registered",
    "in_review",
    "running",
    "queued",
    "pulled",
    "Ia",
    "Ib",
    "II",
    "reviewed",
    "sent",
    "in_progress",
    "started",
    "submitted",
    "tested",
    "issued",
    "shipped",
    "in_transit",
    "answered",
    "explained",
    "assembling",
)
# ○ not begun, binds nobody.
COMING = ("draft", "planned", "proposed", "pending", "not met", "not_started", "provisional", "requested")
# ◇ over, kept for the record.
OVER = (
    "superseded",
    "replaced",
    "closed",
    "concluded",
    "retained",
    "disposed",
    "cancelled",
    "withdrawn",
    "ended",
    "deactivated",
    "archived",
    "empty",
    "stored",
    "not_confirmed",
    "lost",
    "opened",
    "declined",
    "lifted",
)

LOOKS: dict[str, Look] = {
    **dict.fromkeys(GOOD, Look(OK, "●")),
    **dict.fromkeys(WATCH, Look(WARN, "▲")),
    **dict.fromkeys(WRONG, Look(BAD, "■")),
    **dict.fromkeys(MOVING, Look(INFO, "◐")),
    **dict.fromkeys(COMING, Look(NEUTRAL, "○")),
    **dict.fromkeys(OVER, Look(NEUTRAL, "◇")),
    "Ia": Look(INFO, "◐", "Phase Ia"),
    "Ib": Look(INFO, "◐", "Phase Ib"),
    "II": Look(INFO, "◐", "Phase II"),
    "hold": Look(WARN, "▲", "On hold"),
    "signed": Look(OK, "pen"),
    "locked": Look(NEUTRAL, "lock"),
    "sealed": Look(NEUTRAL, "lock"),
    "stale": Look(STALE, "⟳", "Stale"),
    "void": Look(NEUTRAL, "✕", "Void"),
}


def look(state: str) -> Look:
    """Return how a state looks."""
    found = LOOKS.get(state, Look(NEUTRAL, "○"))
    return Look(found.tone, found.shape, found.word or state.replace("_", " ").capitalize())
