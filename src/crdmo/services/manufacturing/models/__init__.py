"""The records of manufacturing, one file a subject."""

from .batches import Batch, BatchException, BatchReview, Dispensing, StepRecord, ValueRecord
from .equipment import Equipment, EquipmentEvent
from .masters import MasterMaterial, MasterRecord, MasterStep, MasterValue

__all__ = [
    "Batch",
    "BatchException",
    "BatchReview",
    "Dispensing",
    "Equipment",
    "EquipmentEvent",
    "MasterMaterial",
    "MasterRecord",
    "MasterStep",
    "MasterValue",
    "StepRecord",
    "ValueRecord",
]
