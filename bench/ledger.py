"""What an audited write costs, beside an unaudited one and beside the peers: `python -m bench.ledger [--postgresql]`.

Workload W1: one six-column row, single-row transactions, durable at each commit (SQLite WAL with synchronous=FULL, or
PostgreSQL with fsync), then the same rows thousands a transaction. All competitors take turns in short rounds within
one run, so that the machine's other work falls on all alike; the table gives medians of the rounds. CPU is this process's
own and the steadier number: rates hang on the disk's fsync.

Verification and the thread are measured on the ledger that was written.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Measured:
    """Rates and CPU of one competitor's rounds."""

    name: str
    rates: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Rows a second, median of the rounds."""
        return statistics.median(self.rates)

    @property
    def milliseconds(self) -> float:
        """CPU milliseconds a row, median of the rounds."""
        return statistics.median(self.cpu) * 1000


def turns(competitors: dict[str, Callable[[int], None]], rounds: int, size: int) -> dict[str, Measured]:
    """Let all competitors write `size` rows in each round, in turn."""
    found = {name: Measured(name) for name in competitors}
    for name, write in competitors.items():
        write(max(2, size // 20))  # what is loaded and built once
        assert name in found
    for _ in range(rounds):
        for name, write in competitors.items():
            started, cpu = time.perf_counter(), time.process_time()
            write(size)
            found[name].cpu.append((time.process_time() - cpu) / size)
            found[name].rates.append(size / (time.perf_counter() - started))
    return found


def singles() -> dict[str, Callable[[int], None]]:
    """Return the writers of single rows, each in its own transaction."""
    from bench.peers import models
    from crdmo.foundation.ledger.acts import SYSTEM, act

    def peer(model: Any) -> Callable[[int], None]:
        def write(count: int) -> None:
            for _ in range(count):
                model.objects.create(**models.ROW)

        return write

    def ledger(count: int) -> None:
        for _ in range(count):
            with act(SYSTEM, "bench.write") as opened:
                opened.create(models.Ledger, **models.ROW)

    peers = ("Plain", "SimpleHistory", "Auditlog", "PgHistory")
    return {name: peer(getattr(models, name)) for name in peers if hasattr(models, name)} | {"Ledger": ledger}


def bulks() -> dict[str, Callable[[int], None]]:
    """Return the writers of many rows in one transaction, where there is one that keeps the trail."""
    from django.db import transaction
    from simple_history.utils import bulk_create_with_history

    from bench.peers import models
    from crdmo.foundation.ledger.acts import SYSTEM, act

    def plain(count: int) -> None:
        with transaction.atomic():
            models.Plain.objects.bulk_create([models.Plain(**models.ROW) for _ in range(count)])

    def simple_history(count: int) -> None:
        bulk_create_with_history([models.SimpleHistory(**models.ROW) for _ in range(count)], models.SimpleHistory)

    def ledger(count: int) -> None:
        with act(SYSTEM, "bench.write") as opened:
            opened.create_many(models.Ledger, [models.ROW] * count)

    found = {"Plain": plain, "SimpleHistory": simple_history, "Ledger": ledger}
    if hasattr(models, "PgHistory"):

        def pghistory(count: int) -> None:
            with transaction.atomic():
                models.PgHistory.objects.bulk_create([models.PgHistory(**models.ROW) for _ in range(count)])

        found["PgHistory"] = pghistory
    return found


def table(title: str, found: dict[str, Measured]) -> None:
    """Print rates and CPU with their ratios to the plain write."""
    plain = found["Plain"]
    print(f"\n{title:<28}{'rows/s':>10}{'ratio':>8}{'CPU ms/row':>12}{'ratio':>8}")
    for name, one in found.items():
        print(
            f"{name:<28}{one.rate:>10.0f}{one.rate / plain.rate:>8.2f}{one.milliseconds:>12.3f}"
            f"{one.milliseconds / plain.milliseconds:>8.2f}"
        )


class Goals:
    """The goals, and whether they are met."""

    def __init__(self) -> None:
        self.missed = 0

    def check(self, says: str, value: float, least: float, unit: str = "") -> None:
        """Print one goal."""
        met = value >= least
        self.missed += not met
        print(f"{'met   ' if met else 'MISSED'}  {says}: {value:,.2f}{unit}, goal {least:,.2f}{unit}")


def verification(entries: int) -> tuple[float, float, float]:
    """Return entries a second of the chain alone, of the deep pass over entries, and rows with all else a second."""
    from crdmo.foundation.ledger.verification import verify

    chain, deep = verify(deep=False), verify()
    assert chain.holds and deep.holds, (chain.problems, deep.problems)
    assert deep.entries >= entries
    return chain.entries / chain.chain_seconds, deep.entries / deep.chain_seconds, deep.rows / deep.seconds


def fill(count: int) -> None:
    """Write many records in acts of ten thousand."""
    from bench.peers import models
    from crdmo.foundation.ledger.acts import SYSTEM, act

    for start in range(0, count, 10_000):
        with act(SYSTEM, "bench.fill") as opened:
            opened.create_many(models.Ledger, [models.ROW] * min(10_000, count - start))


def thread_query(records: int) -> float:
    """Return milliseconds of a walk in both directions from the middle of a thread through `records` records."""
    from bench.peers import models
    from crdmo.foundation.ledger import thread

    keys = list(models.Ledger.objects.order_by("entry").values_list("id", flat=True)[:records])
    # A tree of four parts each, as lots, containers, samples and results hang together.
    for start in range(1, len(keys), 20_000):
        part = range(start, min(start + 20_000, len(keys)))
        thread.weave("default", [(keys[(n - 1) // 4], keys[n], "data") for n in part])
    middle = keys[len(keys) // 300]
    times = []
    for _ in range(5):
        started = time.perf_counter()
        above, below = thread.upstream(middle), thread.downstream(middle)
        times.append((time.perf_counter() - started) * 1000)
        assert above and below
    print(
        f"\nthread of one record among {len(keys):,}: {len(above)} above, {len(below)} below, "
        f"{statistics.median(times):.1f} ms"
    )
    return statistics.median(times)


def trail_query(versions: int) -> float:
    """Return milliseconds for a page of the history of a record with that many versions."""
    from bench.peers import models
    from crdmo.foundation.ledger import trail
    from crdmo.foundation.ledger.acts import SYSTEM, act

    with act(SYSTEM, "bench.write") as opened:
        record = opened.create(models.Ledger, **models.ROW)
    with act(SYSTEM, "bench.write", "bench") as opened:
        for _ in range(versions):
            opened.change(record, value="99.84")
    started = time.perf_counter()
    found = trail.history(record.id, limit=50)
    assert found[0].version == versions + 1
    return (time.perf_counter() - started) * 1000


def run(arguments: argparse.Namespace) -> int:
    """Measure and print; the exit code is the number of goals missed."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", run_syncdb=True, verbosity=0, interactive=False)
    if connection.vendor == "postgresql":
        from pghistory.models import Context

        Context.install_pgh_attach_context_func()
        call_command("pgtrigger", "install", verbosity=0)
    print(
        f"{connection.vendor}, {arguments.rounds} rounds of {arguments.size} single rows and {arguments.bulk} in bulk"
    )
    single, many, goals = (
        turns(singles(), arguments.rounds, arguments.size),
        turns(bulks(), arguments.rounds, arguments.bulk),
        Goals(),
    )
    table("single-row transactions", single)
    table(f"{arguments.bulk} rows a transaction", many)
    fill(arguments.entries)
    chain, deep, rows = verification(arguments.entries)
    print(
        f"\nverified: chain {chain:,.0f} entries/s; with contents {deep:,.0f} entries/s; everything {rows:,.0f} rows/s"
    )
    walked, page = thread_query(100_000), trail_query(arguments.versions)
    print(f"page of a record with {arguments.versions:,} versions: {page:.1f} ms\n")
    goals.check(
        "single audited write against simple_history, rate", single["Ledger"].rate / single["SimpleHistory"].rate, 1
    )
    goals.check(
        "single audited write against simple_history, CPU",
        single["SimpleHistory"].milliseconds / single["Ledger"].milliseconds,
        1,
    )
    goals.check("bulk against simple_history's single rows", many["Ledger"].rate / single["SimpleHistory"].rate, 10)
    goals.check("bulk against unaudited bulk_create", many["Ledger"].rate / many["Plain"].rate, 0.5)
    goals.check("entries verified a second", chain, 200_000)
    goals.check("bulk entries a second", many["Ledger"].rate, 10_000)
    goals.check("thread on 100,000 records in 300 ms", 300 / walked, 1)
    goals.check("page of a long history in 300 ms", 300 / page, 1)
    return goals.missed


def main() -> int:
    """Read the arguments, make a home, run."""
    parser = argparse.ArgumentParser(prog="python -m bench.ledger", description=__doc__.splitlines()[0])
    parser.add_argument("--postgresql", action="store_true", help="on a PostgreSQL server started for this run")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--size", type=int, default=150, help="single rows a round")
    parser.add_argument("--bulk", type=int, default=5000, help="rows a transaction")
    parser.add_argument("--entries", type=int, default=100_000, help="entries to verify")
    parser.add_argument("--versions", type=int, default=10_000, help="versions of the record with a long history")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        home = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="crdmo-bench-", dir=os.environ.get("TMPDIR")))
        )
        os.environ.update(CRDMO_HOME=str(home), DJANGO_SETTINGS_MODULE="bench.peers.settings")
        os.environ.pop("CRDMO_DATABASE_URL", None)
        if arguments.postgresql:
            from tests.postgresql import server

            os.environ["CRDMO_DATABASE_URL"] = stack.enter_context(server())
        return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
