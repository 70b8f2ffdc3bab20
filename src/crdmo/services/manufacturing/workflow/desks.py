"""Which roles sit at which desk of the plant; the verbs name them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, Concatenate, ParamSpec, TypeAlias, TypeVar

from crdmo.foundation.accounts.authority import declare
from crdmo.foundation.accounts.models import Person
from crdmo.foundation.accounts.roles import EVERYONE, PRODUCTION, Role
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.refusals import Refused

from ..models import Batch, ValueRecord

S = TypeVar("S")
P = ParamSpec("P")
T = TypeVar("T")

# The version of each record that a signer was shown, by its key; who signs without a page gives none.
Seen: TypeAlias = Mapping[Any, int]

FLOOR = (Role.OPERATOR, Role.PRODUCTION_SUPERVISOR)
PLANNERS = (Role.PRODUCTION_SUPERVISOR, Role.PRODUCTION_HEAD)
AUTHORS = PLANNERS
UPKEEP = (*PRODUCTION, Role.METROLOGIST)
PARTNER = tuple(r for r in EVERYONE if r not in (Role.SPONSOR_LEAD, Role.SPONSOR_QA, Role.INSPECTOR))

VIEW = declare("manufacturing.view", "see the manufacture of a program", EVERYONE)
VIEW_PLANT = declare("manufacturing.view_plant", "see the plant's equipment and its log", PARTNER)


def worker(act: Act) -> Person:
    """Return the person who acts.

    Raises:
        Refused: it is the system.
    """
    if not isinstance(act.actor, Person):
        raise Refused("only a person works in the plant", given=act.actor.printed_name)
    return act.actor


# What a batch is at this moment is read again in the act, which holds the head of the ledger: a page may be old.
NOW = ("state", "started_at", "version", "entry", "is_void")


def about_its_batch(function: Callable[Concatenate[Act, S, P], T]) -> Callable[Concatenate[Act, S, P], T]:
    """Let a verb see its batch as it stands now, and every refusal name it, so that the batch's review finds it."""

    @functools.wraps(function)
    def named(act: Act, subject: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        part: Any = subject.record if isinstance(subject, ValueRecord) else subject
        batch = part if isinstance(part, Batch) else part.batch
        batch.refresh_from_db(fields=NOW)
        try:
            return function(act, subject, *args, **kwargs)
        except Refused as refused:
            if batch.code not in refused.what:
                refused.what = f"batch {batch}: {refused.what}"
                refused.args = (refused.sentence(),)
            raise

    return named
