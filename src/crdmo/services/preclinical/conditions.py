"""What preclinical studies can show for a milestone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crdmo.common.engagements.conditions import condition
from crdmo.common.studies.models import ProtocolVersion, Study
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.ledger.models import Record

from .models import StudyReport


@condition("preclinical.protocol_signed", "the protocol of a nonclinical study is in force", needs=("study",))
def protocol_signed(program: Program, parameters: Mapping[str, Any]) -> Record | None:
    """Find the first version of a protocol that came into force by its three signatures."""
    rows = ProtocolVersion.objects.filter(
        program=program, study__code=parameters["study"], study__kind=Study.Kind.NONCLINICAL, is_void=False
    )
    return rows.filter(state__in=("effective", "superseded")).order_by("number").first()


@condition("preclinical.in_life_completed", "the in-life part of a nonclinical study is completed", needs=("study",))
def in_life_completed(program: Program, parameters: Mapping[str, Any]) -> Record | None:
    """Find the study once every animal has its end."""
    rows = Study.objects.filter(program=program, code=parameters["study"], kind=Study.Kind.NONCLINICAL, is_void=False)
    return rows.filter(state__in=("completed", "locked")).first()


@condition("preclinical.report_signed", "the report of a nonclinical study is final", needs=("study",))
def report_signed(program: Program, parameters: Mapping[str, Any]) -> Record | None:
    """Find the final report, signed by director, quality assurance and management."""
    rows = StudyReport.objects.filter(program=program, study__code=parameters["study"], is_void=False)
    return rows.filter(state="final").order_by("number").first()
