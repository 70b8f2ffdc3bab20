"""Benchmark doses of the 733 dichotomous tables of NIEHS/ToxicR beside EPA's pybmds: `python -m bench.benchmark_dose [every]`.

Ours fits every table, ten models with limits and recommendation, in this one process. The peer's numerical core can end its
process, so that it is asked in a process of its own for each table; only the fit is timed, not its start. It is a large
package of its own: `CRDMO_PYBMDS` names a Python that has it, else the installed one is tried. Goals: no table ends ours, at
most 0.2 s a table, at least 5 times the peer's rate, no likelihood below the peer's.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

from crdmo.science.method import MethodError
from crdmo.science.preclinical.benchmark_dose import benchmark_dose

SHARED = Path(os.environ.get("CRDMO_SHARED", Path(__file__).resolve().parents[2] / "shared"))
TABLES = SHARED / "data" / "preclinical" / "bmd" / "toxicr_dichotomousDR_733.csv.gz"
NAMES = {"Hill": "Dichotomous Hill", "LogLogistic": "Log-Logistic", "LogProbit": "Log-Probit"}
PEER_EVERY = 30
PEER = """
import json, sys, time
import pybmds
doses, ns, affected = json.loads(sys.argv[1])
session = pybmds.Session(dataset=pybmds.DichotomousDataset(doses=doses, ns=ns, incidences=affected))
began = time.process_time()
session.add_default_models()
session.execute_and_recommend()
spent = time.process_time() - began
print("ANSWER" + json.dumps([spent, {m.name(): m.results.fit.loglikelihood for m in session.models if m.has_results}]))
"""


def tables() -> list[tuple[list[float], list[int], list[int]]]:
    """Return doses, animals and affected animals of each table."""
    found: dict[str, list[tuple[float, int, int]]] = defaultdict(list)
    with gzip.open(TABLES, "rt") as file:
        for row in csv.DictReader(file):
            found[row["ID"]].append((float(row["dose"]), int(float(row["n"])), int(float(row["obs"]))))
    return [tuple(map(list, zip(*sorted(rows), strict=True))) for rows in found.values()]


def peer(table: tuple[list[float], list[int], list[int]]) -> tuple[float, dict[str, float]] | str:
    """Ask the peer; what it died of, where it did."""
    python = os.environ.get("CRDMO_PYBMDS", sys.executable)
    run = subprocess.run(
        [python, "-c", PEER, json.dumps(table)], capture_output=True, text=True, timeout=120, check=False
    )
    line = next((one for one in run.stdout.splitlines() if one.startswith("ANSWER")), "")
    return (
        tuple(json.loads(line[6:]))
        if line
        else (run.stderr.strip().splitlines() or [f"code {run.returncode}"])[-1][:90]
    )


def main() -> int:
    """Measure, print, and return the number of goals that are missed."""
    if not TABLES.exists():
        print(f"the tables are not in {TABLES.parent}: nothing measured")
        return 1
    every = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    chosen = tables()[::every]
    spent, refused, ours = 0.0, 0, {}
    for number, table in enumerate(chosen):
        began = time.process_time()
        try:
            ours[number] = benchmark_dose(doses=table[0], subjects=table[1], affected=table[2])
        except MethodError:
            refused += 1
            continue
        spent += time.process_time() - began
    each = spent / max(1, len(ours))
    print(
        f"{len(chosen)} tables: {len(ours)} fitted, {refused} refused with a reason, none ended the process; {each:.3f} s each"
    )
    theirs, lower, higher, equal, died = [], 0, 0, 0, []
    for number in [n for n in ours if n % PEER_EVERY == 0]:
        answer = peer(chosen[number])
        if isinstance(answer, str):
            died.append(answer)
            continue
        theirs.append(answer[0])
        mine = {one.model: one.log_likelihood for one in ours[number].fits}
        for name, height in answer[1].items():
            if NAMES.get(name, name) not in mine:
                continue
            apart = mine[NAMES.get(name, name)] - height
            lower, higher, equal = lower + (apart < -1e-6), higher + (apart > 1e-6), equal + (abs(apart) <= 1e-6)
    if not theirs:
        print(f"pybmds gave no answer ({died[:1]}): name a Python that has it in CRDMO_PYBMDS")
        return int(each > 0.2)
    peers = sum(theirs) / len(theirs)
    print(f"pybmds on {len(theirs)} of them: {peers:.3f} s each, {len(died)} without an answer {sorted(set(died))[:3]}")
    print(f"likelihoods of models: {higher} above the peer's, {equal} equal, {lower} below")
    goals = {"0.2 s a table": each <= 0.2, "5 times the peer": peers / each >= 5.0, "no likelihood below": not lower}
    for goal, met in goals.items():
        print(f"{goal}: {'ok' if met else 'MISSED'} ({peers / each:.1f} times)")
    return sum(not met for met in goals.values())


if __name__ == "__main__":
    sys.exit(main())
