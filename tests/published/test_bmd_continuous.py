"""Benchmark dose of a measured quantity: five groups, 1 standard deviation down, variance modelled; EPA's pybmds 25.2.

Benchmark doses and AIC to the printed digits. Its lower limits stop up to seven parts in ten thousand short of the
likelihood's own; ours satisfy the definition, which is tested.
"""

from __future__ import annotations

import numpy as np
import pytest

from crdmo.science.preclinical.benchmark_climb import allowed_fall, climb
from crdmo.science.preclinical.benchmark_dose_continuous import benchmark_dose_continuous
from crdmo.science.preclinical.continuous_fit import Groups, Means, Response
from crdmo.science.preclinical.continuous_models import SHAPES

DOSES, ANIMALS = [0, 10, 50, 150, 400], [111, 142, 143, 93, 42]
MEANS, SPREADS = [2.112, 2.095, 1.956, 1.587, 1.254], [0.235, 0.209, 0.231, 0.263, 0.159]
# Model: BMD, BMDL, AIC as printed.
PRINTED = {
    "Exponential 5": ("68.3034", 56.1366, "-59.0138"),
    "Hill": ("67.6137", 56.2639, "-58.9949"),
    "Exponential 3": ("77.2621", 68.02, "-38.0061"),
    "Linear": ("99.9419", 88.2531, "-12.348"),
}


@pytest.fixture(scope="module")
def found():
    return benchmark_dose_continuous(doses=DOSES, subjects=ANIMALS, means=MEANS, standard_deviations=SPREADS)


@pytest.mark.parametrize("model", PRINTED)
def test_bmd_and_aic_are_those_of_epas_software(found, model):
    bmd, bmdl, aic = PRINTED[model]
    fit = found.fit(model)
    assert f"{fit.bmd:.6g}" == bmd
    assert f"{fit.aic:.{len(aic.split('.')[1])}f}" == aic
    assert fit.bmdl == pytest.approx(bmdl, rel=7e-4)


@pytest.mark.parametrize("model", PRINTED)
def test_at_the_lower_limit_the_likelihood_has_fallen_by_just_what_is_allowed(found, model):
    fit = found.fit(model)
    shape = next(one for one in SHAPES if one.name == model)
    data = Groups(*(np.array(row, dtype=float) for row in (DOSES, ANIMALS, MEANS, SPREADS)))
    surface = Means(shape, data, Response(1.0, "standard deviation", -1.0), constant=False)
    free = np.ones(4 + len(shape.low), dtype=bool)
    free[0] = False

    def best_at(dose: float) -> float:
        rows = np.array([[np.log(dose), *fit.place[1:4], *start] for start in (*shape.starts, fit.place[4:])])
        return float(climb(surface, rows, free)[1].max())

    fall = fit.log_likelihood - best_at(fit.bmdl)
    assert fall == pytest.approx(allowed_fall(0.95), abs=2e-4)
    # What is printed lies at another fall, and not so near.
    assert abs(fit.log_likelihood - best_at(PRINTED[model][1]) - allowed_fall(0.95)) >= abs(fall - allowed_fall(0.95))


def test_the_variances_differ_so_that_they_are_modelled(found):
    """Likelihoods of the means alone, written out: constant variance, and one for each group."""
    n, s = np.array(ANIMALS, dtype=float), np.array(SPREADS)
    own = (n - 1) * s**2 / n
    pooled = np.sum(n * own) / n.sum()
    assert found.tests.log_likelihood_constant == pytest.approx(-0.5 * n.sum() * (np.log(2 * np.pi * pooled) + 1))
    assert found.tests.log_likelihood_free == pytest.approx(np.sum(-0.5 * n * (np.log(2 * np.pi * own) + 1)))
    assert found.variance == "modelled" and found.tests.p_constant == pytest.approx(0.0039387, abs=1e-6)
    assert found.tests.p_dose < 1e-90
