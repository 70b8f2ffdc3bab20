"""Jobs for tests: they count, fail, wait or die."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from crdmo.foundation.computing.jobs import job
from crdmo.foundation.computing.progress import Progress
from crdmo.foundation.ledger.acts import act
from crdmo.foundation.refusals import Refused


@job("tests.count")
def count(progress: Progress, *, upto: int) -> str:
    for number in range(1, upto + 1):
        progress.step(number, upto, f"{number} counted")
    return "/counted/"


@job("tests.refused")
def refused(progress: Progress) -> str:
    raise Refused("this cannot be done", next="Do something else")


@job("tests.broken")
def broken(progress: Progress) -> str:
    raise ZeroDivisionError("division by zero")


@job("tests.wait")
def wait(progress: Progress, *, steps: int, folder: str) -> str:
    """Go on from where an earlier attempt stopped: each step leaves one file."""
    for number in range(steps):
        place = Path(folder) / f"step-{number}"
        if not place.exists():
            time.sleep(0.05)
            place.write_text(str(os.getpid()))
        progress.step(number + 1, steps, "waiting")
    return ""


@job("tests.die")
def die(progress: Progress) -> str:
    os.kill(os.getpid(), signal.SIGKILL)
    return ""


@job("tests.long_act")
def long_act(progress: Progress, *, seconds: float) -> str:
    """Hold one act open while stepping; the steps must not end it nor wait for it."""
    assert progress.job.person is not None
    with act(progress.job.person, "view") as opened:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            progress.step(1, 2, "in an act")
            time.sleep(0.02)
        opened.event("tests.long_act", {}, program=progress.job.program_id)
    return ""
