"""Linearity: the tests against an independent fit, and that r² decides nothing."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from crdmo.science.method import MethodError
from crdmo.science.quality.linearity import linearity


def test_a_curve_with_r_squared_above_0_999_is_not_accepted() -> None:
    x = np.linspace(1, 10, 10)
    y = 2 * x + 0.02 * x**2 + np.tile([0.005, -0.005], 5)
    found = linearity(x=x.tolist(), y=y.tolist())
    assert found.line.r_squared > 0.999
    assert not found.accepted


def test_mandel_and_lack_of_fit_equal_model_comparisons_by_statsmodels() -> None:
    x = np.repeat([1.0, 2.0, 3.0, 4.0, 5.0], 3)
    y = 1 + 2 * x + np.random.default_rng(2).normal(0, 0.4, 15)
    found = linearity(x=x.tolist(), y=y.tolist())
    line = sm.OLS(y, sm.add_constant(x)).fit()
    quadratic = sm.OLS(y, np.column_stack([np.ones(15), x, x**2])).fit()
    levels = sm.OLS(y, (x[:, None] == np.unique(x)[None, :]).astype(float)).fit()
    assert (found.mandel_f, found.mandel_p) == pytest.approx(quadratic.compare_f_test(line)[:2], rel=1e-8)
    assert (found.lack_of_fit_f, found.lack_of_fit_p) == pytest.approx(levels.compare_f_test(line)[:2], rel=1e-8)
    assert found.quadratic_coefficient == pytest.approx(quadratic.params[2])


def test_lack_of_fit_is_not_claimed_without_replicates() -> None:
    found = linearity(x=[1, 2, 3, 4, 5], y=[2.1, 3.9, 6.1, 8.0, 9.9])
    assert found.lack_of_fit_p is None
    assert any("no content is replicated" in reason for reason in found.reasons)


def test_three_measurements_are_too_few() -> None:
    with pytest.raises(MethodError, match="too little to judge linearity"):
        linearity(x=[1, 2, 3], y=[1, 2, 3])
