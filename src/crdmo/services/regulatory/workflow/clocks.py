"""Clocks: started by a receipt, stopped and started again with a reason; every date is a computed result."""

from __future__ import annotations

import datetime as dt
from typing import Any

from crdmo.common.verbs import said
from crdmo.foundation import computing
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.science.method import MethodError
from crdmo.science.regulatory.timetable import Procedure

from ..models import Application, Clock, Sequence
from .desks import DESK, now

OF_KIND = {
    Application.Kind.IND: (Procedure.IND,),
    Application.Kind.NDA: (Procedure.NDA_STANDARD, Procedure.NDA_PRIORITY),
    Application.Kind.MAA: (Procedure.MAA, Procedure.TYPE_II_90),
    Application.Kind.IMPD: (),
}
METHOD = "regulatory.timetable"


def procedures(application: Application) -> list[tuple[str, str]]:
    """Return the procedures that an application of its kind can run, for a list to choose from."""
    return [row for row in Clock.PROCEDURES if Procedure(row[0]) in OF_KIND[Application.Kind(application.kind)]]


def _dates(act: Act, sequence: Sequence, procedure: str, start: dt.date, stops: list[dict[str, str]]) -> Any:
    plain = [{"stopped": one["stopped"], "restarted": one["restarted"]} for one in stops]
    try:
        return computing.run(
            act, METHOD, {"start": start.isoformat(), "stops": plain}, {"procedure": procedure}, sources=[sequence],
            program=sequence.program,
        )  # fmt: skip
    except MethodError as refused:
        raise Invalid(
            refused.what, given=refused.given, allowed=refused.allowed, errors={"on": refused.what}
        ) from refused


def started(act: Act, sequence: Sequence, procedure: str, start: dt.date) -> Clock:
    """Start the clock of a sequence.

    Raises:
        Invalid: the application runs no such procedure.
    """
    allowed = procedures(sequence.application)
    if procedure not in dict(allowed):
        raise Invalid(
            "this application runs no such procedure", errors={"procedure": "one of the list"}, given=procedure,
            allowed=", ".join(name for name, _ in allowed) or "none",
        )  # fmt: skip
    return act.create(
        Clock, program=sequence.program, sequence=sequence, procedure=procedure, started_on=start, stops=[],
        computed=_dates(act, sequence, procedure, start, []),
    )  # fmt: skip


@verb("regulatory.stop_clock", "stop the clock of a procedure", roles=DESK)
def stop_clock(act: Act, clock: Clock, *, on: dt.date, why: str) -> Clock:
    """Stop a clock on a day, which still counts, and say on what ground."""
    said(why=why)
    stops = list(now(clock).stops)
    if stops and not stops[-1]["restarted"]:
        raise Refused(f"the {clock} stands still", given=f"since {stops[-1]['stopped']}", next="Start it again first")
    stops.append({"stopped": on.isoformat(), "restarted": "", "why": why.strip()})
    return _written(act, clock, stops)


@verb("regulatory.restart_clock", "start the clock of a procedure again", roles=DESK)
def restart_clock(act: Act, clock: Clock, *, on: dt.date) -> Clock:
    """Start a stopped clock again: the day is the next one that counts."""
    stops = [dict(one) for one in now(clock).stops]
    if not stops or stops[-1]["restarted"]:
        raise Refused(f"the {clock} is running", next="It is stopped first")
    stops[-1]["restarted"] = on.isoformat()
    return _written(act, clock, stops)


def _written(act: Act, clock: Clock, stops: list[dict[str, str]]) -> Clock:
    computed = _dates(act, clock.sequence, clock.procedure, clock.started_on, stops)
    return act.change(clock, stops=stops, computed=computed)
