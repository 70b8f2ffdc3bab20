"""Applications: what is asked of which agency, for which product, by whom; and who brings which heading."""

from __future__ import annotations

from django.db import models

from crdmo.foundation.accounts.models import Person
from crdmo.foundation.ledger.models import Record


class Application(Record):
    """One application to one agency. Its sequences are numbered from 0000."""

    class Kind(models.TextChoices):
        IND = "IND", "IND (US, clinical investigation)"
        NDA = "NDA", "NDA (US, marketing)"
        IMPD = "IMPD", "IMPD (EU, clinical trial)"
        MAA = "MAA", "MAA (EU, marketing)"

    code = models.CharField(max_length=30)
    kind = models.CharField(max_length=6, choices=Kind.choices)
    # What the agency numbers it by: six digits in the US, the procedure number in the EU.
    number = models.CharField(max_length=40)
    agency = models.CharField(max_length=20)
    applicant = models.CharField(max_length=160)
    applicant_id = models.CharField(max_length=40, blank=True, default="")
    # What tells the folders of module 3 apart; one spelling for the whole application.
    product_name = models.CharField(max_length=120)
    dosage_form = models.CharField(max_length=80, blank=True, default="")
    substance = models.CharField(max_length=120)
    substance_maker = models.CharField(max_length=120)
    product_maker = models.CharField(max_length=120, blank=True, default="")
    indication = models.CharField(max_length=160, blank=True, default="")
    contact_name = models.CharField(max_length=120)
    contact_telephone = models.CharField(max_length=40)
    contact_email = models.CharField(max_length=120)

    def __str__(self) -> str:
        return f"{self.code} {self.kind} {self.number}"

    @property
    def region(self) -> str:
        """Return the region whose module 1 it carries: `us` or `eu`."""
        return "us" if self.kind in (self.Kind.IND, self.Kind.NDA) else "eu"

    def attributes(self, names: tuple[str, ...]) -> dict[str, str]:
        """Return the application's values for attributes of a heading."""
        known = {
            "substance": self.substance,
            "manufacturer": self.substance_maker,
            "product-name": self.product_name,
            "dosageform": self.dosage_form,
            "indication": self.indication,
        }
        return {name: known[name] for name in names if known.get(name)}


class HeadingPlan(Record):
    """Who brings the document of a heading, and until when; or why the heading stays empty."""

    application = models.ForeignKey(Application, models.PROTECT, related_name="plans")
    section = models.CharField(max_length=20)
    owner = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    due_on = models.DateField(null=True)
    not_applicable = models.CharField(max_length=400, blank=True, default="")

    def __str__(self) -> str:
        return f"heading {self.section} of {self.application.code}"
