"""Jobs: work that takes longer than a page may.

    @job("ledger.verify")
    def verify_ledger(progress: Progress, *, deep: bool) -> str:      # returns the address of the outcome, or ""
        progress.step(1000, 50000, "entries checked")

    enqueue(person, "ledger.verify", program=None, deep=True)

Handlers live in a module `jobs.py` of their app. A job may be begun again after a crash, so a handler run twice does
what it does once.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import socket
import traceback
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import F
from django.utils.module_loading import autodiscover_modules
from django_tasks import task

from crdmo.foundation.accounts import notices
from crdmo.foundation.accounts.models import Person, Program
from crdmo.proof import canonical

from ..refusals import Invalid, NotFound, Refused
from .models import Job
from .progress import Cancelled, Interrupted, Progress

log = logging.getLogger(__name__)
F_ = TypeVar("F_", bound=Callable[..., str | None])
_HANDLERS: dict[str, Callable[..., str | None]] = {}
OPEN = (Job.State.QUEUED, Job.State.RUNNING)
WHY = "you asked for this job"


def job(kind: str) -> Callable[[F_], F_]:
    """Declare a function as the handler of a kind of job.

    Raises:
        ValueError: the kind has another handler.
    """

    def register(function: F_) -> F_:
        known = _HANDLERS.get(kind)
        if known is not None and known.__qualname__ != function.__qualname__:
            raise ValueError(f"the job {kind} is declared twice")
        _HANDLERS[kind] = function
        return function

    return register


def handler(kind: str) -> Callable[..., str | None]:
    """Return the handler of a kind of job.

    Raises:
        Invalid: there is none.
    """
    if kind not in _HANDLERS:
        # Of this room itself, whose jobs.py is the registry, the handlers lie in a module of their own.
        autodiscover_modules("jobs", "program_recompute")
    if kind not in _HANDLERS:
        raise Invalid("there is no such job", given=kind, allowed=", ".join(sorted(_HANDLERS)) or "none")
    return _HANDLERS[kind]


def enqueue(person: Person | None, kind: str, *, program: Program | None = None, **arguments: Any) -> Job:
    """Put a job into the queue, in the transaction that is open, and return it.

    Raises:
        Invalid: there is no such job, or an argument is no plain JSON.
    """
    handler(kind)
    try:
        plain = canonical.decode(canonical.encode(arguments))
    except ValueError as error:
        raise Invalid(
            "the arguments of a job are plain JSON", given=str(error), next="Pass keys of records, not records"
        ) from error
    made = Job.objects.create(
        kind=kind, person=person, program=program, arguments=plain, queued=dt.datetime.now(dt.UTC)
    )
    perform.enqueue(str(made.id))
    return made


def cancel(person: Person, key: UUID) -> Job:
    """Ask to stop a job: one that waits is cancelled at once, one that runs stops at its next step.

    Raises:
        NotFound: no such job of this person.
        Refused: the job is over.
    """
    found = Job.objects.filter(pk=key, person=person).first()
    if found is None:
        raise NotFound("there is no such job", given=str(key))
    now = dt.datetime.now(dt.UTC)
    waiting, running = (Job.objects.filter(pk=key, state=state) for state in OPEN)
    if not waiting.update(state=Job.State.CANCELLED, finished=now) and not running.update(cancel_asked=True):
        found.refresh_from_db()
        raise Refused("this job is over", given=found.get_state_display(), allowed="a job that waits or runs")
    found.refresh_from_db()
    return found


def job_state(job: Job) -> dict[str, Any]:
    """Return what a page shows of a job, as plain JSON."""
    percent = min(100, round(100 * job.done / job.total)) if job.total else None
    is_open = job.state in OPEN
    return {
        "id": str(job.id), "kind": job.kind, "state": job.state, "word": job.get_state_display(),
        "open": is_open, "can_cancel": is_open and not job.cancel_asked, "done": job.done, "total": job.total,
        "percent": 100 if job.state == Job.State.DONE else percent, "message": job.message, "url": job.url,
        "error": job.error, "queued": _instant(job.queued), "started": _instant(job.started),
        "finished": _instant(job.finished),
    }  # fmt: skip


def _instant(when: dt.datetime | None) -> str | None:
    return None if when is None else when.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def worker_name() -> str:
    """Return machine and process of this worker."""
    return f"{socket.gethostname()} {os.getpid()}"


@task()
def perform(key: str) -> None:
    """Do a job, once: whoever comes second finds it taken."""
    now = dt.datetime.now(dt.UTC)
    taken = Job.objects.filter(pk=key, state=Job.State.QUEUED).update(
        state=Job.State.RUNNING, started=now, heartbeat=now, attempts=F("attempts") + 1, worker=worker_name()
    )
    if not taken:
        return
    progress = Progress(Job.objects.select_related("person", "program").get(pk=key))
    with progress:
        ending = _attempt(progress)
    _end(progress, ending)


def _attempt(progress: Progress) -> dict[str, Any]:
    """Run the handler and return what the job becomes."""
    job = progress.job
    try:
        url = handler(job.kind)(progress, **job.arguments)
    except Cancelled:
        return {"state": Job.State.CANCELLED}
    except Interrupted:
        # Not the job's own failing: the attempt does not count.
        return {"state": Job.State.QUEUED, "attempts": F("attempts") - 1}
    except Refused as refused:
        return {"state": Job.State.FAILED, "error": refused.sentence()}
    except Exception as error:
        log.exception("job %s (%s) failed", job.id, job.kind)
        told = traceback.format_exception_only(error)[-1].strip()
        return {"state": Job.State.FAILED, "error": f"{told} (job {job.id})"}
    return {"state": Job.State.DONE, "url": url or job.url}


def _end(progress: Progress, ending: dict[str, Any]) -> None:
    """Write how a job ended, unless another worker took it over meanwhile, and tell who asked for it."""
    job, state = progress.job, ending["state"]
    finished = None if state == Job.State.QUEUED else dt.datetime.now(dt.UTC)
    mine = Job.objects.filter(pk=job.pk, state=Job.State.RUNNING, attempts=progress.attempt)
    if not mine.update(**progress.last, **ending, finished=finished):
        return
    job.refresh_from_db()
    if state == Job.State.QUEUED:
        perform.enqueue(str(job.pk))
    elif job.person is not None and state != Job.State.CANCELLED:
        word = "is done" if state == Job.State.DONE else f"failed: {job.error}"
        notices.tell([job.person], f"{job.kind} {word}", url=job.url, why=WHY)
