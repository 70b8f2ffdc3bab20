"""Two processes write at the same time: one chain, no gap, no fork."""

from __future__ import annotations

import subprocess
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from crdmo.foundation.accounts.models import Organization
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.ledger.verification import verify

pytestmark = pytest.mark.drill


def test_two_processes_of_500_entries_each_make_one_chain_of_1000(installation: Any) -> None:
    running = [
        installation.start("tests.drills.writer", prefix, "500", "at a word", stdin=subprocess.PIPE)
        for prefix in ("A", "B")
    ]
    for process in running:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    for process in running:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=300)[0].splitlines() for process in running]
    assert [len(lines) for lines in said] == [500, 500] and all(line.startswith("ack") for line in said[0] + said[1])
    assert list(Entry.objects.order_by("seq").values_list("seq", "stream_seq")) == [(n, n) for n in range(1, 1001)]
    order = [code[0] for code in Organization.objects.order_by("entry").values_list("code", flat=True)]
    assert Counter(order) == {"A": 500, "B": 500} and verify().holds
    assert sum(one != other for one, other in pairwise(order)) >= 2, "they did not work at the same time"
