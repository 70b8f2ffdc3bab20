"""QA's review of a batch record, by exception, by signature."""

from __future__ import annotations

from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.models import Record
from crdmo.foundation.refusals import Conflict, Invalid, Refused
from crdmo.foundation.signing import Credentials, Meaning, sign

from ..models import Batch, BatchReview
from ..progress import progress
from ..trail import exceptions_of, in_range, last_entry
from .desks import about_its_batch, worker


@verb("manufacturing.review_batch", "review a batch record", roles=(Role.QA,), signs=Meaning.REVIEWED)
@about_its_batch
def review_batch(
    act: Act, batch: Batch, *, conclusion: str, credentials: Credentials, seen: int | None = None
) -> BatchReview:
    """Sign that a batch record was reviewed, with its exceptions as they were; by nobody who made anything of it."""
    if batch.state != Batch.State.COMPLETED:
        raise Refused(f"{batch} does not wait for a review", given=batch.get_state_display(), allowed="Completed")
    if not conclusion.strip():
        raise Invalid("say what the review concludes", errors={"conclusion": "needed"})
    reached = last_entry(batch)
    if seen is not None and seen != reached:
        raise Conflict(
            f"the record of {batch} has grown since it was shown",
            given=f"entry {seen}",
            allowed=f"entry {reached}",
            next="Look at what was added, then sign",
        )
    found = progress(batch)
    still = [f"{one}: {one.text}" for one in found.open_exceptions]
    still += [f"{one} waits for a second person" for one in found.to_check]
    if still:
        raise Refused(
            f"the record of {batch} is not ready for review",
            given="; ".join(still),
            allowed="every exception explained, every check made",
            next="The floor explains and checks first",
        )
    review = act.create(
        BatchReview,
        program=batch.program,
        batch=batch,
        up_to_entry=reached,
        exceptions=exceptions_of(batch),
        in_range=in_range(found),
        conclusion=conclusion.strip(),
        reviewer=worker(act),
    )
    act.change(batch, state=Batch.State.REVIEWED)
    made: list[Record] = [d for line in found.materials for d in line.dispensings]
    for line in found.steps:
        made += [*([line.record] if line.record else []), *line.values]
    sign(act, [review], Meaning.REVIEWED, credentials, independent_of=made, is_the_review=True)
    return review
