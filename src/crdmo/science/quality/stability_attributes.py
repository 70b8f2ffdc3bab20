"""The shelf life of a product: the shortest of its attributes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crdmo.science.method import MethodError, method

from .stability_bounds import Outcome
from .stability_models import whole_months


@dataclass(frozen=True)
class AttributeShelfLife:
    """What the evaluation of one attribute came to."""

    attribute: str
    outcome: Outcome
    months: float | None = None


@dataclass(frozen=True)
class ProductShelfLife:
    """The shelf life of the product and the attribute that sets it; None where none ends it, or one forbids it."""

    months: float | None
    whole_months: int | None
    attribute: str
    outcome: Outcome
    order: tuple[AttributeShelfLife, ...]
    reasons: tuple[str, ...]


# An attribute without a shelf life outweighs any with one; one that never ends outweighs none.
_WEIGHT = {
    Outcome.STARTS_OUTSIDE: 0,
    Outcome.BAND_OUTSIDE: 1,
    Outcome.TOO_FEW_POINTS: 2,
    Outcome.FOUND: 3,
    Outcome.NO_INTERSECTION: 4,
}


def _weight(one: AttributeShelfLife) -> tuple[int, float]:
    return _WEIGHT[one.outcome], one.months if one.months is not None else 0.0


@method(
    "quality.shortest_shelf_life",
    version="1.0",
    title="Shelf life of a product with several attributes",
    source="ICH Q1E, Evaluation for Stability Data (2003), section 2.1: not longer than for any single attribute",
)
def shortest_shelf_life(*, attributes: Sequence[AttributeShelfLife]) -> ProductShelfLife:
    """Return the shortest of the shelf lives of several attributes.

    Args:
        attributes: outcome and months of each attribute, from `shelf_life`.

    Raises:
        MethodError: none is given, a name is given twice, or an outcome and its months contradict each other.

    Source: ICH Q1E (2003), section 2.1.

    >>> found = shortest_shelf_life(attributes=[AttributeShelfLife("Assay", Outcome.FOUND, 26.2),
    ...                                         AttributeShelfLife("Water", Outcome.NO_INTERSECTION)])
    >>> found.attribute, found.whole_months
    ('Assay', 26)
    """
    names = [one.attribute for one in attributes]
    if not names or len(set(names)) != len(names):
        raise MethodError(
            "every attribute is given once", given=", ".join(names) or "none", allowed="one or more, each once"
        )
    for one in attributes:
        if (one.outcome is Outcome.FOUND) != (one.months is not None):
            raise MethodError(
                f"outcome and months of {one.attribute} contradict each other",
                given=f"{one.outcome.value}, {one.months} months",
                allowed="months where the outcome is found, and only there",
            )
    order = tuple(sorted(attributes, key=_weight))
    first = order[0]
    told = tuple(f"{one.attribute}: {_said(one)}" for one in order)
    return ProductShelfLife(
        first.months, whole_months(first.months), first.attribute, first.outcome, order, (*told, _ending(first))
    )


def _said(one: AttributeShelfLife) -> str:
    return one.outcome.value if one.months is None else f"{one.months:.5f} months"


def _ending(first: AttributeShelfLife) -> str:
    if first.outcome is Outcome.FOUND:
        return f"{first.attribute} is the shortest: {whole_months(first.months)} months"
    if first.outcome is Outcome.NO_INTERSECTION:
        return "no attribute ends the shelf life within what was evaluated; the extrapolation rules do"
    return f"{first.attribute} allows no shelf life: {first.outcome.value}"
