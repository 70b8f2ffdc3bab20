"""Reading many structures at once, each under its identifier."""

from __future__ import annotations

from collections.abc import Mapping

from rdkit import Chem

from crdmo.science.method import MethodError

from .registration import read_structure


def read_structures(structures: Mapping[str, str]) -> list[Chem.Mol]:
    """Return the molecules of SMILES or molblocks by identifier, in their order.

    Raises:
        MethodError: one cannot be read, and which.
    """
    mols = []
    for name, text in structures.items():
        try:
            mols.append(read_structure(text)[0])
        except MethodError as error:
            raise MethodError(
                f"{name[:60]}: {error.what}", given=error.given, allowed=error.allowed, next_step=error.next_step
            ) from error
    return mols
