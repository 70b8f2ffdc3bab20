"""How a job says how far it is, and hears that it should stop.

A heartbeat runs beside the work on a connection of its own: a job inside one long act can neither be seen nor be
stopped through the connection that the act holds.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from types import TracebackType

from django.db import DEFAULT_DB_ALIAS, OperationalError, connections

from .models import Job

BEAT = 2.0
OFTEN = 0.5

# Set when the worker is asked to end: running jobs go back to the queue at their next step.
ENDING = threading.Event()


class Cancelled(Exception):
    """The person who asked for the job asked to stop it."""


class Interrupted(Exception):
    """The worker ends, or another worker took the job over."""


def _in_act() -> bool:
    """Say whether a transaction is open: what is written now would be seen only when it ends."""
    return connections[DEFAULT_DB_ALIAS].in_atomic_block


class Progress:
    """What a job handler is given: it calls `step` as it goes and lets its exceptions pass."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.attempt = job.attempts
        self._done, self._total, self._message = job.done, job.total, job.message
        self._cancel, self._lost, self._over = threading.Event(), threading.Event(), threading.Event()
        self._written = 0.0
        self._heart = threading.Thread(target=self._beat, name=f"heartbeat of {job.id}", daemon=True)

    def step(self, done: int, total: int = 0, message: str = "") -> None:
        """Say how far the work is, e.g. `step(40, 200, "results recomputed")`. The place where a job can be stopped.

        Raises:
            Cancelled: somebody asked to stop this job.
            Interrupted: the worker ends; the job will be taken up again.
        """
        self._done, self._total, self._message = done, total or self._total, (message or self._message)[:300]
        if time.monotonic() - self._written >= OFTEN and not _in_act():
            self._write()
        if self._cancel.is_set():
            raise Cancelled
        if self._lost.is_set() or ENDING.is_set():
            raise Interrupted

    def link(self, url: str) -> None:
        """Say where the outcome can be seen."""
        self.job.url = url[:300]

    def _mine(self) -> dict[str, object]:
        return {"pk": self.job.pk, "state": Job.State.RUNNING, "attempts": self.attempt}

    def _write(self) -> None:
        self._written = time.monotonic()
        now = dt.datetime.now(dt.UTC)
        values = {"done": self._done, "total": self._total, "message": self._message, "heartbeat": now}
        if not Job.objects.filter(**self._mine()).update(**values):
            self._lost.set()
        elif Job.objects.filter(**self._mine(), cancel_asked=True).exists():
            self._cancel.set()

    def _beat(self) -> None:
        try:
            while not self._over.wait(BEAT):
                try:
                    self._write()
                except OperationalError:
                    # The work itself holds the write lock of SQLite; the next beat will come through.
                    continue
        finally:
            connections.close_all()

    def __enter__(self) -> Progress:
        self._heart.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._heart.join(timeout=60)

    @property
    def last(self) -> dict[str, object]:
        """The last step, for the row that is written at the end."""
        return {"done": self._done, "total": self._total, "message": self._message}
