"""An index of matched pairs that grows: a compound that is added makes only its own pairs, and the rest stays as it is.

What is kept for each compound is the list of its cuts. Under each set of constant pieces stand the variable parts that were
seen with it; a new variable part meets those that are there. Statistics are of a rule in an environment, for each property.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from rdkit import Chem, rdBase

from crdmo.science.method import MethodError

from .mmp_fragments import (
    HYDROGEN,
    Fragmentation,
    environment,
    fragment,
    orders,
    relabelled,
    why_not,
    with_hydrogen,
)

RADII = range(6)


@dataclass(frozen=True)
class Measured:
    """A compound: its code, its parent as SMILES, and its properties by name."""

    code: str
    smiles: str
    properties: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Pair:
    """Two compounds that differ by one change: the first has `before`, the second `after`, at the constant pieces."""

    first: str
    second: str
    before: str
    after: str
    constants: tuple[str, ...]


@dataclass(frozen=True)
class RuleStatistics:
    """The change of a property over the pairs of a rule in an environment; `sd` of one pair is not defined."""

    count: int
    mean: float
    sd: float | None
    minimum: float
    median: float
    maximum: float


Rule = tuple[str, str]
# A rule, a radius, and the environments of its attachment points.
Place = tuple[Rule, int, str]


class PairIndex:
    """Matched pairs of compounds. `add` is the only way in; a code stands once."""

    def __init__(self) -> None:
        self.compounds: dict[str, Measured] = {}
        self.left_out: dict[str, str] = {}
        self.pairs: dict[Pair, None] = {}
        self.places: dict[Place, list[Pair]] = defaultdict(list)
        self._by_constants: dict[tuple[str, ...], dict[tuple[str, str], None]] = defaultdict(dict)
        self._by_smiles: dict[str, list[str]] = defaultdict(list)
        self._by_hydrogen: dict[str, dict[str, None]] = defaultdict(dict)

    def add(self, compounds: Iterable[Measured]) -> int:
        """Add compounds; nothing is added if one of them is refused. Returns how many pairs they made.

        Raises:
            MethodError: a code is known already, a structure cannot be read, or a property is no finite number.
        """
        read = self._read(list(compounds))
        before = len(self.pairs)
        for one, mol in read:
            self.compounds[one.code] = one
            if reason := why_not(mol):
                self.left_out[one.code] = reason
                continue
            self._enter(one.code, Chem.MolToSmiles(mol), fragment(mol))
        return len(self.pairs) - before

    def _read(self, compounds: list[Measured]) -> list[tuple[Measured, Chem.Mol]]:
        codes, made = set(self.compounds), []
        for one in compounds:
            if one.code in codes:
                raise MethodError("a compound stands twice", given=one.code, allowed="each code once")
            codes.add(one.code)
            with rdBase.BlockLogs():
                mol = Chem.MolFromSmiles(one.smiles) if one.smiles.strip() else None
            if mol is None:
                raise MethodError(
                    "this structure cannot be read", given=f"{one.code}: {one.smiles[:60]}", allowed="SMILES"
                )
            if bad := [name for name, value in one.properties.items() if not math.isfinite(value)]:
                raise MethodError("a property is no number", given=f"{one.code}: {', '.join(bad)}",
                                  allowed="finite numbers; leave out what was not measured")  # fmt: skip
            made.append((one, mol))
        return made

    def _enter(self, code: str, smiles: str, cuts: Iterable[Fragmentation]) -> None:
        entries = {(cut.constants, cut.variable) for cut in cuts}
        # Hydrogen is a variable part too: of this compound at the constants it completes, and of those known at its own.
        for constants, _ in list(entries):
            if len(constants) == 1:
                whole = with_hydrogen(constants[0])
                if constants[0] not in self._by_hydrogen[whole]:
                    self._by_hydrogen[whole][constants[0]] = None
                    for other in self._by_smiles[whole]:
                        self._meet(other, constants, HYDROGEN)
        self._by_smiles[smiles].append(code)
        entries |= {((constant,), HYDROGEN) for constant in self._by_hydrogen[smiles]}
        for constants, variable in sorted(entries):
            self._meet(code, constants, variable)

    def _meet(self, code: str, constants: tuple[str, ...], variable: str) -> None:
        known = self._by_constants[constants]
        if (variable, code) in known:
            return
        for other_variable, other in known:
            if other != code and other_variable != variable:
                self._pair(Pair(other, code, other_variable, variable, constants))
        known[variable, code] = None

    def _pair(self, found: Pair) -> None:
        pair = canonical(found)
        if pair in self.pairs:
            return
        self.pairs[pair] = None
        for radius in RADII:
            self.places[(pair.before, pair.after), radius, surroundings(pair.constants, radius)].append(pair)

    @property
    def rules(self) -> set[Rule]:
        """The different changes."""
        return {rule for rule, _, _ in self.places}

    def properties(self) -> list[str]:
        """Return the names of the properties that any compound has."""
        return sorted({name for one in self.compounds.values() for name in one.properties})

    def changes(self, place: Place, name: str) -> list[float]:
        """Return the change of a property in each pair of a rule in an environment that has it measured on both sides."""
        found = []
        for pair in self.places.get(place, ()):
            first, second = (self.compounds[code].properties.get(name) for code in (pair.first, pair.second))
            if first is not None and second is not None:
                found.append(second - first)
        return found

    def statistics(self, place: Place, name: str) -> RuleStatistics | None:
        """Return the change of a property in an environment; None where no pair has it measured."""
        values = self.changes(place, name)
        if not values:
            return None
        return RuleStatistics(
            len(values),
            statistics.fmean(values),
            statistics.stdev(values) if len(values) > 1 else None,
            min(values),
            statistics.median(values),
            max(values),
        )


def surroundings(constants: tuple[str, ...], radius: int) -> str:
    """Return the environments of all attachment points, in the order of their labels."""
    return " ".join(environment(constant, radius) for constant in constants)


def canonical(pair: Pair) -> Pair:
    """Return a pair in one direction and one numbering, so that the same change has the same text wherever it is seen."""
    count = len(pair.constants)
    if count == 1:
        return pair if pair.before < pair.after else _turned(pair)
    best: tuple[Rule, tuple[str, ...], Pair] | None = None
    for exchange, order in itertools.product(orders(pair.constants), itertools.permutations(range(count))):
        before = relabelled(pair.before, order)
        after = relabelled(relabelled(pair.after, exchange), order)
        constants = tuple(pair.constants[order.index(i)] for i in range(count))
        one = Pair(pair.first, pair.second, before, after, constants)
        one = one if before < after else _turned(one)
        rank = ((one.before, one.after), one.constants, one)
        if best is None or rank[:2] < best[:2]:
            best = rank
    assert best is not None
    return best[2]


def _turned(pair: Pair) -> Pair:
    return Pair(pair.second, pair.first, pair.after, pair.before, pair.constants)
