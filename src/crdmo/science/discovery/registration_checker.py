"""What is wrong with a drawing, in penalties of 0 to 9, after the checker of the ChEMBL structure pipeline.

From about 6 a curator looks at the structure before it is loaded; 5 needs an eye, 2 is a warning. The checks are those of
chembl_structure_pipeline, run on the connection table as it came. A structure that came as SMILES has no drawing of its own:
it is laid out first, so only what it says, not how it was drawn, can be penalised.
"""

from __future__ import annotations

from dataclasses import dataclass

from chembl_structure_pipeline import checker
from rdkit import Chem, rdBase
from rdkit.Chem import rdDepictor

from crdmo.science.method import MethodError, method

from .registration import is_molblock, read_structure
from .registration_standardise import MOST_ATOMS

WORST = 7
CURATOR = 6


@dataclass(frozen=True)
class Penalty:
    """One thing that the checker found: its penalty, and what it is."""

    score: int
    what: str


@dataclass(frozen=True)
class Checked:
    """The penalties of a drawing, the worst first; `highest` is 0 where nothing was found."""

    highest: int
    penalties: tuple[Penalty, ...]
    needs_curator: bool


@method(
    "discovery.check_drawing",
    version="1.0",
    source="Bento AP et al., J Cheminform 2020;12:51 (chembl_structure_pipeline)",
    title="Checker penalties of a drawn structure",
)
def check_drawing(*, structure: str) -> Checked:
    """Return what the checker finds in a drawing.

    Args:
        structure: SMILES, CXSMILES, or a molblock V2000 or V3000. V3000 by itself has a penalty of 6: older tools cannot read
            it, and enhanced stereo needs it.

    Raises:
        MethodError: it is longer or larger than what is registered here, or a SMILES that cannot be read.

    >>> check_drawing(structure="c1ccccc1O").highest
    0
    """
    with rdBase.BlockLogs():
        block = structure if is_molblock(structure) else _laid_out(structure)
        found = Chem.MolFromMolBlock(block, sanitize=False, removeHs=False)
        if found is None:
            return Checked(WORST, (Penalty(WORST, "Illegal input"),), True)
        # The checker compares every pair of atoms: a huge table would hold a page for minutes.
        if found.GetNumAtoms() > MOST_ATOMS:
            raise MethodError(
                "this is no small molecule", given=f"{found.GetNumAtoms()} atoms", allowed=f"at most {MOST_ATOMS}",
                next_step="register a polymer or biologic by its sequence elsewhere",
            )  # fmt: skip
        try:
            told = checker.check_molblock(block)
        except (IndexError, ValueError, RuntimeError) as error:
            raise MethodError(
                "the checker cannot judge this drawing", given=str(error)[:120] or type(error).__name__,
                allowed="a connection table that InChI reads", next_step="draw it again",
            ) from error  # fmt: skip
        finally:
            # It keeps the InChI of what it has seen: then one sponsor's structure would answer another sooner.
            vars(checker)["__inchiDict"].clear()
    penalties = tuple(Penalty(int(score), what) for score, what in told)
    highest = max((one.score for one in penalties), default=0)
    return Checked(highest, penalties, highest >= CURATOR)


def _laid_out(smiles: str) -> str:
    mol, _ = read_structure(smiles)
    made = Chem.Mol(mol)
    if not made.GetNumConformers():
        rdDepictor.Compute2DCoords(made)
    # Groups of enhanced stereo need V3000, which is penalised as a file; here there is no file.
    plain = Chem.RWMol(made)
    plain.SetStereoGroups([])
    return str(Chem.MolToMolBlock(plain))
