"""Batches: issued from an effective master for a lot, completed with their yield, cancelled before anything went in."""

from __future__ import annotations

import calendar
import datetime as dt

from crdmo.common.materials import workflow as stock
from crdmo.common.materials.quantities import plain, quantity
from crdmo.foundation import computing
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.computing.models import Result
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.thread import sources_of
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.foundation.signing import Credentials, Meaning, sign

from ..models import Batch, BatchException, MasterRecord
from ..progress import OPEN, Progress, progress
from .desks import FLOOR, PLANNERS, Seen, about_its_batch, worker
from .exceptions import raised


@verb("manufacturing.issue_batch", "issue a batch record", roles=PLANNERS)
def issue_batch(act: Act, master: MasterRecord, *, lot: str = "", due_on: dt.date | None = None) -> Batch:
    """Issue a batch from an effective master; its lot is registered in quarantine and has no amount until it is made."""
    master.refresh_from_db(fields=["state", "is_void"])
    if master.state != MasterRecord.State.EFFECTIVE or master.is_void:
        raise Refused(f"{master} is not effective", given=master.get_state_display(), allowed="Effective")
    if master.effective_from is not None and master.effective_from > act.now.date():
        raise Refused(f"{master} is not effective yet", given=str(act.now.date()), allowed=str(master.effective_from))
    assert master.program is not None
    made = stock.register_lot.within(
        act,
        master.product,
        amount="0",
        unit=master.unit,
        code=lot.strip(),
        storage=master.storage,
        maker=master.program.partner.name,
    )
    return act.create(
        Batch,
        program=master.program,
        code=made.code,
        master=master,
        lot=made,
        due_on=due_on,
        issued_by=worker(act),
        issued_at=act.now,
    )


@verb("manufacturing.cancel_batch", "cancel a batch", roles=PLANNERS)
@about_its_batch
def cancel_batch(act: Act, batch: Batch) -> Batch:
    """Cancel a batch with a reason while nothing has gone into it; its lot is rejected, and the number is not used again."""
    if not act.reason:
        raise Invalid("a cancelled batch says why", errors={"reason": "needed"})
    if batch.state not in OPEN or batch.lot.inflows.filter(is_void=False).exists():
        raise Refused(
            f"{batch} is begun",
            given=batch.get_state_display(),
            allowed="nothing dispensed",
            next="A begun batch is completed, and its lot is decided over by QA",
        )
    stock.change_status(act, batch.lot, batch.lot.Status.REJECTED)
    return act.change(batch, state=Batch.State.CANCELLED)


@verb("manufacturing.complete_batch", "complete a batch", roles=FLOOR, signs=Meaning.PERFORMED)
@about_its_batch
def complete_batch(
    act: Act,
    batch: Batch,
    *,
    output: str,
    credentials: Credentials,
    samples: str = "0",
    rejects: str = "0",
    seen: Seen | None = None,
) -> Batch:
    """Complete a batch: its yield is computed from what was charged, its lot gets amount and dates, its record is signed."""
    if batch.state not in OPEN:
        raise Refused(f"{batch} is over", given=batch.get_state_display(), allowed="In progress")
    found = progress(batch)
    if not found.is_ready:
        missing = found.blocked or (f"step {found.next_step.step}" if found.next_step else "")
        raise Refused(f"{batch} is not finished", given=missing, allowed="every step done and checked")
    for name, text in (("output", output), ("samples", samples), ("rejects", rejects)):
        try:
            quantity(text.strip(), batch.master.unit)
        except Invalid as refused:
            raise Invalid(refused.what, errors={name: refused.what}, given=text) from refused
    # The amount of the lot is a change of its data; its reason is this very step.
    act.reason = act.reason or f"Output of {batch}"
    computed = _computed(act, found, output.strip(), samples.strip(), rejects.strip())
    today = act.now.date()
    expires = months_later(today, batch.master.shelf_life_months) if batch.master.shelf_life_months else None
    stock.record_output(act, batch.lot, output.strip(), made_on=today, expires_on=expires)
    act.change(
        batch,
        state=Batch.State.COMPLETED,
        completed_at=act.now,
        output=output.strip(),
        samples=samples.strip(),
        rejects=rejects.strip(),
        computed=computed,
        sources=sources_of([computed]),
    )
    if not computed.output["passes"]:
        text = f"Yield {computed.output['percent']} % against {batch.master.yield_limit}"
        raised(act, batch, BatchException.Kind.YIELD, text)
    sign(act, [batch], Meaning.PERFORMED, credentials, seen=seen)
    return batch


def _computed(act: Act, found: Progress, output: str, samples: str, rejects: str) -> Result:
    """Compute the yield from the material that it is counted from; without one, from the batch size as planned."""
    batch = found.batch
    inputs = {"output": output, "samples": samples, "rejects": rejects, "size": batch.master.size}
    basis = next((line for line in found.materials if line.material.is_basis), None)
    weighed = list(basis.dispensings) if basis else []
    if basis is not None:
        inputs |= {"planned": basis.material.quantity, "charged": plain(basis.charged.amount)}
    return computing.run(
        act,
        "manufacturing.batch_yield",
        inputs=inputs,
        parameters={"limit": batch.master.yield_limit},
        sources=[batch.master, *weighed],
        program=batch.program,
        title=f"Yield of {batch}",
    )


def months_later(day: dt.date, months: int) -> dt.date:
    """Return the day some months later; the last of a month where the month is too short."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


__all__ = ["cancel_batch", "complete_batch", "issue_batch", "months_later"]
