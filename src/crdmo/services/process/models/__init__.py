"""The records of process development, one file a subject."""

from .profile import Attribute, Parameter, ProfileElement, UnitOperation
from .risk import RiskAssessment, RiskLine
from .strategies import ControlStrategy, StrategyLine
from .studies import DesignSpace, Observation, ResponseModel, Run, Study, StudyFactor, StudyResponse

__all__ = [
    "Attribute",
    "ControlStrategy",
    "DesignSpace",
    "Observation",
    "Parameter",
    "ProfileElement",
    "ResponseModel",
    "RiskAssessment",
    "RiskLine",
    "Run",
    "StrategyLine",
    "Study",
    "StudyFactor",
    "StudyResponse",
    "UnitOperation",
]
