"""In vitro safety against published figures.

* hERG: dofetilide and cisapride, block of single cells measured by FDA/CiPA (companion of Crumb et al. 2016); IC50 and slope
  of FDA's own fit (`Hill_fitting/results/*/IC50_optimal.csv`); free therapeutic Cmax 2 and 2.6 nM.
* Ames: quinoline in TA98 (Breslow, Appl Stat 1984;33:38).
"""

from __future__ import annotations

import csv

import numpy as np
import pytest

from crdmo.science.preclinical.ames import Call, ames_condition
from crdmo.science.preclinical.herg import HergResult, herg_block
from tests import shared_data

QUINOLINE = [[15, 21, 29], [16, 18, 21], [16, 26, 33], [27, 41, 60], [33, 38, 41], [20, 27, 42]]


def measured(drug: str, cmax: float) -> HergResult:
    with shared_data.path("preclinical/herg/herg_block_dofetilide_cisapride.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["drug"] == drug]
    return herg_block(
        concentration=[float(row["conc_nM"]) for row in rows],
        block=[float(row["percent_block"]) for row in rows],
        cmax_total=cmax,
        fraction_unbound=1,
    )


def test_dofetilide() -> None:
    found = measured("dofetilide", 2.0)
    assert (round(found.ic50, 3), round(found.hill, 3), found.points) == (6.125, 1.079, 26)
    assert round(found.margin, 2) == 3.06 and found.is_margin_safe is False
    assert found.lower < found.ic50 < found.upper


def test_cisapride() -> None:
    found = measured("cisapride", 2.6)
    assert (round(found.ic50, 2), round(found.hill, 3), found.points) == (11.27, 0.621, 22)
    # The reference prints 4.33 from the rounded IC50 and Cmax; 11.2731 / 2.6 is 4.336.
    assert found.margin == pytest.approx(4.33, abs=0.01) and found.is_margin_safe is False


def test_a_fixed_slope_of_one_would_move_cisapride() -> None:
    with shared_data.path("preclinical/herg/herg_block_dofetilide_cisapride.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["drug"] == "cisapride"]
    c, y = (np.array([float(row[key]) for row in rows]) for key in ("conc_nM", "percent_block"))
    grid = np.geomspace(1, 100, 4000)
    fixed = grid[np.argmin([((y - 100 / (1 + e / c)) ** 2).sum() for e in grid])]
    assert abs(fixed / measured("cisapride", 2.6).ic50 - 1) > 0.05


def test_quinoline_overdispersion_and_downturn() -> None:
    found = ames_condition(
        strain="TA98",
        with_s9=True,
        doses=[0, 10, 33, 100, 333, 1000],
        counts=QUINOLINE,
        positive_control=[300, 310, 290],
    )
    assert round(found.overdispersion, 3) == 2.778
    assert [one.dose for one in found.doses if one.left_out] == [1000]
    # 42.67 / 21.67 = 1.97: just below two-fold, yet the trend is significant: no negative.
    assert found.trend_p_greater < 0.01 and found.call is Call.EQUIVOCAL
