"""The records of the quality system, one file a subject."""

from .affected import Affected
from .capas import Capa, CapaAction, EffectivenessCheck, Extension
from .changes import Area, Change, ChangeAssessment, ChangeTask
from .deviations import Cause, Deviation, DeviationInvestigation
from .reviews import PeriodicReview
from .suppliers import Supplier, SupplierEvent, SupplierMaterial

__all__ = [
    "Affected",
    "Area",
    "Capa",
    "CapaAction",
    "Cause",
    "Change",
    "ChangeAssessment",
    "ChangeTask",
    "Deviation",
    "DeviationInvestigation",
    "EffectivenessCheck",
    "Extension",
    "PeriodicReview",
    "Supplier",
    "SupplierEvent",
    "SupplierMaterial",
]
