"""The records of regulatory affairs, one file a subject."""

from .applications import Application, HeadingPlan
from .clocks import Clock
from .correspondence import Commitment, Question
from .packages import Package
from .sequences import Leaf, Sequence, Validation

__all__ = [
    "Application",
    "Clock",
    "Commitment",
    "HeadingPlan",
    "Leaf",
    "Package",
    "Question",
    "Sequence",
    "Validation",
]
