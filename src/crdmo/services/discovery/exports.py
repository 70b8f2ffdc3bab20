"""What leaves discovery: the SAR table as SDF or CSV, with the result behind each number."""

from __future__ import annotations

import polars as pl
from rdkit import Chem

from crdmo.foundation.accounts.models import Program
from crdmo.foundation.datasets.tables.writers import WRITERS

from . import sar


def sar_csv(program: Program) -> bytes:
    """Return the SAR table as CSV; text that a spreadsheet would take for a formula is written as the house does."""
    rows = [_line(row) for row in sar.table(program)[1]]
    return bytes(WRITERS["csv"](pl.DataFrame(rows or [{"compound": ""}], infer_schema_length=None)))


def _line(row: sar.Row) -> dict[str, str]:
    one = row.compound
    line = {"compound": one.code, "name": one.name, "smiles": one.smiles, "inchi_key": one.inchi_key,
            "weight": one.weight}  # fmt: skip
    for cell in row.cells:
        code = cell.assay.code
        line |= {f"pIC50 {code}": "", f"pIC50 {code} interval": "", f"n {code}": "", f"result {code}": ""}
        if cell.potency is not None and cell.shown is not None:
            line |= {
                f"pIC50 {code}": cell.shown.text, f"pIC50 {code} interval": cell.shown.interval,
                f"n {code}": str(cell.shown.n), f"result {code}": str(cell.potency.computed_id),
            }  # fmt: skip
    return line


def sar_sdf(program: Program) -> bytes:
    """Return the SAR table as an SD file, V3000, so that AND and OR are kept."""
    parts = []
    for row in sar.table(program)[1]:
        mol = Chem.MolFromSmiles(row.compound.smiles)
        mol.SetProp("_Name", row.compound.code)
        told = {name: text for name, text in _line(row).items() if name != "smiles" and text}
        fields = "".join(f"> <{name}>\n{text}\n\n" for name, text in told.items())
        parts.append(f"{Chem.MolToMolBlock(mol, forceV3000=True)}{fields}$$$$\n")
    return "".join(parts).encode()
