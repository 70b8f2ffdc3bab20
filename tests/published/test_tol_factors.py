"""TOL: normal tolerance factors at confidence 0.95, content 0.90, 0.95 and 0.99 (Odeh and Owen 1980)."""

from __future__ import annotations

import pytest

from crdmo.science.quality.tolerance_factors import tolerance_factor_one_sided, tolerance_factor_two_sided

CONTENTS = (0.90, 0.95, 0.99)


@pytest.mark.parametrize(
    ("n", "printed"),
    [(10, [2.8563, 3.3934, 4.4369]), (20, [2.3188, 2.7603, 3.6210]), (100, [1.8748, 2.2339, 2.9355])],
)
def test_tol_two_sided(n: int, printed: list[float]) -> None:
    assert [round(tolerance_factor_two_sided(n=n, content=c).factor, 4) for c in CONTENTS] == printed


@pytest.mark.parametrize(("n", "printed"), [(10, [2.3546, 2.9110, 3.9811]), (30, [1.7773, 2.2198, 3.0639])])
def test_tol_one_sided(n: int, printed: list[float]) -> None:
    assert [round(tolerance_factor_one_sided(n=n, content=c).factor, 4) for c in CONTENTS] == printed
