"""The lock of a trial's database: refused while anything is open, signed, and undone with a reason before unblinding only."""

from __future__ import annotations

from crdmo.common.studies import workflow as studies
from crdmo.common.studies.models import Study
from crdmo.common.studies.workflow.states import now
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.foundation.signing import Credentials, Meaning, sign

from ..locking import checklist
from ..models import CrfPage, DatabaseLock, DataQuery
from .desks import is_unblinded, taking_data, worker
from .forms import digest_of


@verb("clinical.lock_database", "lock the database of a trial", roles=(Role.DATA_MANAGER,), signs=Meaning.CERTIFIED)
def lock_database(act: Act, study: Study, *, credentials: Credentials) -> DatabaseLock:
    """Lock the database: no page, query, event or subject of the trial changes after it.

    Raises:
        Refused: something of the checklist is open; says what.
    """
    taking_data(study)
    still = [line for line in checklist(study) if not line.is_met]
    if still:
        raise Refused(
            f"the database of {study} cannot be locked",
            given="; ".join(f"not met: {line.what.lower()} ({line.count} open)" for line in still),
            allowed="every line of the checklist met",
            next="The lock page names what is open",
        )
    if study.state == Study.State.ACTIVE:
        studies.complete_study(act, study)
    pages = list(CrfPage.objects.filter(study=study, is_void=False))
    counts = {
        "subjects": study.subjects.filter(is_void=False).count(),
        "pages": len(pages),
        "queries": DataQuery.objects.filter(study=study, is_void=False).count(),
        "events": study.events.filter(is_void=False).count(),
    }
    made = act.create(
        DatabaseLock,
        program=study.program,
        study=study,
        at=act.now,
        by=worker(act),
        counts=counts,
        digest=digest_of(pages),
    )
    studies.lock_study(act, study)
    sign(
        act, [made], Meaning.CERTIFIED, credentials,
        statement="I certify that the database of this trial is complete and clean, and lock it.",
    )  # fmt: skip
    return made


@verb("clinical.unlock_database", "unlock the database of a trial", roles=(Role.DATA_MANAGER,))
def unlock_database(act: Act, lock: DatabaseLock) -> Study:
    """Undo a lock, with a reason; after unblinding no data change any more.

    Raises:
        Refused: the trial is unblinded, or the lock was undone.
    """
    study = now(lock.study)
    lock.refresh_from_db(fields=["is_void", "version", "entry"])
    if lock.is_void:
        raise Refused(f"the database of {study} is not locked")
    if is_unblinded(study):
        raise Refused(
            f"{study} is unblinded", given="unblinded", allowed="unlocking before unblinding",
            next="What is found now is told in the report",
        )  # fmt: skip
    if not act.reason:
        raise Invalid("say why the database is unlocked", errors={"reason": "needed"})
    act.void(lock)
    return act.change(study, state=Study.State.ACTIVE, locked_on=None, completed_on=None)
