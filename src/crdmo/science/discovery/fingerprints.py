"""Fingerprints of molecules as rows of 64-bit words, by the names that a result or an index keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, Literal

import numpy as np
from rdkit import Chem, rdBase
from rdkit.Chem import rdFingerprintGenerator as generators

from crdmo.science.method import MethodError

from .popcount import Rows

FingerprintName = Literal["morgan2", "morgan3", "feature_morgan2", "rdkit", "atom_pair", "topological_torsion"]
SIZES = (1024, 2048, 4096)
TOOLKIT = f"RDKit {rdBase.rdkitVersion}"
_MAKERS: Mapping[str, Callable[[int], Any]] = {
    "morgan2": lambda size: generators.GetMorganGenerator(radius=2, fpSize=size),
    "morgan3": lambda size: generators.GetMorganGenerator(radius=3, fpSize=size),
    "feature_morgan2": lambda size: generators.GetMorganGenerator(
        radius=2, fpSize=size, atomInvariantsGenerator=generators.GetMorganFeatureAtomInvGen()
    ),
    "rdkit": lambda size: generators.GetRDKitFPGenerator(fpSize=size),
    "atom_pair": lambda size: generators.GetAtomPairGenerator(fpSize=size),
    "topological_torsion": lambda size: generators.GetTopologicalTorsionGenerator(fpSize=size),
}


def checked_kind(name: str, size: int) -> None:
    """Refuse a fingerprint that the house does not make.

    Raises:
        MethodError: its name is not known, or it is so short that unlike molecules share bits by chance: a threshold of
            similarity that was published for 1024 bits or more means nothing on 256.
    """
    if name not in _MAKERS:
        raise MethodError("this fingerprint is not known", given=name, allowed=", ".join(_MAKERS))
    if size not in SIZES:
        raise MethodError(
            "a fingerprint of this length is not made",
            given=f"{size} bits",
            allowed=", ".join(map(str, SIZES)),
            next_step="shorter ones are folded so far that their similarities are too high",
        )


@cache
def _generator(name: str, size: int) -> Any:
    checked_kind(name, size)
    return _MAKERS[name](size)


def fingerprint_rows(mols: Iterable[Chem.Mol], name: str = "morgan2", size: int = 2048) -> Rows:
    """Return the fingerprint of each molecule, a row each.

    Raises:
        MethodError: the fingerprint is not known or too short.
    """
    generator = _generator(name, size)
    bits = [np.packbits(generator.GetFingerprintAsNumPy(mol), bitorder="little") for mol in mols]
    packed = np.stack(bits) if bits else np.empty((0, size // 8), dtype=np.uint8)
    return np.ascontiguousarray(packed).view("<u8").astype(np.uint64, copy=False)
