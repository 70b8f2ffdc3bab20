"""Splitting compounds into those a model learns from and those it is judged on, without telling it the answers.

A random split puts analogues, salts and duplicates on both sides and flatters every model. By scaffold, whole families go to
one side; by time, the model is judged on what was made after it, as it will be used.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crdmo.science.method import MethodError, method

from .qsar_structures import Structures, nearest, read_structures

_SOURCE = (
    "Bemis GW, Murcko MA, J Med Chem 1996;39:2887-2893; Sheridan RP, J Chem Inf Model 2013;53:783-790 (time split)"
)


@dataclass(frozen=True)
class Split:
    """Two sides of a set of compounds, as positions from 0.

    Attributes:
        kind: "scaffold" or "time".
        train: to learn from.
        test: to be judged on.
        left_out: on neither side: measured again after the cut, so the model has seen them.
        shared_compounds: keys (blind to salt, stereo and tautomer) on both sides; always 0.
        shared_scaffolds: scaffolds on both sides; 0 by scaffold.
        nearest_median: median Tanimoto similarity of a test compound to its nearest in training.
        nearest_high: how many test compounds have one of 0.7 or more in training.
    """

    kind: str
    train: tuple[int, ...]
    test: tuple[int, ...]
    left_out: tuple[int, ...]
    shared_compounds: int
    shared_scaffolds: int
    nearest_median: float
    nearest_high: int


@method("discovery.scaffold_split", version="1.0", source=_SOURCE, title="Split by scaffold")
def scaffold_split(*, smiles: Sequence[str], test_fraction: float = 0.2) -> Split:
    """Put whole families of compounds on one side: those that share a scaffold, or are one compound.

    The largest families train; the rest, from the smallest, is the test. Compounds without rings are one family. It is not
    random: the same compounds are split the same way in any order.

    Args:
        smiles: of the compounds.
        test_fraction: of the compounds that are tested, at most; above 0 and below 1.

    Raises:
        MethodError: fewer than ten compounds, a fraction that is none, or all compounds in one family.
    """
    _check(len(smiles), test_fraction)
    read = read_structures(smiles, "compounds")
    families = _families(read)
    # By size, then by what they are, so that the order of the compounds does not matter.
    families.sort(
        key=lambda family: (len(family), min(read.scaffolds[i] for i in family), min(read.keys[i] for i in family))
    )
    wanted, test = test_fraction * len(smiles), list[int]()
    for family in families[:-1]:
        if len(test) + len(family) > wanted:
            break
        test += family
    if not test:
        raise MethodError(
            "no family is small enough to be the test", given=f"the smallest has {len(families[0])} of {len(smiles)}",
            allowed=f"at most {wanted:.0f} compounds", next_step="allow a larger test, or split by time",
        )  # fmt: skip
    tested = set(test)
    return _split("scaffold", read, [i for i in range(len(smiles)) if i not in tested], sorted(test), [])


@method("discovery.time_split", version="1.0", source=_SOURCE, title="Split by time")
def time_split(*, smiles: Sequence[str], dates: Sequence[str], test_fraction: float = 0.2) -> Split:
    """Train on what was measured first and test on what came after.

    Compounds of the day of the cut are all tested. A compound that was measured before the cut in any form and again after it
    is left out of the test.

    Args:
        smiles: of the compounds.
        dates: YYYY-MM-DD when each was measured.
        test_fraction: of the compounds that are tested, about; above 0 and below 1.

    Raises:
        MethodError: fewer than ten compounds, a fraction that is none, a date that cannot be read, or all of one day.
    """
    _check(len(smiles), test_fraction)
    if len(dates) != len(smiles):
        raise MethodError("each compound has a date", given=f"{len(smiles)} compounds, {len(dates)} dates")
    try:
        days = [dt.date.fromisoformat(text) for text in dates]
    except ValueError as error:
        raise MethodError("this is no date", given=str(error)[:80], allowed="YYYY-MM-DD") from error
    cut = sorted(days)[min(len(days) - 1, int((1 - test_fraction) * len(days)))]
    read = read_structures(smiles, "compounds")
    train = [i for i, day in enumerate(days) if day < cut]
    seen = {read.keys[i] for i in train}
    after = [i for i, day in enumerate(days) if day >= cut]
    test = [i for i in after if read.keys[i] not in seen]
    if not train or not test:
        raise MethodError("there is nothing on one side of the cut", given=f"{len(train)} before {cut}, {len(test)} new after",
                          allowed="compounds of several days", next_step="choose another fraction")  # fmt: skip
    return _split("time", read, train, test, [i for i in after if read.keys[i] in seen])


def _check(count: int, fraction: float) -> None:
    if count < 10:
        raise MethodError("there are too few compounds to split", given=str(count), allowed="at least 10")
    if not 0 < fraction < 1:
        raise MethodError("a test is a part of the compounds", given=f"{fraction:g}", allowed="above 0 and below 1")


def _families(read: Structures) -> list[list[int]]:
    """Return compounds in groups that share a scaffold or a key, directly or through others."""
    root = list(range(len(read.keys)))

    def top(i: int) -> int:
        while root[i] != i:
            root[i] = root[root[i]]
            i = root[i]
        return i

    for names in (read.keys, read.scaffolds):
        first: dict[str, int] = {}
        for i, name in enumerate(names):
            root[top(i)] = top(first.setdefault(name, i))
    groups: dict[int, list[int]] = defaultdict(list)
    for i in range(len(root)):
        groups[top(i)].append(i)
    return list(groups.values())


def _split(kind: str, read: Structures, train: list[int], test: list[int], left_out: list[int]) -> Split:
    near, _ = nearest(read.bits[test], read.bits[train])
    return Split(
        kind,
        tuple(train),
        tuple(test),
        tuple(left_out),
        len({read.keys[i] for i in train} & {read.keys[i] for i in test}),
        len({read.scaffolds[i] for i in train} & {read.scaffolds[i] for i in test}),
        float(np.median(near)),
        int(np.sum(near >= 0.7)),
    )
