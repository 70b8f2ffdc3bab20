"""ADME: what a naive calculation gets wrong, what is refused, and what must hold whatever the numbers."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from crdmo.science.discovery.adme_binding import plasma_binding, undiluted_unbound
from crdmo.science.discovery.adme_clearance import Incubation, intrinsic_clearance
from crdmo.science.discovery.adme_cyp import cyp_inhibition
from crdmo.science.discovery.adme_hepatic import Liver, average_fold_error, hepatic_clearance
from crdmo.science.discovery.adme_lipophilicity import log_d, log_p_from_log_d, neutral_fraction
from crdmo.science.discovery.adme_permeability import Transport, apparent_permeability, efflux_ratio
from crdmo.science.discovery.adme_solubility import kinetic_solubility
from crdmo.science.discovery.tight_binding import Form
from crdmo.science.method import MethodError, call, from_json, to_json

TIMES = [0.0, 5, 10, 20, 30, 45, 60]
BASE = {"incubation": Incubation.MICROSOMES, "density": 1.0}


def left(rate: float, noise: float, seed: int) -> list[float]:
    rng = np.random.default_rng(seed)
    return [100 * math.exp(-rate * t + noise * rng.standard_normal()) for t in TIMES]


# Intrinsic clearance


def test_a_slope_through_a_plateau_is_refused_and_the_way_out_gives_the_true_slope() -> None:
    stopped = [100 * math.exp(-0.08 * min(t, 20)) for t in TIMES]
    slope, _ = np.polyfit(TIMES, np.log(stopped), 1)
    assert -slope < 0.4 * 0.08
    with pytest.raises(MethodError, match=r"stopped by 20 min.*until=20"):
        intrinsic_clearance(minutes=TIMES, remaining=stopped, **BASE)
    found = intrinsic_clearance(minutes=TIMES, remaining=stopped, until=20, **BASE)
    assert found.rate == pytest.approx(0.08, rel=1e-12) and found.used == (0, 1, 2, 3)
    assert any("left out" in said for said in found.flags)


def test_a_plateau_is_seen_through_noise_and_seldom_where_there_is_none() -> None:
    seen = false = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        stopped = [100 * math.exp(-0.08 * min(t, 20) + 0.05 * rng.standard_normal()) for t in TIMES]
        for data, straight in ((stopped, False), (left(0.03, 0.05, seed), True)):
            try:
                intrinsic_clearance(minutes=TIMES, remaining=data, **BASE)
            except MethodError:
                seen, false = seen + (not straight), false + straight
    assert seen >= 95 and false <= 4


def test_a_slope_that_is_not_significant_is_a_limit_and_not_a_number() -> None:
    flat = [100.0, 103, 98, 101, 97, 102, 99]
    found = intrinsic_clearance(minutes=TIMES, remaining=flat, **BASE)
    assert found.qualifier == "<" and found.lower is None and found.half_life is None
    assert found.clint / 1000 > max(found.rate, 0)
    rising = intrinsic_clearance(minutes=TIMES, remaining=[100.0, 101, 103, 106, 110, 114, 120], **BASE)
    assert rising.qualifier == "<" and rising.clint > 0 and rising.rate < 0 and rising.slope_p > 0.99


def test_r2_is_no_quality() -> None:
    """A slow compound has a poor R2 and a slope that is sure; it is a number with its interval."""
    t = TIMES * 4
    slow = [x for seed in range(4) for x in left(0.0025, 0.08, seed)]
    assert np.corrcoef(t, np.log(slow))[0, 1] ** 2 < 0.5
    found = intrinsic_clearance(minutes=t, remaining=slow, **BASE)
    assert found.qualifier == "" and found.lower is not None and found.lower > 0 and found.accepted


def test_the_interval_covers_and_limits_are_said_at_their_level() -> None:
    covered = limits = 0
    for seed in range(200):
        one = intrinsic_clearance(minutes=TIMES, remaining=left(0.01, 0.05, seed + 500), **BASE)
        covered += one.lower is not None and one.upper is not None and one.lower <= 10 <= one.upper
        limits += intrinsic_clearance(minutes=TIMES, remaining=left(0.0, 0.05, seed + 900), **BASE).qualifier == "<"
    assert 0.90 <= covered / 200 <= 0.99 and limits / 200 >= 0.94


def test_the_unit_of_what_is_left_does_not_matter() -> None:
    data = left(0.02, 0.03, 4)
    one = intrinsic_clearance(minutes=TIMES, remaining=data, **BASE)
    two = intrinsic_clearance(minutes=TIMES, remaining=[0.013 * x for x in data], **BASE)
    assert two.clint == pytest.approx(one.clint, rel=1e-12)
    half = intrinsic_clearance(minutes=TIMES, remaining=data, incubation=Incubation.MICROSOMES, density=2.0)
    assert half.clint == pytest.approx(one.clint / 2, rel=1e-12)


def test_samples_below_the_limit_of_quantification_end_the_line() -> None:
    dense = [0.0, 3, 6, 9, 12, *TIMES[3:]]
    fast = [100 * math.exp(-0.2 * t) for t in dense]
    found = intrinsic_clearance(minutes=dense, remaining=fast, lowest=5.0, **BASE)
    assert found.used == (0, 1, 2, 3, 4) and found.rate == pytest.approx(0.2, rel=1e-12)
    with pytest.raises(MethodError, match="limit of quantification"):
        intrinsic_clearance(minutes=[0, 5, 10, 20], remaining=[100, 50, 20, 0], **BASE)


def test_acceptance_of_a_clearance_run() -> None:
    good = {"control_remaining": 96.0, "reference_clint": 50.0, "reference_range": (30.0, 70.0)}
    assert intrinsic_clearance(minutes=TIMES, remaining=left(0.03, 0.01, 2), **BASE, **good).accepted
    for change in ({"control_remaining": 70.0}, {"reference_clint": 90.0}):
        found = intrinsic_clearance(minutes=TIMES, remaining=left(0.03, 0.01, 2), **BASE, **(good | change))
        assert not found.accepted and any("outside" in said for said in found.flags)


# Hepatic clearance


def test_blood_and_plasma_are_not_mixed() -> None:
    given = {"clint": 20.0, "incubation": Incubation.MICROSOMES, "unbound_plasma": 0.2, "unbound_incubation": 0.8}
    one = hepatic_clearance(**given, blood_to_plasma=0.55)
    assert one.unbound_in_blood == pytest.approx(0.2 / 0.55) and one.plasma == pytest.approx(0.55 * one.blood)
    assert one.extraction == pytest.approx(one.blood / 20) and one.flags == ()
    assert any("blood-to-plasma" in said for said in hepatic_clearance(**given).flags)
    given["unbound_incubation"] = None
    assert any("incubation: taken as 1" in said for said in hepatic_clearance(**given).flags)


@pytest.mark.parametrize("clint", [0.01, 1.0, 50.0, 1e5])
def test_no_model_of_the_liver_clears_more_than_flows_through(clint: float) -> None:
    found = {
        liver: hepatic_clearance(clint=clint, incubation=Incubation.MICROSOMES, liver=liver).blood for liver in Liver
    }
    stirred, tube = found[Liver.WELL_STIRRED], found[Liver.PARALLEL_TUBE]
    assert 0 < stirred <= tube <= 20 * (1 + 1e-12)
    if clint == 0.01:
        assert stirred == pytest.approx(0.009, rel=1e-3) and tube == pytest.approx(0.009, rel=1e-3)


def test_a_fold_error_is_the_same_up_and_down() -> None:
    up, down = ([2.0, 3.0], [1.0, 1.0]), ([1.0, 1.0], [2.0, 3.0])
    assert average_fold_error(predicted=up[0], observed=up[1]) == pytest.approx(math.sqrt(6))
    assert average_fold_error(predicted=down[0], observed=down[1]) == pytest.approx(math.sqrt(6))


# Permeability

WELL = Transport(
    minutes=(30.0, 60.0, 90.0, 120.0),
    receiver=(0.05, 0.1, 0.15, 0.2),
    donor_start=9.0,
    receiver_volume=0.8,
    area=1.12,
    donor_volume=0.4,
    donor_end=8.2,
    cells=0.05,
    nominal=10.0,
)


def test_units_of_permeability_and_its_acceptance() -> None:
    found = apparent_permeability(transport=WELL)
    assert found.papp == pytest.approx(0.8 * 0.2 / 7200 / (1.12 * 9.0), rel=1e-12)
    assert found.recovery == pytest.approx(100 * (8.2 * 0.4 + 0.2 * 0.8 + 0.05) / 3.6) and found.accepted
    assert found.transported == pytest.approx(100 * 0.16 / 3.6)


def test_the_measured_donor_counts_and_not_the_nominal_one() -> None:
    low = apparent_permeability(transport=replace(WELL, donor_start=5.0, donor_end=4.5))
    assert low.papp == pytest.approx(0.8 * 0.2 / 7200 / (1.12 * 5.0), rel=1e-12)
    assert not low.accepted and any("nominal" in said for said in low.flags)
    with pytest.raises(MethodError, match="not measured"):
        apparent_permeability(transport=replace(WELL, donor_start=math.nan))


def test_a_run_that_loses_compound_is_not_accepted() -> None:
    lost = apparent_permeability(transport=replace(WELL, donor_end=5.0))
    assert lost.recovery is not None and lost.recovery < 80 and not lost.accepted
    unknown = apparent_permeability(transport=replace(WELL, donor_end=None))
    assert unknown.recovery is None and not unknown.accepted


def without_sink(papp: float, seconds: float) -> float:
    """Receiver of two chambers that exchange both ways, from their balance."""
    final = 9.0 * 0.4 / 1.2
    return final * (1 - math.exp(-papp * 1.12 * (1 / 0.4 + 1 / 0.8) * seconds))


def test_a_ratio_from_wells_without_sink_is_not_accepted_and_the_exchange_gives_the_permeability() -> None:
    late = replace(WELL, minutes=(120.0,), receiver=(without_sink(5e-5, 7200),), donor_end=5.0, cells=0.0)
    found = apparent_permeability(transport=late, least_recovery=0)
    assert found.without_sink == pytest.approx(5e-5, rel=1e-10) and found.papp < 0.7 * 5e-5
    pair = efflux_ratio(a_to_b=WELL, b_to_a=late, least_recovery=0)
    assert not pair.accepted and any(said.startswith("B-A: Transported") for said in pair.flags)
    leaking = efflux_ratio(a_to_b=WELL, b_to_a=WELL, marker_papp=[2e-6], marker_limit=1e-6)
    assert leaking.ratio == pytest.approx(1.0) and not leaking.accepted


# Binding


def test_the_shift_of_volume_keeps_the_amounts() -> None:
    """Plasma at 0.2 mL and fu 0.1 takes in 0.04 mL: from mass action in the chamber the fraction at the start comes back."""
    sites, free = 9.0, 1.0  # bound/free of undiluted plasma is 9 with sites in excess
    swollen = sites * 0.2 / 0.24 * free + free
    found = plasma_binding(plasma=[swollen], buffer=[free], volume_before=0.2, volume_after=0.24)
    assert found.unbound == pytest.approx(0.1, rel=1e-12)
    naive = free / swollen
    assert naive > 0.115
    same = plasma_binding(plasma=[10.0], buffer=[1.0], volume_before=0.2, volume_after=0.2)
    assert same.unbound == pytest.approx(0.1, rel=1e-12)


@pytest.mark.parametrize("dilution", [1, 5, 20])
def test_dilution_comes_back_out(dilution: float) -> None:
    bound_over_free = 40 / dilution
    seen = 1 / (1 + bound_over_free)
    assert undiluted_unbound(unbound=seen, dilution=dilution) == pytest.approx(1 / 41, rel=1e-12)
    found = plasma_binding(
        plasma=[1 + bound_over_free] * 2, buffer=[1.0] * 2, volume_before=1, volume_after=1, dilution=dilution
    )
    assert found.unbound == pytest.approx(1 / 41, rel=1e-12)


def test_a_buffer_below_its_limit_gives_a_limit() -> None:
    found = plasma_binding(plasma=[100.0, 90], buffer=[0.0, 0.6], volume_before=1, volume_after=1, lowest=0.5)
    assert found.qualifier == "<" and found.unbound == pytest.approx(0.6 / 90) and found.sd is None
    with pytest.raises(MethodError, match="lowest"):
        plasma_binding(plasma=[100.0], buffer=[0.0], volume_before=1, volume_after=1)
    with pytest.raises(MethodError, match="more than plasma"):
        plasma_binding(plasma=[1.0], buffer=[2.0], volume_before=1, volume_after=1)


def test_acceptance_of_a_dialysis() -> None:
    given = {
        "plasma": [9.0, 9.2, 8.9],
        "buffer": [0.9, 0.92, 0.88],
        "volume_before": 0.2,
        "volume_after": 0.2,
        "buffer_volume_after": 0.35,
        "plasma_start": 11.0,
        "stability_percent": 97.0,
    }
    found = plasma_binding(**given)
    assert found.accepted and [one.name.split(",")[0] for one in found.criteria] == [
        "Recovery",
        "Stability in plasma",
        "CV of replicates",
    ]
    assert not plasma_binding(**(given | {"stability_percent": 60.0})).accepted
    assert not plasma_binding(**(given | {"plasma_start": 20.0})).accepted
    assert not plasma_binding(**(given | {"buffer": [0.3, 0.9, 1.8]})).accepted


# log D and log P


def test_log_d_is_not_log_p() -> None:
    acid = log_p_from_log_d(log_d=-0.3, ph=7.4, acids=[4.4])
    assert acid.log_p == pytest.approx(-0.3 + math.log10(1 + 10**3.0)) and acid.flags
    assert log_p_from_log_d(log_d=1.5, ph=7.4).log_p == 1.5
    base = log_p_from_log_d(log_d=1.0, ph=7.4, bases=[8.4])
    assert base.log_p == pytest.approx(1 + math.log10(11)) and base.flags == ()


def test_a_neutral_fraction_keeps_the_order_of_sites_out() -> None:
    assert neutral_fraction(7.0, [4.0, 9.0], []) == neutral_fraction(7.0, [9.0, 4.0], [])
    assert neutral_fraction(7.0, [4.0], []) == pytest.approx(neutral_fraction(7.0, [], [10.0]), rel=1e-12)
    diprotic = 1 / (1 + 10**3 + 10 ** (14 - 13))
    assert neutral_fraction(7.0, [4.0, 9.0], []) == pytest.approx(diprotic, rel=1e-12)


def test_a_shake_flask_and_its_limits() -> None:
    found = log_d(octanol=[10.0, 11.0], buffer=[1.0, 1.0], ph=7.4, octanol_volume=1, buffer_volume=1, amount=11.2)
    assert found.log_d == pytest.approx((1 + math.log10(11)) / 2) and found.accepted
    wide = log_d(octanol=[10.0, 30.0], buffer=[1.0, 1.0], ph=7.4)
    assert not wide.accepted
    high = log_d(octanol=[10.0, 11.0], buffer=[0.0, 0.01], ph=7.4, lowest_buffer=0.02)
    assert high.qualifier == ">" and high.log_d == pytest.approx(math.log10(500))
    with pytest.raises(MethodError, match="not above zero"):
        log_d(octanol=[1.0], buffer=[0.0], ph=7.4)


# Solubility


def test_kinetic_solubility_is_what_is_found_and_never_the_nominal() -> None:
    given = {"ph": 7.4, "dmso_percent": 1.0}
    found = kinetic_solubility(
        nominal=[10, 30, 100, 200, 200], measured=[9.8, 29, 62, 64, 60], **given
    )  # fmt: skip
    assert found.qualifier == "" and found.solubility == pytest.approx(62) and found.saturated == (100, 200)
    assert found.accepted
    all_in = kinetic_solubility(nominal=[10, 100], measured=[10, 93], **given)
    assert all_in.qualifier == ">" and all_in.solubility == 93
    none = kinetic_solubility(nominal=[10, 100], measured=[0, 0], lowest=0.5, **given)
    assert none.qualifier == "<" and none.solubility == 0.5
    sticky = kinetic_solubility(nominal=[10, 30, 100], measured=[5, 29, 60], **given)
    assert sticky.saturated == (100,) and any("adsorption" in said for said in sticky.flags)
    assert not kinetic_solubility(nominal=[10, 100], measured=[10, 93], ph=7.4, dmso_percent=5.0).accepted


# Cytochromes

DOSES = [0.0, 0.0, 0.1, 0.3, 1, 3, 10, 30, 100]


def activity(ic50: float) -> list[float]:
    rng = np.random.default_rng(3)
    return [100 / (1 + x / ic50) + float(rng.normal(0, 1.0)) for x in DOSES]


def test_ki_of_a_cytochrome_by_its_form() -> None:
    given = {"inhibitor": DOSES, "activity": activity(4.0), "substrate": 5.0, "km": 5.0}
    found = cyp_inhibition(**given)
    assert found.ic50 == pytest.approx(4.0, rel=0.06) and found.ki == pytest.approx(found.ic50 / 2)
    assert found.lower is not None and found.upper is not None and found.lower < 4.0 < found.upper
    assert cyp_inhibition(**given, form=Form.NONCOMPETITIVE).ki == pytest.approx(found.ic50)


def test_a_weak_inhibitor_is_a_bound() -> None:
    found = cyp_inhibition(inhibitor=DOSES, activity=activity(500.0), substrate=5.0, km=5.0)
    assert (found.qualifier, found.ic50, found.ki, found.curve) == (">", 100.0, 50.0, None)


def test_acceptance_of_a_cytochrome_run() -> None:
    given = {
        "inhibitor": DOSES,
        "activity": activity(4.0),
        "substrate": 5.0,
        "km": 5.0,
        "substrate_used_percent": 8.0,
        "control_cv": 4.0,
        "reference_ic50": 0.03,
        "reference_range": (0.01, 0.06),
    }
    assert cyp_inhibition(**given).accepted
    for change in ({"substrate_used_percent": 40.0}, {"control_cv": 30.0}, {"reference_ic50": 0.3}):
        assert not cyp_inhibition(**(given | change)).accepted


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        (
            "intrinsic_clearance",
            {"minutes": [0, 1, 2], "remaining": [3, 2, 1], "incubation": "microsomes", "density": 1},
            "too few samples",
        ),
        (
            "intrinsic_clearance",
            {"minutes": [0, 1, 2, 3], "remaining": [3, 2, 1, 1], "incubation": "S9", "density": 1},
            "wrong kind",
        ),
        (
            "intrinsic_clearance",
            {"minutes": [0, 1, 2, 3], "remaining": [100] * 4, "incubation": "microsomes", "density": 1},
            "without scatter",
        ),
        ("hepatic_clearance", {"clint": 1, "incubation": "microsomes", "unbound_plasma": 5}, "no fraction"),
        ("hepatic_clearance", {"clint": 0, "incubation": "microsomes"}, "greater than zero"),
        ("hepatic_clearance", {"clint": 1, "incubation": "microsomes", "unbound_plasma": 0}, "no fraction"),
        ("undiluted_unbound", {"unbound": 0.3, "dilution": 0.1}, "no dilution"),
        ("log_d", {"octanol": [1], "buffer": [1], "ph": 74}, "no pH"),
        ("log_p_from_log_d", {"log_d": 1, "ph": 7.4, "acids": ["inf"]}, "finite"),
        ("kinetic_solubility", {"nominal": [1], "measured": [4], "ph": 7, "dmso_percent": 1}, "cannot be"),
        (
            "cyp_inhibition",
            {"inhibitor": [1, 2, 3, 4], "activity": [90, 60, 40, 20], "substrate": 1, "km": 1},
            "vehicle control",
        ),
        ("average_fold_error", {"predicted": [1, 0], "observed": [1, 1]}, "not above zero"),
    ],
)
def test_refusals(name: str, given: dict[str, object], said: str) -> None:
    with pytest.raises(MethodError, match=said):
        call(f"discovery.{name}", given, {})


def test_results_survive_their_json() -> None:
    for name, result in (
        ("intrinsic_clearance", intrinsic_clearance(minutes=TIMES, remaining=left(0.03, 0.02, 2), **BASE)),
        ("efflux_ratio", efflux_ratio(a_to_b=WELL, b_to_a=WELL)),
        ("cyp_inhibition", cyp_inhibition(inhibitor=DOSES, activity=activity(4.0), substrate=5.0, km=5.0)),
    ):
        stored = to_json(result)
        assert to_json(from_json(f"discovery.{name}", stored)) == stored
