"""Roles are granted, lent, ended and looked through."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q

from crdmo.foundation.ledger.acts import Act

from ...refusals import Invalid, Refused
from ..authority import roles_of, verb
from ..models import AccessReview, Delegation, Login, Membership, Organization, Person, Program
from ..roles import FOR_KIND, Role, exclude
from .people import not_oneself

LONGEST_DELEGATION = dt.timedelta(days=92)
LENDABLE = tuple(role for role in Role if role is not Role.INSPECTOR)


def _today(act: Act) -> dt.date:
    return act.now.date()


def _fits(person: Person, role: str, program: Program | None) -> None:
    """Refuse a role that people of this organization do not have, or not in this program."""
    organization = person.organization
    if role not in Role.values:
        raise Invalid("there is no such role", errors={"role": "choose one of the list"}, given=role)
    kind = organization.kind if organization else ""
    allowed = FOR_KIND.get(kind, ())
    if role not in {r.value for r in allowed}:
        raise Refused(
            f"people of a {kind} are not {Role(role).label}", given=Role(role).label,
            allowed=", ".join(r.label for r in allowed), next="Choose a role of this list",
        )  # fmt: skip
    if program is None or kind in (Organization.Kind.AGENCY, Organization.Kind.SITE):
        return
    if person.organization_id not in (program.organization_id, program.partner_id):
        raise Refused(
            f"{program.code} is not a program of {organization}", given=str(organization),
            allowed="the sponsor and the partner of the program, a site, an agency", next="Choose another program",
        )  # fmt: skip


def _segregated(
    person: Person, role: str, program: Program | None, starts: dt.date, ends: dt.date | None, asking: str
) -> None:
    """Refuse a role that excludes one which the person holds or borrows at the same time and place."""
    overlap = Q(person=person, is_void=False) & (Q(ends__isnull=True) | Q(ends__gte=starts))
    if ends is not None:
        overlap &= Q(starts__lte=ends)
    if program is not None and role != Role.ADMINISTRATOR:
        overlap &= Q(program=program) | Q(program__isnull=True) | Q(role=Role.ADMINISTRATOR)
    for model in (Membership, Delegation):
        for held in model.objects.filter(overlap):
            if exclude(held.role, role):
                raise Refused(
                    f"{Role(role).label} and {Role(held.role).label} may not be {asking} one person",
                    given=f"{person.printed_name} is {Role(held.role).label} since {held.starts}",
                    allowed="duties that are kept apart", next="End the other role first, or choose another person",
                )  # fmt: skip


def _period(starts: dt.date, ends: dt.date | None) -> None:
    if ends is not None and ends < starts:
        raise Invalid("the last day lies before the first", errors={"ends": f"{starts} or later"}, given=str(ends))


@verb("accounts.grant_role", "grant a role", roles=(Role.ADMINISTRATOR,))
def grant_role(
    act: Act, person: Person, *, role: str, program: Program | None = None, starts: dt.date | None = None,
    ends: dt.date | None = None,
) -> Membership:  # fmt: skip
    """Give a person a role, in one program or in all programs of the own organization.

    Raises:
        Refused: the role is not for people of this organization, excludes one held, or is asked for oneself.
    """
    not_oneself(act, person, "grants a role to oneself")
    if not person.is_active:
        raise Refused(f"{person.printed_name} is deactivated", next="Reactivate the person first")
    first = starts or _today(act)
    _period(first, ends)
    _fits(person, role, program)
    _segregated(person, role, program, first, ends, "held by")
    place = {"program": program} if program else {"organization": person.organization}
    return act.create(Membership, person=person, role=str(role), starts=first, ends=ends, **place)


@verb("accounts.end_role", "end a role", roles=(Role.ADMINISTRATOR,))
def end_role(act: Act, membership: Membership, *, last_day: dt.date | None = None) -> Membership:
    """End a role: after a last day, or at once when none is given. The reason says why.

    Raises:
        Refused: the role has ended already, or is one's own.
    """
    not_oneself(act, membership.person, "ends the own role")
    return close_membership(act, membership, last_day or _today(act) - dt.timedelta(days=1))


def close_membership(act: Act, membership: Membership, last_day: dt.date) -> Membership:
    """Write the last day of a membership, or void it when it had no day at all."""
    if membership.ends is not None and membership.ends <= last_day:
        raise Refused("this role has ended already", given=f"last day {membership.ends}")
    if membership.starts > last_day:
        return act.void(membership)
    return act.change(membership, ends=last_day)


@verb("accounts.delegate", "lend the own authority", roles=LENDABLE)
def delegate(
    act: Act, giver: Person, person: Person, *, role: str, starts: dt.date, ends: dt.date,
    program: Program | None = None,
) -> Delegation:  # fmt: skip
    """Lend a role that one holds to a colleague between two dates, 92 days at most.

    Raises:
        Refused: the giver does not hold the role, or the colleague may not.
    """
    if act.actor.actor_id not in ("system", giver.actor_id):
        raise Refused("authority is lent by who holds it", given=act.actor.printed_name, allowed=giver.printed_name)
    _period(starts, ends)
    if starts < _today(act):
        raise Invalid("authority is not lent backwards", errors={"starts": "today or later"}, given=str(starts))
    if ends - starts > LONGEST_DELEGATION:
        raise Refused("authority is lent for a while only", given=f"{(ends - starts).days} days", allowed="92 days")
    if giver.pk == person.pk or giver.organization_id != person.organization_id or not person.is_active:
        colleague = f"active people of {giver.organization}"
        raise Refused("authority is lent to an active colleague", given=person.printed_name, allowed=colleague)
    held = roles_of(giver, program.pk if program else None, giver.organization_id)
    if held.get(role) != "":
        raise Refused(
            f"{giver.printed_name} cannot lend this role", given=role, next="Choose one of the roles held",
            allowed=", ".join(sorted(r for r, lent in held.items() if not lent)) or "none: only own roles are lent",
        )  # fmt: skip
    _fits(person, role, program)
    _segregated(person, role, program, starts, ends, "in the hands of")
    place = {"program": program} if program else {"organization": giver.organization}
    return act.create(Delegation, giver=giver, person=person, role=str(role), starts=starts, ends=ends, **place)


@verb("accounts.end_delegation", "take lent authority back", roles=LENDABLE)
def end_delegation(act: Act, delegation: Delegation) -> Delegation:
    """Take back what was lent, at once. The giver or an administrator can, with a reason."""
    roles = roles_of(act.actor, None, delegation.person.organization_id) if isinstance(act.actor, Person) else {}
    if act.actor.actor_id not in ("system", delegation.giver.actor_id) and Role.ADMINISTRATOR.value not in roles:
        allowed = f"{delegation.giver.printed_name}, an administrator"
        raise Refused("only who lent it takes it back", given=act.actor.printed_name, allowed=allowed)
    yesterday = _today(act) - dt.timedelta(days=1)
    if delegation.ends <= yesterday:
        raise Refused("this delegation has ended already", given=f"last day {delegation.ends}")
    return act.void(delegation) if delegation.starts > yesterday else act.change(delegation, ends=yesterday)


@verb("accounts.review_access", "review who may do what", roles=(Role.ADMINISTRATOR, Role.QA))
def review_access(act: Act, person: Person, *, outcome: str, note: str = "") -> AccessReview:
    """Record that a person's roles and credentials were looked at, with what was found at that moment.

    Raises:
        Refused: somebody reviews the own access, or finds it wrong without saying what.
    """
    not_oneself(act, person, "reviews the own access")
    if outcome == "change" and not note.strip():
        raise Invalid("what must change?", errors={"note": "say what is wrong and who mends it"})
    today = _today(act)
    live = Q(person=person, is_void=False, starts__lte=today) & (Q(ends__isnull=True) | Q(ends__gte=today))
    found = [
        {"kind": kind, "role": row.role, "program": str(row.program_id or ""), "ends": str(row.ends or "")}
        for kind, model in (("held", Membership), ("borrowed", Delegation))
        for row in model.objects.filter(live).order_by("entry")
    ]
    Login.objects.filter(person=person).update(credentials_checked=today)
    return act.create(
        AccessReview, organization=person.organization, person=person, on=today, roles=found, outcome=outcome,
        note=note.strip(),
    )  # fmt: skip
