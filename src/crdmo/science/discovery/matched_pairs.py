"""Matched molecular pairs: what a small change of structure does to a property, from the compounds that differ by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rdkit import Chem, rdBase

from crdmo.science.method import MethodError, method

from .mmp_fragments import why_not
from .mmp_index import RADII, Measured, Pair, PairIndex, Place, RuleStatistics, surroundings

_SOURCE = (
    "Hussain J, Rea C, J Chem Inf Model 2010;50:339-348; environments and pattern of cuts after Dalke A, Hert J, Kramer C, "
    "J Chem Inf Model 2018;58:902-910"
)
MOST_COMPOUNDS = 50_000


@dataclass(frozen=True)
class Change:
    """A change and what it does to a property, over all environments."""

    before: str
    after: str
    property: str
    statistics: RuleStatistics


@dataclass(frozen=True)
class MatchedPairs:
    """The pairs of a set of compounds.

    Attributes:
        compounds: how many take part.
        left_out: compounds that do not, with the reason.
        pairs: each with its change and the pieces that stay.
        rules: how many different changes there are.
        environments: how many changes in an environment, over the radii 0 to 5.
        changes: for each change and property with enough pairs, the most pairs first.
    """

    compounds: int
    left_out: dict[str, str]
    pairs: tuple[Pair, ...]
    rules: int
    environments: int
    changes: tuple[Change, ...]


@method("discovery.matched_pairs", version="1.0", source=_SOURCE, title="Matched molecular pairs")
def matched_pairs(*, compounds: Sequence[Measured], minimum_pairs: int = 1) -> MatchedPairs:
    """Return the matched pairs of compounds and what each change does to their properties.

    Args:
        compounds: parents with their properties; a property that was not measured is left out.
        minimum_pairs: a change is listed for a property with at least so many pairs.

    Raises:
        MethodError: fewer than two compounds or too many, a structure that cannot be read, a code twice, a property that is
            no number.

    >>> found = matched_pairs(compounds=[Measured("a", "Oc1ccccc1", {"mp": 41.0}), Measured("b", "Nc1ccccc1", {"mp": -6.0})])
    >>> [(one.before, one.after, one.statistics.mean) for one in found.changes]
    [('[1*]N', '[1*]O', 47.0)]
    """
    index = _index(compounds)
    changes = []
    for place in [one for one in index.places if one[1] == 0]:
        rule = place[0]
        for name in index.properties():
            found = index.statistics(place, name)
            if found is not None and found.count >= max(1, minimum_pairs):
                changes.append(Change(*rule, name, found))
    changes.sort(key=lambda one: (-one.statistics.count, one.before, one.after, one.property))
    pairs = sorted(index.pairs, key=lambda one: (one.before, one.after, one.first, one.second, one.constants))
    left = dict(index.left_out)
    return MatchedPairs(
        len(index.compounds) - len(left), left, tuple(pairs), len(index.rules), len(index.places), tuple(changes)
    )


def _index(compounds: Sequence[Measured]) -> PairIndex:
    if not 2 <= len(compounds) <= MOST_COMPOUNDS:
        raise MethodError("the number of compounds cannot be taken", given=str(len(compounds)),
                          allowed=f"2 to {MOST_COMPOUNDS}", next_step="bring a series that was tested together")  # fmt: skip
    index = PairIndex()
    index.add(compounds)
    return index


@dataclass(frozen=True)
class PredictedChange:
    """What the pairs say of a step from one compound to another.

    Attributes:
        before: the part of the reference that changes.
        after: what it becomes.
        radius: bonds around the change that are the same in every pair that was used.
        pairs: the pairs that were used, in the direction of the step as (code before, code after).
        change: mean of the property's change.
        sd: of a single pair; None for one pair.
        value: of the target, if the reference's was given.
    """

    before: str
    after: str
    radius: int
    pairs: tuple[tuple[str, str], ...]
    change: float
    sd: float | None
    value: float | None


@method("discovery.predict_by_pairs", version="1.0", source=_SOURCE, title="Change of a property by matched pairs")
def predict_by_pairs(
    *, compounds: Sequence[Measured], reference: str, target: str, name: str, value: float | None = None,
    minimum_pairs: int = 3,
) -> PredictedChange:  # fmt: skip
    """Predict what the step from a reference to a target does, from pairs with the same change.

    Of all ways to see the step, that with the widest common environment is used that has enough pairs; of those the one with
    the most pairs, and then the smallest change.

    Args:
        compounds: with their properties.
        reference: SMILES of the compound that is known.
        target: SMILES of the compound that is asked for.
        name: of the property.
        value: of the reference, to predict the target's.
        minimum_pairs: at least so many pairs, 1 or more.

    Raises:
        MethodError: a structure cannot be read or is too large, the two are no matched pair, or no change between them has
            been seen often enough.
    """
    if minimum_pairs < 1:
        raise MethodError("a prediction needs pairs", given=f"at least {minimum_pairs}", allowed="1 or more")
    return best_prediction(_index(compounds), reference, target, name, value=value, minimum_pairs=minimum_pairs)


def best_prediction(
    index: PairIndex, reference: str, target: str, name: str, *, value: float | None = None, minimum_pairs: int = 3
) -> PredictedChange:
    """Predict by an index that is there already; see `predict_by_pairs`."""
    step = PairIndex()
    step.add([Measured("reference", _readable(reference)), Measured("target", _readable(target))])
    if not step.pairs:
        raise MethodError(
            "these two are no matched pair", given=f"{reference[:60]} and {target[:60]}",
            allowed="compounds that differ at one place, by at most 10 heavy atoms", next_step="choose a nearer reference",
        )  # fmt: skip
    found: list[tuple[int, int, int, str, PredictedChange]] = []
    for pair in step.pairs:
        sign = 1 if pair.first == "reference" else -1
        before, after = (pair.before, pair.after)[::sign]
        for radius in RADII:
            place: Place = ((pair.before, pair.after), radius, surroundings(pair.constants, radius))
            told = index.statistics(place, name)
            if told is None or told.count < minimum_pairs:
                continue
            used = tuple(
                (one.first, one.second) if sign > 0 else (one.second, one.first)
                for one in index.places[place]
                if all(name in index.compounds[code].properties for code in (one.first, one.second))
            )
            change = sign * told.mean
            made = PredictedChange(
                before, after, radius, used, change, told.sd, None if value is None else value + change
            )
            found.append((-radius, -told.count, len(before) + len(after), before, made))
    if not found:
        raise MethodError(
            f"no change between these two has been seen in {minimum_pairs} pairs with {name} measured",
            given=", ".join(f"{p.before} to {p.after}" for p in list(step.pairs)[:3]),
            allowed="a change that the compounds show", next_step="ask for fewer pairs, or measure more",
        )  # fmt: skip
    return min(found, key=lambda one: one[:4])[4]


def _readable(smiles: str) -> str:
    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(smiles) if smiles.strip() else None
    if mol is None:
        raise MethodError("this structure cannot be read", given=smiles[:60], allowed="SMILES")
    if reason := why_not(mol):
        raise MethodError("this compound takes no part in pairs", given=reason, allowed="a small molecule of one part")
    return smiles


__all__ = [
    "Change",
    "MatchedPairs",
    "Measured",
    "PredictedChange",
    "best_prediction",
    "matched_pairs",
    "predict_by_pairs",
]
