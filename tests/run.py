"""All tests, as `make test` runs them: on SQLite, then ledger, tenancy and concurrency again on a real PostgreSQL.

Each part runs in two processes. The files keep their order, so that those that drive a browser do not come last, one beside an
idle process. The last line counts both parts together.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys

COUNT = re.compile(r"(\d+) (passed|failed|error|errors|skipped)")
PARTS = (
    (
        "SQLite",
        [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder", "tests"],
    ),
    ("PostgreSQL", [sys.executable, "-m", "tests.postgresql", "-q"]),
)


def part(name: str, command: list[str]) -> tuple[int, dict[str, int]]:
    """Run one part, pass its output on, and return its exit code and counts."""
    print(f"=== {name}", flush=True)
    # Each process has a core of its own; threads of linear algebra in every one of them would fight for both.
    threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS"), "1")
    running = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, errors="replace", env={**threads, **os.environ}
    )
    counts: dict[str, int] = {}
    assert running.stdout is not None
    for line in running.stdout:
        print(line, end="", flush=True)
        if " in " in line and (found := COUNT.findall(line)):
            counts = {word.rstrip("s"): int(number) for number, word in found}
    return running.wait(), counts


def main() -> int:
    """Run every part; the exit code is 0 only if each passed and ran a test."""
    total, worst = {"passed": 0, "failed": 0, "skipped": 0}, 0
    for name, command in PARTS:
        code, counts = part(name, command)
        worst = worst or code or (0 if counts.get("passed") else 1)
        total["passed"] += counts.get("passed", 0)
        total["failed"] += counts.get("failed", 0) + counts.get("error", 0)
        total["skipped"] += counts.get("skipped", 0)
    print(f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped")
    return worst


if __name__ == "__main__":
    sys.exit(main())
