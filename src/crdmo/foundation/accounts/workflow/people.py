"""Organizations, programs and people enter here, and the first ones of a new installation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from crdmo.foundation.ledger.acts import SYSTEM, Act

from ...refusals import Invalid, Refused
from .. import passwords
from ..authority import verb
from ..models import Login, Organization, Person, Program
from ..roles import Role

USER_ID = re.compile(r"[a-z][a-z0-9._-]{1,39}")
# Words that stand in addresses where a user id stands, and the system's own name in the ledger.
RESERVED = frozenset({"new", "matrix", "requirements", "organizations", "programs", "system"})


@dataclass(frozen=True)
class NewPerson:
    """A person who was entered, with the temporary password, which is shown this once."""

    person: Person
    temporary_password: str


@verb("accounts.create_organization", "enter an organization", roles=(Role.ADMINISTRATOR,))
def create_organization(act: Act, *, code: str, name: str, kind: str) -> Organization:
    """Enter a sponsor, a partner, a site or an agency.

    Raises:
        Refused: the code is taken.
    """
    if Organization.objects.filter(code__iexact=code).exists():
        raise Refused("this code of an organization is taken", given=code, next="Choose another code")
    return act.create(Organization, code=code, name=name, kind=kind)


@verb("accounts.create_program", "open a program", roles=(Role.ADMINISTRATOR,))
def create_program(
    act: Act, sponsor: Organization, partner: Organization, *, code: str, name: str, indication: str = "",
    modality: str = "",
) -> Program:  # fmt: skip
    """Open a program of a sponsor with a partner. Its chain in the ledger begins here.

    Raises:
        Refused: the code is taken, or one of the two is not what it is named.
    """
    if not re.fullmatch(r"[A-Z0-9][A-Z0-9-]{1,29}", code):
        raise Invalid(
            "a program's code stands in every address", errors={"code": "2 to 30 of A-Z, 0-9 and -"}, given=code,
            allowed="capital letters, digits and hyphens, such as CRD-101",
        )  # fmt: skip
    if Program.objects.filter(code__iexact=code).exists():
        raise Refused("this code of a program is taken", given=code, next="Choose another code")
    if partner.kind != Organization.Kind.PARTNER:
        raise Refused(f"{partner.name} is no partner", given=partner.kind, allowed="partner", next="Choose a partner")
    return act.create(
        Program, organization=sponsor, code=code, name=name, partner=partner, indication=indication, modality=modality
    )


@verb("accounts.create_person", "enter a person", roles=(Role.ADMINISTRATOR,))
def create_person(
    act: Act, organization: Organization, *, user_id: str, printed_name: str, job_title: str = "", email: str = ""
) -> NewPerson:
    """Enter a person with a log-in and a temporary password, which must be changed at the first log-in.

    Raises:
        Invalid: the user id is not written as user ids are.
        Refused: the user id was given to somebody before. It is never given twice, not even after deactivation.
    """
    wanted = user_id.strip().lower()
    if not USER_ID.fullmatch(wanted) or wanted in RESERVED:
        allowed = "2 to 40 small letters, digits and . _ -, beginning with a letter; not a word of the addresses"
        raise Invalid("a user id is written differently", errors={"user_id": allowed}, given=user_id, allowed=allowed)
    if Person.objects.filter(user_id__iexact=wanted).exists():
        raise Refused(
            "this user id was given before", given=wanted, allowed="a user id that nobody ever had",
            next="Choose another; if the person has come back, reactivate the old entry",
        )  # fmt: skip
    person = act.create(
        Person, organization=organization, user_id=wanted, printed_name=printed_name.strip(),
        job_title=job_title.strip(), email=email.strip(),
    )  # fmt: skip
    login = Login(user_id=wanted, person=person)
    return NewPerson(person, passwords.give_temporary(login, acting_person(act)))


@verb("accounts.change_person", "correct a person's name or job title", roles=(Role.ADMINISTRATOR,))
def change_person(act: Act, person: Person, *, printed_name: str = "", job_title: str = "", email: str = "") -> Person:
    """Correct what is printed with a person's signatures from now on. Signatures made before keep the name they had."""
    given = {"printed_name": printed_name.strip(), "job_title": job_title.strip(), "email": email.strip()}
    return act.change(person, **{name: value for name, value in given.items() if value})


def acting_person(act: Act) -> Person | None:
    """Return who acts, or None for the system."""
    return act.actor if isinstance(act.actor, Person) else None


def not_oneself(act: Act, person: Person, what: str) -> None:
    """Refuse what nobody may do for the own account.

    Raises:
        Refused: the person who acts is the person concerned.
    """
    if act.actor.actor_id == person.actor_id:
        raise Refused(f"nobody {what}", given=person.printed_name, next="Ask another administrator")


def bootstrap(
    *, code: str, name: str, administrators: Sequence[tuple[str, str]], kind: str = Organization.Kind.PARTNER
) -> tuple[Organization, list[NewPerson]]:
    """Set up a new installation: the organization that runs it and its administrators (user id, printed name).

    Two administrators are recommended: who resets a password cannot also confirm the identity (21 CFR 11.200(a)(3)).

    Raises:
        Refused: there are organizations already.
    """
    from .access import grant_role  # noqa: PLC0415 — roles build on people
    from .credentials import verify_identity  # noqa: PLC0415 — credentials build on people

    if Organization.objects.exists():
        raise Refused("this installation was set up before", next="An administrator enters further people")
    with transaction.atomic():
        organization = create_organization(SYSTEM, code=code, name=name, kind=kind)
        made = [
            create_person(SYSTEM, organization, user_id=user_id, printed_name=printed, job_title="System administrator")
            for user_id, printed in administrators
        ]
        for new in made:
            grant_role(SYSTEM, new.person, role=Role.ADMINISTRATOR)
            verify_identity(SYSTEM, new.person, reason="named by whoever set this installation up")
    return organization, made


__all__ = [
    "NewPerson", "acting_person", "bootstrap", "change_person", "create_organization", "create_person",
    "create_program", "not_oneself",
]  # fmt: skip
