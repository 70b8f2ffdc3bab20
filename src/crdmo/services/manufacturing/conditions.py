"""What manufacturing can show for a milestone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crdmo.common.engagements.conditions import condition
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.ledger.models import Record

from .models import Batch, BatchReview, MasterRecord


@condition("manufacturing.master_effective", "a master batch record is effective", needs=("code",))
def master_effective(program: Program, parameters: Mapping[str, Any]) -> Record | None:
    """Find the first version of a master that became effective."""
    rows = MasterRecord.objects.filter(program=program, code=parameters["code"], is_void=False)
    return rows.filter(state__in=("effective", "superseded")).order_by("number").first()


@condition("manufacturing.batch_completed", "a batch is made", needs=("lot",))
def batch_completed(program: Program, parameters: Mapping[str, Any]) -> Record | None:
    """Find the completed batch of a lot."""
    rows = Batch.objects.filter(program=program, code=parameters["lot"], is_void=False)
    return rows.filter(state__in=("completed", "reviewed")).first()


@condition("manufacturing.batch_reviewed", "the record of a batch is reviewed by QA", needs=("lot",))
def batch_reviewed(program: Program, parameters: Mapping[str, Any]) -> Record | None:
    """Find the review of a batch record."""
    rows = BatchReview.objects.filter(program=program, batch__code=parameters["lot"], is_void=False)
    return rows.order_by("entry").first()
