"""The drawing of a structure as SVG: no script, no style element, no outside reference; black turns to the text's colour."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from html import escape

from rdkit import Chem, rdBase
from rdkit.Chem.Draw import rdMolDraw2D

from crdmo.science.figure_registry import figure
from crdmo.science.method import MethodError

from .registration import Registration


@dataclass(frozen=True)
class Drawing:
    """An SVG element that can stand in a page as it is."""

    svg: str


_STYLE = re.compile(r" style='([^']*)'")
_KEPT = (
    "fill",
    "stroke",
    "stroke-width",
    "stroke-linecap",
    "stroke-linejoin",
    "fill-opacity",
    "font-size",
    "text-anchor",
)


@lru_cache(maxsize=4096)
def draw_structure(smiles: str, width: int = 220, height: int = 150, *, owner: str = "") -> Drawing:
    """Draw a structure by its SMILES; the answer is kept by SMILES, size and owner.

    The `owner` is who sees it: what was drawn for one is not kept for another, or the time of an answer would tell.

    Raises:
        MethodError: the SMILES cannot be read.
    """
    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(smiles)
        if mol is None:
            raise MethodError("this structure cannot be drawn", given=smiles[:60], allowed="SMILES")
        drawer = rdMolDraw2D.MolDraw2DSVG(width, height)
        options = drawer.drawOptions()
        options.useBWAtomPalette()
        options.clearBackground = False  # type: ignore[assignment]
        options.addStereoAnnotation = bool(mol.GetStereoGroups())  # type: ignore[assignment]
        options.padding = 0.06  # type: ignore[assignment]
        options.bondLineWidth = 1.4  # type: ignore[assignment]
        rdMolDraw2D.PrepareAndDrawMolecule(drawer, mol)
        drawer.FinishDrawing()
        body = drawer.GetDrawingText()
    inner = body[body.index("<!-- END OF HEADER -->") :] if "<!-- END OF HEADER -->" in body else body
    inner = inner[: inner.rindex("</svg>")]
    inner = re.sub(r"<!--.*?-->", "", inner, flags=re.DOTALL)
    inner = re.sub(r" class='[^']*'", "", inner)
    inner = _STYLE.sub(_as_attributes, inner)
    inner = re.sub(r"#000000|#000\b", "currentColor", inner)
    label = escape(smiles, quote=True)
    return Drawing(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'class="structure" role="img" aria-label="Structure {label}">{inner.strip()}</svg>'
    )


def _as_attributes(found: re.Match[str]) -> str:
    """Turn a style into attributes: a strict content security policy forbids styles in elements."""
    rules = [rule.partition(":") for rule in found[1].split(";") if ":" in rule]
    return "".join(f' {name.strip()}="{value.strip()}"' for name, _, value in rules if name.strip() in _KEPT)


@figure("discovery.register_structure")
def registration_figure(result: Registration) -> Drawing:
    """Draw a registered parent."""
    return draw_structure(result.standardised.parent, 320, 220)
