"""What a trial can show for a milestone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crdmo.common.engagements.conditions import condition
from crdmo.common.studies.models import ProtocolVersion
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.documents.models import DocumentVersion
from crdmo.foundation.ledger.models import Record

from .models import DatabaseLock, Randomisation


@condition("clinical.protocol_effective", "the protocol of a trial is in force", needs=("study",))
def protocol_effective(program: Program, parameters: Mapping[str, Any]) -> Record | None:
    """Find the first version of the protocol that came into force."""
    rows = ProtocolVersion.objects.filter(program=program, study__code=parameters["study"], is_void=False)
    return rows.filter(state__in=("effective", "superseded")).order_by("number").first()


@condition("clinical.subjects_randomised", "so many subjects are randomised", needs=("study", "count"))
def subjects_randomised(program: Program, parameters: Mapping[str, Any]) -> Record | None:
    """Find the randomisation with which the number was reached."""
    rows = Randomisation.objects.filter(program=program, study__code=parameters["study"], is_void=False)
    return rows.filter(number=int(parameters["count"])).first()


@condition("clinical.database_locked", "the database of a trial is locked", needs=("study",))
def database_locked(program: Program, parameters: Mapping[str, Any]) -> Record | None:
    """Find the lock that stands."""
    return DatabaseLock.objects.filter(program=program, study__code=parameters["study"], is_void=False).first()


@condition("clinical.report_approved", "the clinical study report is approved", needs=("study",))
def report_approved(program: Program, parameters: Mapping[str, Any]) -> Record | None:
    """Find the approved version of the report."""
    rows = DocumentVersion.objects.filter(program=program, document__code=f"CSR-{parameters['study']}", is_void=False)
    return rows.filter(state__in=("approved", "effective", "superseded")).order_by("number").first()
