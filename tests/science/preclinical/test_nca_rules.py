"""Non-compartmental analysis: its rules, what a naive version gets wrong, and that one profile and many are one way."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import integrate

from crdmo.science.method import MethodError, call, from_json, to_json
from crdmo.science.preclinical.exposure import Rule, joined, moments, up_to
from crdmo.science.preclinical.initial_concentration import Initial
from crdmo.science.preclinical.nca import Route, non_compartmental, non_compartmental_many, partial_auc
from crdmo.science.preclinical.pk_samples import Below, BelowLimit, Exclusion, ProfileData
from crdmo.science.preclinical.terminal_phase import Choice, WindowRule

ORAL = {"time": [0, 0.5, 1, 2, 4, 6, 8, 12], "concentration": [0, 3, 8, 7, 4.1, 2.4, 1.35, 0.44]}


def random_profiles(count: int) -> list[ProfileData]:
    """Ragged profiles with gaps below the limit, now and then rising at the end, and all kinds of decisions."""
    rng = np.random.default_rng(8)
    made = []
    for i in range(count):
        n = int(rng.integers(3, 14))
        time = np.cumsum(rng.uniform(0.1, 2, n)) - 0.1
        value = [
            float(c) if keep else None for c, keep in zip(rng.lognormal(1, 1, n), rng.random(n) > 0.2, strict=True)
        ]
        value[int(rng.integers(0, n))] = 5.0
        exclusions = [Exclusion(float(time[1]), "haemolysed", bool(i % 3))] if i % 4 == 0 and n > 4 else []
        made.append(ProfileData(str(i), time.tolist(), value, 10.0 if i % 5 else None, exclusions))
    return made


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"rule": Rule.LINEAR_LOG, "interval": 6.0, "steady_state": True, "initial": Initial.LOWEST},
        {"rule": Rule.LOG, "route": Route.BOLUS, "initial": Initial.LOG_SLOPE, "window": WindowRule.WINNONLIN},
        {"below": BelowLimit(Below.MISSING, Below.ZERO, Below.HALF, 0.4), "partial": [(1.0, 4.0), (2.0, 30.0)]},
        {"route": Route.INFUSION, "infusion_time": 2.0, "most_points": 4, "not_before": 1.0, "rule": Rule.LINEAR},
    ],
)
def test_one_profile_and_many_are_one_way(how) -> None:
    profiles = random_profiles(120)
    many = non_compartmental_many(profiles=profiles, **how)
    assert many.refused < 25
    for one, found in zip(profiles, many.profiles, strict=True):
        given = {"time": one.time, "concentration": one.concentration, "dose": one.dose, "exclusions": one.exclusions}
        if found.exposure is None:
            with pytest.raises(MethodError) as error:
                non_compartmental(**given, **how)
            assert str(error.value) == found.refusal
        else:
            assert non_compartmental(**given, **how) == found.exposure


def test_a_bad_profile_stops_no_other_and_a_name_stands_once() -> None:
    good = ProfileData("good", **ORAL)
    bad = [
        ProfileData("torn", [0, 1], [1.0]), ProfileData("falling", [1, 0.5, 2], [1, 2, 3]),
        ProfileData("negative", [0, 1], [1, -2]), ProfileData("nan", [0, 1, 2], [1, float("nan"), 2]),
        ProfileData("infinite", [0, 1], [1, math.inf]), ProfileData("nothing", [0, 1], [None, 0]),
        ProfileData("short", [0], [1]), ProfileData("dose", [0, 1], [1, 2], -1.0), ProfileData("huge", [0, 1e9], [1e9, 2]),
    ]  # fmt: skip
    found = non_compartmental_many(profiles=[bad[0], good, *bad[1:]])
    assert found.refused == len(bad) and found.profiles[1].exposure == non_compartmental(**ORAL)
    assert "do not rise" in found.profiles[2].refusal and "no finite number" in found.profiles[4].refusal
    assert "too large" in found.profiles[-1].refusal
    with pytest.raises(MethodError, match="good twice"):
        non_compartmental_many(profiles=[good, good])
    with pytest.raises(MethodError, match="no profile"):
        non_compartmental_many(profiles=[])


def numbers_in(value: object) -> list[float]:
    if isinstance(value, dict):
        return [x for inner in value.values() for x in numbers_in(inner)]
    if isinstance(value, list):
        return [x for inner in value for x in numbers_in(inner)]
    return [value] if isinstance(value, float) else []


@pytest.mark.filterwarnings("error")
def test_wild_profiles_give_numbers_that_can_be_kept_or_none() -> None:
    rng = np.random.default_rng(1)
    profiles = []
    for i in range(80):
        n = int(rng.integers(2, 9))
        time = np.cumsum(rng.choice([1e-9, 1e-3, 0.1, 1, 1e3], n)) - (1e-9 if i % 3 else 0)
        value = rng.choice([1e-300, 1e-12, 1e-3, 1, 1.0000000001, 1e6], n)
        rows = [float(c) if keep else None for c, keep in zip(value, rng.random(n) > 0.3, strict=True)]
        profiles.append(ProfileData(str(i), time.tolist(), rows, float(rng.choice([1e-9, 1, 1e9]))))
    for rule, initial in zip(
        Rule, (Initial.LOG_SLOPE, Initial.FIRST_SAMPLE, Initial.ZERO, Initial.OBSERVED), strict=True
    ):
        found = non_compartmental_many(
            profiles=profiles, rule=rule, initial=initial, route=Route.BOLUS, interval=24.0, partial=[(0, 5), (3, 2000)],
            below=BelowLimit(after=Below.HALF, limit=1e-13), window=WindowRule.WINNONLIN,
        )  # fmt: skip
        assert found.refused < 80
        for one in found.profiles:
            assert all(math.isfinite(x) and abs(x) < 2**53 for x in numbers_in(to_json(one.exposure)))
            if one.exposure is not None and one.exposure.auc_inf is not None:
                assert one.exposure.auc_inf >= one.exposure.auc_last


def test_a_result_is_plain_json_and_comes_back() -> None:
    found = call(
        "preclinical.nca", {**ORAL, "exclusions": [{"time": 6, "reason": "haemolysed"}]}, {"below": {"before": "zero"}}
    )
    assert from_json("preclinical.nca", to_json(found)) == found
    assert found.exclusions == (Exclusion(6, "haemolysed"),) and 6 not in found.samples.times


def test_words_in_place_of_numbers_are_refused_and_plain_json_runs() -> None:
    told = non_compartmental_many(profiles=[ProfileData("a", [0, 1], ["BLQ", 1.0]), ProfileData("b", **ORAL)])  # type: ignore[list-item]
    assert told.refused == 1 and "a sample is no number" in told.profiles[0].refusal
    with pytest.raises(MethodError, match="not_before"):
        non_compartmental(**ORAL, not_before=math.nan)
    rows = [{"name": "b", **ORAL, "exclusions": [{"time": 1, "reason": "wrong tube", "terminal_phase_only": True}]}]
    found = call(
        "preclinical.nca_many", {"profiles": rows}, {"partial": [[0, 6]], "rule": "linear_log", "limits": {"span": 1}}
    )
    assert found.profiles[0].exposure.partial[0].area > 0
    assert from_json("preclinical.nca_many", to_json(found)) == found


def test_both_published_rule_sets_are_there_and_differ_after_a_bolus() -> None:
    """Trap 1: PKNCA leaves the peak out for every route, WinNonlin takes it after a bolus: n, half-life and AUCinf differ."""
    time, value = [0, 1, 2, 3], [1, 0.5, 0.25, 0.1251]
    given = {"time": time, "concentration": value, "route": Route.BOLUS}
    pknca = non_compartmental(**given).terminal
    phoenix = non_compartmental(**given, window=WindowRule.WINNONLIN)
    assert (pknca.points, phoenix.terminal.points) == (3, 4)
    assert (pknca.window, phoenix.terminal.window) == (WindowRule.PKNCA, WindowRule.WINNONLIN)
    assert pknca.half_life != phoenix.terminal.half_life
    by_mouth = non_compartmental(time=time, concentration=value, window=WindowRule.WINNONLIN).terminal
    assert by_mouth.points == 3 and by_mouth.rate == pknca.rate


def test_a_bonus_for_each_sample_would_take_a_longer_window() -> None:
    """Trap 1: adjusted R² of the last 3 to 7 is 1, 1, .99977, .99978, .99985; within 1e-4 of the best are 3 and 4, so 4 are taken."""
    time = list(range(1, 9))
    value = [100 * math.exp(-0.3 * t) * (1.02 if t == 4 else 1) for t in time]
    found = non_compartmental(time=time, concentration=value).terminal
    assert found.points == 4 and found.half_life == pytest.approx(math.log(2) / 0.3, rel=1e-9)
    logs = np.log(value)
    adjusted = {n: 1 - (1 - np.corrcoef(time[-n:], logs[-n:])[0, 1] ** 2) * (n - 1) / (n - 2) for n in range(3, 8)}
    assert max(adjusted, key=lambda n: adjusted[n] + 1e-4 * n) == 7


def test_after_an_infusion_only_what_follows_its_end_is_terminal() -> None:
    given = {
        "time": [0, 1, 2, 3, 4, 5],
        "concentration": [0, 9, 8, 4, 2, 1],
        "route": Route.INFUSION,
        "infusion_time": 2,
    }
    assert non_compartmental(**given).terminal.first == 3  # PKNCA: strictly after the end
    assert non_compartmental(**given, window=WindowRule.WINNONLIN).terminal.first == 2
    assert non_compartmental(**given, window=WindowRule.WINNONLIN).terminal.points == 4


def test_the_window_has_at_most_so_many_samples_and_begins_not_before() -> None:
    value = [0, 100, *(80 * math.exp(-0.2 * t) for t in range(2, 9))]
    given = {"time": list(range(9)), "concentration": value}
    assert non_compartmental(**given).terminal.points == 7
    assert non_compartmental(**given, most_points=4).terminal.times == (5, 6, 7, 8)
    assert non_compartmental(**given, not_before=5).terminal.times == (5, 6, 7, 8)
    assert non_compartmental(**given, not_before=7).terminal is None
    with pytest.raises(MethodError, match="at least 3"):
        non_compartmental(**given, most_points=2)


def test_a_persons_choice_and_exclusion_have_their_reasons() -> None:
    manual = non_compartmental(**ORAL, terminal_times=[12, 4, 8], terminal_reason="6 h was haemolysed").terminal
    assert (manual.times, manual.choice, manual.reason) == ((4, 8, 12), Choice.MANUAL, "6 h was haemolysed")
    logs = np.polyfit([4, 8, 12], np.log([4.1, 1.35, 0.44]), 1)
    assert manual.rate == pytest.approx(-logs[0], rel=1e-12) and manual.intercept == pytest.approx(logs[1], rel=1e-12)
    only = non_compartmental(**ORAL, exclusions=[Exclusion(6, "haemolysed", True)])
    assert 6 not in only.terminal.times and only.auc_last == non_compartmental(**ORAL).auc_last
    gone = non_compartmental(**ORAL, exclusions=[Exclusion(1, "wrong tube")])
    assert gone.c_max == 7 and gone.samples.times == (0, 0.5, 2, 4, 6, 8, 12)
    for bad, word in (
        ({"exclusions": [Exclusion(6, " ")]}, "no reason"),
        ({"exclusions": [Exclusion(7, "lost")]}, "sampling time"),
        ({"terminal_times": [4, 6, 8]}, "say why"),
        ({"terminal_times": [4, 6], "terminal_reason": "x"}, "at least 3"),
        ({"terminal_times": [4, 6, 7], "terminal_reason": "x"}, "cannot be used"),
        ({"terminal_times": [4, 6, 8], "terminal_reason": "x", "exclusions": [Exclusion(6, "lost")]}, "cannot be used"),
    ):
        with pytest.raises(MethodError, match=word):
            non_compartmental(**ORAL, **bad)


def test_the_logarithmic_rule_meets_no_zero_and_no_equal_pair() -> None:
    """Trap 2: 0/0. Every rule is finite; a falling pair before the peak is logarithmic by pair only."""
    time, value = [0, 1, 2, 3, 4, 5, 6], [0, 4, 2, 8, 8, 4, 2]
    found = {rule: non_compartmental(time=time, concentration=value, rule=rule).auc_last for rule in Rule}
    down = 2 / math.log(2)
    assert found[Rule.LINEAR] == pytest.approx(2 + 3 + 5 + 8 + 6 + 3)
    assert found[Rule.LINEAR_UP_LOG_DOWN] == pytest.approx(2 + down + 5 + 8 + 2 * down + down)
    assert found[Rule.LINEAR_LOG] == pytest.approx(2 + 3 + 5 + 8 + 2 * down + down)
    assert found[Rule.LOG] == pytest.approx(2 + down + 6 / math.log(4) + 8 + 2 * down + down)


def test_below_the_limit_has_its_rule_by_place() -> None:
    """Trap 2: before 0, between missing, after dropped; or as told, and the last quantifiable sample stays the last."""
    given = {"time": [0, 1, 2, 3, 4, 5, 6, 7], "concentration": [None, 0.4, 4, None, 2, 1, None, None]}
    usual = non_compartmental(**given)
    assert usual.samples.times == (0, 1, 2, 4, 5) and usual.auc_all == pytest.approx(usual.auc_last + 0.5)
    told = non_compartmental(**given, below=BelowLimit(Below.MISSING, Below.HALF, Below.ZERO, 0.5))
    assert told.samples.times == (2, 3, 4, 5, 6, 7) and told.samples.values == (4, 0.25, 2, 1, 0, 0)
    assert told.t_last == 5 == usual.t_last
    drawn = non_compartmental(**given, below=BelowLimit(after=Below.ZERO), interval=7)
    assert drawn.auc_tau == pytest.approx(drawn.auc_all) and usual.auc_all == drawn.auc_all
    half = non_compartmental(**given, below=BelowLimit(after=Below.HALF, limit=0.2), interval=6)
    assert half.samples.times[-1] == 6 and half.samples.values[-1] == 0.1 and half.c_last == 1
    assert half.auc_tau == pytest.approx(half.auc_last + 0.9 / math.log(10))
    with pytest.raises(MethodError, match="needs the limit"):
        non_compartmental(**given, below=BelowLimit(before=Below.LIMIT))


def test_nominal_and_actual_times_are_taken_as_they_stand() -> None:
    """Trap 2: 5/60 and 0.08 h are two times; a choice made at one does not match the other."""
    given = {"time": [0, 5 / 60, 1, 2, 3], "concentration": [0, 9, 4, 2, 1], "terminal_reason": "asked"}
    found = non_compartmental(**given, terminal_times=[5 / 60, 1, 2])
    assert found.terminal.first == 5 / 60
    with pytest.raises(MethodError, match="cannot be used"):
        non_compartmental(**given, terminal_times=[0.08, 1, 2])


def test_samples_after_the_next_day_belong_to_the_dose_before() -> None:
    """Trap 3: the 24 h sample carries the next study day; by time after its dose it ends the first interval."""
    whole = non_compartmental(time=[0, 1, 8, 24], concentration=[0, 8, 4, 1], interval=24)
    by_day = non_compartmental(time=[0, 1, 8], concentration=[0, 8, 4], interval=24)
    assert whole.t_last == 24 and whole.auc_tau == whole.auc_last
    assert by_day.auc_tau is None and any("interval is not covered" in one for one in by_day.flags)


def test_what_is_not_to_be_trusted_is_flagged() -> None:
    """Trap 4: no negative area to infinity; a large extrapolation, a poor fit and a short window are told."""
    rising = non_compartmental(time=[0, 1, 2, 3, 4, 5], concentration=[0, 9, 3, 4, 5, 6], interval=24)
    assert rising.auc_inf is None and rising.auc_tau is None and any("Negative" in one for one in rising.flags)
    slow = non_compartmental(time=[0, 1, 2, 3, 4], concentration=[0, 4, 3.5, 3.1, 2.7]).flags
    assert any("25%" in one for one in slow) and any("half-lives" in one for one in slow)
    late = non_compartmental(time=[2, 3, 4, 5], concentration=[8, 4, 2, 1], interval=1, steady_state=True)
    assert late.auc_tau is None and late.c_average is None and any("not at the dose" in one for one in late.flags)
    poor = non_compartmental(time=[0, 1, 2, 3, 4, 9], concentration=[0, 9, 2, 3, 1.5, 1.4]).flags
    assert any("adjusted R²" in one for one in poor)
    flat = non_compartmental(time=[0, 1, 2, 3, 4], concentration=[0, 9, 5, 5, 5])
    assert flat.terminal.half_life is None and "No decline" in flat.flags and flat.auc_inf is None


def test_three_rules_for_the_concentration_after_a_bolus() -> None:
    time = [0.5, 1, 2, 4, 6]
    value = [10 * math.exp(-0.3 * t) for t in time]
    given = {"time": time, "concentration": value, "route": Route.BOLUS, "dose": 100}
    slope = non_compartmental(**given, initial=Initial.LOG_SLOPE, peak_in_terminal_phase=True)
    assert slope.c_0 == pytest.approx(10, rel=1e-12) and slope.c_0_rule == "log_slope"
    assert slope.auc_inf == pytest.approx(10 / 0.3, rel=1e-12) and slope.c_max == value[0]
    assert slope.back_extrapolated == pytest.approx(1 - math.exp(-0.15), rel=1e-10)
    first = non_compartmental(**given, initial=Initial.FIRST_SAMPLE)
    assert first.c_0 == value[0] and first.auc_last < slope.auc_last
    none = non_compartmental(**given)
    assert none.c_0 is None and none.c_0_rule == "" and none.samples.times[0] == 0.5
    zero = non_compartmental(**given, initial=Initial.ZERO)
    assert zero.c_0 == 0 and zero.auc_last == pytest.approx(none.auc_last + value[0] / 4)
    # A quantifiable sample at 0 is kept; one below the limit there is that before the dose.
    assert non_compartmental(**(given | {"time": [0, 1, 2, 4, 6]}), initial=Initial.LOG_SLOPE).c_0_rule == "observed"
    before = non_compartmental(
        time=[0, *time], concentration=[None, *value], route=Route.BOLUS, initial=Initial.LOG_SLOPE
    )
    assert before.samples.times == slope.samples.times and before.c_0 == slope.c_0
    # Where the first two do not decline, the first one is taken.
    rising = non_compartmental(
        time=[0.5, 1, 2, 4], concentration=[3, 4, 2, 1], route=Route.BOLUS, initial=Initial.LOG_SLOPE
    )
    assert (rising.c_0, rising.c_0_rule) == (3, "first_sample")
    for bad in ({"initial": Initial.LOG_SLOPE, "route": Route.EXTRAVASCULAR}, {"initial": Initial.LOWEST}):
        with pytest.raises(MethodError, match="time 0"):
            non_compartmental(**(given | bad))


def test_moments_agree_with_quadrature_also_where_a_pair_is_nearly_flat() -> None:
    t0, t1, c0 = 1.5, 4.0, 8.0

    def line(t: float, k: float, power: int) -> float:
        return t**power * c0 * math.exp(-k * (t - t0))

    for ratio in (0.2, 0.9, 0.96, 0.999, 1 - 1e-7, 1 - 1e-13):
        k = -math.log(ratio) / (t1 - t0)
        row = [np.array([[v]]) for v in (t0, c0, t1, c0 * ratio)]
        exact, _ = integrate.quad(line, t0, t1, args=(k, 1), epsabs=0, epsrel=1e-13)
        assert moments(np.array([[True]]), *row)[0, 0] == pytest.approx(exact, rel=1e-12)
        curve = joined(Rule.LOG, np.array([[t0, t1]]), np.array([[c0, c0 * ratio]]))
        plain, _ = integrate.quad(line, t0, 3.0, args=(k, 0), epsabs=0, epsrel=1e-13)
        assert up_to(curve, np.array([3.0]))[0] == pytest.approx(plain, rel=1e-12)


def test_partial_areas_follow_the_terminal_phase_beyond_the_last_sample() -> None:
    value = [10 * math.exp(-0.3 * t) for t in range(7)]
    found = non_compartmental(
        time=list(range(7)), concentration=value, route=Route.BOLUS, partial=[(0, 2.5), (2.5, 10), (8, 12)]
    )
    for area in found.partial:
        exact = 10 / 0.3 * (math.exp(-0.3 * area.start) - math.exp(-0.3 * area.end))
        assert area.area == pytest.approx(exact, rel=1e-12) and area.beyond is (area.end > 6)
    inside = partial_auc(time=list(range(7)), concentration=value, start=1, end=2.5)
    assert inside == pytest.approx(10 / 0.3 * (math.exp(-0.3) - math.exp(-0.75)), rel=1e-12)
    early = non_compartmental(time=[1, 2, 3, 4], concentration=[4, 3, 2, 1], partial=[(0.5, 2)])
    assert early.partial[0].area is None and any("0.5 to 2" in one for one in early.flags)
    for bad in ((2, 2), (3, 1), (-1, 2), (0, math.inf)):
        with pytest.raises(MethodError, match="begins before it ends"):
            non_compartmental(**ORAL, partial=[bad])


def test_steady_state_numbers() -> None:
    found = non_compartmental(
        time=[0, 1, 2, 4, 8, 12],
        concentration=[2, 6, 8, 5, 3, 2],
        interval=12,
        steady_state=True,
        rule=Rule.LINEAR,
        dose=10,
    )
    assert found.auc_tau == pytest.approx(4 + 7 + 13 + 16 + 10) and found.c_average == pytest.approx(50 / 12)
    assert (found.c_min, found.c_trough) == (2, 2)
    assert found.fluctuation == pytest.approx(6 / (50 / 12)) and found.swing == pytest.approx(3)
    assert found.clearance == pytest.approx(10 / 50) and found.auc_last_per_dose == pytest.approx(5)
    rate = found.terminal.rate
    assert found.accumulation_predicted == pytest.approx(1 / (1 - math.exp(-12 * rate)), rel=1e-12)
    given = {"time": [1, 2, 4, 8, 12], "concentration": [6, 8, 5, 3, 2], "interval": 12, "steady_state": True}
    low = non_compartmental(**given, initial=Initial.LOWEST, rule=Rule.LINEAR)
    assert low.c_0 == 2 and low.auc_tau == pytest.approx(found.auc_tau)


@pytest.mark.parametrize("rule", list(Rule))
def test_scale_of_concentration_and_of_time(rule) -> None:
    base = non_compartmental(**ORAL, dose=5, rule=rule)
    up = non_compartmental(
        time=[60 * t for t in ORAL["time"]], concentration=[1000 * c for c in ORAL["concentration"]], dose=5, rule=rule
    )
    for name, power_c, power_t in (("auc_inf", 1, 1), ("aumc_inf", 1, 2), ("mean_residence", 0, 1), ("clearance", -1, -1),
                                   ("volume_z", -1, 0), ("c_max_per_dose", 1, 0), ("extrapolated", 0, 0)):  # fmt: skip
        expected = getattr(base, name) * 1000**power_c * 60**power_t
        assert getattr(up, name) == pytest.approx(expected, rel=1e-9), name
    assert replace(up.terminal, times=()).points == base.terminal.points
