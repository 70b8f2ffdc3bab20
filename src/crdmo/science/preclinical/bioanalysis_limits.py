"""Limits of a bioanalytical method after ICH M10, asked exactly: 15.0 % is within 15 %, 15.01 % is not.

A number counts as the decimal that it is written as, and ratios are never divided before they are compared, so that no
verdict at an edge hangs on the last bit of a float.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from crdmo.science.checks import finite_numbers, positive

SOURCE = "ICH M10, Bioanalytical Method Validation and Study Sample Analysis (2022)"


class Platform(Enum):
    """What the limits depend on: chromatography (3.2) or ligand binding (4.2)."""

    CHROMATOGRAPHY = "chromatography"
    LIGAND_BINDING = "ligand_binding"


@dataclass(frozen=True)
class Limits:
    """Percent: of accuracy and precision, the same at the lower limit of quantification, of total error, of a repeat."""

    error: int
    error_at_lloq: int
    total: int | None
    total_at_lloq: int | None
    repeat: int


LIMITS = {
    Platform.CHROMATOGRAPHY: Limits(15, 20, None, None, 20),
    Platform.LIGAND_BINDING: Limits(20, 25, 30, 40, 30),
}


class Asked:
    """What is asked for, in order, with the answers."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, bool]] = []

    def that(self, what: str, is_met: bool) -> None:
        """Add a criterion."""
        self._rows.append((what, is_met))

    @property
    def are_met(self) -> bool:
        """Whether all are met."""
        return all(ok for _, ok in self._rows)

    @property
    def told(self) -> tuple[str, ...]:
        """Each criterion in words."""
        return tuple(f"{'met' if ok else 'not met'}: {what}" for what, ok in self._rows)


def exact(value: float) -> Fraction:
    """Return a number as the decimal that it is written as."""
    return Fraction(repr(float(value)))


def exacts(name: str, values: Sequence[float], *, at_least: int = 1) -> list[Fraction]:
    """Return numbers as decimals, or refuse what is none."""
    return [exact(one) for one in finite_numbers(name, values, at_least=at_least)]


def nominal_of(value: float) -> Fraction:
    """Return a nominal concentration, greater than 0."""
    return exact(positive("a nominal concentration", value))


def relative_error(found: Fraction, nominal: Fraction) -> Fraction:
    """Return the error in percent of the nominal concentration."""
    return 100 * (found - nominal) / nominal


def mean_of(values: Sequence[Fraction]) -> Fraction:
    """Return the mean."""
    return sum(values, Fraction(0)) / len(values)


def squared_cv(values: Sequence[Fraction]) -> Fraction:
    """Return the square of the coefficient of variation in percent; at least two values, a mean that is not 0."""
    mean = mean_of(values)
    variance = sum(((one - mean) ** 2 for one in values), Fraction(0)) / (len(values) - 1)
    return 10_000 * variance / mean**2
