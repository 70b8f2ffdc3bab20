"""Organizations, programs and people for tests, made through the same verbs that pages call.

lab = factories.partner(); program = factories.program()
ann = factories.person(Role.ANALYST, program)
factories.login(ann); client.force_login(ann.login)
"""

from __future__ import annotations

import datetime as dt
import itertools

from crdmo.foundation.accounts import workflow
from crdmo.foundation.accounts.models import Login, Organization, Person, Program
from crdmo.foundation.accounts.roles import SITE, SPONSOR, Role
from crdmo.foundation.ledger.acts import SYSTEM, act

PASSWORD = "four words make sense"
_number = itertools.count(1)


def organization(kind: str, code: str, name: str = "") -> Organization:
    """Return the organization of this code, entered at the first call."""
    found = Organization.objects.filter(code=code).first()
    return found or workflow.create_organization(SYSTEM, code=code, name=name or f"{code.title()} Ltd", kind=kind)


def partner(code: str = "PARTNER") -> Organization:
    """Return the laboratory that runs the installation."""
    return organization(Organization.Kind.PARTNER, code)


def sponsor(code: str = "SPONSOR") -> Organization:
    """Return a sponsor; another code makes a competitor."""
    return organization(Organization.Kind.SPONSOR, code)


def agency(code: str = "AGENCY") -> Organization:
    """Return an agency, whose people inspect."""
    return organization(Organization.Kind.AGENCY, code)


def site(code: str = "SITE") -> Organization:
    """Return a site, whose people see its own subjects."""
    return organization(Organization.Kind.SITE, code)


def program(code: str = "CRD-101", *, owner: Organization | None = None, with_: Organization | None = None) -> Program:
    """Return the program of this code, opened at the first call."""
    found = Program.objects.filter(code=code).first()
    return found or workflow.create_program(
        SYSTEM, owner or sponsor(), with_ or partner(), code=code, name=f"Program {code}"
    )


def _home(role: str) -> Organization:
    if role in SPONSOR:
        return sponsor()
    if role in SITE:
        return site()
    return agency() if role == Role.INSPECTOR else partner()


def person(
    role: str | None = None,
    program: Program | None = None,
    *,
    organization: Organization | None = None,
    user_id: str = "",
    printed_name: str = "",
    verified: bool = True,
) -> Person:
    """Return a new person with one role: in the program, or without program in all programs of the organization.

    The organization follows from the role when none is given. The person has a log-in whose password nobody knows yet;
    `login` gives it a known one.
    """
    number = next(_number)
    home = organization or _home(role or "")
    name = str(role or "person").replace("_", "-")
    with act(SYSTEM, "accounts.create_person") as opened:
        made = opened.create(
            Person,
            organization=home,
            user_id=user_id or f"{name}-{number}",
            printed_name=printed_name or f"{name.replace('-', ' ').title()} {number}",
            job_title=Role(role).label if role else "",
            identity_verified=verified,
        )
    Login.objects.create(user_id=made.user_id, person=made, password="!", must_change_password=False)
    if role:
        yesterday = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)
        workflow.grant_role(SYSTEM, made, role=role, program=program, starts=yesterday)
    return made


def login(person: Person, password: str = PASSWORD, *, must_change: bool = False) -> Login:
    """Give a person's log-in a known password and return it."""
    found = Login.objects.get(person=person)
    found.person = person  # so that person.login is this one
    found.set_password(password)
    found.must_change_password = must_change
    found.save()
    return found


def member(program: Program, role: str, person_: Person) -> None:
    """Give a person one more role in a program."""
    workflow.grant_role(SYSTEM, person_, role=role, program=program)
