"""What a subject goes through before data: consent and eligibility; and the casebook that the investigator signs."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from crdmo.common.studies.models import Study, Subject
from crdmo.foundation.accounts.models import Person
from crdmo.foundation.ledger.fields import CanonicalJSONField
from crdmo.foundation.ledger.models import Record


class Consent(Record):
    """A subject's consent: to which version of the form, on which day, obtained by whom."""

    searched: ClassVar[bool] = False
    steps: ClassVar[frozenset[str]] = frozenset({"withdrawn_on"})

    study = models.ForeignKey(Study, models.PROTECT, related_name="consents")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="consents")
    form_version = models.CharField(max_length=20)
    signed_on = models.DateField()
    obtained_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    withdrawn_on = models.DateField(null=True)

    def __str__(self) -> str:
        return f"consent of {self.subject} to version {self.form_version}"


class Eligibility(Record):
    """The answers to the criteria, and what the investigator decided."""

    searched: ClassVar[bool] = False

    study = models.ForeignKey(Study, models.PROTECT, related_name="eligibilities")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="eligibilities")
    answers = CanonicalJSONField(default=dict)
    is_eligible = models.BooleanField()
    decided_on = models.DateField()
    decided_by = models.ForeignKey(Person, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject"], condition=Q(is_void=False), name="clinical_eligibility_once")
        ]

    def __str__(self) -> str:
        return f"eligibility of {self.subject}"


class Casebook(Record):
    """All pages of a subject as the investigator signs them; `digest` says which data, so that a later change breaks it."""

    searched: ClassVar[bool] = False
    steps: ClassVar[frozenset[str]] = frozenset({"digest", "pages", "signed_on"})

    study = models.ForeignKey(Study, models.PROTECT, related_name="casebooks")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="casebooks")
    digest = models.CharField(max_length=64, blank=True, default="")
    pages = models.PositiveIntegerField(default=0)
    signed_on = models.DateField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subject"], name="clinical_one_casebook")]

    def __str__(self) -> str:
        return f"casebook of {self.subject}"
