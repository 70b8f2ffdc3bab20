"""A process that writes organizations and says, after each commit, which: `python -m tests.drills.writer PREFIX COUNT`.

A third argument `many` mixes single records with acts of twenty; `at a word` waits for a line on the standard input.

With `nursery` as only argument it loads once, then starts a writer for each line on its standard input and says when
that writer is dead, so that fifty of them can be killed without loading Django fifty times.
"""

from __future__ import annotations

import itertools
import os
import sys
import time

import django

django.setup()

from django.db import connections  # noqa: E402

from crdmo.foundation.accounts.models import Organization  # noqa: E402
from crdmo.foundation.ledger.acts import SYSTEM, act  # noqa: E402

MANY = 20


def say(*words: object) -> None:
    """Acknowledge: one line, at once, in one write."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def write(prefix: str, count: int | None = None, *, many: bool = False, pause: float = 0.0) -> None:
    """Write single records, or in turn a single one and an act of twenty; acknowledge each act after its commit."""
    for number in itertools.count() if count is None else range(count):
        size = MANY if many and number % 2 else 1
        rows = [{"code": f"{prefix}-{number}-{part}", "name": "x" * 80, "kind": "site"} for part in range(size)]
        with act(SYSTEM, "drill.write") as opened:
            opened.create_many(Organization, rows)
        say("ack", opened.id, size)
        time.sleep(pause)


def nursery() -> None:
    """Start one writer after the other."""
    for number, _ in enumerate(sys.stdin):
        connections.close_all()
        child = os.fork()
        if child == 0:
            write(f"{number}", many=True)
        say("pid", child)
        os.waitpid(child, 0)
        say("dead")


def main(arguments: list[str]) -> None:
    """Write, and end with what the database said if it refused."""
    if arguments == ["nursery"]:
        nursery()
        return
    together = "at a word" in arguments
    if together:
        say("ready")
        sys.stdin.readline()
    try:
        # SQLite keeps no queue: without a pause, as between two requests, one writer can keep the other out for long.
        write(arguments[0], int(arguments[1]), many="many" in arguments, pause=0.002 if together else 0.0)
    except Exception as error:  # the last word of a writer whose disk is full
        say("failed", type(error).__name__, error)


if __name__ == "__main__":
    main(sys.argv[1:])
