"""The periodic review of the audit trail: by exception, signed, without a gap to the review before.

Sources: EU GMP Annex 11, 9; PIC/S PI 041-1, 9.8; MHRA GxP data integrity guidance 2018, 6.13.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from crdmo.common.codes import next_code
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.models import Person, Program
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.ledger.review import Exceptional, exceptions
from crdmo.foundation.refusals import Conflict, Invalid, NotPermitted, Refused
from crdmo.foundation.signing import Credentials, Meaning, sign

from ..models import PeriodicReview
from .desks import REVIEWERS, Seen, person_of, said

Scope = PeriodicReview.Scope
MOST = 300


@dataclass(frozen=True)
class Stretch:
    """The part of a chain that a review is about, with what is exceptional in it."""

    chain: UUID
    after: int
    first: Entry | None
    last: Entry | None
    entries: int
    exceptional: tuple[Exceptional, ...]

    @property
    def up_to(self) -> int:
        """The last entry, or that of the review before where nothing came since."""
        return self.last.seq if self.last is not None else self.after


def chain_of(program: Program, scope: str) -> UUID:
    """Return the chain of a scope: the program's own, or the house's.

    Raises:
        Invalid: there is no such scope.
    """
    if scope not in Scope.values:
        raise Invalid("choose from the list", errors={"scope": "program or house"}, given=scope)
    return program.pk if scope == Scope.PROGRAM else program.partner_id


def last_review(program: Program, scope: str) -> PeriodicReview | None:
    """Return the review before."""
    rows = PeriodicReview.objects.filter(chain=str(chain_of(program, scope)), is_void=False)
    return rows.order_by("-up_to_entry").first()


def stretch(program: Program, scope: str, up_to: int | None = None) -> Stretch:
    """Return what is to be reviewed: from the review before up to an entry, at most a sitting's worth of exceptions."""
    chain, before = chain_of(program, scope), last_review(program, scope)
    after = before.up_to_entry if before else 0
    found: list[Exceptional] = []
    for one in exceptions([chain], after=after, until=up_to):
        found.append(one)
        if len(found) == MOST:
            up_to = one.line.seq
            break
    rows = Entry.objects.filter(stream=str(chain), seq__gt=after)
    rows = rows.filter(seq__lte=up_to) if up_to is not None else rows
    return Stretch(
        chain, after, rows.order_by("seq").first(), rows.order_by("-seq").first(), rows.count(), tuple(found)
    )


@verb("compliance.review_audit_trail", "review an audit trail", roles=REVIEWERS, signs=Meaning.REVIEWED)
def review_audit_trail(
    act: Act,
    program: Program,
    *,
    scope: str,
    up_to: int,
    looked_at: Mapping[int, str],
    conclusion: str,
    credentials: Credentials,
    seen: Seen | None = None,
) -> PeriodicReview:
    """Sign that every exceptional line up to an entry was looked at; `looked_at` gives the remark on each by its entry.

    Raises:
        Invalid: nothing is concluded.
        Conflict: the stretch is not the one that was shown.
        NotPermitted: an exceptional line is the reviewer's own.
        Refused: a line was not looked at, or there is nothing to review.
    """
    said(conclusion=conclusion)
    person = person_of(act)
    found = stretch(program, scope, up_to)
    if found.first is None or found.last is None:
        raise Refused("nothing was written since the review before", given=f"entry {found.after}")
    if found.up_to != up_to:
        raise Conflict(
            "the stretch is not the one that was shown", given=f"up to {up_to}", allowed=f"up to {found.up_to}"
        )
    _independent(person, found)
    there = {one.line.seq for one in found.exceptional}
    if still := sorted(there - set(looked_at)):
        raise Refused(
            "every exceptional line is looked at",
            given="not looked at: " + ", ".join(map(str, still[:20])),
            next="Look at each and tick it",
        )
    if odd := sorted(set(looked_at) - there):
        raise Invalid("these entries are not exceptional here", given=", ".join(map(str, odd[:20])))
    made = act.create(
        PeriodicReview,
        program=program if scope == Scope.PROGRAM else None,
        organization=program.organization if scope == Scope.PROGRAM else program.partner,
        code=next_code(act, PeriodicReview, "ATR", program if scope == Scope.PROGRAM else program.partner),
        scope=scope,
        chain=str(found.chain),
        after_entry=found.after,
        up_to_entry=found.up_to,
        began=found.first.at,
        ended=found.last.at,
        entries=found.entries,
        last_hash=bytes(found.last.hash).hex(),
        exceptions=[_told(one, looked_at[one.line.seq]) for one in found.exceptional],
        conclusion=conclusion.strip(),
        reviewer=person,
    )
    sign(act, [made], Meaning.REVIEWED, credentials, seen=seen, is_the_review=True)
    return made


def _independent(person: Person, found: Stretch) -> None:
    """Refuse who made an exceptional line; that an attempt at this very review was refused makes nobody dependent."""
    own = [
        one.line.seq
        for one in found.exceptional
        if one.line.actor == person.actor_id and one.line.action != "compliance.review_audit_trail"
    ]
    if own:
        raise NotPermitted(
            "nobody reviews the own exceptions",
            given=f"{person.printed_name} made " + ", ".join(map(str, own[:20])),
            allowed="a person who made none of them",
            next="Ask a colleague of the quality unit",
        )


def _told(one: Exceptional, remark: str) -> dict[str, object]:
    return {
        "entry": one.line.seq,
        "kind": one.kind,
        "name": one.line.name,
        "action": one.line.action,
        "type": one.line.type,
        "record": str(one.line.record),
        "reason": one.line.reason,
        "remark": remark.strip(),
    }
