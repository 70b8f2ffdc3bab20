"""The worker: does the jobs, takes up again those whose worker died, and signs checkpoints when they are due.

    python -m crdmo.foundation.computing.worker [--batch] [--interval SECONDS] [--lost-after SECONDS]

`crdmo serve` starts one beside the pages. More than one may run; a job is done by whoever takes it first.
"""

from __future__ import annotations

import argparse
import datetime as dt
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any

import django
from django.db import close_old_connections

log = logging.getLogger("crdmo.worker")
LOST_AFTER = 60.0
ATTEMPTS = 3
HOUR = 3600.0


def _alive(worker: str) -> bool | None:
    """Say whether a worker's process lives, or None when it is on another machine."""
    machine, _, process = worker.rpartition(" ")
    if machine != socket.gethostname() or not process.isdigit():
        return None
    if int(process) == os.getpid():
        return True
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def recover(lost_after: float = LOST_AFTER) -> list[Any]:
    """Take up again the jobs whose worker died, and fail those that killed every worker that tried. Returns them."""
    from .models import Job  # noqa: PLC0415 — models exist only after django.setup()

    before = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=lost_after)
    found = []
    for job in Job.objects.filter(state=Job.State.RUNNING):
        alive = _alive(job.worker)
        if alive is not False and (job.heartbeat is None or job.heartbeat > before):
            continue
        found += [job] if _take_up(job) else []
    return found + _unscheduled(before)


def _take_up(job: Any) -> bool:
    from .jobs import perform  # noqa: PLC0415
    from .models import Job  # noqa: PLC0415

    still = Job.objects.filter(pk=job.pk, state=Job.State.RUNNING, attempts=job.attempts, heartbeat=job.heartbeat)
    if job.cancel_asked:
        return bool(still.update(state=Job.State.CANCELLED, finished=dt.datetime.now(dt.UTC)))
    if job.attempts >= ATTEMPTS:
        error = f"The worker died {job.attempts} times at this job; it is not tried again (job {job.pk})"
        return bool(still.update(state=Job.State.FAILED, error=error, finished=dt.datetime.now(dt.UTC)))
    if not still.update(state=Job.State.QUEUED):
        return False
    log.warning("job %s (%s) lost its worker and is taken up again", job.pk, job.kind)
    perform.enqueue(str(job.pk))
    return True


def _unscheduled(before: dt.datetime) -> list[Any]:
    """Schedule anew what waits although nothing is scheduled: its worker died between taking the task and the job."""
    from django_tasks_db.models import DBTaskResult  # noqa: PLC0415

    from .jobs import perform  # noqa: PLC0415
    from .models import Job  # noqa: PLC0415

    waiting = list(Job.objects.filter(state=Job.State.QUEUED, queued__lt=before))
    if not waiting or DBTaskResult.objects.ready().exists():
        return []
    for job in waiting:
        perform.enqueue(str(job.pk))
    return waiting


def _checkpoint() -> None:
    from crdmo.foundation.ledger import checkpoints  # noqa: PLC0415

    checkpoints.due()


def _sweep() -> None:
    from crdmo.foundation.datasets import store  # noqa: PLC0415

    store.sweep()


@dataclass
class Chore:
    """Something to do between jobs, at most once in so many seconds."""

    name: str
    do: Callable[[], object]
    every: float = 0.0
    last: float = -HOUR


def chores() -> list[Chore]:
    """Return what a worker does beside the jobs."""
    return [Chore("signing a checkpoint", _checkpoint), Chore("sweeping unfinished files", _sweep, HOUR)]


class Loop:
    """The worker's round: take up lost jobs, do one that waits, do the chores, wait."""

    def __init__(
        self, *, interval: float = 1.0, lost_after: float = LOST_AFTER, beside: Sequence[Chore] | None = None
    ) -> None:
        self.interval = interval
        self.recovery = Chore("taking up lost jobs", lambda: recover(lost_after))
        self.chores = chores() if beside is None else list(beside)
        self.stop = threading.Event()

    def run(self, *, batch: bool = False) -> None:
        """Go round until told to stop; with `batch` until nothing waits."""
        while not self.stop.is_set():
            close_old_connections()
            self._do(self.recovery)
            worked = self.work()
            for chore in self.chores:
                self._do(chore)
            if not worked:
                if batch:
                    return
                self.stop.wait(self.interval)

    def work(self) -> bool:
        """Do one waiting job; false when none waits."""
        from django_tasks_db.management.commands.db_worker import Worker  # noqa: PLC0415
        from django_tasks_db.models import DBTaskResult  # noqa: PLC0415

        # Looked at first without a lock: an idle worker must not stand in the way of writers.
        if not DBTaskResult.objects.ready().exists():
            return False
        Worker(
            queue_names=["*"], interval=0, batch=True, backend_name="default", startup_delay=False, max_tasks=1,
            worker_id=f"{socket.gethostname()} {os.getpid()}"[:64], excluded_queue_names=[],
        ).run()  # fmt: skip
        return True

    @staticmethod
    def _do(chore: Chore) -> None:
        if time.monotonic() - chore.last < chore.every:
            return
        chore.last = time.monotonic()
        try:
            chore.do()
        except Exception:
            # A locked database, a full disk, a history that cannot be signed: told loudly, but jobs go on.
            log.exception("%s did not succeed; the next round tries again", chore.name)

    def end(self, number: int, frame: FrameType | None) -> None:
        """Stop after the step at hand; jobs that run go back to the queue. The second signal ends at once."""
        from .progress import ENDING  # noqa: PLC0415

        if self.stop.is_set():
            sys.exit(1)
        self.stop.set()
        ENDING.set()


def main(arguments: Sequence[str] | None = None) -> int:
    """Start a worker from the command line."""
    parser = argparse.ArgumentParser(prog="crdmo worker", description=__doc__.splitlines()[0])
    parser.add_argument("--batch", action="store_true", help="end when nothing waits")
    parser.add_argument("--interval", type=float, default=1.0, help="seconds between looks into an empty queue")
    parser.add_argument(
        "--lost-after", type=float, default=LOST_AFTER, help="seconds without a sign of life of a worker"
    )
    given = parser.parse_args(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crdmo.settings")
    django.setup()
    loop = Loop(interval=given.interval, lost_after=given.lost_after)
    signal.signal(signal.SIGTERM, loop.end)
    signal.signal(signal.SIGINT, loop.end)
    loop.run(batch=given.batch)
    return 0


if __name__ == "__main__":
    sys.exit(main())
