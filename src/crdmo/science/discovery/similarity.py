"""Which molecules are most similar to a query, by the bits that their fingerprints share."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from crdmo.science.checks import whole_number
from crdmo.science.method import MethodError, method

from .fingerprints import TOOLKIT, FingerprintName, fingerprint_rows
from .popcount import bits_of
from .registration import read_structure
from .similarity_index import FingerprintIndex, Hit, Weights
from .structures import read_structures

MeasureName = Literal["tanimoto", "dice", "tversky"]
HEAVIEST = 10.0


@dataclass(frozen=True)
class SimilaritySearch:
    """The hits, highest similarity first, equal ones in text order of their identifier.

    Attributes:
        hits: what was found.
        searched: how many molecules were compared.
        bits: set in the query's fingerprint.
        measure: as asked.
        alpha: weight of the bits in the query only.
        beta: weight of the bits in the molecule only.
        fingerprint: its name and length.
        toolkit: and its version.
        index: digest of the fingerprints that were searched.
    """

    hits: tuple[Hit, ...]
    searched: int
    bits: int
    measure: str
    alpha: float
    beta: float
    fingerprint: str
    toolkit: str
    index: str


def weights_of(measure: str, alpha: float | None = None, beta: float | None = None) -> Weights:
    """Return the weights of a measure.

    Raises:
        MethodError: the measure is not known, or has weights of its own, or they are out of range or finer than thousandths.
    """
    if measure in ("tanimoto", "dice"):
        if alpha is not None or beta is not None:
            raise MethodError(f"{measure} has no weights to choose", next_step="ask for tversky")
        return Weights(1000, 1000) if measure == "tanimoto" else Weights(500, 500)
    if measure != "tversky":
        raise MethodError("this measure is not known", given=measure, allowed="tanimoto, dice, tversky")
    given = (alpha, beta)
    whole = [round(1000 * one) if one is not None and math.isfinite(one) else -1 for one in given]
    exact = all(one is not None and abs(1000 * one - n) < 1e-9 for one, n in zip(given, whole, strict=True))
    if not exact or min(whole) < 0 or max(whole) > 1000 * HEAVIEST or sum(whole) == 0:
        raise MethodError(
            "these are no weights of Tversky's index",
            given=f"alpha {alpha}, beta {beta}",
            allowed=f"two numbers from 0 to {HEAVIEST:g} with at most three decimals, not both 0",
        )
    return Weights(*whole)


def checked_threshold(threshold: float) -> float:
    """Return a least similarity, or refuse one outside 0 to 1."""
    if not 0.0 <= threshold <= 1.0:
        raise MethodError(
            "this is no similarity", given=str(threshold), allowed="0 to 1", next_step="write 70 % as 0.7"
        )
    return float(threshold)


def build_index(
    structures: Mapping[str, str], fingerprint: FingerprintName = "morgan2", size: int = 2048
) -> FingerprintIndex:
    """Return the index of molecules given as SMILES or molblocks by identifier.

    Raises:
        MethodError: a structure cannot be read, and which one; the fingerprint is not known.
    """
    return FingerprintIndex.build(
        tuple(structures), fingerprint_rows(read_structures(structures), fingerprint, size), fingerprint
    )


@method(
    "discovery.similarity_search",
    version="1.0",
    title="Similarity search",
    source="Willett 2006, Drug Discov Today 11:1046; Tversky 1977, Psychol Rev 84:327; Swamidass & Baldi 2007, "
    "J Chem Inf Model 47:302; Rogers & Hahn 2010, J Chem Inf Model 50:742",
)
def similarity_search(
    *,
    query: str,
    structures: Mapping[str, str],
    fingerprint: FingerprintName = "morgan2",
    size: int = 2048,
    measure: MeasureName = "tanimoto",
    alpha: float | None = None,
    beta: float | None = None,
    threshold: float = 0.0,
    most: int | None = None,
) -> SimilaritySearch:
    """Return the molecules most similar to a query.

    Args:
        query: SMILES or molblock.
        structures: SMILES or molblock by identifier.
        fingerprint: morgan2 and morgan3 (ECFP4 and ECFP6 in kind), feature_morgan2, rdkit, atom_pair, topological_torsion.
        size: 1024, 2048 or 4096 bits.
        measure: tanimoto, dice or tversky.
        alpha: Tversky's weight of bits in the query only. 1 with beta 0 asks what share of the query is found.
        beta: Tversky's weight of bits in the molecule only.
        threshold: least similarity, itself included; what shares no bit is never a hit.
        most: how many hits at most; None for all.

    Similarity is c / (c + α(a − c) + β(b − c)) for c common bits of a in the query and b in the molecule; α = β = 1 is
    Tanimoto, α = β = ½ is Dice.

    Raises:
        MethodError: a structure cannot be read, the query has no bits, or a parameter is out of range.

    >>> found = similarity_search(query="CCO", structures={"b": "CCO", "a": "OCC", "c": "CCN", "d": "c1ccccc1"}, most=3)
    >>> [(hit.id, round(hit.similarity, 4)) for hit in found.hits]
    [('a', 1.0), ('b', 1.0), ('c', 0.3333)]
    """
    weights = weights_of(measure, alpha, beta)
    least = checked_threshold(threshold)
    if most is not None:
        whole_number("most", most, at_least=1)
    row = fingerprint_rows([read_structure(query)[0]], fingerprint, size)
    if not (bits := int(bits_of(row)[0])):
        raise MethodError(
            "the query has no bit in this fingerprint",
            given=query[:60],
            allowed="a structure with at least one feature of the fingerprint",
            next_step="take another fingerprint, as morgan2",
        )
    index = build_index(structures, fingerprint, size)
    return SimilaritySearch(
        tuple(index.search(row[0], weights, threshold=least, most=most)),
        len(index),
        bits,
        measure,
        weights.query / 1000,
        weights.row / 1000,
        f"{fingerprint}, {size} bits",
        TOOLKIT,
        index.digest,
    )
