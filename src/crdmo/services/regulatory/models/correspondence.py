"""What the agency asks and what the applicant promises."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from crdmo.foundation.accounts.models import Person
from crdmo.foundation.ledger.models import Record

from .applications import Application
from .sequences import Leaf, Sequence


class Question(Record):
    """A question of a health authority. It is answered by a leaf, and the answer is given when its sequence is submitted."""

    steps: ClassVar[frozenset[str]] = frozenset({"state", "answer"})

    application = models.ForeignKey(Application, models.PROTECT, related_name="questions")
    code = models.CharField(max_length=30)
    about = models.ForeignKey(Sequence, models.PROTECT, null=True, related_name="+")
    section = models.CharField(max_length=20, blank=True, default="")
    text = models.TextField()
    received_on = models.DateField()
    due_on = models.DateField()
    owner = models.ForeignKey(Person, models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=[("open", "Open"), ("answered", "Answered")], default="open")
    answer = models.ForeignKey(Leaf, models.PROTECT, null=True, related_name="answers")

    def __str__(self) -> str:
        return self.code


class Commitment(Record):
    """Something promised to an agency, with an owner and a day; fulfilled with evidence."""

    steps: ClassVar[frozenset[str]] = frozenset({"state", "evidence", "fulfilled_on"})

    application = models.ForeignKey(Application, models.PROTECT, related_name="commitments")
    code = models.CharField(max_length=30)
    text = models.TextField()
    question = models.ForeignKey(Question, models.PROTECT, null=True, related_name="commitments")
    owner = models.ForeignKey(Person, models.PROTECT, related_name="+")
    due_on = models.DateField()
    state = models.CharField(max_length=10, choices=[("open", "Open"), ("fulfilled", "Fulfilled")], default="open")
    evidence = models.TextField(blank=True, default="")
    fulfilled_on = models.DateField(null=True)

    def __str__(self) -> str:
        return self.code
