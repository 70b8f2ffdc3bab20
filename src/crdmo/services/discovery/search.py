"""Search among a program's compounds: the same structure, those that hold a fragment, those that are alike.

Only compounds of the program are looked at, so that no other sponsor's structure is compared, counted or timed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from rdkit import Chem

from crdmo.foundation.accounts.models import Program
from crdmo.foundation.refusals import Invalid
from crdmo.science.discovery.fingerprints import fingerprint_rows
from crdmo.science.discovery.popcount import Rows
from crdmo.science.discovery.registration import register_structure
from crdmo.science.discovery.similarity import checked_threshold, weights_of
from crdmo.science.discovery.similarity_index import FingerprintIndex
from crdmo.science.discovery.substructure import read_query
from crdmo.science.discovery.substructure_index import SubstructureIndex, pattern_rows
from crdmo.science.method import MethodError

from .models import Compound

WAYS = ("exact", "substructure", "similar")
MEASURES = ("tanimoto", "dice")
LEAST_SIMILAR = 0.35
MOST_HITS = 200
SECONDS = 5.0


@dataclass(frozen=True)
class Hit:
    """A compound that a search found, with its similarity where one was asked for."""

    compound: Compound
    similarity: float | None = None


@dataclass(frozen=True)
class Found:
    """What a search found; `complete` is False where there may be more hits than are given."""

    hits: list[Hit]
    notes: tuple[str, ...] = ()
    complete: bool = True


class _Kept(NamedTuple):
    mol: Chem.Mol
    fingerprint: Rows
    pattern: Rows


@lru_cache(maxsize=20_000)
def _kept(key: UUID, smiles: str) -> _Kept:
    # Kept by the record, not by the structure, so that no answer is sooner for what somebody else has.
    mol = Chem.MolFromSmiles(smiles)
    return _Kept(mol, fingerprint_rows([mol])[0], pattern_rows([mol])[0])


def search(
    program: Program | None, structure: str, how: str, *, least: float = LEAST_SIMILAR, measure: str = "tanimoto"
) -> Found:
    """Search the compounds of a program by structure.

    Args:
        program: whose compounds are looked at.
        structure: SMILES or a molblock; SMARTS for a substructure.
        how: exact, substructure or similar.
        least: similarity from which a compound is a hit.
        measure: of similarity, tanimoto or dice, on Morgan fingerprints of radius 2 and 2048 bits.

    Raises:
        Invalid: the structure cannot be read, the search takes too long, or there is no such search or measure.
    """
    if how not in WAYS or measure not in MEASURES:
        wrong, allowed = (how, WAYS) if how not in WAYS else (measure, MEASURES)
        raise Invalid("there is no such search", given=wrong[:40], allowed=", ".join(allowed))
    rows = Compound.objects.filter(program=program, is_void=False).select_related("program").order_by("code")
    compounds = {one.code: one for one in rows}
    field = "least"
    try:
        floor = checked_threshold(least)
        field = "structure"
        if how == "substructure":
            return _holding(compounds, structure)
        made = register_structure(structure=structure)
        if how == "exact":
            return Found([Hit(one) for one in compounds.values() if one.key == made.identity.tautomer])
        return _alike(compounds, made.standardised.parent, floor, measure)
    except MethodError as error:
        raise Invalid(error.what, errors={field: error.allowed}, given=error.given, next=error.next_step) from error


def _holding(compounds: dict[str, Compound], smarts: str) -> Found:
    query = read_query(smarts)
    kept = [_kept(one.pk, one.smiles) for one in compounds.values()]
    index = SubstructureIndex(tuple(compounds), [one.mol for one in kept], [one.pattern for one in kept])
    codes = list(islice(index.search(query.mol, seconds=SECONDS), MOST_HITS + 1))
    return Found([Hit(compounds[code]) for code in codes[:MOST_HITS]], query.notes, len(codes) <= MOST_HITS)


def _alike(compounds: dict[str, Compound], parent: str, least: float, measure: str) -> Found:
    if not compounds:
        return Found([])
    rows = np.stack([_kept(one.pk, one.smiles).fingerprint for one in compounds.values()])
    index = FingerprintIndex.build(tuple(compounds), rows, "morgan2")
    query = fingerprint_rows([Chem.MolFromSmiles(parent)])[0]
    found = index.search(query, weights_of(measure), threshold=least, most=MOST_HITS + 1)
    hits = [Hit(compounds[hit.id], hit.similarity) for hit in found[:MOST_HITS]]
    return Found(hits, complete=len(found) <= MOST_HITS)


def by_text(program: Program | None, text: str) -> Found:
    """Return compounds whose number, name or InChIKey holds a text; all of them where there is none."""
    rows: Any = Compound.objects.filter(program=program, is_void=False).select_related("program").order_by("code")
    asked = text.lower()
    return Found([Hit(one) for one in rows if asked in f"{one.code} {one.name} {one.inchi_key}".lower()])
