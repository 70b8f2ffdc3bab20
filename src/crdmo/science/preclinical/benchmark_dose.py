"""Benchmark dose of an incidence: all of EPA's dichotomous models, the lower limit of each, and which is recommended, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crdmo.science.checks import share
from crdmo.science.method import MethodError, method
from crdmo.science.preclinical.benchmark_climb import Array
from crdmo.science.preclinical.benchmark_rules import Goodness, ModelFit, counted, recommend, told
from crdmo.science.preclinical.quantal_fit import Benchmark, Data, Incidences, fit
from crdmo.science.preclinical.quantal_models import MODELS, Model, Risk

_SOURCE = (
    "US EPA (2012) Benchmark Dose Technical Guidance, EPA/100/R-12/001 (models, extra risk, selection by AIC or the lowest "
    "BMDL); US EPA BMDS 3 user guide (restrictions, default rules of recommendation); lower limit by profile likelihood: "
    "Crump KS, Howe R (1985) in Clayson DB et al., Toxicological Risk Assessment, CRC Press"
)
FEWEST_GROUPS = 2


@dataclass(frozen=True)
class BenchmarkDose:
    """All fits, and the model that the rules recommend, with the reason; None where no model is viable."""

    fits: tuple[ModelFit, ...]
    recommended: str | None
    reason: str
    benchmark_response: float
    risk: str
    confidence: float

    def fit(self, model: str) -> ModelFit:
        """Return the fit of a model by its name."""
        return next(one for one in self.fits if one.model == model)


def probability(result: BenchmarkDose, model: str, doses: Sequence[float] | Array) -> Array:
    """Return the probability of the effect at doses, shape (m,), by a fitted model."""
    form = next(one for one in MODELS if one.name == model)
    theta = np.array([result.fit(model).place])
    return form.probability(theta, np.asarray(doses, dtype=float), result.benchmark_response, result.risk == "extra")[0]


def _refuse(what: str, given: str, allowed: str, next_step: str = "correct the table") -> MethodError:
    return MethodError(what, given=given, allowed=allowed, next_step=next_step)


def _read(doses: Sequence[float], subjects: Sequence[int], affected: Sequence[int]) -> Data:
    if not len(doses) == len(subjects) == len(affected):
        raise _refuse(
            "each dose group has one number of animals and one of affected animals",
            f"{len(doses)} doses, {len(subjects)} and {len(affected)} numbers",
            "lists of one length",
        )
    table = np.array([doses, subjects, affected], dtype=float)
    if not np.all(np.isfinite(table)) or np.any(table < 0):
        raise _refuse("a value is missing or below 0", str(table.T.tolist()), "finite numbers of 0 or more")
    if np.any(table[1:] % 1):
        raise _refuse("animals are counted", str(table[1:].tolist()), "whole numbers")
    if np.any(table[1] == 0) or np.any(table[2] > table[1]):
        raise _refuse(
            "a group has no animals, or more affected animals than animals",
            str(table.T.tolist()),
            "0 ≤ affected ≤ animals",
        )
    known = np.unique(table[0])
    if known.size < FEWEST_GROUPS or np.sum(known > 0) < FEWEST_GROUPS - 1:
        raise _refuse(
            "there are too few doses for a dose-response model",
            f"doses {known.tolist()}",
            "two or more different doses, one of them above 0",
            "compare the groups by Fisher's exact test",
        )
    # Groups of one dose (two controls, say) are one group: the likelihood is the same.
    counts = np.array([table[1:, table[0] == dose].sum(axis=1) for dose in known])
    if not 0 < counts[:, 1].sum() < counts[:, 0].sum():
        raise _refuse(
            "no animal, or every animal, is affected: the incidence says nothing of the dose",
            f"{int(counts[:, 1].sum())} of {int(counts[:, 0].sum())}",
            "some animals with and some without the effect",
            "report the incidences as they are",
        )
    return Data(known, counts[:, 0], counts[:, 1])


@method(
    "preclinical.benchmark_dose", version="1.0", source=_SOURCE, title="Benchmark dose of an incidence", tolerance=1e-6
)
def benchmark_dose(
    *,
    doses: Sequence[float],
    subjects: Sequence[int],
    affected: Sequence[int],
    benchmark_response: float = 0.10,
    risk: Risk = "extra",
    confidence: float = 0.95,
) -> BenchmarkDose:
    """Fit all dichotomous models and recommend one.

    Parameters: `doses` of the groups in one unit, in any order; `subjects` and `affected` animals of each;
    `benchmark_response`, the risk whose dose is asked for, as `extra` risk (P(d) − P(0))/(1 − P(0)) or as `added` risk
    P(d) − P(0); `confidence`, one-sided, of the limits. Raises `MethodError` for a torn table, fewer than two doses, or
    incidences that are all 0 or all 100 %.

    >>> found = benchmark_dose(
    ...     doses=[0, 10, 50, 150, 400], subjects=[25, 25, 24, 24, 24], affected=[0, 3, 7, 11, 15]
    ... )
    >>> found.recommended, round(found.fit("Log-Probit").bmd, 5), round(found.fit("Log-Probit").aic, 3)
    ('Log-Probit', 7.96379, 116.189)
    """
    data = _read(doses, subjects, affected)
    benchmark = Benchmark(share("benchmark_response", benchmark_response), risk == "extra")
    if not 0.5 < share("confidence", confidence) < 1.0:
        raise _refuse("the confidence of a limit", f"{confidence:g}", "above 0.5 and below 1", "0.95 is usual")
    # A polynomial of more stages than the doses can tell apart is not fitted (EPA's default: groups less two).
    used = [model for model in MODELS if model.stages <= max(1, data.dose.size - 2)]
    fits = tuple(_fit(model, data, benchmark, confidence) for model in used)
    recommended, reason = recommend(fits)
    return BenchmarkDose(fits, recommended, reason, benchmark_response, risk, confidence)


def _fit(model: Model, data: Data, benchmark: Benchmark, confidence: float) -> ModelFit:
    surface = Incidences(model, data, benchmark)
    found = fit(surface, confidence)
    natural = model.natural(found.theta, benchmark.response, benchmark.is_extra)
    p = np.clip(surface.predict(found.theta[None])[0], 1e-300, 1.0 - 1e-15)
    spread = np.sqrt(np.maximum(data.subjects * p * (1.0 - p), 1e-300))
    # A model that expects nobody where nobody is affected is right there, not infinitely wrong.
    apart = data.affected - data.subjects * p
    residual = np.where(np.abs(apart) < 1e-6, 0.0, apart / spread)
    goodness = Goodness(float(np.sum(residual**2)), int(data.dose.size - counted(natural)), residual)
    return told(model.name, surface, found, natural, data.dose, data.subjects * p, goodness)


__all__ = ["BenchmarkDose", "benchmark_dose", "probability"]
