"""Reads of the physical thread: what is left, where it came from, whether it adds up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from django.db.models import Q

from .models import Container, Flow, Lot, Sample
from .quantities import Quantity, quantity, total

Thing: TypeAlias = Lot | Container | Sample


def _name(thing: Thing) -> str:
    return type(thing).__name__.lower()


def outflows(thing: Thing) -> list[Flow]:
    """Return what left a thing, in order."""
    return list(Flow.objects.filter(is_void=False, **{f"from_{_name(thing)}": thing}).order_by("entry"))


def inflows(thing: Thing) -> list[Flow]:
    """Return what went into a thing, in order."""
    return list(Flow.objects.filter(is_void=False, **{f"to_{_name(thing)}": thing}).order_by("entry"))


def remaining(thing: Thing) -> Quantity:
    """Return what is left: the amount it began with less all that left it, exactly."""
    began = quantity(thing.amount, thing.unit)
    gone = total([quantity(flow.amount, flow.unit) for flow in outflows(thing)], thing.unit)
    return Quantity(began.amount - gone.amount, thing.unit)


def remaining_of(lots: Sequence[Lot]) -> dict[UUID, Quantity]:
    """Return what is left of each lot, in one query however many there are."""
    gone: dict[UUID | None, list[Quantity]] = {}
    for flow in Flow.objects.filter(is_void=False, from_lot__in=lots):
        assert flow.from_lot_id is not None  # by the filter
        gone.setdefault(flow.from_lot_id, []).append(quantity(flow.amount, flow.unit))
    left = {}
    for lot in lots:
        began, out = quantity(lot.amount, lot.unit), total(gone.get(lot.pk, []), lot.unit)
        left[lot.pk] = Quantity(began.amount - out.amount, lot.unit)
    return left


@dataclass(frozen=True)
class Balance:
    """How the amount of a thing is accounted for."""

    began: Quantity
    out: list[Flow]
    left: Quantity

    @property
    def holds(self) -> bool:
        """Whether in = out + left, with nothing below zero."""
        gone = total([quantity(flow.amount, flow.unit) for flow in self.out], self.began.unit)
        return self.left.amount >= 0 and gone.amount + self.left.amount == self.began.amount


def balance(thing: Thing) -> Balance:
    """Return the account of a thing to the last unit."""
    return Balance(quantity(thing.amount, thing.unit), outflows(thing), remaining(thing))


@dataclass(frozen=True)
class Step:
    """One step of a genealogy: the flow and the thing at its far end."""

    flow: Flow
    thing: Thing
    depth: int


KINDS = ("lot", "container", "sample")


def _end(flow: Flow, side: str) -> Thing | None:
    found: Thing | None = (
        getattr(flow, f"{side}_lot") or getattr(flow, f"{side}_container") or getattr(flow, f"{side}_sample")
    )
    return found


def _flows(things: Iterable[Thing], *, down: bool) -> list[Flow]:
    """Return the flows out of things, or into them, with what lies at their far ends, in one read."""
    near, far = ("from", "to") if down else ("to", "from")
    wanted = Q(pk__in=[])
    for thing in things:
        wanted |= Q(**{f"{near}_{_name(thing)}": thing})
    ends = [f"{far}_{kind}__program" for kind in KINDS]
    return list(Flow.objects.filter(wanted, is_void=False).select_related(*ends).order_by("entry"))


def genealogy(thing: Thing, *, down: bool) -> list[Step]:
    """Return where a thing came from (`down=False`) or went to, nearest first, each flow once; a read for each step away."""
    found: list[Step] = []
    seen: set[object] = set()
    front: list[Thing] = [thing]
    depth = 0
    while front:
        depth += 1
        flows = [flow for flow in _flows(front, down=down) if flow.id not in seen]
        seen |= {flow.id for flow in flows}
        steps = [Step(flow, far, depth) for flow in flows if (far := _end(flow, "to" if down else "from")) is not None]
        found += steps
        front = list({step.thing.id: step.thing for step in steps}.values())
    return found
