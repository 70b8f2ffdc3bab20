"""OUT: the outlier example of USP <1010>, and the published tables of Grubbs and Dixon."""

from __future__ import annotations

import pytest

from crdmo.science.quality.outliers import (
    OutlierOutcome,
    Tail,
    dixon_critical_value,
    outlier_grubbs,
    outliers_esd,
)

DATA = [100.0, 100.1, 100.3, 100.0, 99.7, 99.9, 100.2, 99.5, 100.0, 95.7]


@pytest.mark.clause("USP <1010>")
def test_out_extreme_studentized_deviate_of_usp_1010() -> None:
    found = outliers_esd(values=DATA)
    step = found.steps[0]
    assert (round(step.mean, 2), round(step.standard_deviation, 3)) == (99.54, 1.369)
    assert (round(step.statistic, 3), round(step.critical_value, 3)) == (2.805, 2.290)
    assert found.outcome is OutlierOutcome.OUTLIER
    assert found.outlier_positions == (10,)


def test_out_rosner_1983_finds_three_outliers_that_mask_each_other() -> None:
    """Rosner 1983, vitamin E data of 54 men; NIST/SEMATECH e-Handbook 1.3.5.17.3 (digits cut, not rounded)."""
    text = """-0.25 0.68 0.94 1.15 1.20 1.26 1.26 1.34 1.38 1.43 1.49 1.49 1.55 1.56 1.58 1.65 1.69 1.70 1.76 1.77
        1.81 1.91 1.94 1.96 1.99 2.06 2.09 2.10 2.14 2.15 2.23 2.24 2.26 2.35 2.37 2.40 2.47 2.54 2.62 2.64 2.90
        2.92 2.92 2.93 3.21 3.26 3.30 3.59 3.68 4.30 4.64 5.34 5.42 6.01"""
    found = outliers_esd(values=[float(x) for x in text.split()], at_most=10)
    assert [int(s.statistic * 1000) / 1000 for s in found.steps[:4]] == [3.118, 2.942, 3.179, 2.810]
    assert [int(s.critical_value * 1000) / 1000 for s in found.steps[:4]] == [3.158, 3.151, 3.143, 3.136]
    assert sorted(found.outlier_positions) == [52, 53, 54]


@pytest.mark.parametrize(("n", "printed"), [(3, 1.153), (5, 1.672), (10, 2.176), (20, 2.557)])
def test_out_one_sided_grubbs_values_at_5_percent(n: int, printed: float) -> None:
    """Grubbs 1969, table I, 5 % one-sided."""
    values = [float(i) for i in range(n)]
    found = outlier_grubbs(values=values, tail=Tail.HIGHEST, alpha=0.05).steps[0].critical_value
    assert found == pytest.approx(printed, abs=0.0011)


@pytest.mark.parametrize(
    ("n", "printed"), [(3, 0.970), (4, 0.829), (5, 0.710), (6, 0.625), (7, 0.568), (8, 0.526), (9, 0.493), (10, 0.466)]
)
def test_out_two_sided_dixon_r10_at_95_percent(n: int, printed: float) -> None:
    """Rorabacher 1991, table I, interpolated from Dixon's table: at n = 6 it is 0.0025 below the exact value."""
    assert dixon_critical_value(n, 0.025, near=1, far=0) == pytest.approx(printed, abs=0.003)


@pytest.mark.parametrize(
    ("near", "far", "printed"),
    [
        (1, 0, {3: 0.941, 4: 0.765, 5: 0.642, 6: 0.560, 7: 0.507}),
        (1, 1, {8: 0.554, 9: 0.512, 10: 0.477}),
        (2, 1, {11: 0.576, 12: 0.546, 13: 0.521}),
        (2, 2, {14: 0.546, 15: 0.525, 16: 0.507, 18: 0.475, 20: 0.450, 25: 0.406}),
    ],
)
def test_out_one_sided_dixon_ratios_at_5_percent(near: int, far: int, printed: dict[int, float]) -> None:
    """Dixon 1951, tables I to VI, integrated by hand: at n = 6 printed 0.560, exactly 0.5624."""
    for n, value in printed.items():
        assert dixon_critical_value(n, 0.05, near, far) == pytest.approx(value, abs=0.003)
