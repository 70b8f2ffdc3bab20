"""The tenants and the people. All but log-ins and tokens are records of the ledger; secrets never enter it."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q

from crdmo.foundation.ledger.fields import CanonicalJSONField
from crdmo.foundation.ledger.models import Record

from .drafts import Draft
from .notices import Notice
from .roles import Role


class Organization(Record):
    """A company, a site or an agency. Its people, and programs that it owns, belong to it.

    A bidder is a partner-to-be: it answers requests and sees nothing else.
    """

    class Kind(models.TextChoices):
        SPONSOR = "sponsor", "Sponsor"
        PARTNER = "partner", "Partner (CRO, CDMO)"
        BIDDER = "bidder", "Invited bidder"
        SITE = "site", "Site"
        AGENCY = "agency", "Agency"

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=Kind.choices)

    def __str__(self) -> str:
        return self.name


class Program(Record):
    """What a sponsor pursues with a partner: the tenant of nearly every record, and a chain of its own.

    A bidding room is one as well: in it a sponsor and one invited organization deal with one request.
    """

    code = models.SlugField(max_length=30, unique=True)
    name = models.CharField(max_length=160)
    partner = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    indication = models.CharField(max_length=200, blank=True, default="")
    modality = models.CharField(max_length=80, blank=True, default="")
    is_bidding_room = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    def stream(self) -> str:
        """Return the program's own chain, which its first entry opens."""
        return str(self.id)

    @property
    def sponsor(self) -> Organization:
        """The organization that owns the program."""
        assert self.organization is not None
        return self.organization


class Person(Record):
    """A human being who may act. The user id is never given to anybody else; people are deactivated, not deleted."""

    personal: ClassVar[tuple[str, ...]] = ("email",)

    user_id = models.CharField(max_length=40, unique=True)
    printed_name = models.CharField(max_length=120)
    job_title = models.CharField(max_length=120, blank=True, default="")
    email = models.CharField(max_length=64, blank=True, default="")
    identity_verified = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.printed_name

    @property
    def actor_id(self) -> str:
        """The key written into entries."""
        return str(self.id)

    def role_for(self, action: str, program: UUID | None, organization: UUID | None) -> str:
        """Return the role in which this person may do this here.

        Raises:
            NotPermitted: says which roles could, and what is missing.
        """
        from . import authority  # noqa: PLC0415 — authority reads these models

        return authority.role_for(self, action, program, organization)


class Membership(Record):
    """A role of a person, in one program or (without program) in all programs of the own organization."""

    steps: ClassVar[frozenset[str]] = frozenset()

    person = models.ForeignKey(Person, models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=30, choices=Role.choices)
    starts = models.DateField()
    ends = models.DateField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.person} as {self.get_role_display()}"


class Delegation(Record):
    """Authority lent by its holder to a colleague between two dates."""

    giver = models.ForeignKey(Person, models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, models.PROTECT, related_name="delegations")
    role = models.CharField(max_length=30, choices=Role.choices)
    starts = models.DateField()
    ends = models.DateField()

    def __str__(self) -> str:
        return f"{self.get_role_display()} of {self.giver} to {self.person}"


class TrainingRequirement(Record):
    """What a role must have been trained on, and in which version, before it may act."""

    role = models.CharField(max_length=30, choices=Role.choices)
    subject = models.CharField(max_length=60)
    subject_version = models.CharField(max_length=20)
    from_date = models.DateField()

    def __str__(self) -> str:
        return f"{self.get_role_display()}: {self.subject} version {self.subject_version}"


class Training(Record):
    """A person was trained on one version of one subject, and until when that counts."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="trainings")
    subject = models.CharField(max_length=60)
    subject_version = models.CharField(max_length=20)
    on = models.DateField()
    expires = models.DateField(null=True, blank=True)
    how = models.CharField(max_length=20, choices=[("read", "Read and understood"), ("assessed", "Assessed")])

    def __str__(self) -> str:
        return f"{self.person}: {self.subject} version {self.subject_version}"


class AccessReview(Record):
    """Somebody looked at what a person may do, and found it right or not. Periodic, by 21 CFR 11.300(b)."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="access_reviews")
    on = models.DateField()
    roles = CanonicalJSONField(default=list)
    outcome = models.CharField(max_length=10, choices=[("keep", "Access is right"), ("change", "Access must change")])
    note = models.TextField(blank=True, default="")

    def __str__(self) -> str:
        return f"access of {self.person} reviewed on {self.on}"


class LoginManager(BaseUserManager["Login"]):
    """Makes log-ins; used by the accounts workflow only."""

    def get_queryset(self) -> models.QuerySet[Login]:
        """Fetch the person and organization along: each request needs all three."""
        return super().get_queryset().select_related("person__organization")

    def get_by_natural_key(self, username: str | None) -> Login:
        """Return the log-in of a user id, in any letter case."""
        return self.get(user_id__iexact=username)


class Login(AbstractBaseUser):
    """The secret side of a person: password hash and second factors. Not a record; its events are in the ledger."""

    user_id = models.CharField(max_length=40, unique=True)
    person = models.OneToOneField(Person, models.PROTECT, related_name="login")
    must_change_password = models.BooleanField(default=True)
    # Who gave the present or last temporary password; that person cannot also confirm the identity.
    password_set_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    password_set = models.DateTimeField(null=True)
    credentials_checked = models.DateField(null=True)

    USERNAME_FIELD = "user_id"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = LoginManager()

    def __str__(self) -> str:
        return self.user_id

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        """A person who was deactivated cannot log in."""
        return self.person.is_active

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Django's own permissions are not used; authority is a table of roles and verbs."""
        return False


class ApiToken(models.Model):
    """A scoped key for programs, shown once and kept as a digest."""

    digest = models.CharField(max_length=64, primary_key=True)
    prefix = models.CharField(max_length=12)
    person = models.ForeignKey(Person, models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=80)
    scopes = models.CharField(max_length=200)
    created = models.DateTimeField()
    expires = models.DateTimeField()
    revoked = models.DateTimeField(null=True)
    last_used = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.prefix}… of {self.person}"


def in_force(day: dt.date) -> Q:
    """Return the filter for memberships and delegations that hold on a day."""
    return Q(starts__lte=day, is_void=False) & (Q(ends__isnull=True) | Q(ends__gte=day))


__all__ = [
    "AccessReview", "ApiToken", "Delegation", "Draft", "Login", "Membership", "Notice", "Organization", "Person",
    "Program", "Training", "TrainingRequirement", "in_force",
]  # fmt: skip
