"""What the quality system holds against the release of a lot: open deviations, CAPA and changes that touch it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from crdmo.common.gates import Gate, joins
from crdmo.common.materials.models import Lot

from .models import Affected, Capa, Change

# Once its actions are done, a CAPA's effect is about what comes after: the lot no longer waits for it.
CAPA_HOLDS = (Capa.State.DRAFT, Capa.State.APPROVED)
CHANGE_HOLDS = (Change.State.PROPOSED, Change.State.APPROVED, Change.State.IMPLEMENTED)


@joins("compliance")
def gates(lots: Sequence[Lot]) -> Mapping[UUID, list[Gate]]:
    """Return the gates of lots that a deviation, CAPA or change touches, in one query for all of them."""
    rows = Affected.objects.filter(lot__in=list(lots), is_void=False).select_related("deviation", "capa", "change")
    by_lot: dict[UUID, list[Affected]] = {}
    for one in rows.order_by("entry"):
        if one.lot_id is not None and not one.matter.is_void:
            by_lot.setdefault(one.lot_id, []).append(one)
    return {lot: _gates(own) for lot, own in by_lot.items()}


def _gates(own: list[Affected]) -> list[Gate]:
    deviations = [one for one in own if one.deviation is not None]
    capas = [one for one in own if one.capa is not None]
    changes = [one for one in own if one.change is not None]
    found = []
    if deviations:
        found.append(_deviations(deviations))
    if capas:
        open_ones = [one for one in capas if one.matter.state in CAPA_HOLDS]
        found.append(_gate("CAPA", capas, open_ones, "actions not done: ", "Owners of the actions, QA"))
    if changes:
        open_ones = [one for one in changes if one.matter.state in CHANGE_HOLDS]
        found.append(_gate("Changes", changes, open_ones, "not closed: ", "Owners of the tasks, QA"))
    return found


def _deviations(own: list[Affected]) -> Gate:
    """An open deviation waits; a lot that was judged not acceptable is not released by the closing of its deviation."""
    refused = [one for one in own if one.impact == Affected.Impact.UNACCEPTABLE]
    if refused:
        return Gate("Deviations", False, f"judged not acceptable: {_codes(refused)}", "", _keys(refused))
    open_ones = [one for one in own if one.matter.is_open]
    words = ", ".join(f"{one.matter.code} ({one.matter.classification or 'not classified'})" for one in open_ones)
    if open_ones:
        return Gate("Deviations", False, f"open: {words}", "Investigator, QA", _keys(open_ones))
    return Gate("Deviations", True, f"closed: {_codes(own)}", "", _keys(own))


def _gate(name: str, own: list[Affected], still: list[Affected], words: str, who: str) -> Gate:
    if still:
        return Gate(name, False, words + _codes(still), who, _keys(still))
    return Gate(name, True, f"nothing open: {_codes(own)}", "", _keys(own))


def _codes(rows: Iterable[Affected]) -> str:
    return ", ".join(dict.fromkeys(one.matter.code for one in rows))


def _keys(rows: Iterable[Affected]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(one.matter.pk) for one in rows))
