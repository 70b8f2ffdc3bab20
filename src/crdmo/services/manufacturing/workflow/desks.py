"""Which roles sit at which desk of the plant; the verbs name them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from crdmo.foundation.accounts.authority import declare
from crdmo.foundation.accounts.models import Person
from crdmo.foundation.accounts.roles import EVERYONE, PRODUCTION, Role
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.refusals import Refused

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
