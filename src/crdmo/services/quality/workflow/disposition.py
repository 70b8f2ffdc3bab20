"""The decision over a lot, and the review of its trail that must come before."""

from __future__ import annotations

from typing import Any

from crdmo.common.engagements.responsibility import require_duty
from crdmo.common.materials import workflow as materials
from crdmo.common.materials.models import Lot
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.models import Person
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.thread import sources_of
from crdmo.foundation.refusals import Conflict, Invalid, Refused
from crdmo.foundation.signing import Credentials, Meaning, sign

from ..gates import current_certificate, gates_for_release, last_lot_entry
from ..models import Disposition, Result, TrailReview
from ..trail import exceptions_of

REVIEWERS = (Role.QA,)


def _person(act: Act) -> Person:
    if not isinstance(act.actor, Person):
        raise Refused("only a person decides over a lot", given=act.actor.printed_name)
    return act.actor


@verb("quality.review_trail", "review the audit trail of a lot", roles=REVIEWERS, signs=Meaning.REVIEWED)
def review_trail(
    act: Act, lot: Lot, *, conclusion: str, credentials: Credentials, seen: int | None = None
) -> TrailReview:
    """Sign that the audit trail of a lot was reviewed, with the exceptions as they were; by nobody who tested it."""
    if not conclusion.strip():
        raise Invalid("say what the review concludes", errors={"conclusion": "needed"})
    person = _person(act)
    if seen is not None and seen != last_lot_entry(lot):
        raise Conflict(
            f"the trail of {lot} has grown since it was shown",
            given=f"entry {seen}",
            allowed=f"entry {last_lot_entry(lot)}",
            next="Look at what was added, then sign",
        )
    if lot.samples.filter(tests__results__entered_by=person).exists():
        raise Refused("who tested the lot does not review its trail", given=person.printed_name)
    review = act.create(
        TrailReview,
        program=lot.program,
        lot=lot,
        up_to_entry=last_lot_entry(lot),
        exceptions=exceptions_of(lot),
        conclusion=conclusion.strip(),
        reviewer=person,
    )
    made = list(Result.objects.filter(test__sample__lot=lot))
    sign(act, [review], Meaning.REVIEWED, credentials, independent_of=made, is_the_review=True)
    return review


@verb("quality.release_lot", "release a lot", roles=(Role.QUALIFIED_PERSON,), signs=Meaning.RELEASED)
def release_lot(act: Act, lot: Lot, *, credentials: Credentials, note: str = "") -> Disposition:
    """Release a lot by signature. Impossible while one gate is open, whoever asks and by whichever door.

    Where a signed responsibility matrix gives the certification to one party, the other's people do not release.
    """
    require_duty(act, lot.program, "gmp.certification")
    if lot.status in (Lot.Status.RELEASED, Lot.Status.REJECTED):
        raise Refused(f"{lot} is {lot.status}", given=lot.get_status_display(), allowed="Quarantine, On hold")
    gates = gates_for_release(lot)
    closed = [gate for gate in gates if not gate.met]
    if closed:
        raise Refused(
            f"{lot} cannot be released",
            given="; ".join(f"{g.name}: {g.text}" for g in closed),
            allowed="every gate met",
            next="; ".join(f"{g.name}: {g.who}" for g in closed if g.who),
        )
    return _decide(act, lot, "released", [gate.as_json() for gate in gates], Meaning.RELEASED, credentials, note)


@verb("quality.reject_lot", "reject a lot", roles=(Role.QUALIFIED_PERSON, Role.QA), signs=Meaning.REJECTED)
def reject_lot(act: Act, lot: Lot, *, credentials: Credentials, note: str = "") -> Disposition:
    """Reject a lot by signature, with a reason."""
    if lot.status == Lot.Status.REJECTED:
        raise Refused(f"{lot} is rejected")
    gates = [gate.as_json() for gate in gates_for_release(lot)]
    return _decide(act, lot, "rejected", gates, Meaning.REJECTED, credentials, note or act.reason)


@verb("quality.hold_lot", "put a lot on hold", roles=(Role.QUALIFIED_PERSON, Role.QA))
def hold_lot(act: Act, lot: Lot) -> Disposition:
    """Put a lot on hold, with a reason; a released one is no longer free."""
    if not act.reason:
        raise Invalid("a hold has a reason", errors={"reason": "say why"})
    made = act.create(
        Disposition, program=lot.program, lot=lot, decision="hold", decided_by=_person(act), note=act.reason
    )
    materials.change_status(act, lot, Lot.Status.HOLD)
    return made


def _decide(
    act: Act, lot: Lot, decision: str, gates: list[dict[str, Any]], meaning: str, credentials: Credentials, note: str
) -> Disposition:
    certificate = current_certificate(lot)
    made = act.create(
        Disposition,
        program=lot.program,
        lot=lot,
        decision=decision,
        certificate=certificate,
        gates=gates,
        decided_by=_person(act),
        note=note,
        sources=sources_of([certificate] if certificate else []),
    )
    materials.change_status(act, lot, Lot.Status(decision))
    sign(act, [made], meaning, credentials)
    return made
