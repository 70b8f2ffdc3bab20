"""Which roles sit at which desk of regulatory affairs; the verbs name them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias, TypeVar

from crdmo.foundation.accounts.authority import declare
from crdmo.foundation.accounts.roles import EVERYONE, REGULATORY, Role
from crdmo.foundation.ledger.models import Record

R = TypeVar("R", bound=Record)

# The version of each record that a signer was shown, by its key; who signs without a page gives none.
Seen: TypeAlias = Mapping[Any, int]

DESK = REGULATORY
PUBLISHERS = (Role.REGULATORY_PUBLISHER,)
LEADS = (Role.REGULATORY_LEAD,)
# The roles that a study, a batch or a site asks of its own people see their program here as well.
VIEW = declare("regulatory.view", "see the applications of a program", EVERYONE)


def now(record: R) -> R:
    """Return a record as it stands in this act, which holds the head of the ledger: a page may be old."""
    record.refresh_from_db()
    return record
