"""Exceptions: raised by the step that finds something unusual, explained by the floor, asked back by QA."""

from __future__ import annotations

from crdmo.common.codes import next_code
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.refusals import Invalid, Refused

from ..models import Batch, BatchException, ValueRecord
from .desks import FLOOR, about_its_batch, worker


def raised(act: Act, batch: Batch, kind: str, text: str, about: ValueRecord | None = None) -> BatchException:
    """Write an exception of a batch."""
    assert batch.program is not None
    return act.create(
        BatchException,
        program=batch.program,
        batch=batch,
        code=next_code(act, BatchException, "EXC", batch.program),
        kind=kind,
        text=text[:400],
        about=about,
    )


def _unreviewed(exception: BatchException) -> None:
    if exception.batch.state in (Batch.State.REVIEWED, Batch.State.CANCELLED):
        raise Refused(f"{exception.batch} is closed", given=exception.batch.get_state_display())


@verb("manufacturing.explain_exception", "explain an exception of a batch", roles=FLOOR)
@about_its_batch
def explain_exception(act: Act, exception: BatchException, *, explanation: str) -> BatchException:
    """Say what happened, why, and what it means for the product."""
    _unreviewed(exception)
    if exception.state != "open":
        raise Refused(f"{exception} is explained", next="QA can ask for more")
    if not explanation.strip():
        raise Invalid("an exception is explained in words", errors={"explanation": "say what happened and why"})
    return act.change(
        exception,
        state="explained",
        explanation=explanation.strip(),
        explained_by=worker(act),
        explained_at=act.now,
    )


@verb("manufacturing.ask_back", "ask for more about an exception", roles=(Role.QA,))
@about_its_batch
def ask_back(act: Act, exception: BatchException, *, question: str) -> BatchException:
    """Open an exception again with what its explanation lacks; the explanation stays in its history."""
    _unreviewed(exception)
    if exception.state != "explained":
        raise Refused(f"{exception} is not explained yet", given=exception.get_state_display(), allowed="Explained")
    if not question.strip():
        raise Invalid("say what is missing", errors={"question": "needed"})
    return act.change(exception, state="open", asked_back=question.strip())
