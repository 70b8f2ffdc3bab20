"""A step waits until others have signed, in their order."""

from __future__ import annotations

from collections.abc import Sequence

from crdmo.foundation.ledger.models import Record

from ..refusals import Refused
from .manifestation import Manifestation, signatures_of
from .meanings import Meaning


def require_signed(record: Record, meanings: Sequence[str], *, distinct: bool = False) -> list[Manifestation]:
    """Return the signatures that hold for a record in the meanings that a step needs, in this order.

    Raises:
        Refused: one is missing, no longer holds, was given out of order, or (`distinct`) by the same person twice.
    """
    holding = [m for m in signatures_of(record) if m.holds]
    found: list[Manifestation] = []
    for meaning in meanings:
        after = found[-1].entry if found else 0
        taken = {m.signer_id for m in found} if distinct else set()
        ones = [m for m in holding if m.meaning == meaning]
        fitting = [m for m in ones if m.entry > after and m.signer_id not in taken]
        if not fitting:
            lacks = "is missing" if not ones else "was given out of order or by the same person"
            raise Refused(
                f"{record} lacks a signature: {Meaning(meaning).label.lower()} {lacks}",
                given=", ".join(m.meaning_label.lower() for m in holding) or "no signature that holds",
                allowed=", then ".join(Meaning(m).label.lower() for m in meanings),
                next="Have it signed in this order, then repeat the step",
            )
        found.append(fitting[0])
    return found
