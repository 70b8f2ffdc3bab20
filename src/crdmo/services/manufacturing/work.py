"""What waits in manufacturing, by who may do it."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse

from crdmo.common.work import Item, provides
from crdmo.foundation.accounts import authority
from crdmo.foundation.accounts.models import Person, Program

from .models import Batch, MasterRecord
from .progress import OPEN, Progress, progress_of

MOST = 50
ROOM = "manufacturing"


@provides(ROOM)
def work(person: Person, program: Program) -> Iterator[Item]:
    """Yield what this person can do next in the manufacture of a program."""
    allowed = authority.allowed(person, f"{ROOM}.", program.id)
    yield from _masters(program, allowed)
    wanted = {f"{ROOM}.{verb}" for verb in ("perform_step", "issue_batch", "review_batch")}
    if not wanted & allowed:
        return
    rows = Batch.objects.filter(program=program, state__in=(*OPEN, Batch.State.COMPLETED), is_void=False)
    batches = list(rows.select_related("master", "lot", "program").order_by("due_on", "code")[:MOST])
    for found in progress_of(batches):
        if f"{ROOM}.perform_step" in allowed:
            yield from _floor(person, program, found)
        if f"{ROOM}.review_batch" in allowed and found.batch.state == Batch.State.COMPLETED:
            still = len(found.open_exceptions)
            detail = (
                f"{still} exceptions not explained" if still else f"{len(found.exceptions)} exceptions, all explained"
            )
            yield _item("Batches to review", found.batch.code, detail, "batch", found.batch, program)


def _item(group: str, label: str, detail: str, page: str, batch: Batch, program: Program, state: str = "") -> Item:
    url = reverse(f"{ROOM}:{page}", kwargs={"program": program.code, "code": batch.code})
    return Item(group, label, detail, url, program.code, batch.due_on, state or batch.state)


def _floor(person: Person, program: Program, found: Progress) -> Iterator[Item]:
    batch = found.batch
    others = [one for one in found.to_check if one.operator_id != person.id]
    if others:
        yield _item("To check", batch.code, f"{len(others)} of a colleague", "floor", batch, program, "to_check")
    if batch.state in OPEN and (next_ := in_words(found)):
        yield _item("On the floor", batch.code, next_, "floor", batch, program)
    if found.open_exceptions:
        detail = ", ".join(one.code for one in found.open_exceptions[:5])
        yield _item("To explain", batch.code, detail, "batch", batch, program, "open")


def in_words(found: Progress) -> str:
    """Return what comes next in a batch."""
    if (line := found.next_material) is not None:
        return f"dispense {line.material.substance.name}"
    if found.to_check:
        return "waits for a second person"
    return str(found.next_step.step) if found.next_step else "complete it"


def _masters(program: Program, allowed: set[str]) -> Iterator[Item]:
    verbs = {"draft": "approve_master", "reviewed": "release_master"}
    mine = [state for state, verb in verbs.items() if f"{ROOM}.{verb}" in allowed]
    rows = MasterRecord.objects.filter(program=program, state__in=mine, is_void=False) if mine else ()
    for master in rows[:MOST]:
        place = {"program": program.code, "code": master.code, "number": master.number}
        url = reverse(f"{ROOM}:master", kwargs=place)
        yield Item("To sign", str(master), master.title, url, program.code, None, master.state)
