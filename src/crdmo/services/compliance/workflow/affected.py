"""What a matter touches: any record is linked, and every lot behind it is named, so that its impact has to be judged."""

from __future__ import annotations

from collections.abc import Iterable

from crdmo.common.materials.models import Lot
from crdmo.common.materials.queries import genealogy
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.ledger import thread
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.models import Record
from crdmo.foundation.refusals import Invalid, Refused

from ..models import Affected, Capa, Change, Deviation
from .desks import STAFF, only, said

Matter = Deviation | Capa | Change
CLOSED = ("closed", "rejected")


def _column(matter: Matter) -> str:
    return matter._meta.model_name or ""


def links_of(matter: Matter) -> list[Affected]:
    """Return what a matter touches, lots first."""
    rows = Affected.objects.filter(**{_column(matter): matter}, is_void=False).select_related("lot")
    return sorted(rows, key=lambda one: (one.lot_id is None, one.target_label))


def lots_behind(record: Record, program: Program) -> list[Lot]:
    """Return the lots that a record means: its own (of a sample, a test, a result), and every lot made of that."""
    if isinstance(record, Lot):
        own = [record]
    else:
        found = Lot.objects.filter(pk__in=list(thread.upstream(record.pk)), program=program, is_void=False)
        own = list(found.order_by("code"))
    steps = [step for lot in own for step in genealogy(lot, down=True)]
    return [*own, *(step.thing for step in steps if isinstance(step.thing, Lot))]


def touch(act: Act, matter: Matter, records: Iterable[Record]) -> list[Affected]:
    """Link records, each once, and the lots behind them.

    Raises:
        Refused: a record belongs to another program or another house.
    """
    program = matter.program
    assert program is not None
    there = {one.target for one in links_of(matter)}
    made: list[Affected] = []
    for record in records:
        _at_home(matter, record)
        for one in {one.pk: one for one in (record, *lots_behind(record, program))}.values():
            if one.pk in there:
                continue
            there.add(one.pk)
            made.append(
                act.create(
                    Affected,
                    program=program,
                    **{_column(matter): matter},
                    target=one.pk,
                    target_type=one.record_type(),
                    target_label=str(one)[:200],
                    lot=one if isinstance(one, Lot) else None,
                )
            )
    return made


def _at_home(matter: Matter, record: Record) -> None:
    program = matter.program
    assert program is not None
    # A record of the house itself (an instrument, a method, a document) has no program.
    mine = record.program_id == program.pk or (
        record.program_id is None and record.organization_id in (program.organization_id, program.partner_id)
    )
    if not mine:
        raise Refused(f"{matter} touches records of its own program and house only", given=str(record))


@verb("compliance.link_record", "link a record that a deviation, CAPA or change touches", roles=STAFF)
def link_record(act: Act, matter: Matter, *, records: list[Record]) -> list[Affected]:
    """Link further records to an open matter."""
    if getattr(matter, "state", "") in CLOSED:
        raise Refused(f"{matter} is closed", next="Report a new deviation")
    made = touch(act, matter, records)
    if not made:
        raise Invalid("nothing new is linked", errors={"records": "name a record that is not linked yet"})
    return made


@verb("compliance.assess_impact", "judge the impact on a lot", roles=STAFF)
def assess_impact(act: Act, one: Affected, *, impact: str, assessment: str) -> Affected:
    """Say what a matter means for one lot, and why. The investigator or QA judges, while the matter is open."""
    said(assessment=assessment)
    if impact not in (Affected.Impact.NONE, Affected.Impact.ACCEPTABLE, Affected.Impact.UNACCEPTABLE):
        raise Invalid("an impact is judged", errors={"impact": "one of the list"}, given=impact)
    if one.lot is None:
        raise Refused(f"{one} is no lot", next="Judge the lots behind it")
    matter = one.matter
    if matter.state in CLOSED:
        raise Refused(f"{matter} is closed", given="closed", next="Report a new deviation")
    owner = getattr(matter, "investigator", None) or getattr(matter, "owner", None) or getattr(matter, "proposer", None)
    only(act, one, owner, f"the impact of {matter}")
    return act.change(one, impact=impact, assessment=assessment.strip())


def unassessed(matter: Matter) -> list[Affected]:
    """Return the lots whose impact nobody has judged."""
    return [one for one in links_of(matter) if one.lot_id and one.impact == Affected.Impact.OPEN]


def require_assessed(matter: Matter) -> None:
    """Say nothing if the impact on every lot was judged, those made of touched lots in the meantime included.

    Raises:
        Refused: names the lots that still wait.
    """
    program, links = matter.program, links_of(matter)
    assert program is not None
    linked = {one.target for one in links}
    since = {lot.pk: lot for one in links if one.lot for lot in lots_behind(one.lot, program) if lot.pk not in linked}
    if since:
        raise Refused(
            f"lots were made of what {matter} touches",
            given=", ".join(str(lot) for lot in since.values()),
            next="Link them and judge the impact on each",
        )
    if still := unassessed(matter):
        raise Refused(
            f"{matter} touches lots whose impact was not judged",
            given=", ".join(one.target_label for one in still),
            next="Judge the impact on each lot",
        )
