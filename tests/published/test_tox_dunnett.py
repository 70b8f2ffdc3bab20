"""Dunnett, Bartlett and Levene: the recovery data of R's multcomp, and the trout of OECD No. 54.

Sources: Bretz, Hothorn, Westfall, Multiple Comparisons Using R, 2010 (data `recovery`); OECD Series on Testing and
Assessment No. 54, 2006.
"""

from __future__ import annotations

import csv
import time

import numpy as np
import pytest
from scipy import stats

from crdmo.science.method import MethodError
from crdmo.science.preclinical import dunnett as dunnett_module
from crdmo.science.preclinical.dunnett import Side, dunnett, quantile, together
from crdmo.science.preclinical.variances import variance_tests
from tests import shared_data

RECOVERY = {
    "b0": [15, 13, 12, 16, 16, 17, 13, 13, 16, 17, 17, 19, 17, 15, 13, 12, 16, 10, 17, 12],
    "b1": [13, 16, 9],
    "b2": [5, 8, 9],
    "b3": [14, 16, 16, 12, 7, 12, 13, 13, 9, 16, 13, 18, 13, 12, 13],
}


def test_recovery() -> None:
    names, values = list(RECOVERY), list(RECOVERY.values())
    two, less = (dunnett(groups=names, values=values, side=side) for side in (Side.TWO_SIDED, Side.LESS))
    assert (round(two.f, 5), round(two.f_p, 8)) == (7.54989, 0.00046195)
    assert [round(one.t, 5) for one in two.comparisons] == [-1.33019, -4.65565, -1.88372]
    assert [one.p for one in two.comparisons] == pytest.approx([0.455917, 0.00012157, 0.181979], rel=3e-5)
    assert [one.p for one in less.comparisons] == pytest.approx([0.241179, 6.08e-5, 0.092438], rel=5e-4)
    assert round(two.critical, 4) == 2.4886
    found = variance_tests(values=values)
    assert (round(found.bartlett, 8), round(found.bartlett_p, 7)) == (0.91993388, 0.8206148)
    assert (round(found.levene, 5), round(found.levene_p, 5)) == (0.19928, 0.89621)


def test_trout_of_oecd_54() -> None:
    groups: dict[str, list[float]] = {}
    with shared_data.path("preclinical/toxstats/oecd54_trout.csv").open() as lines:
        for row in csv.DictReader(lines):
            groups.setdefault(row["DOSE"], []).append(float(row["Y"]))
    names = sorted(groups, key=float)
    found = dunnett(groups=names, values=[groups[name] for name in names], side=Side.LESS)
    assert (round(found.f, 4), round(found.f_p, 5)) == (3.1489, 0.01381)
    assert [round(one.t, 5) for one in found.comparisons] == [-0.13986, -2.66870, -2.09800, -2.90223, -2.10962]
    assert [one.p for one in found.comparisons] == pytest.approx(
        [0.84399, 0.02217, 0.08296, 0.01201, 0.08103], abs=6e-5
    )
    tests = variance_tests(values=[groups[name] for name in names])
    assert (round(tests.bartlett, 5), round(tests.bartlett_p, 5)) == (4.56113, 0.47175)


def test_one_dose_group_is_students_t() -> None:
    values = [[9.1, 10.4, 11.0, 10.2], [12.0, 11.1, 13.3]]
    found = dunnett(groups=["0", "1"], values=values)
    plain = stats.ttest_ind(values[1], values[0])
    assert found.comparisons[0].p == pytest.approx(float(plain.pvalue), abs=1e-10)
    assert together(np.array([0.6]), 7, 2.0, two_sided=False) == pytest.approx(float(stats.t.cdf(2.0, 7)), abs=1e-10)


def test_it_agrees_with_scipys_sampling_and_repeats_itself() -> None:
    values = [RECOVERY[name] for name in ("b0", "b1", "b3")]
    ours = dunnett(groups=["0", "1", "3"], values=values)
    theirs = stats.dunnett(*values[1:], control=values[0], rng=np.random.default_rng(1))
    assert [one.p for one in ours.comparisons] == pytest.approx(theirs.pvalue.tolist(), abs=2e-3)
    assert dunnett(groups=["0", "1", "3"], values=values) == ours


def test_sides_mirror_each_other_and_units_do_not_matter() -> None:
    values = list(RECOVERY.values())
    less = dunnett(groups=list(RECOVERY), values=values, side=Side.LESS)
    greater = dunnett(groups=list(RECOVERY), values=[[-1000 * v for v in one] for one in values], side=Side.GREATER)
    assert [one.p for one in greater.comparisons] == pytest.approx([one.p for one in less.comparisons], abs=1e-12)


def test_the_familywise_error_is_kept() -> None:
    n, rng = np.array([8, 4, 6]), np.random.default_rng(11)
    bound = quantile(np.sqrt(n[1:] / (n[1:] + n[0])), int(n.sum()) - 3, 0.95, two_sided=True)
    draws = [rng.normal(0, 1, (20_000, size)) for size in n]
    square = sum(((one - one.mean(1, keepdims=True)) ** 2).sum(1) for one in draws) / (n.sum() - 3)
    t = [(one.mean(1) - draws[0].mean(1)) / np.sqrt(square * (1 / one.shape[1] + 1 / n[0])) for one in draws[1:]]
    missed = float((np.abs(t).max(0) > bound).mean())
    assert missed == pytest.approx(0.05, abs=0.005)  # three standard errors of 20 000 trials


def test_what_cannot_be_compared_is_refused() -> None:
    for groups, values in (
        (["0"], [[1, 2]]), (["0", "0"], [[1, 2], [2, 3]]), (["0", "1"], [[1, 2], [3]]), (["0", "1"], [[1, 1], [2, 2]]),
        (["0", "1"], [[1, float("nan")], [2, 3]]), (["0", "1", "2"], [[1, 2], [2, 3]]),
    ):  # fmt: skip
        with pytest.raises(MethodError):
            dunnett(groups=groups, values=values)
    for values in ([[1, 2]], [[1, 2], [3, 3]], [[1], [2, 3]]):
        with pytest.raises(MethodError):
            variance_tests(values=values)


def test_ten_digits_are_kept_where_the_control_is_small_and_the_degrees_of_freedom_are_few(monkeypatch) -> None:
    cases = [
        ([0.9] * 4, 2, 8.0),
        ([0.99, 0.99, 0.7], 100, 2.0),
        ([0.707] * 5, 3, 3.5),
        ([0.5, 0.6], 1, 20.0),
        ([0.7] * 3, 11, 9.0),
        ([0.95, 0.3], 200, 0.5),
    ]
    usual = [together(np.array(load), df, bound, two_sided=True) for load, df, bound in cases]
    monkeypatch.setattr(dunnett_module, "STEEP_NODES", ((1.0, 1100),))
    for name in ("NODES_OF_S", "NODES_OF_WIDE_S"):
        monkeypatch.setattr(dunnett_module, name, 130)
    finer = [together(np.array(load), df, bound, two_sided=True) for load, df, bound in cases]
    assert usual == pytest.approx(finer, abs=1e-10)


def test_it_takes_milliseconds_and_is_the_same_at_every_call() -> None:
    samples = [[15, 13, 12, 16, 16], [13, 16, 9], [5, 8, 9], [14, 16, 16, 12, 7, 12]]
    found = [dunnett(groups=["0", "1", "2", "3"], values=samples) for _ in range(12)]
    assert all(one == found[0] for one in found)
    times = []
    for _ in range(12):
        start = time.process_time()
        dunnett(groups=["0", "1", "2", "3"], values=samples)
        times.append(time.process_time() - start)
    assert min(times) < 0.020  # all p and the intervals; bench/dunnett.py has it beside SciPy
