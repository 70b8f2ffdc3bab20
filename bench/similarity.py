"""Similarity search beside FPSim2 on the same fingerprints, in one run: `python -m bench.similarity [fingerprints]`.

Workload: Morgan fingerprints (radius 2, 2048 bits) of the real molecules of a published set, each bit of a row taken from
one of two of them, 1,000,000 rows; queries are real molecules. One core each, both in memory, in turns. FPSim2 is given
its own layout (identifier, words, number of bits; bins of equal numbers of bits) and the finished query row.
The limit is what the memory gives: the rows summed by NumPy, and read by the bare counting loop.
Goals: at least FPSim2's rate in each kind of search, the same similarities, and the ten best in 100 ms.
"""

from __future__ import annotations

import contextlib
import csv
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rdkit import Chem

from crdmo.science.discovery.fingerprints import fingerprint_rows
from crdmo.science.discovery.popcount import bits_of, common_bits
from crdmo.science.discovery.similarity import weights_of
from crdmo.science.discovery.similarity_index import FingerprintIndex, Weights

SHARED = Path(os.environ.get("CRDMO_SHARED", Path(__file__).resolve().parents[2] / "shared"))
MOLECULES = SHARED / "data/discovery/adme/ADME_public_set_3521.csv"
QUERIES, ROUNDS = 20, 3
BITS = 2048


def molecules() -> list[Chem.Mol]:
    """Return the molecules of the published set."""
    with MOLECULES.open(encoding="utf-8") as file:
        return [Chem.MolFromSmiles(row["SMILES"]) for row in csv.DictReader(file)]


def resampled(rows: np.ndarray, count: int) -> np.ndarray:
    """Return rows whose every bit is that of one real molecule, three times in four, or else of another."""
    rng = np.random.default_rng(7)
    made = np.empty((count, rows.shape[1]), dtype=np.uint64)
    for start in range(0, count, 100_000):
        size = min(100_000, count - start)
        mostly = rng.integers(0, 2**64, (2, size, rows.shape[1]), dtype=np.uint64)
        mask = mostly[0] | mostly[1]
        one, other = rows[rng.integers(0, len(rows), (2, size))]
        made[start : start + size] = (one & mask) | (other & ~mask)
    return made


def peer(index: FingerprintIndex) -> object:
    """Return FPSim2's engine on the same rows."""
    from FPSim2 import FPSim2Engine
    from FPSim2.io import create_db_file

    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(sys.stderr):
        name = str(Path(folder) / "few.h5")
        create_db_file([["CCO", 1], ["CCN", 2]], name, "smiles", "Morgan", {"radius": 2, "fpSize": BITS})
        engine = FPSim2Engine(name)
    names = np.arange(len(index), dtype=np.uint64)[:, None]
    engine.storage.fps = np.ascontiguousarray(np.hstack([names, index.rows, bits_of(index.rows)[:, None].astype("u8")]))
    engine.storage.popcnt_bins = [
        (bits, (int(a), int(b)))
        for bits, (a, b) in enumerate(zip(index.starts, index.starts[1:], strict=False))
        if a < b
    ]
    engine.load_query = lambda query, **_: query
    return engine


def timed(work: Callable[[], object]) -> tuple[float, object]:
    """Return wall time in milliseconds and the answer."""
    began = time.perf_counter()
    answer = work()
    return (time.perf_counter() - began) * 1e3, answer


def bandwidth(rows: np.ndarray, query: np.ndarray) -> None:
    """Print how fast the memory is read: by a sum, and by the loop that counts common bits."""
    size = rows.nbytes / 1e9
    plain = min(timed(rows.sum)[0] for _ in range(5))
    loop = min(timed(lambda: common_bits(rows, query))[0] for _ in range(5))
    print(
        f"memory: {size:.2f} GB; sum of the words {size / plain * 1e3:.1f} GB/s; counting loop {size / loop * 1e3:.1f} GB/s"
    )
    print(
        f"limit by the loop: {loop:.1f} ms a query that reads all, {len(rows) / loop / 1e3:.0f} M comparisons/s of one core\n"
    )


def main() -> int:
    """Measure, print the table. Returns the number of goals that are missed."""
    if not MOLECULES.exists():
        print(f"{MOLECULES} is not there: set CRDMO_SHARED to the folder of shared data; nothing was measured")
        return 1
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    real = fingerprint_rows(molecules())
    index = FingerprintIndex.build([str(i) for i in range(count)], resampled(real, count), "morgan2")
    engine = peer(index)
    queries = real[np.random.default_rng(3).integers(0, len(real), QUERIES)]
    bandwidth(index.rows, queries[0])
    missed, same = [], True
    head = f"{'one core, ' + str(ROUNDS) + ' rounds':<26}{'ours, ms':>10}{'FPSim2, ms':>12}{'x peer':>8}{'hits':>8}"
    print(f"{count} x {BITS} bits, {QUERIES} queries\n{head}")
    for name, weights, ours, theirs in searches():
        cost: tuple[list[float], list[float]] = ([], [])
        found = 0
        for _ in range(ROUNDS):
            for query in queries:
                a, hits = timed(lambda q=query, w=weights, o=ours: index.search(q, w, **o))
                row = np.concatenate([[0], query, bits_of(query[None])], dtype=np.uint64, casting="unsafe")
                b, answer = timed(lambda r=row, t=theirs: t(engine, r))
                cost[0].append(a)
                cost[1].append(b)
                found += len(hits)
                others = np.sort(answer["coeff"])[::-1]
                same &= len(hits) == len(others) and np.allclose([h.similarity for h in hits], others, atol=1e-6)
        mine, other = (statistics.median(values) for values in cost)
        print(f"{name:<26}{mine:>10.1f}{other:>12.1f}{other / mine:>8.2f}{found / QUERIES / ROUNDS:>8.0f}")
        missed += [name] if other < mine else []
        missed += ["the ten best in 100 ms"] if name == "10 best, Tanimoto" and mine > 100 else []
    print(f"the same similarities as the peer: {'ok' if same else 'MISSED'}")
    print(f"at least the peer's rate, and the ten best in 100 ms: {'MISSED: ' + ', '.join(missed) if missed else 'ok'}")
    return len(missed) + (not same)


def searches() -> list[tuple[str, Weights, dict[str, float], Callable[[object, np.ndarray], np.ndarray]]]:
    """Return what is asked of both: name, measure, our arguments, the peer's call."""
    tanimoto, dice, tversky = weights_of("tanimoto"), weights_of("dice"), weights_of("tversky", 0.9, 0.1)
    # The peer takes a threshold with every search and reads nothing at 0; this one is below any similarity that counts.
    low = 0.01
    return [
        ("10 best, Tanimoto", tanimoto, {"most": 10}, lambda e, q: e.top_k(q, 10, low)),
        ("1000 best, Tanimoto", tanimoto, {"most": 1000}, lambda e, q: e.top_k(q, 1000, low)),
        ("10 best, Dice", dice, {"most": 10}, lambda e, q: e.top_k(q, 10, low, metric="dice")),
        ("Tanimoto >= 0.7", tanimoto, {"threshold": 0.7}, lambda e, q: e.similarity(q, 0.7)),
        ("Tanimoto >= 0.4", tanimoto, {"threshold": 0.4}, lambda e, q: e.similarity(q, 0.4)),
        ("Tversky 0.9, 0.1 >= 0.6", tversky, {"threshold": 0.6}, lambda e, q: e.tversky(q, 0.6, 0.9, 0.1)),
    ]


if __name__ == "__main__":
    sys.exit(main())
