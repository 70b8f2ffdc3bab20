"""What discovery can show for a milestone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crdmo.common.engagements.conditions import condition
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.ledger.models import Record
from crdmo.foundation.ledger.thread import stale_causes

from .models import Nomination, Run


@condition("discovery.run_accepted", "a run of an assay is accepted", needs=("assay",))
def run_accepted(program: Program, parameters: Mapping[str, Any]) -> Record | None:
    """Find the first accepted run of an assay."""
    rows = Run.objects.filter(program=program, assay__code=parameters["assay"], state=Run.State.ACCEPTED, is_void=False)
    return rows.order_by("entry").first()


@condition("discovery.candidate_nominated", "a candidate is nominated", needs=("substance",))
def candidate_nominated(program: Program, parameters: Mapping[str, Any]) -> Record | None:
    """Find the nomination that made a substance; one that stands on data changed since is none."""
    for one in Nomination.objects.filter(
        program=program, substance_code=parameters["substance"], state=Nomination.State.APPROVED, is_void=False
    ).order_by("entry"):
        if not stale_causes([one.id]):
            return one
    return None
