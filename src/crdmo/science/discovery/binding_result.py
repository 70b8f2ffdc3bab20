"""What a fit of 1:1 binding is: rate constants, Rmax, shifts, what the data do not hold, and curves to draw."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rate:
    """A constant, its standard error, and its interval from the scale of the logarithm; None where it ran to a limit."""

    value: float
    standard_error: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True)
class Surface:
    """Rmax of one cycle, or of all, in the unit of the response."""

    name: str
    rmax: Rate


@dataclass(frozen=True)
class Shift:
    """A bulk shift in the unit of the response, by cycle and start of the injection or dissociation."""

    name: str
    start: float
    value: float
    standard_error: float | None


@dataclass(frozen=True)
class Trace:
    """A cycle as measured and as fitted, at so few points that it can be drawn."""

    name: str
    seconds: tuple[float, ...]
    measured: tuple[float, ...]
    fitted: tuple[float, ...]


@dataclass(frozen=True)
class BindingKinetics:
    """Kinetics of 1:1 binding.

    Attributes:
        ka: 1/(M s); None where Rmax is not identifiable.
        kd: 1/s.
        kd_qualifier: "<" where dissociation lost less than 5 %: `kd_limit` is then what is known.
        kd_limit: upper bound of kd, 1/s; None for an estimate.
        affinity: KD = kd/ka, mol/L, its error from the covariance of both; None with ka.
        affinity_limit: upper bound of KD where kd is one: `kd_limit` over ka.
        correlation: between ln ka and ln kd.
        surfaces: Rmax, one for each cycle or one for all; empty where it is not identifiable.
        rmax_identifiable: False where only ka * Rmax is known: then neither ka nor KD is reported.
        initial_slopes: ka * Rmax of each surface, response/(M s), which is known in any case.
        shifts: bulk shifts.
        t0: how late injections reach the surface, s.
        kt: transport coefficient, response/(M s); None without transport, or where it does not limit.
        drop: share of the bound analyte that the longest dissociation loses.
        saturation: highest share of Rmax that was bound.
        residual_sd: of one point.
        noise: of one point, from differences of neighbours.
        autocorrelation: of neighbouring residuals.
        n: points.
        rss: sum of squares.
        flags: what a reviewer must look at.
        traces: the cycles, thinned.
    """

    ka: Rate | None
    kd: Rate
    kd_qualifier: str
    kd_limit: float | None
    affinity: Rate | None
    affinity_limit: float | None
    correlation: float | None
    surfaces: tuple[Surface, ...]
    rmax_identifiable: bool
    initial_slopes: tuple[float, ...]
    shifts: tuple[Shift, ...]
    t0: float
    kt: Rate | None
    drop: float
    saturation: float
    residual_sd: float
    noise: float
    autocorrelation: float
    n: int
    rss: float
    flags: tuple[str, ...]
    traces: tuple[Trace, ...]
