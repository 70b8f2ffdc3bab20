"""Everything that is measured, in one run: each part says what, and beside which peer.

python -m bench [--postgresql]
"""

from __future__ import annotations

import subprocess
import sys

PARTS = (
    "bench.ledger",
    "bench.benchmark_dose",
    "bench.curves",
    "bench.dunnett",
    "bench.ectd",
    "bench.nca",
    "bench.pages",
    "bench.sar",
    "bench.similarity",
    "bench.substructure",
)


def main() -> int:
    """Run each part in a process of its own, so that none warms the other. Returns the number of parts that missed a goal."""
    missed = 0
    for part in PARTS:
        print(f"\n=== {part}", flush=True)
        arguments = sys.argv[1:] if part == "bench.ledger" else []
        missed += bool(subprocess.call([sys.executable, "-m", part, *arguments]))
    return missed


if __name__ == "__main__":
    sys.exit(main())
