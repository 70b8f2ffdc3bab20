"""System suitability: peaks of known shape, the table of permitted RSD, and verdicts that never pass in silence."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats

from crdmo.science.method import MethodError
from crdmo.science.quality.system_suitability import (
    MeasuredParameter,
    Peak,
    SuitabilityCriterion,
    SuitabilityOutcome,
    SuitabilityParameter,
    injection_repeatability,
    peak_quality,
    permitted_relative_sd,
    resolution,
    system_suitability,
)


def _measured(mean: float, sigma: float, tail: float = 0.0) -> Peak:
    """Return the numbers of a Gaussian peak, or of one convolved with an exponential tail, measured on its curve."""
    shape = stats.exponnorm(tail / sigma, loc=mean, scale=sigma) if tail else stats.norm(mean, sigma)
    span = (mean - 8 * sigma, mean + 8 * sigma + 12 * tail)
    apex = optimize.minimize_scalar(lambda t: -shape.pdf(t), bounds=span, method="bounded", options={"xatol": 1e-9}).x
    height = shape.pdf(apex)

    def edges(share: float) -> tuple[float, float]:
        return tuple(
            optimize.brentq(lambda t: shape.pdf(t) - share * height, *sorted((apex, end)), xtol=1e-12) for end in span
        )

    half, low = edges(0.5), edges(0.05)
    return Peak(apex, half[1] - half[0], low[1] - low[0], apex - low[0])


def test_a_gaussian_peak_has_the_plates_of_its_variance_and_no_tailing() -> None:
    quality = peak_quality(peak=_measured(10.0, 0.1))
    assert quality.plates == pytest.approx((10.0 / 0.1) ** 2, rel=0.001)
    assert quality.symmetry_factor == pytest.approx(1.0, abs=1e-4)


def test_an_exponential_tail_shows_in_symmetry_and_costs_plates() -> None:
    gaussian, tailed = peak_quality(peak=_measured(10.0, 0.1)), peak_quality(peak=_measured(10.0, 0.1, tail=0.15))
    assert tailed.symmetry_factor is not None and tailed.symmetry_factor > 1.4
    assert tailed.plates < 0.6 * gaussian.plates


def test_a_fronting_peak_has_a_symmetry_factor_below_one() -> None:
    tailed = _measured(10.0, 0.1, tail=0.15)
    assert tailed.width_5_percent is not None and tailed.front_5_percent is not None
    front = tailed.width_5_percent - tailed.front_5_percent
    mirrored = Peak(10.0, tailed.width_half, tailed.width_5_percent, front)
    assert (peak_quality(peak=mirrored).symmetry_factor or 9.0) < 0.8


def test_gaussian_peaks_six_sigma_apart_have_a_resolution_of_one_and_a_half() -> None:
    found = resolution(first=_measured(10.0, 0.1), second=_measured(10.6, 0.1))
    assert found == pytest.approx(1.5, abs=0.005)


def test_peaks_out_of_order_are_refused() -> None:
    with pytest.raises(MethodError, match="the peaks are not in order of elution"):
        resolution(first=Peak(11.0, 0.2), second=Peak(10.0, 0.2))


@pytest.mark.clause("USP <621>")
@pytest.mark.parametrize(
    ("limit", "printed"),
    [(102.0, [0.41, 0.59, 0.73, 0.85]), (102.5, [0.52, 0.74, 0.92, 1.06]), (103.0, [0.62, 0.89, 1.10, 1.27])],
)
def test_the_permitted_rsd_is_that_of_the_table(limit: float, printed: list[float]) -> None:
    """USP <621> and Ph. Eur. 2.2.46, table of maximum permitted relative standard deviation."""
    found = [round(permitted_relative_sd(upper_limit_percent=limit, injections=n), 2) for n in (3, 4, 5, 6)]
    assert found == printed


def test_more_than_six_injections_permit_no_more() -> None:
    with pytest.raises(MethodError, match="three to six injections"):
        permitted_relative_sd(upper_limit_percent=102.0, injections=7)


def test_signal_to_noise_doubles_height_over_peak_to_peak_noise() -> None:
    assert peak_quality(peak=Peak(5.0, 0.1, height=30.0, noise=6.0)).signal_to_noise == 10.0


def test_what_was_not_measured_is_not_made_up() -> None:
    quality = peak_quality(peak=Peak(5.0, 0.1))
    assert (quality.symmetry_factor, quality.signal_to_noise, quality.retention_factor) == (None, None, None)


def test_a_hold_up_time_after_the_peak_is_refused() -> None:
    with pytest.raises(MethodError, match="the hold-up time does not fit the peak"):
        peak_quality(peak=Peak(5.0, 0.1), hold_up_time=6.0)


def test_repeatability_is_scale_free() -> None:
    areas = [1000.0, 1010.0, 990.0, 1005.0, 995.0]
    small = injection_repeatability(responses=[a / 7 for a in areas])
    assert small.relative_sd_percent == pytest.approx(injection_repeatability(responses=areas).relative_sd_percent)
    assert small.relative_sd_percent == pytest.approx(100 * np.std(areas, ddof=1) / 1000.0)


RSD = SuitabilityCriterion(SuitabilityParameter.RELATIVE_SD, "main peak", at_most=0.73)
TAILING = SuitabilityCriterion(SuitabilityParameter.SYMMETRY, "main peak", at_least=0.8, at_most=1.8)


def _found(parameter: SuitabilityParameter, value: float) -> MeasuredParameter:
    return MeasuredParameter(parameter, "main peak", value)


@pytest.mark.clause("USP <621>")
def test_a_criterion_without_a_result_is_not_met() -> None:
    verdict = system_suitability(measured=[_found(SuitabilityParameter.RELATIVE_SD, 0.5)], criteria=[RSD, TAILING])
    assert verdict.outcome is SuitabilityOutcome.NOT_SUITABLE
    assert verdict.results[1].found is None
    assert any("no result" in reason and "not met" in reason for reason in verdict.reasons)


def test_the_worst_of_several_results_decides() -> None:
    values = [_found(SuitabilityParameter.SYMMETRY, x) for x in (1.0, 1.9, 1.2)]
    verdict = system_suitability(measured=values, criteria=[TAILING])
    assert verdict.outcome is SuitabilityOutcome.NOT_SUITABLE
    assert verdict.results[0].found == 1.9


@pytest.mark.parametrize(("value", "met"), [(0.8, True), (1.8, True), (0.79, False), (1.81, False)])
def test_a_result_on_the_limit_is_met(value: float, met: bool) -> None:
    verdict = system_suitability(measured=[_found(SuitabilityParameter.SYMMETRY, value)], criteria=[TAILING])
    assert verdict.results[0].met is met


def test_a_result_of_another_peak_does_not_count() -> None:
    other = MeasuredParameter(SuitabilityParameter.RELATIVE_SD, "impurity A", 0.1)
    assert system_suitability(measured=[other], criteria=[RSD]).outcome is SuitabilityOutcome.NOT_SUITABLE


def test_no_criteria_are_refused() -> None:
    with pytest.raises(MethodError, match="there is nothing to judge the system by"):
        system_suitability(measured=[], criteria=[])
