"""What a fitted dose-response curve is: parameters, EC50 with its intervals, how good it is, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from crdmo.science.checks import Vector


class Curvature(Enum):
    """What standard errors stand on: the expected information (Gauss–Newton, R's nls) or the observed one (R's drc)."""

    EXPECTED = "expected"
    OBSERVED = "observed"


@dataclass(frozen=True)
class Parameter:
    """One parameter: estimate, standard error, Wald interval by t; fixed ones and those on their limit have none."""

    name: str
    estimate: float
    standard_error: float | None
    lower: float | None
    upper: float | None
    fixed: bool


@dataclass(frozen=True)
class Effective:
    """The dose at which a part of the whole change is reached, with its Wald interval on the scale of the dose."""

    part: float
    dose: float
    standard_error: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True)
class LackOfFit:
    """The curve against the means of the doses: F, degrees of freedom and p."""

    f: float
    numerator: int
    denominator: int
    p: float


@dataclass(frozen=True)
class CurveFit:
    """A fitted curve.

    Attributes:
        parameters: slope, bottom, top, ln_ec50, asymmetry.
        ec50: the relative EC50, in the unit of the dose; None where the curve says none.
        qualifier: "" for an estimate inside the tested doses, ">" or "<" where only a bound can be said: then `reported` is
            the highest or lowest dose.
        reported: what a table prints.
        lower, upper: profile-likelihood interval of the EC50; None where it is open on that side.
        wald_lower, wald_upper: interval from the scale of ln EC50, for comparison.
        absolute: dose at which the curve crosses the level asked for, or None: then it never does.
        absolute_lower, absolute_upper: its Wald interval from the scale of the logarithm, which the plateaus' errors widen.
        effective: ED10, ED50, ED90 or the parts asked for.
        residual_sd: of one response.
        rss, log_likelihood, aic, aicc, r_squared: of the fit.
        lack_of_fit: None without replicates.
        no_response_p: of the curve against a constant response (F test, approximate as the curve is not linear).
        covariance: of the five parameters, zero for those that did not move; empty where the data do not determine them.
        flags: what a reviewer must look at.
    """

    parameters: tuple[Parameter, ...]
    ec50: float | None
    qualifier: str
    reported: float | None
    lower: float | None
    upper: float | None
    wald_lower: float | None
    wald_upper: float | None
    absolute: float | None
    effective: tuple[Effective, ...]
    residual_sd: float
    degrees_of_freedom: int
    rss: float
    log_likelihood: float
    aic: float
    aicc: float
    r_squared: float
    lack_of_fit: LackOfFit | None
    lowest_dose: float
    highest_dose: float
    confidence: float
    flags: tuple[str, ...]
    no_response_p: float = 0.0
    covariance: tuple[tuple[float, ...], ...] = ()
    absolute_lower: float | None = None
    absolute_upper: float | None = None

    @property
    def values(self) -> Vector:
        """The five parameters as a vector."""
        return np.array([one.estimate for one in self.parameters])


@dataclass(frozen=True)
class CurveData:
    """One curve of many: a name, doses (0: control), responses, weights where they differ."""

    name: str
    dose: Sequence[float]
    response: Sequence[float]
    weights: Sequence[float] | None = None


@dataclass(frozen=True)
class CurveFits:
    """Curves by name; those that could not be fitted, with the reason."""

    curves: Mapping[str, CurveFit]
    refused: Mapping[str, str]
