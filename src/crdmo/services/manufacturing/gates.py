"""What manufacture holds against the release of a lot: its batch record, reviewed by QA by a signature that still holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from crdmo.common.gates import Gate, joins
from crdmo.common.materials.models import Lot
from crdmo.foundation.ledger.thread import stale_causes
from crdmo.foundation.signing import Manifestation, signatures_of_many

from .models import Batch, BatchException, BatchReview
from .trail import last_entries

NAME = "Batch record"


@joins("manufacturing")
def gates(lots: Sequence[Lot]) -> Mapping[UUID, list[Gate]]:
    """Return the gate of each lot that was made here; a lot that came from outside has none."""
    batches = list(Batch.objects.filter(lot__in=lots, is_void=False))
    if not batches:
        return {}
    reviews = {
        one.batch_id: one for one in BatchReview.objects.filter(batch__in=batches, is_void=False).order_by("entry")
    }
    signatures, last = signatures_of_many(list(reviews.values())), last_entries(batches)
    still: dict[UUID, list[str]] = {}
    for code, key in BatchException.objects.filter(batch__in=batches, state="open", is_void=False).values_list(
        "code", "batch_id"
    ):
        still.setdefault(key, []).append(code)
    stale = set(stale_causes([batch.id for batch in batches]))
    found: dict[UUID, list[Gate]] = {}
    for batch in batches:
        review = reviews.get(batch.id)
        text = _open(batch, review, still.get(batch.id, []), batch.id in stale, last[batch.id], signatures)
        met = f"reviewed by {review.reviewer} up to entry {review.up_to_entry}" if review else ""
        gate = Gate(NAME, not text, text or met, "QA, production" if still.get(batch.id) else "QA", (str(batch.id),))
        found.setdefault(batch.lot_id, []).append(gate)
    return found


def _open(
    batch: Batch,
    review: BatchReview | None,
    exceptions: list[str],
    stale: bool,
    last: int,
    signatures: Mapping[UUID, list[Manifestation]],
) -> str:
    """Return what is open in a batch record, in words; nothing where the gate is met."""
    if exceptions:
        return f"not explained: {', '.join(sorted(exceptions))}"
    if batch.state != Batch.State.REVIEWED or review is None:
        return f"the record of {batch} is {batch.get_state_display().lower()}"
    if stale:
        return f"the yield of {batch} stands on data changed since"
    if last > review.up_to_entry:
        return f"reviewed up to entry {review.up_to_entry}; the record has entries up to {last}"
    if not any(m.holds for m in signatures.get(review.id, ())):
        return f"the signature of the {review} no longer holds"
    return ""
