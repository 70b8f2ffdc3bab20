"""Non-compartmental analysis: theophylline (PKNCA, NonCompart), Gibaldi & Perrier, Bailer 1988, Holder 1999, PDS2014.

Sources: PKNCA vignettes and unit tests; R package PK 1.3-6; Bailer AJ, J Pharmacokinet Biopharm 1988;16:303;
Holder DJ et al., J Biopharm Stat 1999;9:487; phuse-org/phuse-scripts, PDS2014.
"""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from itertools import pairwise

import numpy as np
import pytest

from crdmo.science.method import MethodError
from crdmo.science.preclinical.exposure import Rule
from crdmo.science.preclinical.initial_concentration import Initial
from crdmo.science.preclinical.nca import Route, non_compartmental, non_compartmental_many, partial_auc
from crdmo.science.preclinical.pk_samples import Below, BelowLimit, ProfileData
from crdmo.science.preclinical.sparse_auc import sparse_area
from crdmo.science.preclinical.terminal_phase import WindowRule
from tests import shared_data

# Subject: samples of the terminal phase, half-life, AUC to the last sample, AUC to infinity.
THEOPHYLLINE = {
    1: (3, 14.304378, 147.23475, 214.92363), 2: (4, 6.6593416, 88.731276, 97.377935),
    4: (3, 6.9812467, 102.63362, 114.2162), 5: (4, 8.002264, 118.17935, 136.30473),
    7: (4, 7.8466683, 87.969227, 100.98763), 8: (6, 8.5100379, 86.806564, 102.1533),
    10: (3, 9.2469158, 135.57607, 167.86003), 11: (3, 7.2612365, 77.893472, 86.902617),
}  # fmt: skip


@pytest.fixture(scope="module")
def theophylline() -> dict[int, tuple[list[float], list[float]]]:
    found: dict[int, tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
    with shared_data.path("preclinical/pk/theoph.csv").open() as lines:
        for row in csv.DictReader(lines):
            times, values = found[int(row["Subject"])]
            times.append(float(row["Time"]))
            values.append(float(row["conc"]))
    return found


@pytest.mark.parametrize("subject", sorted(THEOPHYLLINE))
def test_theophylline(theophylline, subject: int) -> None:
    points, half_life, auc_last, auc_inf = THEOPHYLLINE[subject]
    found = non_compartmental(time=theophylline[subject][0], concentration=theophylline[subject][1], dose=320)
    assert found.terminal is not None and found.terminal.points == points
    assert found.terminal.half_life == pytest.approx(half_life, rel=5e-8)
    assert found.auc_last == pytest.approx(auc_last, rel=5e-8)
    assert found.auc_inf == pytest.approx(auc_inf, rel=5e-8)


def test_theophylline_side_by_side_by_both_windows(theophylline) -> None:
    profiles = [ProfileData(str(k), *theophylline[k], dose=320) for k in THEOPHYLLINE]
    for window in WindowRule:  # by mouth the two sets of rules agree
        found = {one.name: one.exposure for one in non_compartmental_many(profiles=profiles, window=window).profiles}
        for subject, (points, half_life, auc_last, auc_inf) in THEOPHYLLINE.items():
            one = found[str(subject)]
            assert one is not None and one.terminal is not None and one.terminal.points == points
            assert (one.terminal.half_life, one.auc_last, one.auc_inf) == pytest.approx(
                (half_life, auc_last, auc_inf), rel=5e-8
            )
        first = found["1"]
        assert first is not None and first.terminal is not None and first.auc_inf is not None
        assert (round(first.auc_last, 7), round(first.auc_inf, 7)) == (147.2347485, 214.9236316)
        assert round(first.terminal.half_life or 0, 8) == 14.30437757


def test_theophylline_by_the_linear_rule(theophylline) -> None:
    found = non_compartmental(time=theophylline[1][0], concentration=theophylline[1][1], rule=Rule.LINEAR)
    assert found.auc_last == pytest.approx(148.92305, abs=5e-6)


def test_theophylline_of_all_twelve_within_a_day(theophylline) -> None:
    areas = []
    for times, values in theophylline.values():
        kept = [(t, c) for t, c in zip(times, values, strict=True) if t <= 24]
        areas.append(non_compartmental(time=[t for t, _ in kept], concentration=[c for _, c in kept]).auc_last)
    logs = np.log(areas)
    assert round(float(np.exp(logs.mean())), 1) == 74.6
    assert round(100 * math.sqrt(math.exp(float(logs.var(ddof=1))) - 1), 1) == 24.3


def test_gibaldi_and_perrier_after_a_bolus() -> None:
    found = non_compartmental(
        time=[0, 0.165, 0.5, 1, 1.5, 3, 5, 7.5, 10],
        concentration=[0, 65.03, 28.69, 10.04, 4.93, 2.29, 1.36, 0.71, 0.38],
        dose=1e6,
        route=Route.BOLUS,
        rule=Rule.LINEAR,
        terminal_times=[5, 7.5, 10],
        terminal_reason="the last three, as in the book",
    )
    assert found.auc_last == pytest.approx(47.503075, abs=5e-7)
    assert found.auc_inf == pytest.approx(48.993190757, abs=5e-10)
    assert found.aumc_inf == pytest.approx(87.215958807, abs=5e-10)
    assert found.mean_residence == pytest.approx(1.780164906, abs=5e-10)
    assert found.clearance == pytest.approx(20410.999662, abs=5e-7)
    assert found.volume_steady == pytest.approx(36334.945290, abs=5e-7)


def test_gibaldi_and_perrier_with_the_zero_put_there_by_a_rule() -> None:
    found = non_compartmental(
        time=[0.165, 0.5, 1, 1.5, 3, 5, 7.5, 10], concentration=[65.03, 28.69, 10.04, 4.93, 2.29, 1.36, 0.71, 0.38], dose=1e6,
        route=Route.BOLUS, rule=Rule.LINEAR, initial=Initial.ZERO, terminal_times=[5, 7.5, 10], terminal_reason="as in the book",
    )  # fmt: skip
    assert found.c_0_rule == "zero" and found.auc_inf == pytest.approx(48.993190757, abs=5e-10)
    assert found.volume_steady == pytest.approx(36334.945290, abs=5e-7)


BAILER_1 = [
    [0.0658, 0.0320, 0.0338, 0.0438], [0.0059, 0.0030, 0.0084, 0.0080], [0, 0.0017, 0.0028, 0.0055], [0, 0.0037, 0, 0],
    [0, 0, 0, 0],
]  # fmt: skip
BAILER_3 = [
    [0.4285, 0.5180, 0.3690, 0.5428], [0.0983, 0.0928, 0.1128, 0.1157], [0.0234, 0.0311, 0.0344, 0.0349],
    [0.0032, 0.0052, 0.0049, 0], [0, 0, 0, 0],
]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "auc", "error", "freedom"),
    [(BAILER_1, 0.0490625, 0.00683867296, 5.439115537), (BAILER_3, 0.56825625, 0.0317721173, 3.669544159)],
)
def test_bailer_serial_sacrifice(rows: list[list[float]], auc: float, error: float, freedom: float) -> None:
    times = [0, 1.5, 3, 5, 8]
    flat = [(f"{t}-{i}", t, c) for t, row in zip(times, rows, strict=True) for i, c in enumerate(row)]
    found = sparse_area(
        animal=[a for a, _, _ in flat], time=[t for _, t, _ in flat], concentration=[c for *_, c in flat]
    )
    assert found.auc == pytest.approx(auc, abs=1e-12)
    assert found.standard_error == pytest.approx(error, abs=5e-11)
    assert found.degrees_of_freedom == pytest.approx(freedom, abs=5e-10)
    if rows is BAILER_1:
        assert (round(found.lower, 6), round(found.upper, 6)) == (0.031902, 0.066223)


def test_holder_animals_bled_twice_are_not_independent() -> None:
    with shared_data.path("preclinical/pk/holder1999_rats.csv").open() as lines:
        rows = [row for row in csv.DictReader(lines) if row["dose"] == "100"]
    time, value = [float(r["time"]) for r in rows], [float(r["conc"]) for r in rows]
    batch = sparse_area(animal=[r["id"] for r in rows], time=time, concentration=value)
    assert batch.auc == pytest.approx(39.4689, abs=1e-9)
    assert batch.standard_error == pytest.approx(7.30997787038754, rel=1e-12)
    assert batch.degrees_of_freedom == pytest.approx(2.74598236, abs=5e-9)
    serial = sparse_area(animal=[str(i) for i in range(len(rows))], time=time, concentration=value)
    assert serial.standard_error == pytest.approx(6.86584835083522, rel=1e-12)
    assert serial.degrees_of_freedom == pytest.approx(2.82631153, abs=5e-9)


def test_the_window_of_the_terminal_phase() -> None:
    time, value = [0, 1, 2, 3], [1, 0.5, 0.25, 0.1251]
    allowed = non_compartmental(time=time, concentration=value, peak_in_terminal_phase=True).terminal
    assert allowed is not None and allowed.points == 4
    assert (round(allowed.rate, 7), round(allowed.half_life, 6), round(allowed.span, 6)) == (
        0.6929073,
        1.000346,
        2.998962,
    )
    without = non_compartmental(time=time, concentration=value).terminal
    assert without is not None and round(without.half_life, 6) == 1.000577


LOG2 = math.log(2)


@pytest.mark.parametrize(
    ("between", "rule", "last"),
    [
        (Below.ZERO, Rule.LINEAR, 1 + 1 + 0.5 + 1.5 + 1.5), (Below.ZERO, Rule.LINEAR_UP_LOG_DOWN, 1 + 1 + 0.5 + 1.5 + 1 / LOG2),
        (Below.MISSING, Rule.LINEAR, 1 + 3 + 1.5 + 1.5), (Below.MISSING, Rule.LINEAR_UP_LOG_DOWN, 1 + 2 / LOG2 + 1.5 + 1 / LOG2),
    ],
)  # fmt: skip
def test_areas_with_samples_below_the_limit(between: Below, rule: Rule, last: float) -> None:
    """PKNCA's unit tests of areas: AUClast, and AUCall with its triangle."""
    found = non_compartmental(
        time=range(8), concentration=[0, 2, 0, 1, 2, 1, 0, 0], rule=rule, below=BelowLimit(between=between)
    )
    assert (found.auc_last, found.auc_all) == pytest.approx((last, last + 0.5), rel=1e-12)


@pytest.mark.parametrize(
    ("concentration", "initial", "c_0"),
    [
        ([0, 2, 1, 0.5], Initial.LOG_SLOPE, 4), ([0, 2, 0, 0], Initial.LOG_SLOPE, 2), ([0, 2, 0, 0.5], Initial.LOG_SLOPE, 2),
        ([0, 2, 1, 0.5], Initial.FIRST_SAMPLE, 2), ([1, 2, 3, 4], Initial.LOG_SLOPE, 1), ([0, 0, 2, 1], Initial.LOG_SLOPE, 2),
    ],
)  # fmt: skip
def test_the_concentration_at_the_time_of_a_bolus(concentration: list[float], initial: Initial, c_0: float) -> None:
    """PKNCA's unit tests of C0: observed, log slope, first sample, in this order where one cannot be."""
    found = non_compartmental(time=range(4), concentration=concentration, route=Route.BOLUS, initial=initial)
    assert found.c_0 == pytest.approx(c_0, rel=1e-12)


def test_a_rising_end_is_flagged_and_nothing_is_extrapolated() -> None:
    found = non_compartmental(
        time=[0, 1, 2, 3], concentration=[1, 2, 4, 8], terminal_times=[1, 2, 3], terminal_reason="as told", dose=1
    )
    assert found.terminal is not None and found.terminal.rate == pytest.approx(-math.log(2))
    assert found.auc_inf is None and found.clearance is None
    assert any("Negative half-life" in flag for flag in found.flags)


def test_an_unquantifiable_profile_and_bad_times_are_refused() -> None:
    for bad in (
        {"time": [0, 1, 2], "concentration": [0, None, 0]},
        {"time": [0, 2, 1], "concentration": [1, 2, 1]},
        {"time": [0, 1, 1], "concentration": [1, 2, 1]},
        {"time": [0, 1], "concentration": [1, 2, 1]},
        {"time": [0, 1], "concentration": [1, -0.1]},
        {"time": [0, 1], "concentration": [1, float("nan")]},
        {"time": [0, 1, 2], "concentration": [0, 2, 1], "dose": 0},
        {"time": [0, 1, 2], "concentration": [0, 2, 1], "infusion_time": 1.0},
        {"time": [0, 1, 2, 3], "concentration": [0, 2, 1, 0.5], "terminal_times": [1, 2]},
        {"time": [0, 1, 2, 3], "concentration": [0, 2, 1, 0.5], "terminal_times": [0, 1, 2]},
    ):
        with pytest.raises(MethodError):
            non_compartmental(**bad)


def test_below_the_limit_is_zero_before_missing_between_and_dropped_after() -> None:
    plain = non_compartmental(time=[0, 1, 2, 4, 8], concentration=[0, 4, 3, 2, 1])
    same = non_compartmental(time=[0, 1, 2, 3, 4, 8, 12], concentration=[None, 4, 3, None, 2, 1, None])
    assert same.auc_last == plain.auc_last and same.t_last == 8


def test_an_exponential_is_found_again() -> None:
    """Conservation: the log rule is exact on an exponential, so the area to infinity is dose / clearance."""
    time = np.array([0, 0.5, 1.3, 2, 4, 7, 11])
    found = non_compartmental(
        time=time.tolist(), concentration=(10 * np.exp(-0.3 * time)).tolist(), dose=100, route=Route.BOLUS,
        peak_in_terminal_phase=True, interval=24,
    )  # fmt: skip
    assert found.auc_inf == pytest.approx(10 / 0.3, rel=1e-12)
    assert found.mean_residence == pytest.approx(1 / 0.3, rel=1e-12)
    assert found.volume_steady == pytest.approx(10, rel=1e-12) == found.volume_z
    assert found.auc_tau == pytest.approx(10 / 0.3 * (1 - math.exp(-7.2)), rel=1e-12)
    assert found.extrapolated == pytest.approx(math.exp(-3.3), rel=1e-10)
    infused = non_compartmental(
        time=[0, 1, 2, 3, 4], concentration=[0, 4, 2, 1, 0.5], route=Route.INFUSION, infusion_time=1, dose=5
    )
    by_mouth = non_compartmental(time=[0, 1, 2, 3, 4], concentration=[0, 4, 2, 1, 0.5], dose=5)
    assert infused.mean_residence == pytest.approx(by_mouth.mean_residence - 0.5)


def test_an_interval_at_steady_state_gives_back_clearance_and_residence() -> None:
    """Superposition of boluses every 6 h: the area over an interval is dose / clearance, however many doses went before."""
    time = np.array([0, 0.5, 1, 2, 3, 4, 5, 6])
    value = 10 * np.exp(-0.3 * time) / (1 - math.exp(-0.3 * 6))
    given = {"time": time.tolist(), "concentration": value.tolist(), "dose": 100, "route": Route.BOLUS, "interval": 6,
             "peak_in_terminal_phase": True}  # fmt: skip
    steady = non_compartmental(**given, steady_state=True)
    assert steady.clearance == pytest.approx(3.0, rel=1e-12)
    assert steady.mean_residence == pytest.approx(1 / 0.3, rel=1e-12)
    assert (steady.volume_steady, steady.volume_z) == pytest.approx((10, 10), rel=1e-12)
    assert steady.c_average == pytest.approx(100 / 3.0 / 6, rel=1e-12)
    assert steady.fluctuation == pytest.approx((value[0] - value[-1]) / steady.c_average, rel=1e-12)
    single = non_compartmental(**given)
    assert single.clearance == pytest.approx(3.0 * (1 - math.exp(-1.8)), rel=1e-12) and single.c_average is None
    with pytest.raises(MethodError, match="dosing interval"):
        non_compartmental(time=[0, 1, 2], concentration=[0, 2, 1], steady_state=True)


def test_partial_areas_add_up_and_are_refused_where_samples_do_not_cover_them() -> None:
    time, value = [0, 0.5, 1.5, 4, 9, 12], [0, 3, 8, 5, 1, None]
    for rule in Rule:
        whole = non_compartmental(time=time, concentration=value, rule=rule).auc_last
        cuts = [0, 0.2, 1.5, 2.7, 6, 9]
        parts = [partial_auc(time=time, concentration=value, start=a, end=b, rule=rule) for a, b in pairwise(cuts)]
        assert sum(parts) == pytest.approx(whole, rel=1e-12) and min(parts) > 0
    for start, end in ((-1, 2), (2, 2), (3, 2), (0, 12)):
        with pytest.raises(MethodError, match="do not cover"):
            partial_auc(time=time, concentration=value, start=start, end=end)


def test_zeros_and_equal_pairs_have_a_finite_logarithmic_area() -> None:
    found = non_compartmental(time=[0, 1, 2, 3, 4], concentration=[0, 5, 5, 5, 0])
    assert found.auc_last == pytest.approx(2.5 + 5 + 5)


def test_no_bonus_is_given_for_each_sample_of_the_terminal_phase() -> None:
    """More samples win only where the adjusted R² is within 1e-4 of the best: a clearly curved start stays out."""
    time = [1, 2, 3, 4, 6, 8, 10]
    value = [100, 60, 40, *(30 * math.exp(-0.1 * (t - 4)) for t in (4, 6, 8, 10))]
    found = non_compartmental(time=time, concentration=value).terminal
    assert found is not None and (found.points, found.first) == (4, 4)
    assert found.rate == pytest.approx(0.1, rel=1e-12)


def test_the_unit_of_concentration_scales_the_areas() -> None:
    one = non_compartmental(time=[0, 1, 2, 4, 8], concentration=[0, 4, 3, 2, 1], dose=1)
    other = non_compartmental(time=[0, 1, 2, 4, 8], concentration=[0, 4000, 3000, 2000, 1000], dose=1)
    assert other.auc_inf == pytest.approx(1000 * one.auc_inf) and other.clearance == pytest.approx(one.clearance / 1000)
    assert other.terminal.half_life == pytest.approx(one.terminal.half_life)


def test_a_large_extrapolation_is_flagged() -> None:
    found = non_compartmental(time=[0, 1, 2, 3, 4], concentration=[0, 4, 3.5, 3.1, 2.7])
    assert any("extrapolated" in flag for flag in found.flags)


def test_sparse_samples_that_make_no_variance_are_refused() -> None:
    for bad in (
        {"animal": ["a", "b"], "time": [0, 1], "concentration": [1, 1]},
        {"animal": ["a", "a"], "time": [0, 0], "concentration": [1, 1]},
        {"animal": ["a", "b"], "time": [1, 1], "concentration": [1, 1]},
        {"animal": ["a"], "time": [0, 1], "concentration": [1, 1]},
    ):
        with pytest.raises(MethodError):
            sparse_area(**bad)
