"""What waits in discovery, by who may do it."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count, Q
from django.urls import reverse

from crdmo.common.work import Item, provides
from crdmo.foundation.accounts import authority
from crdmo.foundation.accounts.models import Person, Program

from .models import Curve, Nomination, Run, Upload

MOST = 50
ROOM = "discovery"


@provides(ROOM)
def work(person: Person, program: Program) -> Iterator[Item]:
    """Yield what this person can do next in the discovery of a program."""
    allowed = authority.allowed(person, f"{ROOM}.", program.id)
    if f"{ROOM}.register_upload" in allowed:
        rows = Upload.objects.filter(program=program, state=Upload.State.STAGED, is_void=False)
        for upload in rows.order_by("entry")[:MOST]:
            yield _item("To register", upload.code, f"{upload.records} records", "upload", upload.code, program)
    if f"{ROOM}.nominate" in allowed:
        proposed = Nomination.objects.filter(program=program, state=Nomination.State.PROPOSED, is_void=False)
        for one in proposed.exclude(proposed_by=person).select_related("form__compound").order_by("entry")[:MOST]:
            yield _item("Candidates to approve", one.code, str(one.form.compound), "nomination", one.code, program)
    if not {f"{ROOM}.review_curve", f"{ROOM}.accept_run"} & allowed:
        return
    open_ = Count("plates__curves", filter=Q(plates__curves__state=Curve.State.OPEN, plates__curves__is_void=False))
    runs = Run.objects.filter(program=program, state=Run.State.OPEN, is_void=False).annotate(open=open_)
    for run in runs.order_by("performed_on")[:MOST]:
        if run.open and f"{ROOM}.review_curve" in allowed:
            yield _item("Curves to review", run.code, f"{run.open} curves", "run", run.code, program)
        elif not run.open and f"{ROOM}.accept_run" in allowed:
            yield _item("Runs to decide", run.code, "every curve is decided", "run", run.code, program)


def _item(group: str, label: str, detail: str, page: str, code: str, program: Program) -> Item:
    url = reverse(f"{ROOM}:{page}", kwargs={"program": program.code, "code": code})
    return Item(group, label, detail, url, program.code, None, "open")
