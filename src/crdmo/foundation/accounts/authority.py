"""The table of who may do what, and the one way to declare a verb.

    @verb("quality.receive_sample", "receive a sample", roles=(Role.SAMPLE_MANAGER, Role.ANALYST))
    def receive_sample(act: Act, sample: Sample, *, condition: str) -> Sample: ...

    receive_sample(person, sample, condition="intact", reason="")     # opens the act
    receive_sample.within(act, sample, condition="intact")            # inside another verb's act

A refused step leaves nothing behind but its refusal in the ledger.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar
from uuid import UUID

from django.db.models import Exists, Q, QuerySet

from crdmo.foundation.ledger import acts
from crdmo.foundation.ledger.acts import Act, Actor
from crdmo.foundation.ledger.models import Record

from ..refusals import Conflict, Invalid, NotFound, NotPermitted, Refused
from .models import Delegation, Membership, Organization, Person, Program, Training, TrainingRequirement, in_force
from .roles import EVERYONE, QUALITY_UNIT, SITE, SPONSOR, Role

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Rule:
    """One line of the table: a verb, what it says in a sentence, and the roles that may do it."""

    name: str
    says: str
    roles: tuple[Role, ...]
    signs: str = ""
    # False for what a person must be able to do in order to become trained: look, read, acknowledge.
    trained: bool = True


TABLE: dict[str, Rule] = {}


def declare(name: str, says: str, roles: Iterable[Role], signs: str = "", *, trained: bool = True) -> Rule:
    """Add a line to the table. A verb is declared once."""
    if name in TABLE:
        raise ValueError(f"the verb {name} is declared twice")
    TABLE[name] = Rule(name, says, tuple(roles), signs, trained)
    return TABLE[name]


VIEW = declare("view", "see the pages of a program", EVERYONE, trained=False)
declare(
    "ledger.export", "export the proof bundle of a program",
    (Role.PROJECT_MANAGER, *QUALITY_UNIT, *SPONSOR, Role.INSPECTOR), trained=False,
)  # fmt: skip
declare("ledger.erase", "erase personal data on lawful request", (Role.ADMINISTRATOR, Role.QA))


_REMEMBERED: ContextVar[dict[Any, Any] | None] = ContextVar("remembered", default=None)


@contextmanager
def remembering() -> Iterator[None]:
    """Ask for roles and training once while many questions about one person are answered. For reading only."""
    token = _REMEMBERED.set({})
    try:
        yield
    finally:
        _REMEMBERED.reset(token)


def _remembered(key: Any, ask: Callable[[], Any]) -> Any:
    known = _REMEMBERED.get()
    if known is None:
        return ask()
    if key not in known:
        known[key] = ask()
    return known[key]


def roles_of(
    person: Person, program: UUID | None, organization: UUID | None = None, *, on: dt.date | None = None
) -> dict[str, str]:
    """Return the person's roles here: {role: how it is held, "" or "delegated by NAME"}."""
    found: dict[str, str] = _remembered(
        ("roles", person.pk, program, organization, on), lambda: _roles_of(person, program, organization, on)
    )
    return dict(found)


def _roles_of(person: Person, program: UUID | None, organization: UUID | None, on: dt.date | None) -> dict[str, str]:
    if not person.is_active:
        return {}
    day = on or dt.datetime.now(dt.UTC).date()
    here = _where(person, program, organization)
    held = {m.role: "" for m in Membership.objects.filter(in_force(day), here, person=person)}
    for lent in Delegation.objects.filter(in_force(day), here, person=person).select_related("giver"):
        # What the giver has lost meanwhile cannot be lent any longer.
        if Membership.objects.filter(in_force(day), here, person=lent.giver, role=lent.role).exists():
            held.setdefault(lent.role, f"delegated by {lent.giver.printed_name}")
    return held


def _where(person: Person, program: UUID | None, organization: UUID | None) -> Q:
    """Return the filter for memberships that reach a program, or records of an organization."""
    if program is not None:
        found = Program.objects.filter(pk=program).only("organization_id", "partner_id").first()
        mine = found is not None and person.organization_id in (found.organization_id, found.partner_id)
        return Q(program_id=program) | Q(program__isnull=True) if mine else Q(program_id=program)
    if organization is not None and organization == person.organization_id:
        return Q(program__isnull=True)
    if person.organization is not None and person.organization.kind == Organization.Kind.PARTNER:
        # Who runs the installation also keeps the list of sponsors, sites and their people. A sponsor's administrator
        # keeps the own people only.
        return Q(program__isnull=True, role=Role.ADMINISTRATOR)
    return Q(pk__in=[])


def role_for(
    person: Person, action: str, program: UUID | None, organization: UUID | None, *, held: dict[str, str] | None = None
) -> str:
    """Return the role in which a person may do a verb here; see `Person.role_for`.

    `held` are the person's roles here where they are known already, as `roles_of` returns them.
    """
    rule = TABLE.get(action)
    if rule is None:
        raise NotPermitted(f"{action} is not in the table of verbs", next="Declare it in the service's workflow")
    if not person.is_active:
        raise NotPermitted(f"{person.printed_name} is deactivated", next="An administrator can tell why")
    held = roles_of(person, program, organization) if held is None else held
    gaps: list[str] = []
    for role in rule.roles:
        if role.value in held:
            missing = training_gaps(person, role) if rule.trained else []
            if not missing:
                return f"{role.value} ({held[role.value]})" if held[role.value] else role.value
            gaps += missing
    if gaps:
        raise NotPermitted(
            f"{person.printed_name} is not trained for this", given="missing: " + ", ".join(gaps),
            allowed="training on the version in force", next="Record the training, then repeat the step",
        )  # fmt: skip
    raise NotPermitted(
        f"{person.printed_name} may not {rule.says} here",
        given="roles held here: " + (", ".join(sorted(held)) or "none"),
        allowed=", ".join(role.label for role in rule.roles),
        next="A person in one of these roles can do it, or an administrator can grant the role",
    )


def training_gaps(person: Person, role: Role) -> list[str]:
    """Return what the role requires in force today and the person lacks, as `subject version n`."""
    found: list[str] = _remembered(("training", person.pk, role), lambda: _training_gaps(person, role))
    return list(found)


def _training_gaps(person: Person, role: Role) -> list[str]:
    today = dt.datetime.now(dt.UTC).date()
    wanted: dict[str, str] = {}
    rows = TrainingRequirement.objects.filter(role=role, is_void=False, from_date__lte=today)
    for row in rows.filter(organization=person.organization).order_by("from_date", "entry"):
        wanted[row.subject] = row.subject_version
    if not wanted:
        return []
    done = Training.objects.filter(Q(expires__isnull=True) | Q(expires__gte=today), person=person, is_void=False)
    have = set(done.values_list("subject", "subject_version"))
    return [f"{subject} version {version}" for subject, version in wanted.items() if (subject, version) not in have]


def may(
    person: Person, action: str, program: UUID | None, organization: UUID | None = None, *,
    held: dict[str, str] | None = None,
) -> bool:  # fmt: skip
    """Say whether a person may do a verb here, for showing or hiding a button."""
    try:
        role_for(person, action, program, organization, held=held)
    except NotPermitted:
        return False
    return True


def allowed(person: Person, prefix: str, program: UUID | None, organization: UUID | None = None) -> set[str]:
    """Return the verbs of a room that a person may do here, asking for roles and training once."""
    held = roles_of(person, program, organization)
    trained = {role for role in held if not training_gaps(person, Role(role))}
    rules = (rule for rule in TABLE.values() if rule.name.startswith(prefix))
    return {rule.name for rule in rules if any(role in (trained if rule.trained else held) for role in rule.roles)}


def programs_of(person: Person, *, whole: bool = False) -> QuerySet[Program]:
    """Return the programs that a person may see today; with `whole`, only those of which every record may be read.

    Who works at a site of a trial sees the own subjects on the trial's pages, and no other record of the program.
    """
    today = dt.datetime.now(dt.UTC).date()
    held = Membership.objects.filter(in_force(today), person=person)
    lent = Delegation.objects.filter(in_force(today), person=person)
    if whole:
        held, lent = held.exclude(role__in=SITE), lent.exclude(role__in=SITE)
    wide = Exists(held.filter(program__isnull=True)) | Exists(lent.filter(program__isnull=True))
    own = Q(organization=person.organization_id) | Q(partner=person.organization_id)
    reach = Q(pk__in=held.values("program")) | Q(pk__in=lent.values("program")) | (own & Q(wide))
    return Program.objects.filter(reach, is_void=False).order_by("code") if person.is_active else Program.objects.none()


def streams_of(person: Person, *, whole: bool = True) -> list[str]:
    """Return the chains that a person may read: the programs seen whole, and the own organization.

    Without `whole` the programs of which only some records are shown count as well: what the database lets through.
    """
    programs = programs_of(person, whole=whole).values_list("pk", flat=True)
    return [*(str(key) for key in programs), str(person.organization_id)]


def _scope(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[UUID | None, UUID | None]:
    """Return program and organization of the first record among the arguments, for noting a refusal."""
    for value in (*args, *kwargs.values()):
        first = value[0] if isinstance(value, list | tuple) and value else value
        if isinstance(first, Program):
            return first.id, first.organization_id
        if isinstance(first, Organization):
            return None, first.id
        if isinstance(first, Record):
            return first.program_id, first.organization_id
    return None, None


class Verb(Generic[P, T]):
    """A workflow function together with its line in the table."""

    def __init__(self, rule: Rule, function: Callable[Concatenate[Act, P], T]) -> None:
        self.rule, self.within = rule, function
        functools.update_wrapper(self, function)

    # Not P: a ParamSpec cannot say "and `reason` besides", and every page and command gives one.
    def __call__(self, actor: Actor, /, *args: Any, **kwargs: Any) -> T:
        """Do the verb in an act of its own. `reason=` is the act's reason."""
        reason = str(kwargs.pop("reason", "") or "")
        try:
            with acts.act(actor, self.rule.name, reason) as opened:
                return self.within(opened, *args, **kwargs)
        except Refused as refused:
            # What a form or a stale page gets wrong is no breach of a rule; the rest must be on record.
            if not isinstance(refused, Invalid | Conflict | NotFound):
                program, organization = _scope(args, kwargs)
                acts.refusal(actor, self.rule.name, refused, program, organization)
            raise


def verb(
    name: str, says: str, *, roles: Iterable[Role], signs: str = "", trained: bool = True
) -> Callable[[Callable[Concatenate[Act, P], T]], Verb[P, T]]:
    """Declare a workflow function as a verb of the table.

    `signs` is the meaning if it asks for a signature; `trained=False` lets people do it who lack a training in force.
    """
    rule = declare(name, says, roles, signs, trained=trained)

    def wrap(function: Callable[Concatenate[Act, P], T]) -> Verb[P, T]:
        return Verb(rule, function)

    return wrap
