"""The life of a change: nothing is implemented before it is approved, nothing approved before every area has spoken.

| from | verb | to | needs |
|---|---|---|---|
| | propose_change | proposed | justification, areas that must assess it |
| proposed | assess_change | proposed | one assessment an area, not by the proposer |
| proposed | approve_change | approved | every area; impact on every lot; a task; QA's signature |
| proposed | reject_change | rejected | QA's signature, a reason |
| approved | complete_task | approved; the last one: implemented | the task's owner; evidence |
| implemented | close_change | closed | linked documents and specifications in force; QA's signature |

Sources: ICH Q10, 3.2.3; EU GMP Part I, chapter 1.4(xiii).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from crdmo.common.codes import next_code
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.models import Person, Program
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.models import Record, record_types
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.foundation.signing import Credentials, Meaning, sign

from ..models import Area, Change, ChangeAssessment, ChangeTask
from .affected import links_of, require_assessed, touch
from .desks import QA, STAFF, Seen, must_be, only, person_of, said

State = Change.State
# What is on its way is not in force: these states of a linked document, method or specification hold the closure back.
NOT_IN_FORCE = ("draft", "in_review", "proposed")


@verb("compliance.propose_change", "propose a change", roles=STAFF)
def propose_change(
    act: Act,
    program: Program,
    *,
    title: str,
    proposal: str,
    justification: str,
    category: str,
    regulatory: str,
    areas: Sequence[str],
    due_on: dt.date,
    records: list[Record] | None = None,
) -> Change:
    """Propose a change, naming the areas that must say what it means for them."""
    said(title=title, proposal=proposal, justification=justification)
    wrong = {
        "category": category not in Change.Category.values,
        "regulatory": regulatory not in Change.Regulatory.values,
        "areas": not areas or bool(set(areas) - set(Area.values)),
    }
    if errors := {name: "choose from the list" for name, is_wrong in wrong.items() if is_wrong}:
        raise Invalid("choose from the list", errors=errors)
    if due_on <= act.now.date():
        raise Invalid("a change is planned ahead", errors={"due_on": "after today"}, given=str(due_on))
    made = act.create(
        Change,
        program=program,
        code=next_code(act, Change, "CC", program),
        title=title.strip(),
        proposal=proposal.strip(),
        justification=justification.strip(),
        category=category,
        regulatory=regulatory,
        areas=[area for area in Area.values if area in areas],
        proposer=person_of(act),
        due_on=due_on,
    )
    touch(act, made, records or [])
    return made


@verb("compliance.assess_change", "assess a change for an area", roles=STAFF)
def assess_change(act: Act, change: Change, *, area: str, touches: bool, text: str) -> ChangeAssessment:
    """Say for one area whether the change touches it and what follows. The proposer does not assess."""
    must_be(change, State.PROPOSED)
    said(text=text)
    if area not in change.areas:
        raise Invalid("this area was not asked", errors={"area": "one that is asked"}, allowed=change.areas_in_words())
    if act.actor.actor_id == change.proposer.actor_id:
        raise Refused("the proposer does not assess the own change", given=act.actor.printed_name)
    if change.assessments.filter(area=area, is_void=False).exists():
        raise Refused(f"{Area(area).label} has assessed {change}", next="Ask QA if the assessment has to be voided")
    return act.create(
        ChangeAssessment,
        program=change.program,
        change=change,
        area=area,
        touches=touches,
        text=text.strip(),
        assessor=person_of(act),
    )


@verb("compliance.plan_task", "plan a task of a change", roles=STAFF)
def plan_task(act: Act, change: Change, *, text: str, owner: Person, due_on: dt.date) -> ChangeTask:
    """Add a task before the change is approved."""
    must_be(change, State.PROPOSED)
    only(act, change, change.proposer, f"the plan of {change}")
    said(text=text)
    if not act.now.date() <= due_on <= change.due_on:
        raise Invalid(
            "a task is done before the change is due",
            errors={"due_on": f"from today to {change.due_on}"},
            given=str(due_on),
        )
    return act.create(
        ChangeTask,
        program=change.program,
        change=change,
        number=change.tasks.count() + 1,
        text=text.strip(),
        owner=owner,
        due_on=due_on,
    )


def areas_open(change: Change) -> list[str]:
    """Return the areas that have not assessed a change."""
    done = set(change.assessments.filter(is_void=False).values_list("area", flat=True))
    return [area for area in change.areas if area not in done]


@verb("compliance.approve_change", "approve a change", roles=QA, signs=Meaning.APPROVED)
def approve_change(act: Act, change: Change, *, credentials: Credentials, seen: Seen | None = None) -> Change:
    """Approve a change by signature; only now is it implemented."""
    must_be(change, State.PROPOSED)
    if still := areas_open(change):
        raise Refused(
            f"{change} is not assessed by every area",
            given="missing: " + ", ".join(Area(area).label for area in still),
            allowed=change.areas_in_words(),
        )
    require_assessed(change)
    tasks = list(change.tasks.filter(is_void=False))
    if not tasks:
        raise Refused(f"{change} has no task", next="Plan one with its owner and day")
    act.change(change, state=State.APPROVED)
    sign(act, [change], Meaning.APPROVED, credentials, seen=seen, independent_of=tasks)
    return change


@verb("compliance.reject_change", "reject a change", roles=QA, signs=Meaning.REJECTED)
def reject_change(act: Act, change: Change, *, credentials: Credentials, seen: Seen | None = None) -> Change:
    """Reject a proposed change by signature, with the reason."""
    must_be(change, State.PROPOSED)
    act.change(change, state=State.REJECTED)
    sign(act, [change], Meaning.REJECTED, credentials, seen=seen)
    return change


@verb("compliance.complete_task", "complete a task of a change", roles=STAFF)
def complete_task(act: Act, task: ChangeTask, *, evidence: str) -> ChangeTask:
    """Say that a task is done and what shows it."""
    if task.change.state == State.PROPOSED:
        raise Refused(f"{task.change} is not approved", given=task.change.get_state_display(), next="QA approves first")
    must_be(task.change, State.APPROVED)
    must_be(task, "open")
    said(evidence=evidence)
    if act.actor.actor_id != task.owner.actor_id:
        raise Refused("a task is completed by its owner", given=act.actor.printed_name, allowed=task.owner.printed_name)
    act.change(task, state="done", evidence=evidence.strip(), done_on=act.now.date())
    if not task.change.tasks.filter(is_void=False, state="open").exists():
        act.change(task.change, state=State.IMPLEMENTED)
    return task


@verb("compliance.close_change", "close a change", roles=QA, signs=Meaning.APPROVED)
def close_change(act: Act, change: Change, *, credentials: Credentials, seen: Seen | None = None) -> Change:
    """Close by signature what is implemented, once every linked document and specification is in force."""
    must_be(change, State.IMPLEMENTED)
    if still := not_in_force(change):
        raise Refused(
            f"{change} is linked to what is not in force", given=", ".join(still), next="Put it into force first"
        )
    act.change(change, state=State.CLOSED)
    sign(act, [change], Meaning.APPROVED, credentials, seen=seen)
    return change


def not_in_force(change: Change) -> list[str]:
    """Return the linked documents, methods and specifications that are still on their way, with their state."""
    found = []
    for one in links_of(change):
        model = record_types().get(one.target_type)
        record = model._default_manager.filter(pk=one.target).first() if model else None
        if record is not None and getattr(record, "state", "") in NOT_IN_FORCE:
            found.append(f"{one.target_label}: {record.state}")  # type: ignore[attr-defined]
    return found
