"""R-group tables: compounds of a series against their core, one row each, what they carry at each position."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rdkit import Chem, rdBase

from crdmo.science.method import MethodError, method

# Its stub does not parse, so the type checker must not follow it.
decomposition: Any = importlib.import_module("rdkit.Chem.rdRGroupDecomposition")
MOST = 5_000
_CHUNK = 300


@dataclass(frozen=True)
class Row:
    """One compound of the series: its code, its core, and what stands at each position."""

    code: str
    core: str
    groups: dict[str, str]


@dataclass(frozen=True)
class RGroupTable:
    """The table.

    Attributes:
        positions: R1, R2, ... that vary or are named in the core, in order.
        rows: the compounds that hold a core, in the order given.
        unmatched: codes of those that do not.
    """

    positions: tuple[str, ...]
    rows: tuple[Row, ...]
    unmatched: tuple[str, ...]


@method("discovery.r_groups", version="1.0", title="R-group table",
        source="RDKit rdRGroupDecomposition; Kruger F, Stiefl N, Landrum GA, J Chem Inf Model 2020;60:3331-3336")  # fmt: skip
def r_groups(
    *, codes: Sequence[str], structures: Sequence[str], cores: Sequence[str], only_named: bool = False
) -> RGroupTable:
    """Return what each compound carries at each position of the core.

    Args:
        codes: of the compounds.
        structures: their parents as SMILES.
        cores: SMILES, SMARTS or a molblock; positions may be named by [*:1] or R#. The first that a compound holds is used.
        only_named: leave out compounds with a substituent at a position that the core does not name.

    Raises:
        MethodError: no core or compound, too many compounds, a structure or core that cannot be read.

    >>> r_groups(codes=["a", "b"], structures=["Oc1ccccc1", "Oc1ccccc1Cl"], cores=["Oc1ccccc1[*:1]"]).rows[1].groups
    {'R1': 'Cl[*:1]'}
    """
    if not 0 < len(structures) <= MOST or len(codes) != len(structures):
        raise MethodError("each compound has a code and a structure", given=f"{len(codes)} codes, {len(structures)} structures",
                          allowed=f"1 to {MOST} of both")  # fmt: skip
    if not cores:
        raise MethodError("an R-group table needs a core", given="none", allowed="at least one core")
    with rdBase.BlockLogs():
        read = [_core(text) for text in cores]
        mols = [_compound(code, text) for code, text in zip(codes, structures, strict=True)]
        parameters = decomposition.RGroupDecompositionParameters()
        parameters.onlyMatchAtRGroups = only_named
        # A table of one chunk would let RDKit's optimiser of symmetric positions grow without end; greedy chunks do not.
        parameters.matchingStrategy = decomposition.RGroupMatching.GreedyChunks
        parameters.chunkSize = _CHUNK
        work = decomposition.RGroupDecomposition(read, parameters)
        at = [work.Add(mol) for mol in mols]
        matched = [code for code, place in zip(codes, at, strict=True) if place >= 0]
        if not matched:
            return RGroupTable((), (), tuple(codes))
        work.Process()
        found = work.GetRGroupsAsRows(asSmiles=True)
    rows = tuple(
        Row(code, one["Core"], {name: text for name, text in one.items() if name != "Core"})
        for code, one in zip(matched, found, strict=True)
    )
    positions = sorted({name for row in rows for name in row.groups}, key=lambda name: int(name[1:]))
    return RGroupTable(tuple(positions), rows, tuple(code for code, place in zip(codes, at, strict=True) if place < 0))


def _core(text: str) -> Chem.Mol:
    mol = Chem.MolFromMolBlock(text) if "M  END" in text else Chem.MolFromSmiles(text) or Chem.MolFromSmarts(text)
    if mol is None or mol.GetNumAtoms() == 0:
        raise MethodError("this core cannot be read", given=repr(text[:60]), allowed="SMILES, SMARTS or a molblock",
                          next_step="draw it again")  # fmt: skip
    return mol


def _compound(code: str, text: str) -> Chem.Mol:
    mol = Chem.MolFromSmiles(text) if text.strip() else None
    if mol is None:
        raise MethodError("this structure cannot be read", given=f"{code}: {text[:60]}", allowed="SMILES")
    return mol
