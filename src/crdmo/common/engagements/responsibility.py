"""Who holds a duty on a day, by the signed matrices; where one is missing or double; and the refusal of who does not hold it.

require_duty(act, program, "gmp.certification")      # in a verb that is such a duty
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from crdmo.foundation.accounts.models import Organization, Person, Program
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.refusals import NotPermitted

from .duty_catalogue import CATALOGUE, IND, RETAINED, Duty, of_chapter
from .models import DutyLine, DutyMatrix


@dataclass(frozen=True)
class Covered:
    """One duty in a matrix: its rows, and whether each day has exactly one accountable party for each part."""

    duty: Duty
    lines: tuple[DutyLine, ...]
    retained: bool
    holds: bool
    said: str


def _lines(program: Program) -> list[DutyLine]:
    """Return the rows of the signed matrices of a program."""
    rows = DutyLine.objects.filter(program=program, is_void=False, matrix__state="signed", matrix__is_void=False)
    return list(rows.select_related("accountable", "matrix").order_by("starts_on", "entry"))


def coverage(matrix: DutyMatrix) -> list[Covered]:
    """Return every duty of the chapters that a matrix covers, with what is missing or double in its period."""
    assert matrix.program is not None
    own = list(matrix.lines.filter(is_void=False).select_related("accountable").order_by("starts_on", "entry"))
    others = [line for line in _lines(matrix.program) if line.matrix_id != matrix.pk]
    return [
        _covered(duty, matrix, [x for x in own if x.duty == duty.key], [x for x in others if x.duty == duty.key])
        for chapter in matrix.covers
        for duty in of_chapter(chapter)
    ]


def _covered(duty: Duty, matrix: DutyMatrix, own: Sequence[DutyLine], others: Sequence[DutyLine]) -> Covered:
    together = [*own, *others]
    if double := next((x for i, x in enumerate(own) for y in together[i + 1 :] if _clash(x, y)), None):
        return Covered(duty, tuple(own), False, False, f"double on {double.starts_on}")
    if not own and duty.chapter == IND:
        return Covered(duty, (), True, True, "retained by the sponsor")
    if gap := _gap(matrix, own):
        if duty.chapter == IND:
            return Covered(duty, tuple(own), False, True, f"retained by the sponsor from {gap}")
        return Covered(duty, tuple(own), False, False, f"nobody from {gap}")
    return Covered(duty, tuple(own), False, True, "one party")


def _clash(one: DutyLine, other: DutyLine) -> bool:
    """Say whether two rows give one duty to two at the same time: two parts of it, both named, do not."""
    if one.part and other.part and one.part != other.part:
        return False
    last = dt.date.max
    return one.starts_on <= (other.ends_on or last) and other.starts_on <= (one.ends_on or last)


def _gap(matrix: DutyMatrix, lines: Sequence[DutyLine]) -> dt.date | None:
    """Return the first day of the period on which no row holds, or None."""
    day, end = matrix.starts_on, matrix.ends_on or dt.date.max
    for line in sorted(lines, key=lambda one: one.starts_on):
        if line.starts_on > day:
            return day
        if line.ends_on is None:
            return None
        day = max(day, line.ends_on + dt.timedelta(days=1))
        if day > end:
            return None
    return day


@dataclass(frozen=True)
class Duties:
    """The duties of a program on one day, as its signed matrices give them; read once for as many questions as there are."""

    program: Program
    lines: tuple[DutyLine, ...]
    chapters: frozenset[str]

    def of(self, duty_key: str) -> list[DutyLine]:
        """Return the rows by which a duty is held: one, or one for each named part."""
        return [line for line in self.lines if line.duty == duty_key]

    def holder(self, duty_key: str) -> tuple[list[Organization], str]:
        """Return who holds a duty, and by which writing; nobody and "" where no matrix governs its chapter."""
        duty = CATALOGUE[duty_key]
        if duty.chapter not in self.chapters:
            return [], ""
        if lines := self.of(duty_key):
            return [line.accountable for line in lines], lines[0].matrix.code
        if duty.chapter == IND:
            return [self.program.sponsor], RETAINED
        return [], "no row of the signed matrices"


def duties_on(program: Program, on: dt.date) -> Duties:
    """Return the duties of a program on a day."""
    lines = [x for x in _lines(program) if x.starts_on <= on and (x.ends_on is None or x.ends_on >= on)]
    rows = DutyMatrix.objects.filter(program=program, state="signed", is_void=False, starts_on__lte=on)
    there = rows.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on))
    return Duties(program, tuple(lines), frozenset(chapter for row in there for chapter in row.covers))


def require_duty(act: Act, program: Program | None, duty_key: str) -> None:
    """Say nothing if the actor's organization holds the duty today, or no signed matrix governs it.

    Raises:
        NotPermitted: another party holds it, or nobody; names the clause.
    """
    if program is None or not isinstance(act.actor, Person):
        return
    parties, writing = duties_on(program, act.now.date()).holder(duty_key)
    if not writing or act.actor.organization_id in {party.pk for party in parties}:
        return
    duty = CATALOGUE[duty_key]
    raise NotPermitted(
        f"{act.actor.organization} does not hold this duty: {duty.text} ({duty.clause})",
        given=f"{act.actor.printed_name} of {act.actor.organization}",
        allowed=f"{', '.join(map(str, parties)) or 'nobody'} by {writing}",
        next="Somebody of the accountable party does it, or both parties sign another matrix",
    )


@dataclass(frozen=True)
class Obligation:
    """One obligation of 21 CFR 312 on a day: who holds it, whether by transfer, by which writing."""

    duty: Duty
    holders: tuple[str, ...]
    parts: tuple[str, ...]
    transferred: bool
    writing: str


def transfer_of_obligations(program: Program, on: dt.date) -> list[Obligation]:
    """Return the transfer of obligations as 21 CFR 312.52 wants it: computed, every obligation, listed or retained."""
    found, held = [], duties_on(program, on)
    for duty in of_chapter(IND):
        lines = [line for line in held.of(duty.key) if line.accountable_id != program.organization_id]
        if lines:
            holders, parts = tuple(str(x.accountable) for x in lines), tuple(x.part for x in lines)
            found.append(Obligation(duty, holders, parts, True, lines[0].matrix.code))
        else:
            found.append(
                Obligation(duty, (str(program.organization),), ("",), False, "21 CFR 312.52(a): not transferred")
            )
    return found
