"""What a study is made of: its plan, its subjects, and what was observed on them."""

from __future__ import annotations

from .observations import Event, Finding, Intervention, Observation
from .plan import Activity, Arm, Epoch, Planned, ProtocolVersion, ScheduledActivity, Study, Visit
from .subjects import Allocation, Place, Subject

__all__ = [
    "Activity",
    "Allocation",
    "Arm",
    "Epoch",
    "Event",
    "Finding",
    "Intervention",
    "Observation",
    "Place",
    "Planned",
    "ProtocolVersion",
    "ScheduledActivity",
    "Study",
    "Subject",
    "Visit",
]
