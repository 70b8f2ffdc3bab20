"""A request for proposals and what comes back. Who sees what follows from whose chain a record lies in.

- `Request`, `BidScore`: of the sponsor, in its own chain. No bidder sees them.
- Each invited organization gets a bidding room: a program of the sponsor with that one bidder. `Invitation`,
  `Clarification`, `BidQuestion`, `Envelope` and `Proposal` lie in its chain. No other bidder sees it.
- An `Envelope` holds the bid encrypted and a commitment to it. The opening act decrypts all of a request and writes them as
  proposals, with the salt by which anybody can check that what was opened is what was sent.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from crdmo.foundation.accounts.models import Organization, Program
from crdmo.foundation.ledger.fields import CanonicalJSONField
from crdmo.foundation.ledger.models import Record


class Request(Record):
    """A request for proposals: scope lines, questions, weights, currency with stated rates, deadline."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        ISSUED = "issued", "Issued"
        OPENED = "opened", "Opened"
        AWARDED = "awarded", "Awarded"
        CANCELLED = "cancelled", "Cancelled"

    steps: ClassVar[frozenset[str]] = frozenset({"state", "awarded_to", "award_reason", "due_at", "rooms"})

    code = models.CharField(max_length=30)
    title = models.CharField(max_length=160)
    for_program = models.ForeignKey(Program, models.PROTECT, related_name="+")
    scope = models.TextField(blank=True, default="")
    currency = models.CharField(max_length=3)
    # {"USD": {"rate": "0.9200", "on": "2026-11-20", "source": "ECB"}}: units of the request's currency for one of these.
    rates = CanonicalJSONField(default=dict)
    # [{"position", "service", "description", "unit", "quantity", "assumptions", "pass_through"}]
    lines = CanonicalJSONField(default=list)
    # [{"key", "text", "weight"}]; the price has the weight that is left of 100.
    questions = CanonicalJSONField(default=list)
    due_at = models.DateTimeField()
    # The bidding rooms of those invited, by key.
    rooms = CanonicalJSONField(default=list)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    awarded_to = models.ForeignKey(Organization, models.PROTECT, null=True, related_name="+")
    award_reason = models.TextField(blank=True, default="")

    def __str__(self) -> str:
        return f"{self.code} {self.title}"

    @property
    def price_weight(self) -> int:
        """The weight of the price in percent."""
        return 100 - sum(int(question["weight"]) for question in self.questions)


class Invitation(Record):
    """A request as one organization was invited to it, in its bidding room: what it is asked, until when."""

    class State(models.TextChoices):
        INVITED = "invited", "Invited"
        OPEN = "open", "Open for bids"
        DECLINED = "declined", "Declined"
        CLOSED = "closed", "Bids opened"
        WON = "won", "Awarded"
        LOST = "lost", "Not awarded"
        CANCELLED = "cancelled", "Cancelled"

    steps: ClassVar[frozenset[str]] = frozenset({"state", "due_at", "decision"})

    # The request lies in the sponsor's own chain: its key, not a link that the bidder could not follow.
    request_key = models.UUIDField()
    code = models.CharField(max_length=30)
    title = models.CharField(max_length=160)
    scope = models.TextField(blank=True, default="")
    currency = models.CharField(max_length=3)
    rates = CanonicalJSONField(default=dict)
    lines = CanonicalJSONField(default=list)
    questions = CanonicalJSONField(default=list)
    due_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.INVITED)
    decision = models.TextField(blank=True, default="")

    def __str__(self) -> str:
        return f"{self.code} {self.title}"


class BidQuestion(Record):
    """A bidder's question about a request. Its answer goes to all bidders, without the asker's name."""

    steps: ClassVar[frozenset[str]] = frozenset({"answered"})

    invitation = models.ForeignKey(Invitation, models.PROTECT, related_name="asked")
    text = models.TextField()
    answered = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"question on {self.invitation.code}"


class Clarification(Record):
    """An answer that every bidder gets, word for word the same."""

    invitation = models.ForeignKey(Invitation, models.PROTECT, related_name="clarifications")
    number = models.IntegerField()
    question = models.TextField(blank=True, default="")
    answer = models.TextField()

    def __str__(self) -> str:
        return f"clarification {self.number} of {self.invitation.code}"


class Envelope(Record):
    """A bid as it was handed in: encrypted, with a salted commitment to its contents. The last one handed in counts."""

    class State(models.TextChoices):
        SEALED = "sealed", "Sealed"
        REPLACED = "replaced", "Replaced"
        OPENED = "opened", "Opened"

    steps: ClassVar[frozenset[str]] = frozenset({"state"})

    invitation = models.ForeignKey(Invitation, models.PROTECT, related_name="envelopes")
    contents = models.TextField()
    commitment = models.CharField(max_length=64)
    # The bidder does not ask for the time until the deadline: the bids may be opened once all have said so.
    final = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.SEALED)

    def __str__(self) -> str:
        return f"sealed bid on {self.invitation.code}"


class Proposal(Record):
    """A bid after the opening: its lines, its answers, and what shows that it is the one that was sealed."""

    envelope = models.OneToOneField(Envelope, models.PROTECT, related_name="proposal")
    bidder = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    # [{"position", "quantity", "unit_price", "assumptions"}]
    lines = CanonicalJSONField(default=list)
    answers = CanonicalJSONField(default=dict)
    salt = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"proposal of {self.bidder}"


class BidScore(Record):
    """What one evaluator of the sponsor gives a bidder's answers: 0 to 10 each, with a remark."""

    request = models.ForeignKey(Request, models.PROTECT, related_name="scores")
    bidder = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    scores = CanonicalJSONField(default=dict)
    remark = models.TextField()

    def __str__(self) -> str:
        return f"score of {self.bidder} in {self.request.code}"
