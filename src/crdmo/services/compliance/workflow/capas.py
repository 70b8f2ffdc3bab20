"""The life of a CAPA. It ends with the proof that it works, never with its last action.

| from | verb | to | needs |
|---|---|---|---|
| | open_capa, plan_action | draft | criterion, data and day of the effectiveness check; actions with owners |
| draft | approve_capa | in progress | QA's signature; not its author |
| in progress | complete_action | in progress; the last one: effect to be checked | the action's owner; evidence |
| effect to be checked | check_effectiveness | effective, or not effective | the day has come; somebody who did no action; signature |
| effective | close_capa | closed | QA's signature |
| not effective | close_capa | closed | a CAPA that follows it |

Sources: ICH Q10, 3.2.2; 21 CFR 820.100(a)(4).
"""

from __future__ import annotations

import datetime as dt

from crdmo.common.codes import next_code
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.models import Person, Program
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.models import Record
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.foundation.signing import Credentials, Meaning, sign

from ..models import Capa, CapaAction, Deviation, EffectivenessCheck, Extension
from .affected import touch
from .desks import QA, STAFF, Seen, must_be, only, person_of, said

State = Capa.State


@verb("compliance.open_capa", "open a CAPA", roles=STAFF)
def open_capa(
    act: Act,
    program: Program,
    *,
    title: str,
    problem: str,
    owner: Person,
    criterion: str,
    data: str,
    check_on: dt.date,
    deviation: Deviation | None = None,
    follows: Capa | None = None,
    records: list[Record] | None = None,
) -> Capa:
    """Open a CAPA, with the way in which its effect will be judged decided at once: criterion, data, first day.

    Raises:
        Invalid: one of them is missing, or the day has passed.
        Refused: the deviation, or the CAPA that it follows, is another program's or is closed as effective.
    """
    said(title=title, problem=problem, criterion=criterion, data=data)
    if check_on <= act.now.date():
        raise Invalid("the effect is checked later", errors={"check_on": "after today"}, given=str(check_on))
    for other in (deviation, follows):
        if other is not None and other.program_id != program.pk:
            raise Refused(f"{other} is of another program")
    if follows is not None:
        must_be(follows, State.INEFFECTIVE)
    made = act.create(
        Capa,
        program=program,
        code=next_code(act, Capa, "CAPA", program),
        title=title.strip(),
        problem=problem.strip(),
        owner=owner,
        criterion=criterion.strip(),
        data=data.strip(),
        check_on=check_on,
        deviation=deviation,
        follows=follows,
    )
    touch(act, made, records or [])
    return made


@verb("compliance.plan_action", "plan an action of a CAPA", roles=STAFF)
def plan_action(act: Act, capa: Capa, *, kind: str, text: str, owner: Person, due_on: dt.date) -> CapaAction:
    """Add an action to a CAPA that is not approved yet."""
    must_be(capa, State.DRAFT)
    only(act, capa, capa.owner, f"the plan of {capa}")
    said(text=text)
    if kind not in CapaAction.Kind.values:
        raise Invalid("choose from the list", errors={"kind": "one of the list"}, given=kind)
    if not act.now.date() <= due_on < capa.check_on:
        raise Invalid(
            "an action is done before its effect is checked",
            errors={"due_on": f"from today, before {capa.check_on}"},
            given=str(due_on),
        )
    number = capa.actions.count() + 1
    return act.create(
        CapaAction,
        program=capa.program,
        capa=capa,
        number=number,
        kind=kind,
        text=text.strip(),
        owner=owner,
        due_on=due_on,
    )


def actions_of(capa: Capa) -> list[CapaAction]:
    """Return the actions of a CAPA in their order."""
    return list(capa.actions.filter(is_void=False).select_related("owner").order_by("number"))


@verb("compliance.approve_capa", "approve the plan of a CAPA", roles=QA, signs=Meaning.APPROVED)
def approve_capa(act: Act, capa: Capa, *, credentials: Credentials, seen: Seen | None = None) -> Capa:
    """Approve the plan by signature; only now are actions done."""
    must_be(capa, State.DRAFT)
    actions = actions_of(capa)
    if not actions:
        raise Refused(f"{capa} has no action", next="Plan one with its owner and day")
    act.change(capa, state=State.APPROVED)
    sign(act, [capa], Meaning.APPROVED, credentials, seen=seen, independent_of=actions)
    return capa


@verb("compliance.complete_action", "complete an action of a CAPA", roles=STAFF)
def complete_action(act: Act, action: CapaAction, *, evidence: str) -> CapaAction:
    """Say that an action is done and what shows it. After the last one the CAPA waits for its effectiveness check."""
    must_be(action.capa, State.APPROVED)
    must_be(action, "open")
    said(evidence=evidence)
    if act.actor.actor_id != action.owner.actor_id:
        raise Refused(
            "an action is completed by its owner", given=act.actor.printed_name, allowed=action.owner.printed_name
        )
    act.change(action, state="done", evidence=evidence.strip(), done_on=act.now.date())
    if not action.capa.actions.filter(is_void=False, state="open").exists():
        act.change(action.capa, state=State.IMPLEMENTED)
    return action


@verb("compliance.ask_extension", "ask for a later day", roles=STAFF)
def ask_extension(act: Act, action: CapaAction, *, due_on: dt.date, why: str) -> Extension:
    """Ask for a later day for one's action, with the reason."""
    must_be(action, "open")
    said(why=why)
    only(act, action, action.owner, f"the day of {action}")
    if not action.due_on < due_on < action.capa.check_on:
        raise Invalid(
            "a later day lies before the effectiveness check",
            errors={"due_on": f"after {action.due_on}, before {action.capa.check_on}"},
            given=str(due_on),
        )
    if action.extensions.filter(state="requested", is_void=False).exists():
        raise Refused(f"a later day for {action} was asked for already", next="QA decides")
    return act.create(
        Extension, program=action.program, action=action, due_before=action.due_on, due_on=due_on, why=why.strip()
    )


@verb("compliance.decide_extension", "decide on a later day", roles=QA)
def decide_extension(act: Act, extension: Extension, *, grant: bool) -> Extension:
    """Give or refuse a later day; nobody decides over the own request."""
    must_be(extension, "requested")
    if act.actor.actor_id == extension.action.owner.actor_id:
        raise Refused("nobody moves the own day", given=act.actor.printed_name, allowed="another person of QA")
    if grant:
        act.change(extension.action, due_on=extension.due_on)
    return act.change(extension, state="approved" if grant else "rejected")


@verb("compliance.check_effectiveness", "check whether a CAPA works", roles=STAFF, signs=Meaning.VERIFIED)
def check_effectiveness(
    act: Act, capa: Capa, *, effective: bool, evidence: str, credentials: Credentials, seen: Seen | None = None
) -> EffectivenessCheck:
    """Judge the effect against the criterion that was set before, by signature.

    Raises:
        Refused: it is too early; who checks owned the CAPA or one of its actions; or a recurrence is linked.
    """
    must_be(capa, State.IMPLEMENTED)
    said(evidence=evidence)
    if act.now.date() < capa.check_on:
        raise Refused(
            f"the effect of {capa} is checked later", given=str(act.now.date()), allowed=f"from {capa.check_on}"
        )
    actions = actions_of(capa)
    if act.actor.actor_id in {capa.owner.actor_id, *(action.owner.actor_id for action in actions)}:
        raise Refused(
            "who owned the CAPA or one of its actions does not judge its effect", given=act.actor.printed_name
        )
    recurred = [one.code for one in capa.recurrences.filter(is_void=False).order_by("code")]
    if effective and recurred:
        raise Refused(
            f"{capa} cannot be found effective: it recurred", given=", ".join(recurred), allowed="not effective"
        )
    made = act.create(
        EffectivenessCheck,
        program=capa.program,
        capa=capa,
        on=act.now.date(),
        effective=effective,
        evidence=evidence.strip(),
        checked_by=person_of(act),
    )
    act.change(capa, state=State.EFFECTIVE if effective else State.INEFFECTIVE)
    sign(act, [capa], Meaning.VERIFIED, credentials, seen=seen, independent_of=actions)
    return made


@verb("compliance.close_capa", "close a CAPA", roles=QA, signs=Meaning.APPROVED)
def close_capa(act: Act, capa: Capa, *, credentials: Credentials, seen: Seen | None = None) -> Capa:
    """Close by signature what was found effective; what was not, once another CAPA follows it."""
    must_be(capa, State.EFFECTIVE, State.INEFFECTIVE)
    if capa.state == State.INEFFECTIVE and not capa.followed_by.filter(is_void=False).exists():
        raise Refused(f"{capa} was not effective", next="Open a CAPA that follows it, then close this one")
    act.change(capa, state=State.CLOSED)
    sign(act, [capa], Meaning.APPROVED, credentials, seen=seen)
    return capa
