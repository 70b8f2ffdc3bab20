"""ANCOVA: agreement with a general model of a peer, invariances, coverage, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm

from crdmo.science.clinical.ancova import ancova
from crdmo.science.clinical.ancova_figure import ancova_figure
from crdmo.science.clinical.survival_arms import survival_by_arm
from crdmo.science.clinical.survival_arms_figure import survival_figure
from crdmo.science.method import MethodError

RNG = np.random.default_rng(20261124)
N = 40
ARM = ["active" if i % 2 else "placebo" for i in range(N)]
SITE = ["one", "two", "three", "one", "two"] * (N // 5)
BASE = RNG.normal(8.4, 0.7, N)
CHANGE = -0.4 * (BASE - 8.4) - 0.8 * np.array([a == "active" for a in ARM]) + RNG.normal(0, 0.5, N)


def analysis(response: Any = CHANGE, **more: Any) -> Any:
    given = {"arm": ARM, "covariates": {"base": list(BASE)}, "factors": {"site": SITE}, "reference": "placebo", **more}
    return ancova(response=list(response), **given)


def test_ancova_agrees_with_statsmodels_in_estimate_error_and_means() -> None:
    design = np.column_stack(
        [np.ones(N), [a == "active" for a in ARM], BASE, *([s == level for s in SITE] for level in ("two", "three"))]
    ).astype(float)
    peer = sm.OLS(CHANGE, design).fit()
    found = analysis()
    one = found.differences[0]
    assert (one.estimate, one.standard_error, one.p_value) == pytest.approx(
        (peer.params[1], peer.bse[1], peer.pvalues[1]), rel=1e-10
    )
    assert (one.lower, one.upper) == pytest.approx(tuple(peer.conf_int()[1]), rel=1e-10)
    for mean, active in zip(found.means, (0, 1), strict=True):
        at = np.array([1, active, BASE.mean(), 1 / 3, 1 / 3])
        peer_mean = peer.t_test(at)
        assert mean.estimate == pytest.approx(float(peer_mean.effect[0]), rel=1e-10)
        assert mean.standard_error == pytest.approx(float(np.squeeze(peer_mean.sd)), rel=1e-10)


def test_type_iii_tests_are_those_of_models_without_the_term() -> None:
    found = {one.term: one for one in analysis().tests}
    parts = {
        "arm": np.array([[a == "active"] for a in ARM], float),
        "base": BASE[:, None],
        "site": np.array([[s == "two", s == "three"] for s in SITE], float),
    }
    full = sm.OLS(CHANGE, np.column_stack([np.ones(N), *parts.values()])).fit()
    for name in parts:
        rest = [columns for other, columns in parts.items() if other != name]
        f, p, _ = full.compare_f_test(sm.OLS(CHANGE, np.column_stack([np.ones(N), *rest])).fit())
        assert (found[name].f, found[name].p_value) == pytest.approx((f, p), rel=1e-8)


def test_with_one_factor_level_and_no_covariate_it_is_the_t_test() -> None:
    from scipy import stats

    found = ancova(response=list(CHANGE), arm=ARM, factors={"site": ["one"] * N}, reference="placebo")
    groups = [[c for c, a in zip(CHANGE, ARM, strict=True) if a == name] for name in ("active", "placebo")]
    peer = stats.ttest_ind(*groups)
    assert (found.differences[0].t, found.differences[0].p_value) == pytest.approx((peer.statistic, peer.pvalue))


def test_order_of_subjects_and_units_of_the_covariate_change_nothing() -> None:
    first = analysis().differences[0]
    turn = RNG.permutation(N)
    second = ancova(
        response=list(CHANGE[turn]),
        arm=[ARM[i] for i in turn],
        covariates={"base": list(BASE[turn] * 10.93 - 23.5)},
        factors={"site": [SITE[i] for i in turn]},
        reference="placebo",
    ).differences[0]
    assert (second.estimate, second.standard_error) == pytest.approx((first.estimate, first.standard_error), rel=1e-9)


def test_swapping_the_reference_turns_the_sign() -> None:
    one, other = analysis().differences[0], analysis(reference="active").differences[0]
    assert (other.estimate, other.lower, other.p_value) == pytest.approx((-one.estimate, -one.upper, one.p_value))


def test_the_interval_covers_the_true_difference_as_often_as_it_says() -> None:
    rng, inside, runs = np.random.default_rng(7), 0, 400
    for _ in range(runs):
        base = rng.normal(0, 1, 20)
        arm = ["a", "b"] * 10
        y = 0.5 * base + np.array([0.7 * (a == "b") for a in arm]) + rng.normal(0, 1, 20)
        one = ancova(response=list(y), arm=arm, covariates={"base": list(base)}, reference="a", confidence=0.9)
        inside += one.differences[0].lower <= 0.7 <= one.differences[0].upper
    # Three standard errors of a share of 0.9 in 400 runs.
    assert abs(inside / runs - 0.9) < 0.045


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"reference": "other"}, "reference"),
        ({"arm": ["placebo"] * N}, "nothing to compare"),
        ({"covariates": {"base": list(BASE[:-1])}}, "do not belong together"),
        ({"covariates": {"base": [float("nan"), *BASE[1:]]}}, "no finite number"),
        ({"covariates": {"base": [8.0] * N}}, "confounded"),
        ({"factors": {"site": ARM}}, "confounded"),
        ({"covariates": {"site": list(BASE)}}, "same name"),
        ({"confidence": 95.0}, "no share"),
        ({"factors": {"subject": [str(i) for i in range(N)]}}, "confounded|degree of freedom"),
    ],
)
def test_what_cannot_be_analysed_is_refused(more: dict[str, Any], says: str) -> None:
    with pytest.raises(MethodError, match=says):
        analysis(**more)


def test_a_response_that_is_the_covariate_is_refused() -> None:
    with pytest.raises(MethodError, match="no error to test"):
        analysis(response=2 * BASE)


def test_the_figure_names_the_difference_and_draws_each_arm() -> None:
    figure = ancova_figure(analysis(), unit="%")
    assert "active minus placebo" in figure.desc and "<svg" in figure.svg
    assert any("active" in " ".join(row) for row in figure.table)


def test_survival_by_arm_counts_those_at_risk_and_draws_them() -> None:
    found = survival_by_arm(
        time=[1, 2, 3, 4, 2, 5], event=[1, 0, 1, 1, 0, 0], arm=["a", "a", "a", "b", "b", "b"], times=[0, 2, 4]
    )
    assert [(one.arm, one.at_risk, one.events) for one in found.arms] == [("a", (3, 2, 0), 2), ("b", (3, 3, 2), 1)]
    figure = survival_figure(found)
    assert "At risk: a 3, 2, 0; b 3, 3, 2" in figure.desc


def test_survival_by_arm_refuses_a_negative_time_to_count_at() -> None:
    with pytest.raises(MethodError, match="negative"):
        survival_by_arm(time=[1, 2], event=[True, True], arm=["a", "b"], times=[-1.0])
