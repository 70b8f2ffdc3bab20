"""Out of trend: the false-alarm rate is the stated one, a step is found, and too little history is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats

from crdmo.science.method import MethodError, call
from crdmo.science.quality.out_of_trend import out_of_trend
from crdmo.science.quality.stability_oot import History, oot_regression

MONTHS = [0.0, 3.0, 6.0, 9.0, 12.0]


def _draw(rng: np.random.Generator, history: History, step: float = 0.0) -> dict[str, Any]:
    """Return three batches of which C has two earlier results, and a new one that lies `step` from its line."""
    spread = 0.0 if history is History.COMMON_LINE else 1.5
    heights = {name: 100 + rng.normal(0, spread) for name in "ABC"}
    rows = [(name, t) for name in "AB" for t in MONTHS] + [
        ("C", t) for t in (MONTHS if history is History.OWN_LINE else MONTHS[:2])
    ]
    new = 18.0

    def at(name: str, t: float) -> float:
        return float(heights[name] - 0.2 * t + rng.normal(0, 0.4))

    return {
        "batch": [name for name, _ in rows],
        "month": [t for _, t in rows],
        "value": [at(name, t) for name, t in rows],
        "new_batch": "C",
        "new_month": new,
        "new_value": at("C", new) + step,
        "history": history,
    }


@pytest.mark.parametrize("history", list(History))
@pytest.mark.parametrize("rate", [0.01, 0.05])
def test_a_result_in_trend_is_flagged_as_often_as_stated(history: History, rate: float) -> None:
    """6000 batches: standard error 0.0013 at 0.01 and 0.0028 at 0.05."""
    rng = np.random.default_rng(31)
    flagged = sum(oot_regression(**_draw(rng, history), false_alarm_rate=rate).is_out_of_trend for _ in range(6000))
    assert flagged / 6000 == pytest.approx(rate, abs=0.005 if rate == 0.01 else 0.01)


def test_the_older_check_of_one_batch_keeps_its_rate_too() -> None:
    rng = np.random.default_rng(32)
    flagged = 0
    for _ in range(6000):
        values = 100 - 0.2 * np.array([*MONTHS, 18.0]) + rng.normal(0, 0.4, 6)
        flagged += out_of_trend(
            months=MONTHS, values=values[:-1].tolist(), new_month=18.0, new_value=float(values[-1])
        ).is_out_of_trend
    assert flagged / 6000 == pytest.approx(0.01, abs=0.005)


@pytest.mark.parametrize("history", list(History))
def test_a_seeded_step_is_found_as_often_as_the_noncentral_t_says(history: History) -> None:
    """2000 batches: standard error at most 0.011."""
    rng = np.random.default_rng(33)
    draws = [_draw(rng, history, step=-2.5) for _ in range(2000)]
    found = sum(oot_regression(**given).is_out_of_trend for given in draws) / 2000
    keep = [i for i, name in enumerate(draws[0]["batch"]) if history is not History.OWN_LINE or name == "C"]
    names, times = ([*(draws[0][key][i] for i in keep), new] for key, new in (("batch", "C"), ("month", 18.0)))
    heights = sorted(set(names)) if history is History.COMMON_SLOPE else [None]
    x = np.array([[*(h in (None, name) for h in heights), t] for name, t in zip(names, times, strict=True)], float)
    leverage = float(x[-1] @ np.linalg.inv(x[:-1].T @ x[:-1]) @ x[-1])
    df = len(keep) - x.shape[1]
    away = -2.5 / (0.4 * np.sqrt(1 + leverage))
    limit = stats.t.ppf(0.995, df)
    power = stats.nct.cdf(-limit, df, away) + stats.nct.sf(limit, df, away)
    assert found == pytest.approx(float(power), abs=0.035)


@pytest.mark.parametrize(
    ("history", "formula"), [(History.COMMON_SLOPE, "y ~ C(b) + t"), (History.COMMON_LINE, "y ~ t")]
)
def test_the_interval_is_the_prediction_interval_of_statsmodels(history: History, formula: str) -> None:
    given = _draw(np.random.default_rng(34), history)
    fit = smf.ols(formula, pd.DataFrame({"b": given["batch"], "t": given["month"], "y": given["value"]})).fit()
    at = fit.get_prediction(pd.DataFrame({"b": ["C"], "t": [18.0]})).summary_frame(alpha=0.01).iloc[0]
    found = oot_regression(**given)
    assert (found.lower, found.expected, found.upper) == pytest.approx(
        (at["obs_ci_lower"], at["mean"], at["obs_ci_upper"]), rel=1e-9
    )
    assert found.df == fit.df_resid


def test_the_own_line_is_that_of_the_batch_alone() -> None:
    given = _draw(np.random.default_rng(35), History.OWN_LINE)
    alone = out_of_trend(months=MONTHS, values=given["value"][-5:], new_month=18.0, new_value=given["new_value"])
    found = oot_regression(**given)
    assert (found.lower, found.upper) == pytest.approx((alone.lower, alone.upper), rel=1e-9)
    assert found.is_out_of_trend == alone.is_out_of_trend


def test_a_history_without_scatter_flags_only_what_differs() -> None:
    history = {"batch": ["A"] * 4, "month": [0, 3, 6, 9], "value": [0.05] * 4, "new_batch": "A", "new_month": 12}
    same, other = (oot_regression(**history, new_value=value) for value in (0.05, 0.06))
    assert not same.is_out_of_trend
    assert (other.is_out_of_trend, other.standardised) == (True, float("inf"))
    assert not out_of_trend(months=[0, 3, 6, 9], values=[0.05] * 4, new_month=12, new_value=0.05).is_out_of_trend


def test_the_path_names_history_interval_and_finding() -> None:
    given = _draw(np.random.default_rng(36), History.COMMON_SLOPE, step=-5.0)
    told = oot_regression(**given).reasons
    assert told[0] == "common slope through 12 earlier results of 3 batches, 8 degrees of freedom"
    assert "for 0.99 of results in trend" in told[1]
    assert told[2].endswith("out of trend")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"new_batch": "D"}, "too few earlier results for the own line"),
        ({"new_batch": "D", "history": History.COMMON_SLOPE}, "too few earlier results for the common slope"),
        ({"batch": ["C"] * 2, "month": [0, 3], "value": [100.0, 99.0]}, "too few earlier results"),
        ({"batch": ["C"] * 3, "month": [3, 3, 3], "value": [100.0, 99.0, 98.0]}, "too few earlier results"),
        ({"false_alarm_rate": 0.0}, "false_alarm_rate is no share"),
        ({"new_value": float("nan")}, "month or value that cannot be used"),
    ],
)
def test_too_little_history_is_refused(changes: dict[str, Any], message: str) -> None:
    given = {**_draw(np.random.default_rng(37), History.OWN_LINE), **changes}
    with pytest.raises(MethodError, match=message):
        oot_regression(**given)


def test_a_common_line_needs_no_result_of_the_batch_itself() -> None:
    given = {**_draw(np.random.default_rng(38), History.COMMON_LINE), "new_batch": "D"}
    assert oot_regression(**given).df == 10


def test_it_is_a_method_on_plain_json() -> None:
    given = {**_draw(np.random.default_rng(39), History.COMMON_LINE), "history": "common line"}
    assert call("quality.oot_regression", given, {"false_alarm_rate": 0.05}).history is History.COMMON_LINE
