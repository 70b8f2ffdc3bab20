"""A laboratory, two sponsors and a handful of people."""

from __future__ import annotations

import datetime as dt

from crdmo.foundation.accounts import notices, workflow
from crdmo.foundation.accounts.roles import Role
from tests import factories


def play() -> None:
    """Enter them."""
    program = factories.program("CRD-101")
    factories.program("CRD-900", owner=factories.sponsor("OTHER"))
    for user_id, name, role in [
        ("boss", "Bea Boss", Role.ADMINISTRATOR),
        ("quinn", "Quinn Quality", Role.QA),
        ("sue", "Sue Supervisor", Role.SUPERVISOR),
    ]:
        factories.login(factories.person(role, user_id=user_id, printed_name=name))
    ann = factories.person(Role.ANALYST, program, user_id="ann", printed_name="Ann Analyst")
    factories.login(ann)
    factories.person(Role.ANALYST, program, user_id="una", printed_name="Una Unverified", verified=False)
    factories.person(Role.SPONSOR_LEAD, user_id="sam", printed_name="Sam Sponsor")
    quinn, sue = (factories.Person.objects.get(user_id=u) for u in ("quinn", "sue"))
    day = dt.datetime.now(dt.UTC).date()
    workflow.set_training_requirement(
        quinn, factories.partner(), role=Role.SUPERVISOR, subject="SOP-012", version="2", from_date=day
    )
    workflow.record_training(quinn, ann, subject="SOP-007", version="4", on=day)
    workflow.review_access(quinn, ann, outcome="keep")
    notices.tell([sue], "SOP-012 version 2 waits to be read", url="/account/training/", why="you are a supervisor")
