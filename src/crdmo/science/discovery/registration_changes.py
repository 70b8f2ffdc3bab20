"""What a new policy or toolkit would change in a registry: a report before anything is changed.

Each record is registered anew from its original input, which the registry keeps; the keys it has are compared with the keys
it would have. Nothing is written: a registry whose keys move under its users loses what was decided on them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from crdmo.science.method import MethodError, method

from .registration import NoFlag, register_structure
from .registration_identity import LAYERS
from .registration_standardise import POLICY

MOST = 200_000


@dataclass(frozen=True)
class Kept:
    """A record as the registry holds it: its code, its original input, and the keys and parent of the policy of that day."""

    code: str
    structure: str
    parent: str
    exact: str
    tautomer: str
    stereo: str
    isotope: str
    skeleton: str
    policy: str
    no_chiral_flag: NoFlag = "absolute"


@dataclass(frozen=True)
class Change:
    """A record whose keys would change.

    Attributes:
        layers: the keys that would change, in the order exact, tautomer, stereo, isotope, skeleton.
        was: the parent as it stands.
        would_be: the parent as it would be.
        decides: whether the key by which compounds are told apart (tautomer) changes; else only the drawing does.
    """

    code: str
    policy: str
    layers: tuple[str, ...]
    was: str
    would_be: str
    decides: bool


@dataclass(frozen=True)
class Lost:
    """A record that the policy of today refuses, with its reason."""

    code: str
    policy: str
    reason: str


@dataclass(frozen=True)
class Changes:
    """The report of a dry run.

    Attributes:
        policy: of today.
        records: how many were looked at, by the policy that they were registered under.
        changed: whose keys would change.
        refused: what could not be registered any more.
        merged: codes that are two compounds now and would be one.
        split: codes that are one compound now and would be two.
    """

    policy: str
    records: dict[str, int]
    changed: tuple[Change, ...]
    refused: tuple[Lost, ...]
    merged: tuple[tuple[str, ...], ...]
    split: tuple[tuple[str, ...], ...]


@method(
    "discovery.restandardise",
    version="1.0",
    source="RDKit RegistrationHash layers; ChEMBL structure pipeline (Bento et al., J Cheminform 2020;12:51)",
    title="Dry run of a new registration policy",
)
def restandardise(*, records: Sequence[Kept]) -> Changes:
    """Return what would change if every record were registered anew from its original input. Nothing is changed.

    Args:
        records: as the registry holds them.

    Raises:
        MethodError: there is no record, there are too many for one run, or two have the same code.
    """
    if not 0 < len(records) <= MOST:
        raise MethodError("the number of records cannot be taken", given=str(len(records)), allowed=f"1 to {MOST}",
                          next_step="run it in parts")  # fmt: skip
    if twice := [code for code, count in Counter(one.code for one in records).items() if count > 1]:
        raise MethodError("a code stands twice", given=", ".join(twice[:5]), allowed="each record once")
    changed: list[Change] = []
    refused: list[Lost] = []
    keys: dict[str, tuple[str, str]] = {}
    for one in records:
        try:
            made = register_structure(structure=one.structure, no_chiral_flag=one.no_chiral_flag)
        except MethodError as error:
            refused.append(Lost(one.code, one.policy, str(error)))
            continue
        keys[one.code] = (one.tautomer, made.identity.tautomer)
        layers = tuple(name for name in LAYERS if getattr(one, name) != getattr(made.identity, name))
        if layers:
            parent = made.standardised.parent
            changed.append(Change(one.code, one.policy, layers, one.parent, parent, "tautomer" in layers))
    return Changes(
        POLICY,
        dict(sorted(Counter(one.policy for one in records).items())),
        tuple(changed),
        tuple(refused),
        _apart(keys, by=1),
        _apart(keys, by=0),
    )


def _apart(keys: dict[str, tuple[str, str]], *, by: int) -> tuple[tuple[str, ...], ...]:
    """Return the codes that share the key of one side (0 as kept, 1 as it would be) and differ in the other."""
    groups: dict[str, list[str]] = defaultdict(list)
    for code, pair in keys.items():
        groups[pair[by]].append(code)
    return tuple(tuple(sorted(codes)) for codes in groups.values() if len({keys[code][1 - by] for code in codes}) > 1)
