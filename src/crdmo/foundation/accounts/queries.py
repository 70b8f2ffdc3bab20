"""What pages and API read about people. Whoever is out of the asker's reach answers as if there were nobody."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from ..refusals import NotFound
from . import lockout
from .authority import TABLE, Rule, programs_of, roles_of
from .models import (
    AccessReview,
    Delegation,
    Login,
    Membership,
    Organization,
    Person,
    Program,
    Training,
    TrainingRequirement,
    in_force,
)
from .roles import Role

REVIEW_EVERY = dt.timedelta(days=365)


def staff_of(program: Program) -> list[Person]:
    """Return the people of the partner who can own something in a program, by name."""
    today = dt.datetime.now(dt.UTC).date()
    here = Q(program=program) | Q(program__isnull=True)
    held = Membership.objects.filter(in_force(today), here, person__organization=program.partner_id)
    working = held.exclude(role=Role.ADMINISTRATOR)
    rows = Person.objects.filter(pk__in=working.values("person"), is_active=True, is_void=False)
    return list(rows.order_by("printed_name", "user_id"))


def runs_installation(person: Person) -> bool:
    """Say whether the person administers the installation: as administrator of a partner."""
    home = person.organization
    if home is None or home.kind != Organization.Kind.PARTNER:
        return False
    today = dt.datetime.now(dt.UTC).date()
    own = Membership.objects.filter(in_force(today), person=person, role=Role.ADMINISTRATOR, program__isnull=True)
    return person.is_active and (own.exists() or Role.ADMINISTRATOR.value in roles_of(person, None, home.pk))


def organizations_of(person: Person, *, runs: bool | None = None) -> QuerySet[Organization]:
    """Return the organizations whose people a person may see; `runs` where `runs_installation` was asked before."""
    rows = Organization.objects.filter(is_void=False).order_by("name")
    wide = runs_installation(person) if runs is None else runs
    return rows if wide else rows.filter(pk__in=[person.organization_id])


def people_of(person: Person, *, runs: bool | None = None) -> QuerySet[Person]:
    """Return the people whom a person may see, by name; `runs` where `runs_installation` was asked before."""
    rows = Person.objects.select_related("organization").order_by("printed_name", "user_id")
    wide = runs_installation(person) if runs is None else runs
    return rows if wide else rows.filter(organization=person.organization)


def find_person(asker: Person, user_id: str) -> Person:
    """Return one of the people whom the asker may see.

    Raises:
        NotFound: there is nobody, or somebody out of reach.
    """
    found = people_of(asker).filter(user_id=user_id.lower()).first()
    if found is None:
        raise NotFound("there is nobody of this user id")
    return found


def programs_for(asker: Person, person: Person) -> QuerySet[Program]:
    """Return the programs in which the asker may give the person a role."""
    rows = Program.objects.filter(is_void=False).order_by("code")
    home = person.organization
    if home is not None and home.kind in (
        Organization.Kind.SPONSOR,
        Organization.Kind.PARTNER,
        Organization.Kind.BIDDER,
    ):
        rows = rows.filter(Q(organization=home) | Q(partner=home))
    return rows if runs_installation(asker) else rows & programs_of(asker).order_by("code")


@dataclass(frozen=True)
class Line:
    """A person in the list of people."""

    person: Person
    roles: tuple[str, ...]
    locked: bool
    review_due: bool


# What the list of people can be narrowed to.
ONLY: dict[str, Callable[[Line], bool]] = {
    "locked": lambda line: line.locked,
    "unverified": lambda line: line.person.is_active and not line.person.identity_verified,
    "review": lambda line: line.review_due,
    "deactivated": lambda line: not line.person.is_active,
}


def lines(
    asker: Person, *, words: str = "", organization: str = "", only: str = "", runs: bool | None = None
) -> list[Line]:
    """Return the list of people with what an administrator looks for, in as many queries for one as for thousands."""
    rows = people_of(asker, runs=runs)
    if words:
        rows = rows.filter(Q(printed_name__icontains=words) | Q(user_id__icontains=words))
    if organization:
        rows = rows.filter(organization__code=organization)
    today = dt.datetime.now(dt.UTC).date()
    held: dict[object, list[str]] = {}
    for one in Membership.objects.filter(in_force(today), person__in=rows).select_related("program").order_by("role"):
        where = f" · {one.program.code}" if one.program else ""
        held.setdefault(one.person_id, []).append(f"{Role(one.role).label}{where}")
    checked = dict(Login.objects.filter(person__in=rows).values_list("person_id", "credentials_checked"))
    locked = lockout.locked_user_ids()
    found = [
        Line(p, tuple(held.get(p.pk, ())), p.user_id in locked, _due(p, checked.get(p.pk), today)) for p in rows
    ]  # fmt: skip
    wanted = ONLY.get(only)
    return [line for line in found if wanted(line)] if wanted else found


def _due(person: Person, checked: dt.date | None, today: dt.date) -> bool:
    return person.is_active and (checked is None or today - checked > REVIEW_EVERY)


def memberships_of(person: Person) -> QuerySet[Membership]:
    """Return all roles that a person holds or held, newest first; void ones are shown as such."""
    return Membership.objects.filter(person=person).select_related("program").order_by("-starts", "-entry")


def delegations_of(person: Person) -> QuerySet[Delegation]:
    """Return what a person lent or borrowed, newest first."""
    rows = Delegation.objects.filter(Q(person=person) | Q(giver=person))
    return rows.select_related("person", "giver", "program").order_by("-starts", "-entry")


def trainings_of(person: Person) -> QuerySet[Training]:
    """Return a person's training, newest first."""
    return Training.objects.filter(person=person, is_void=False).order_by("-on", "-entry")


def reviews_of(person: Person) -> QuerySet[AccessReview]:
    """Return the reviews of a person's access, newest first."""
    return AccessReview.objects.filter(person=person).order_by("-on", "-entry")


def requirements_of(organization: Organization | None) -> QuerySet[TrainingRequirement]:
    """Return what the roles of an organization must be trained on."""
    rows = TrainingRequirement.objects.filter(organization=organization, is_void=False)
    return rows.order_by("role", "subject", "-from_date")


@dataclass(frozen=True)
class Gap:
    """What a person must be trained on and is not."""

    role: str
    subject: str
    version: str


def gaps_of(person: Person) -> list[Gap]:
    """Return the training that a person lacks for the roles held, each once."""
    today = dt.datetime.now(dt.UTC).date()
    roles = set(Membership.objects.filter(in_force(today), person=person).values_list("role", flat=True))
    roles |= set(Delegation.objects.filter(in_force(today), person=person).values_list("role", flat=True))
    done = Training.objects.filter(Q(expires__isnull=True) | Q(expires__gte=today), person=person, is_void=False)
    have = set(done.values_list("subject", "subject_version"))
    newest: dict[tuple[str, str], str] = {}
    rows = requirements_of(person.organization).filter(role__in=roles, from_date__lte=today)
    for row in rows.order_by("from_date", "entry"):
        newest[row.role, row.subject] = row.subject_version
    lacking = [Gap(role, subject, version) for (role, subject), version in newest.items()]
    return sorted((g for g in lacking if (g.subject, g.version) not in have), key=lambda gap: (gap.subject, gap.role))


def matrix() -> list[tuple[str, list[tuple[Rule, tuple[str, ...]]]]]:
    """Return the table of who may do what: by room, each verb with the roles that may do it."""
    rooms: dict[str, list[tuple[Rule, tuple[str, ...]]]] = {}
    for name, rule in sorted(TABLE.items()):
        rooms.setdefault(name.partition(".")[0], []).append((rule, tuple(role.value for role in rule.roles)))
    return list(rooms.items())
