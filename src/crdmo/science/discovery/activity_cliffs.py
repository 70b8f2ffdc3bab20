"""Activity cliffs: pairs of like molecules with very unlike potency."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from rdkit import Chem

from crdmo.science.checks import positive
from crdmo.science.method import MethodError, method

from .fingerprints import FingerprintName, fingerprint_rows
from .popcount import bits_of, common_bits
from .similarity import checked_threshold, weights_of
from .similarity_index import FingerprintIndex
from .structures import read_structures

MOST = 5000
TANIMOTO = weights_of("tanimoto")


@dataclass(frozen=True)
class Compound:
    """A molecule with its potency.

    Attributes:
        id: its identifier.
        structure: SMILES or molblock.
        potency: IC50, EC50 or Ki, in any one unit, above 0.
        qualifier: "" for an estimate; "<", ">" or "~" cannot be compared.
    """

    id: str
    structure: str
    potency: float
    qualifier: str = ""


@dataclass(frozen=True)
class Pair:
    """Two molecules, the more potent first.

    Attributes:
        potent: identifier of the more potent.
        weak: identifier of the other.
        similarity: Tanimoto.
        log_ratio: log10 of weak over potent, 0 or above.
        sali: log_ratio / (1 − similarity); None where the fingerprints are the same, so that it has no bound.
        is_cliff: whether similarity and difference reach both limits.
    """

    potent: str
    weak: str
    similarity: float
    log_ratio: float
    sali: float | None
    is_cliff: bool


@dataclass(frozen=True)
class ActivityCliffs:
    """Pairs by their index, those without a bound first.

    Attributes:
        pairs: all that share a similarity of at least `least_similarity`.
        cliffs: how many of them are cliffs.
        compared: number of all pairs.
        least_similarity: limit of the similarity.
        least_log_ratio: limit of the difference in potency.
        notes: what a chemist must know.
        index: digest of the fingerprints.
    """

    pairs: tuple[Pair, ...]
    cliffs: int
    compared: int
    least_similarity: float
    least_log_ratio: float
    notes: tuple[str, ...]
    index: str


@method(
    "discovery.activity_cliffs",
    version="1.0",
    title="Activity cliffs",
    source="Guha & Van Drie 2008, J Chem Inf Model 48:646 (SALI); Stumpfe & Bajorath 2012, J Med Chem 55:2932; "
    "Maggiora 2006, J Chem Inf Model 46:1535",
)
def activity_cliffs(
    *,
    compounds: Sequence[Compound],
    least_similarity: float = 0.55,
    least_log_ratio: float = 2.0,
    fingerprint: FingerprintName = "morgan2",
    size: int = 2048,
) -> ActivityCliffs:
    """Return like pairs of molecules with the structure-activity landscape index of each.

    Args:
        compounds: two or more, each once, potencies in one unit.
        least_similarity: Tanimoto from which two are alike; 0.55 is usual for Morgan fingerprints of radius 2.
        least_log_ratio: log10 of the ratio of potencies from which two are a cliff; 2 is a hundredfold.
        fingerprint: as in the search by similarity.
        size: as there.

    Raises:
        MethodError: a potency is a bound or not above 0, an identifier or a structure is there twice, fewer than two.

    >>> three = [Compound("a", "Oc1ccccc1", 2.0), Compound("b", "Nc1ccccc1", 900.0), Compound("c", "CCCC", 5.0)]
    >>> made = activity_cliffs(compounds=three, least_similarity=0.3)
    >>> [(pair.potent, pair.weak, round(pair.log_ratio, 3), pair.is_cliff) for pair in made.pairs]
    [('a', 'b', 2.653, True)]
    """
    least = checked_threshold(least_similarity)
    positive("least_log_ratio", least_log_ratio)
    _check(compounds)
    structures = {one.id: one.structure for one in compounds}
    mols = read_structures(structures)
    notes = _notes(tuple(structures), mols)
    index = FingerprintIndex.build(tuple(structures), fingerprint_rows(mols, fingerprint, size), fingerprint)
    logs = dict(zip(structures, (math.log10(one.potency) for one in compounds), strict=True))
    bits = bits_of(index.rows).astype(np.int64)
    pairs = []
    for i, name in enumerate(index.ids):
        # Every pair once; what is later in the index has at least as many bits.
        common = common_bits(index.rows[i + 1 :], index.rows[i]).astype(np.int64)
        alike = TANIMOTO.similarity(common, int(bits[i]), bits[i + 1 :])
        for k in np.flatnonzero(alike >= least).tolist():
            pairs.append(_pair(name, index.ids[i + 1 + k], float(alike[k]), logs, least_log_ratio))
    pairs.sort(
        key=lambda one: (-(one.sali if one.sali is not None else math.inf), -one.log_ratio, one.potent, one.weak)
    )
    if without := sum(1 for one in pairs if one.sali is None and one.log_ratio > 0):
        notes.append(
            f"pairs of one fingerprint and different potency: {without}; look at their stereo and chain lengths"
        )
    count = len(compounds)
    return ActivityCliffs(
        tuple(pairs), sum(one.is_cliff for one in pairs), count * (count - 1) // 2, least, least_log_ratio,
        tuple(notes), index.digest,
    )  # fmt: skip


def _pair(one: str, other: str, similarity: float, logs: Mapping[str, float], least_log_ratio: float) -> Pair:
    potent, weak = sorted((one, other), key=lambda name: (logs[name], name))
    ratio = logs[weak] - logs[potent]
    sali = None if similarity == 1.0 else ratio / (1.0 - similarity)
    # A hundredfold in decimal potencies is one: 3 and 300 differ by 2 to a rounding.
    return Pair(potent, weak, similarity, ratio, sali, ratio >= least_log_ratio - 1e-12)


def _check(compounds: Sequence[Compound]) -> None:
    if not 2 <= len(compounds) <= MOST:
        raise MethodError("pairs need two molecules or more", given=str(len(compounds)), allowed=f"2 to {MOST}")
    ids = [one.id for one in compounds]
    if len(set(ids)) != len(ids):
        twice = sorted(ids, key=ids.count)[-1]
        raise MethodError(
            "an identifier is there twice", given=twice[:60], next_step="take the mean of its potencies first"
        )
    for one in compounds:
        if one.qualifier:
            raise MethodError(
                f"the potency of {one.id} is a bound, not an estimate",
                given=f"{one.qualifier}{one.potency:g}",
                allowed="potencies without qualifier",
                next_step="leave the compound out, or test it at more doses",
            )
        positive(f"the potency of {one.id}", one.potency)


def _notes(ids: Sequence[str], mols: Sequence[Chem.Mol]) -> list[str]:
    """Refuse one compound under two identifiers: its two potencies are scatter, no cliff. Say where there are salts."""
    seen: dict[str, str] = {}
    for name, mol in zip(ids, mols, strict=True):
        if (key := Chem.MolToSmiles(mol)) in seen:
            raise MethodError(
                "one structure is there twice",
                given=f"{seen[key]} and {name}",
                allowed="each compound once",
                next_step="take the mean of its potencies first",
            )
        seen[key] = name
    if salts := sum("." in key for key in seen):
        return [f"structures of several fragments: {salts}; take parents, or a counter-ion counts as a likeness"]
    return []
