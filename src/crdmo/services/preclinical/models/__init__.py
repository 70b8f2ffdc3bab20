"""What a nonclinical study has beside its data: inspections, analyses, conclusions, the report."""

from __future__ import annotations

from .conclusions import Analysis, Effect, Noael
from .inspections import Inspection, InspectionFinding
from .reports import QaStatement, StudyReport

__all__ = ["Analysis", "Effect", "Inspection", "InspectionFinding", "Noael", "QaStatement", "StudyReport"]
