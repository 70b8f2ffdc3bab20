"""The records of quality control, one file a subject."""

from .analyses import Analysis
from .bench import Instrument, InstrumentEvent, Method, Qualification, Reagent
from .certificates import Certificate, CertificateCopy, Disposition, TrailReview
from .charts import ControlChart
from .investigations import Investigation, InvestigationStep, RetestPlan
from .results import WAITING, ControlResult, Reading, Result, Test, Worksheet, WorksheetReagent
from .specifications import Criterion, Specification
from .stability import Condition, Excursion, Protocol, Pull, ShelfLife, StudyLot

__all__ = [
    "WAITING",
    "Analysis",
    "Certificate",
    "CertificateCopy",
    "Condition",
    "ControlChart",
    "ControlResult",
    "Criterion",
    "Disposition",
    "Excursion",
    "Instrument",
    "InstrumentEvent",
    "Investigation",
    "InvestigationStep",
    "Method",
    "Protocol",
    "Pull",
    "Qualification",
    "Reading",
    "Reagent",
    "Result",
    "RetestPlan",
    "ShelfLife",
    "Specification",
    "StudyLot",
    "Test",
    "TrailReview",
    "Worksheet",
    "WorksheetReagent",
]
