"""Limits by σ and slope: three σ, three limits, each named."""

from __future__ import annotations

import pytest

from crdmo.science.method import MethodError
from crdmo.science.quality.calibration import calibration_line
from crdmo.science.quality.sigma_slope import SigmaSource, sigma_slope_limits

X = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
Y = [2.1, 3.9, 6.2, 7.8, 10.1, 12.0]


def test_the_three_sigmas_give_three_limits_and_each_is_named() -> None:
    residual = sigma_slope_limits(x=X, y=Y, sigma_source=SigmaSource.RESIDUALS)
    intercept = sigma_slope_limits(x=X, y=Y, sigma_source=SigmaSource.INTERCEPT)
    blanks = sigma_slope_limits(x=X, y=Y, sigma_source=SigmaSource.BLANKS, blanks=[0.0, 0.2, 0.1])
    assert len({residual.detection_limit, intercept.detection_limit, blanks.detection_limit}) == 3
    assert "residual standard deviation of the line" in residual.reasons[0]
    assert blanks.quantification_limit == pytest.approx(10 * 0.1 / calibration_line(x=X, y=Y).slope)


@pytest.mark.parametrize(("source", "blanks"), [(SigmaSource.BLANKS, None), (SigmaSource.RESIDUALS, [0.1, 0.2])])
def test_blanks_and_the_source_of_sigma_must_agree(source: SigmaSource, blanks: list[float] | None) -> None:
    with pytest.raises(MethodError, match="blanks and the source of σ do not go together"):
        sigma_slope_limits(x=X, y=Y, sigma_source=source, blanks=blanks)
