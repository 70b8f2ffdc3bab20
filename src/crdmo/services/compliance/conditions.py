"""What the quality system can show for a milestone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crdmo.common.engagements.conditions import condition
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.ledger.models import Record

from .models import Capa, Change, Deviation


@condition("compliance.deviation_closed", "a deviation is closed", needs=("code",))
def deviation_closed(program: Program, parameters: Mapping[str, Any]) -> Record | None:
    """Find a closed deviation."""
    rows = Deviation.objects.filter(program=program, code=parameters["code"], state="closed", is_void=False)
    return rows.first()


@condition("compliance.capa_closed", "a CAPA is closed", needs=("code",))
def capa_closed(program: Program, parameters: Mapping[str, Any]) -> Record | None:
    """Find a closed CAPA."""
    return Capa.objects.filter(program=program, code=parameters["code"], state="closed", is_void=False).first()


@condition("compliance.change_closed", "a change is closed", needs=("code",))
def change_closed(program: Program, parameters: Mapping[str, Any]) -> Record | None:
    """Find a closed change."""
    return Change.objects.filter(program=program, code=parameters["code"], state="closed", is_void=False).first()
