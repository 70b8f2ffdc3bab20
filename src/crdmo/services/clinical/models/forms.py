"""Case report forms: pages as entered, the checks that look at them, and the queries that ask about them.

A form is an activity of the protocol; its items stand there. A page is that form at a visit of a subject.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from crdmo.common.studies.models import Activity, Study, Subject, Visit
from crdmo.foundation.accounts.models import Person
from crdmo.foundation.ledger.fields import CanonicalJSONField
from crdmo.foundation.ledger.models import Record

DONE_ON = "done_on"


class EditCheck(Record):
    """A rule over the items of a form: what must hold, and what is asked where it does not."""

    searched: ClassVar[bool] = False

    study = models.ForeignKey(Study, models.PROTECT, related_name="edit_checks")
    form = models.ForeignKey(Activity, models.PROTECT, related_name="edit_checks")
    code = models.CharField(max_length=20)
    item = models.CharField(max_length=20)
    operator = models.CharField(max_length=2)
    other = models.CharField(max_length=20, blank=True, default="")
    constant = models.CharField(max_length=40, blank=True, default="")
    message = models.CharField(max_length=300)
    # A hard check refuses the page; a soft one opens a query.
    is_hard = models.BooleanField(default=False)
    # Values by item with which it was tried before it was saved: {"holds": …, "fires": …}.
    examples = CanonicalJSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study", "code"], condition=Q(is_void=False), name="clinical_check_code_once"
            )
        ]

    def __str__(self) -> str:
        return f"check {self.code}"


class CrfPage(Record):
    """One form of one subject at one visit. `saved` counts the times that data were written, `verified` names one."""

    searched: ClassVar[bool] = False
    steps: ClassVar[frozenset[str]] = frozenset({"verified", "verified_by", "verified_items", "is_frozen"})

    study = models.ForeignKey(Study, models.PROTECT, related_name="crf_pages")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="crf_pages")
    visit = models.ForeignKey(Visit, models.PROTECT, related_name="crf_pages")
    form = models.ForeignKey(Activity, models.PROTECT, related_name="crf_pages")
    done_on = models.DateField()
    # Item code → {"value", "unit"} or {"not_done": why}; as entered.
    values = CanonicalJSONField(default=dict)
    saved = models.PositiveIntegerField(default=1)
    verified = models.PositiveIntegerField(default=0)
    # Item code, or done_on → "verified", or "changed" where it was corrected after that.
    verified_items = CanonicalJSONField(default=dict)
    verified_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    is_frozen = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "visit", "form"], condition=Q(is_void=False), name="clinical_page_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.form.name} of {self.subject.code} at {self.visit.name}"

    @property
    def is_verified(self) -> bool:
        """Whether what stands was verified against the source: a change after it takes that away."""
        return self.verified == self.saved

    @property
    def parts(self) -> list[str]:
        """What of it is verified against the source: the day, and every item of the form, also where it is empty."""
        return [DONE_ON, *(one["code"] for one in self.form.items)]


class DataQuery(Record):
    """A question about an item: open, answered by the site, closed by who asked; a new question is a new query."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        ANSWERED = "answered", "Answered"
        CLOSED = "closed", "Closed"

    searched: ClassVar[bool] = False
    steps: ClassVar[frozenset[str]] = frozenset({"state", "answer", "answered_by", "answered_at", "closed_at"})

    study = models.ForeignKey(Study, models.PROTECT, related_name="data_queries")
    page = models.ForeignKey(CrfPage, models.PROTECT, related_name="queries")
    number = models.PositiveIntegerField()
    item = models.CharField(max_length=20, blank=True, default="")
    # The check that asked; empty where a person did.
    check_code = models.CharField(max_length=40, blank=True, default="")
    text = models.CharField(max_length=500)
    opened_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    answer = models.CharField(max_length=500, blank=True, default="")
    answered_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "number"], name="clinical_query_number_once")]

    def __str__(self) -> str:
        return f"Query {self.number}"
