"""What regulatory affairs can show for a milestone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crdmo.common.engagements.conditions import condition
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.ledger.models import Record

from .models import Sequence

State = Sequence.State


def _find(program: Program, parameters: Mapping[str, Any], *states: str) -> Record | None:
    rows = Sequence.objects.filter(program=program, application__code=parameters["application"], is_void=False)
    return rows.filter(number=parameters["number"], state__in=states).first()


@condition("regulatory.sequence_published", "a sequence is published", needs=("application", "number"))
def sequence_published(program: Program, parameters: Mapping[str, Any]) -> Record | None:
    """Find a sequence whose package is sealed."""
    found = _find(program, parameters, State.PUBLISHED, State.SUBMITTED, State.ACKNOWLEDGED)
    # The sealed package is the evidence: it is written once, while the sequence moves on.
    return found.package if isinstance(found, Sequence) else None


@condition("regulatory.sequence_submitted", "a sequence is submitted", needs=("application", "number"))
def sequence_submitted(program: Program, parameters: Mapping[str, Any]) -> Record | None:
    """Find a sequence that was sent to its agency."""
    return _find(program, parameters, State.SUBMITTED, State.ACKNOWLEDGED)
