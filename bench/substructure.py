"""Substructure search beside RDKit's SubstructLibrary, in one run: `python -m bench.substructure [molecules]`.

Workload: the real molecules of a published set, again and again as molecules of their own up to 60,000. The peer holds its
molecules in memory with its pattern fingerprints (MolHolder, PatternHolder); one thread each, no stereo, all hits, in turns.
Goals: at most the peer's time for benzene and for the core of imatinib and 1.25 times it for any other query, the hits of
matching every molecule, and the first 1,000 hits of benzene in a fifth of the time of all.
"""

from __future__ import annotations

import statistics
import sys
from itertools import islice

from rdkit import Chem
from rdkit.Chem import rdSubstructLibrary

from bench.similarity import MOLECULES, molecules, timed
from crdmo.science.discovery.substructure_index import SubstructureIndex, read_smarts

ROUNDS = 5
QUERIES = {
    "benzene": "c1ccccc1",
    "imatinib's core": "c1ccc(Nc2nccc(-c3cccnc3)n2)cc1",
    "amide": "[CX3](=O)[NX3;H1,H2]",
    "sulfonamide": "S(=O)(=O)N",
    "primary amine, recursive": "[NX3;H2;!$(NC=[O,S])]",
    "steroid, none": "C1CCC2C(C1)CCC1C2CCC2CCCC12",
}


def main() -> int:
    """Measure, print the table. Returns the number of goals that are missed."""
    if not MOLECULES.exists():
        print(f"{MOLECULES} is not there: set CRDMO_SHARED to the folder of shared data; nothing was measured")
        return 1
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 60_000
    real = molecules()
    mols = [Chem.Mol(real[i % len(real)]) for i in range(count)]
    index = SubstructureIndex([f"{i:07d}" for i in range(count)], mols)
    library = rdSubstructLibrary.SubstructLibrary(rdSubstructLibrary.MolHolder(), rdSubstructLibrary.PatternHolder())
    for mol in mols:
        library.AddMol(mol)
    print(
        f"{count} molecules, one core, {ROUNDS} rounds\n{'':<28}{'ours, ms':>10}{'RDKit, ms':>11}{'x peer':>8}{'hits':>8}"
    )
    missed = []
    for name, smarts in QUERIES.items():
        query = read_smarts(smarts).mol
        cost: tuple[list[float], list[float]] = ([], [])
        for _ in range(ROUNDS):
            mine, hits = timed(lambda q=query: list(index.search(q, seconds=600)))
            theirs, answer = timed(
                lambda q=query: library.GetMatches(q, useChirality=False, numThreads=1, maxResults=-1)
            )
            cost[0].append(mine)
            cost[1].append(theirs)
        ours, peer = (statistics.median(values) for values in cost)
        print(f"{name:<28}{ours:>10.1f}{peer:>11.1f}{peer / ours:>8.2f}{len(hits):>8}")
        allowed = 1.0 if name in ("benzene", "imatinib's core") else 1.25
        missed += [f"{name} in {allowed:g} times the peer's time"] if ours > allowed * peer else []
        matched = [one for one, mol in zip(index.ids, mols, strict=True) if mol.HasSubstructMatch(query)]
        missed += [] if hits == matched and len(answer) == len(hits) else [f"{name}: other hits than of every molecule"]
    query = read_smarts(QUERIES["benzene"]).mol
    every = min(timed(lambda: list(index.search(query)))[0] for _ in range(3))
    first = min(timed(lambda: list(islice(index.search(query), 1000)))[0] for _ in range(3))
    print(f"first 1,000 of benzene: {first:.1f} ms, all: {every:.1f} ms")
    missed += ["first 1,000 sooner"] if first > every / 5 else []
    print(f"goals: {'MISSED: ' + ', '.join(missed) if missed else 'ok'}")
    return len(missed)


if __name__ == "__main__":
    sys.exit(main())
