"""What a signature can mean: a closed list, each with the statement that the signer makes."""

from __future__ import annotations

from django.db import models


class Meaning(models.TextChoices):
    """The meaning that 21 CFR 11.50(a)(3) asks for. It comes from the step, never from free text."""

    AUTHORED = "authored", "Authored"
    PERFORMED = "performed", "Performed"
    WITNESSED = "witnessed", "Witnessed"
    VERIFIED = "verified", "Verified"
    REVIEWED = "reviewed", "Reviewed"
    APPROVED = "approved", "Approved"
    RELEASED = "released", "Released"
    CERTIFIED = "certified", "Certified"
    ACCEPTED = "accepted", "Accepted"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    REJECTED = "rejected", "Rejected"


STATEMENTS: dict[str, str] = {
    Meaning.AUTHORED: "I wrote this record, and it is complete and true.",
    Meaning.PERFORMED: "I did this work, and it is recorded here as it was done.",
    Meaning.WITNESSED: "I saw this being done, and it is recorded here as I saw it.",
    Meaning.VERIFIED: "I checked this against the original data, and it is right.",
    Meaning.REVIEWED: "I reviewed this record with its history and changes.",
    Meaning.APPROVED: "I approve this record for its purpose.",
    Meaning.RELEASED: "I release this for use.",
    Meaning.CERTIFIED: "I certify that this meets the conditions that apply to it.",
    Meaning.ACCEPTED: "I accept this on behalf of my organization.",
    Meaning.ACKNOWLEDGED: "I have read and understood this.",
    Meaning.REJECTED: "I reject this for the reason given.",
}

BUTTONS: dict[str, str] = {
    Meaning.AUTHORED: "Sign as author",
    Meaning.PERFORMED: "Sign as performed",
    Meaning.WITNESSED: "Sign as witness",
    Meaning.VERIFIED: "Verify",
    Meaning.REVIEWED: "Sign review",
    Meaning.APPROVED: "Approve",
    Meaning.RELEASED: "Release",
    Meaning.CERTIFIED: "Certify",
    Meaning.ACCEPTED: "Accept",
    Meaning.ACKNOWLEDGED: "Acknowledge",
    Meaning.REJECTED: "Reject",
}

# Signed as author: whoever signs so is an author for the rule of independence, whoever typed the values.
OF_AUTHORS = frozenset({Meaning.AUTHORED, Meaning.PERFORMED})
# A second person's signature: nobody gives it to what they made themselves.
INDEPENDENT = frozenset({Meaning.WITNESSED, Meaning.VERIFIED, Meaning.REVIEWED, Meaning.APPROVED})
WITH_REASON = frozenset({Meaning.REJECTED})
