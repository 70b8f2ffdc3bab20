"""The bidder's side of a request: ask, hand in a sealed bid until the deadline, or decline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.refusals import Invalid, Refused

from .. import bidding, queries
from ..models import BidQuestion, Envelope, Invitation
from ..sealing import seal
from .desks import BIDDERS, act_for, program_of


def _in_time(act: Act, invitation: Invitation) -> None:
    """Refuse what comes too late, whoever looks at the clock: the act's own time counts."""
    act_for(act, program_of(invitation).partner, "bid")
    if invitation.state != Invitation.State.OPEN:
        raise Refused(f"{invitation} takes no bids", given=invitation.get_state_display(), allowed="Open for bids")
    if act.now >= invitation.due_at:
        raise Refused(
            "the deadline has passed", given=f"{act.now:%Y-%m-%d %H:%M:%S} UTC",
            allowed=f"before {invitation.due_at:%Y-%m-%d %H:%M:%S} UTC",
            next="Ask the sponsor to move the deadline for all bidders, before it passes",
        )  # fmt: skip


@verb("engagements.submit_bid", "hand in a sealed bid", roles=BIDDERS)
def submit_bid(
    act: Act,
    invitation: Invitation,
    *,
    currency: str,
    lines: Sequence[Mapping[str, Any]],
    answers: Mapping[str, str] | None = None,
    final: bool = False,
) -> Envelope:
    """Seal a bid and hand it in. It replaces the one before; only the bidder can read it until the opening.

    Raises:
        Refused: not invited, declined, or after the deadline.
        Invalid: a line without a price, a currency without a rate, an open question.
    """
    _in_time(act, invitation)
    contents = bidding.bid(
        invitation.lines, invitation.questions, [invitation.currency, *sorted(invitation.rates)], currency=currency,
        lines=lines, answers=answers or {},
    )  # fmt: skip
    before = queries.sealed_bid(invitation)
    if before is not None:
        act.change(before, state=Envelope.State.REPLACED)
    sealed = seal(contents)
    return act.create(
        Envelope, program=invitation.program, invitation=invitation, contents=sealed.text, commitment=sealed.commitment,
        final=final,
    )  # fmt: skip


@verb("engagements.ask_sponsor", "ask about a request", roles=BIDDERS)
def ask_sponsor(act: Act, invitation: Invitation, *, text: str) -> BidQuestion:
    """Ask the sponsor. The answer goes to all bidders, without the asker's name."""
    _in_time(act, invitation)
    if not text.strip():
        raise Invalid("a question has words", errors={"text": "needed"})
    return act.create(BidQuestion, program=invitation.program, invitation=invitation, text=text.strip())


@verb("engagements.decline_invitation", "decline an invitation to bid", roles=BIDDERS)
def decline_invitation(act: Act, invitation: Invitation) -> Invitation:
    """Decline, with a reason. A bid handed in before does not count."""
    _in_time(act, invitation)
    if not act.reason:
        raise Invalid("say why you decline", errors={"reason": "needed"})
    before = queries.sealed_bid(invitation)
    if before is not None:
        act.change(before, state=Envelope.State.REPLACED)
    return act.change(invitation, state=Invitation.State.DECLINED)
