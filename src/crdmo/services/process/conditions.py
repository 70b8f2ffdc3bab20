"""What process development can show for a milestone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crdmo.common.engagements.conditions import condition
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.ledger.models import Record

from .models import ControlStrategy, DesignSpace


@condition("process.control_strategy_effective", "a control strategy is effective", needs=("code",))
def control_strategy_effective(program: Program, parameters: Mapping[str, Any]) -> Record | None:
    """Find the first version of a control strategy that became effective."""
    rows = ControlStrategy.objects.filter(program=program, code=parameters["code"], is_void=False)
    return rows.filter(state__in=("effective", "superseded")).order_by("number").first()


@condition("process.design_space_found", "the design space of a study is computed", needs=("study",))
def design_space_found(program: Program, parameters: Mapping[str, Any]) -> Record | None:
    """Find the first design space of a study in which a box is reliable."""
    rows = DesignSpace.objects.filter(program=program, study__code=parameters["study"], is_void=False)
    return next((one for one in rows.order_by("entry").select_related("box") if one.box.output["found"]), None)
