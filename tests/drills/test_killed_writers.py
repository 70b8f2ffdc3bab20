"""Writers are killed in the middle of their work: what was acknowledged is there, the rest whole or not at all."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections import Counter
from typing import Any

import pytest

from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.ledger.verification import verify

pytestmark = pytest.mark.drill
KILLS = 50


def one_life(nursery: subprocess.Popen[str], luck: random.Random) -> dict[str, int]:
    """Start a writer, let it write for a moment, kill it; return the acts that it acknowledged with their sizes."""
    assert nursery.stdin is not None and nursery.stdout is not None
    nursery.stdin.write("go\n")
    nursery.stdin.flush()
    acknowledged: dict[str, int] = {}
    child, end = 0, 0.0
    for line in nursery.stdout:
        word, *rest = line.split()
        if word == "pid":
            child = int(rest[0])
        elif word == "ack":
            acknowledged[rest[0]] = int(rest[1])
        elif word == "dead":
            return acknowledged
        if child and acknowledged and not end:
            end = time.monotonic() + luck.uniform(0, 0.12)
        if end and time.monotonic() >= end:
            os.kill(child, signal.SIGKILL)
            end = float("inf")
    raise AssertionError("the nursery ended")


def test_after_fifty_kills_nothing_that_was_acknowledged_is_lost(installation: Any) -> None:
    luck = random.Random(11)
    acknowledged: dict[str, int] = {}
    with installation.start("tests.drills.writer", "nursery", stdin=subprocess.PIPE) as nursery:
        for _ in range(KILLS):
            acknowledged |= one_life(nursery, luck)
        nursery.stdin.close()
    written = Counter(str(act) for act in Entry.objects.values_list("act", flat=True))
    lost = {act for act, size in acknowledged.items() if written[act] != size}
    assert not lost and len(acknowledged) >= KILLS
    assert set(written.values()) <= {1, 20}, "an act was written in part"
    assert list(Entry.objects.order_by("seq").values_list("seq", flat=True)) == list(
        range(1, sum(written.values()) + 1)
    )
    assert verify().holds
