"""What a dose-response model fitted by maximum likelihood is: parameters with intervals, potency, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Errors(Enum):
    """How responses scatter: normal, or Student's t with four degrees of freedom, which forgives stray ones."""

    NORMAL = "normal"
    T4 = "t4"


@dataclass(frozen=True)
class ModelParameter:
    """One parameter: estimate, standard error, Wald interval by t (of a dose on its logarithm), profile interval.

    One that is `fixed` or lies `on_bound` has none: it is no estimate. An end beyond the limits of the search is open: None.
    """

    name: str
    estimate: float
    standard_error: float | None
    lower: float | None
    upper: float | None
    profile_lower: float | None
    profile_upper: float | None
    fixed: bool
    on_bound: bool


@dataclass(frozen=True)
class ModelFit:
    """A fitted model.

    Attributes:
        model: its name.
        parameters: in the order of the model; doses in the unit of the dose.
        ec50: relative: the dose at half of the change, below the peak where there is one; None where there is no such dose.
        e: the parameter `e` of R's drc where it is not the EC50, else None.
        top: the largest change from the control within the tested doses, or the plateau where the model has one from 0.
        absolute: dose at which the curve first crosses the level asked for, or None.
        scale: standard deviation (normal errors) or scale of t, of a response of weight 1.
        rss: sum of squares over responses that are no bounds; None beyond what a record holds (2^53).
        log_likelihood, aic, aicc: with the scale as a parameter.
        degrees_of_freedom: responses less parameters that moved.
        errors, censored: as asked for; number of responses that are bounds.
        flags: what a reviewer must look at.
    """

    model: str
    parameters: tuple[ModelParameter, ...]
    ec50: float | None
    e: float | None
    top: float
    absolute: float | None
    scale: float
    rss: float | None
    log_likelihood: float
    aic: float
    aicc: float | None
    degrees_of_freedom: int
    errors: Errors
    censored: int
    confidence: float
    flags: tuple[str, ...]

    @property
    def estimates(self) -> dict[str, float]:
        """The parameters by name."""
        return {one.name: one.estimate for one in self.parameters}
