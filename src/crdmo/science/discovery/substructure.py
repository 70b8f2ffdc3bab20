"""Which molecules hold a fragment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from crdmo.science.checks import positive, whole_number
from crdmo.science.method import method

from .fingerprints import TOOLKIT
from .registration import read_structure
from .structures import read_structures
from .substructure_index import Query, SubstructureIndex, read_smarts

QueryKind = Literal["smarts", "structure"]


@dataclass(frozen=True)
class SubstructureSearch:
    """The hits in text order of their identifier.

    Attributes:
        hits: identifiers of the molecules that hold the query.
        complete: whether these are all; False when as many as asked for were found and the rest was not looked at.
        searched: how many molecules there are.
        candidates: how many passed the screen.
        notes: where the query may mean something else than was meant.
        toolkit: and its version.
    """

    hits: tuple[str, ...]
    complete: bool
    searched: int
    candidates: int
    notes: tuple[str, ...]
    toolkit: str


def read_query(text: str, kind: QueryKind = "smarts") -> Query:
    """Read what is looked for: SMARTS, or a structure drawn as SMILES or molblock, whose rings may be aromatic.

    Raises:
        MethodError: it cannot be read.
    """
    return read_smarts(text) if kind == "smarts" else Query(read_structure(text)[0], ())


def build_substructure_index(structures: Mapping[str, str]) -> SubstructureIndex:
    """Return the index of molecules given as SMILES or molblocks by identifier.

    Raises:
        MethodError: a structure cannot be read, and which one.
    """
    return SubstructureIndex(tuple(structures), read_structures(structures))


@method(
    "discovery.substructure_search",
    version="1.0",
    title="Substructure search",
    source="Daylight Theory Manual, SMARTS; Ullmann 1976, J ACM 23:31; Cordella et al. 2004, IEEE PAMI 26:1367 (VF2)",
)
def substructure_search(
    *,
    query: str,
    structures: Mapping[str, str],
    kind: QueryKind = "smarts",
    stereo: bool = False,
    most: int | None = None,
    seconds: float | None = None,
) -> SubstructureSearch:
    """Return the molecules that hold a fragment.

    Args:
        query: SMARTS, or with `kind` "structure" SMILES or a molblock.
        structures: SMILES or molblock by identifier.
        kind: how the query is read. In SMARTS `C1=CC=CC=C1` is no benzene ring, as a structure it is.
        stereo: whether the stereo of the query must be that of the molecule.
        most: stop after so many hits; None for all.
        seconds: refuse when it takes longer; None for no limit.

    Raises:
        MethodError: a structure or the query cannot be read, or the time is over.

    >>> found = substructure_search(query="c1ccccc1O", structures={"a": "Oc1ccccc1C", "b": "OC1CCCCC1", "c": "c1ccccc1OC"})
    >>> found.hits
    ('a', 'c')
    """
    if most is not None:
        whole_number("most", most, at_least=1)
    if seconds is not None:
        positive("seconds", seconds)
    asked = read_query(query, kind)
    index = build_substructure_index(structures)
    found = index.search(asked.mol, stereo=stereo, seconds=seconds)
    hits = list(found if most is None else islice(found, most + 1))
    complete = most is None or len(hits) <= most
    return SubstructureSearch(
        tuple(hits[:most]), complete, len(index), len(index.candidates(asked.mol)), asked.notes, TOOLKIT
    )
