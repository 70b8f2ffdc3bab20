"""Structures as people bring them: SMILES with extensions, molfiles, SD files; and as they are drawn."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from rdkit import Chem, RDLogger
from rdkit.Chem.Draw import rdMolDraw2D

from crdmo.science.method import MethodError

# What a toolkit prints on the way is not what people are told: refusals say it.
RDLogger.DisableLog("rdApp.*")  # type: ignore[attr-defined]

LONGEST_SMILES = 4000
LARGEST_RECORD = 1_000_000
MOST_ATOMS = 500


@dataclass(frozen=True)
class Brought:
    """One record of a file: its number from 1, its structure as text, its name and data fields."""

    number: int
    structure: str
    name: str = ""
    fields: dict[str, str] = field(default_factory=dict)


def _refuse(what: str, given: str, allowed: str, next_step: str) -> MethodError:
    return MethodError(what, given=given[:80], allowed=allowed, next_step=next_step)


def parse(text: str) -> Chem.Mol:
    """Return the molecule of a SMILES (CXSMILES extensions are read) or of a molfile, V2000 or V3000.

    Raises:
        MethodError: it cannot be read, an atom has an impossible valence, it is empty, a query, or too large.
    """
    is_block = "\n" in text and ("V2000" in text or "V3000" in text)
    if len(text) > (LARGEST_RECORD if is_block else LONGEST_SMILES):
        raise _refuse("a structure is too long", f"{len(text)} characters", f"up to {LONGEST_SMILES} for SMILES",
                      "give a molfile, or register the material by its name")  # fmt: skip
    if is_block:
        mol = Chem.MolFromMolBlock(text, sanitize=False, removeHs=False)
    else:
        options = Chem.SmilesParserParams()
        options.sanitize, options.removeHs = False, False  # type: ignore[assignment]
        mol = Chem.MolFromSmiles(text.strip(), options)
    if mol is None or mol.GetNumAtoms() == 0:
        raise _refuse("a structure cannot be read", text.strip() or "nothing", "SMILES, CXSMILES, or a molfile V2000 or V3000",
                      "correct it in a structure editor")  # fmt: skip
    if mol.GetNumAtoms() > MOST_ATOMS:
        raise _refuse("a structure is too large", f"{mol.GetNumAtoms()} atoms", f"up to {MOST_ATOMS} atoms",
                      "register a polymer or a biologic by its name")  # fmt: skip
    vague = (Chem.BondType.UNSPECIFIED, Chem.BondType.ZERO)
    asks = any(bond.HasQuery() or bond.GetBondType() in vague for bond in mol.GetBonds())
    if asks or any(atom.HasQuery() or atom.GetAtomicNum() == 0 for atom in mol.GetAtoms()):
        raise _refuse("a structure holds a query or a dummy atom", text.strip(), "whole molecules", "draw every atom")
    problems = Chem.DetectChemistryProblems(mol)
    if problems:
        raise _refuse("a structure is chemically impossible", problems[0].Message(), "valences that exist",
                      "correct charge or bonds")  # fmt: skip
    Chem.SanitizeMol(mol)
    if is_block:
        Chem.AssignChiralTypesFromBondDirs(mol)
    Chem.AssignStereochemistry(mol, cleanIt=True, force=True)
    found: Chem.Mol = Chem.RemoveHs(mol)
    return found


def read_sdf(text: str) -> Iterator[Brought]:
    """Yield the records of an SD file.

    Raises:
        MethodError: the file does not end with a whole record, or one is longer than a megabyte.
    """
    parts = re.split(r"^\$\$\$\$[ \t]*\r?\n?", text.replace("\r\n", "\n"), flags=re.M)
    if parts[-1].strip():
        raise _refuse("the SD file is torn: its last record has no end", parts[-1].strip()[-60:], "every record ends with $$$$",
                      "export the file again")  # fmt: skip
    for number, part in enumerate(parts[:-1], 1):
        if len(part) > LARGEST_RECORD:
            raise _refuse(
                f"record {number} is too long", f"{len(part)} characters", f"up to {LARGEST_RECORD}", "split the file"
            )
        block, ended, data = part.partition("M  END")
        # What has no end of a structure is refused as a structure, so that the other records are still seen.
        yield Brought(
            number, block + ("M  END\n" if ended else ""), block.split("\n", 1)[0].strip(), dict(_fields(data))
        )


def _fields(data: str) -> Iterator[tuple[str, str]]:
    for found in re.finditer(r"^>[^<\n]*<([^>\n]+)>[^\n]*\n(.*?)(?:\n[ \t]*\n|\Z)", data, re.M | re.S):
        yield found.group(1).strip(), found.group(2).strip()


def drawing(smiles: str, width: int = 240, height: int = 160, *, name: str = "") -> str:
    """Return a structure as SVG that stands in a page of any theme: no script, no style, no colour of its own.

    Raises:
        MethodError: it cannot be read.
    """
    mol = parse(smiles)
    drawer = rdMolDraw2D.MolDraw2DSVG(width, height)
    options = drawer.drawOptions()
    options.useBWAtomPalette()
    options.clearBackground = False  # type: ignore[assignment]
    options.bondLineWidth = 1.4  # type: ignore[assignment]
    options.addStereoAnnotation = True  # type: ignore[assignment]
    rdMolDraw2D.PrepareAndDrawMolecule(drawer, mol)
    drawer.FinishDrawing()
    svg = drawer.GetDrawingText()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"\s(class|xmlns:\w+|xml:space|baseProfile)='[^']*'", "", svg)
    svg = re.sub(r"style='([^']*)'", _as_attributes, svg)
    svg = re.sub(r"#000000|#000\b", "currentColor", svg, flags=re.I)
    label = (name or Chem.MolToSmiles(mol)).replace("&", "&amp;").replace("<", "&lt;").replace("'", "&apos;")
    return svg.replace("<svg ", f"<svg role='img' aria-label='Structure {label}' ", 1)


def _as_attributes(found: re.Match[str]) -> str:
    """Turn a style into attributes: a page under a strict policy ignores styles."""
    pairs = (part.split(":", 1) for part in found.group(1).split(";") if ":" in part)
    return " ".join(f"{key.strip()}='{value.strip()}'" for key, value in pairs)
