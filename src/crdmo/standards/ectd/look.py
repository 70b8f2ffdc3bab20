"""One sequence under the validator, with what came before it and which looks are taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from crdmo.standards.ectd.model import Sequence

# Criterion, place, what was seen.
Raw: TypeAlias = tuple[str, str, str]


@dataclass(frozen=True)
class Look:
    """What is looked at, and how closely."""

    sequence: Sequence
    sequences: Mapping[str, Sequence]
    hashing: bool
    pdfs: bool
    util: Mapping[str, bytes]

    @property
    def is_us(self) -> bool:
        """Say whether the sequence is of the United States."""
        found = self.sequence.regional
        return found is not None and found.path.startswith("m1/us/")
