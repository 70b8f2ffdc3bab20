"""ENZYMES: Michaelis-Menten of puromycin, Morrison's tight binding, Cheng-Prusoff by mechanism.

Puromycin: Treloar 1974 in Bates & Watts 1988, A1.3, answers of R nls and its profile. Morrison 1969 (exact). Cheng & Prusoff
1973. Kuzmic 2003 (a tight-binding impurity).
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from crdmo.science.discovery.enzyme_kinetics import Mechanism, inhibition_mechanism, michaelis_menten
from crdmo.science.discovery.inactivation import k_inact
from crdmo.science.discovery.inhibition_constant import impurity_ic50
from crdmo.science.discovery.tight_binding import Form, ki_from_ic50, mixed_ic50, morrison, morrison_rate
from crdmo.science.method import MethodError, call, from_json, to_json

PPM = [0.02, 0.02, 0.06, 0.06, 0.11, 0.11, 0.22, 0.22, 0.56, 0.56, 1.10, 1.10]
RATE = [76, 47, 97, 107, 123, 139, 159, 152, 191, 201, 207, 200]


def test_puromycin() -> None:
    fit = michaelis_menten(substrate=PPM, rate=RATE).fit
    vmax, km = fit.of("Vmax"), fit.of("Km")
    assert vmax.value == pytest.approx(212.6836, rel=1e-6) and km.value == pytest.approx(0.06412103, rel=5e-6)
    assert vmax.standard_error == pytest.approx(6.947146, rel=1e-5)
    assert km.standard_error == pytest.approx(0.008280922, rel=2e-5)
    # nls stops within 1e-5 of the minimum, so its sum lies a little above.
    assert fit.rss <= 1195.448815 and fit.rss == pytest.approx(1195.448815, abs=1e-6) and fit.degrees_of_freedom == 10
    # R's ends come from a spline through the profile.
    assert (vmax.lower, vmax.upper) == pytest.approx((197.30212848, 229.29006489), rel=1e-4)
    assert (km.lower, km.upper) == pytest.approx((0.04692516839, 0.08615995299), rel=1e-3)
    z = stats.norm.ppf(0.975) * (km.standard_error or 0)
    assert (km.value - z, km.value + z) == pytest.approx((0.04789071769, 0.0803513371), rel=1e-4)


def test_straightened_curves_are_never_the_answer() -> None:
    s, v = np.array(PPM), np.array(RATE, float)
    slope, cut = np.polyfit(1 / s, 1 / v, 1)
    assert (1 / cut, slope / cut) == pytest.approx((195.8027088, 0.04840653387), rel=1e-8)
    minus_km, vmax = np.polyfit(v / s, v, 1)
    assert (vmax, -minus_km) == pytest.approx((193.8677107, 0.04352360357), rel=1e-8)
    fit = michaelis_menten(substrate=PPM, rate=RATE).fit
    assert fit.of("Vmax").value > 212 and fit.of("Km").value > 0.064


def test_morrison_exact_rates_and_the_ic50() -> None:
    left = morrison_rate(np.array([0.0, 5, 10, 20, 100]), 10.0, 0.3)
    assert left == pytest.approx([1, 0.52693321, 0.15885339, 0.02834611, 0.00332104], abs=5e-9)
    assert morrison_rate(np.array([0.3 + 5.0]), 10.0, 0.3)[0] == pytest.approx(0.5, abs=1e-14)
    assert morrison_rate(np.array([1e9]), 10.0, 0.3)[0] == pytest.approx(0.3 / 1e9, rel=1e-6)


def test_cheng_prusoff_alone_would_be_17_times_wrong() -> None:
    found = ki_from_ic50(ic50=5.3, form=Form.COMPETITIVE, concentration=50, half=25, enzyme=10)
    assert found.tight and found.value == pytest.approx(0.1, rel=1e-12) and found.apparent == pytest.approx(0.3)
    assert found.uncorrected == pytest.approx(1.7667, abs=5e-5) and "Tight binding" in found.flags[0]
    i = np.array([0, 1, 2.5, 5, 7.5, 10, 15, 20, 50])
    fit = morrison(inhibitor=i.tolist(), rate=(80 * morrison_rate(i, 10, 0.3)).tolist(), enzyme=10, substrate=50, km=25)
    assert fit.ki == pytest.approx(0.1, rel=1e-6) and fit.expected_ic50 == pytest.approx(5.3, rel=1e-6)


@pytest.mark.parametrize(
    ("form", "ki"),
    [
        (Form.COMPETITIVE, 66.66666667),
        (Form.UNCOMPETITIVE, 133.33333333),
        (Form.NONCOMPETITIVE, 200.0),
        (Form.BINDING, 66.66666667),
    ],
)
def test_cheng_prusoff_in_the_form_of_the_mechanism(form: Form, ki: float) -> None:
    assert ki_from_ic50(ic50=200, form=form, concentration=30, half=15).value == pytest.approx(ki, abs=5e-9)
    loose = ki_from_ic50(ic50=200, form=form, concentration=30, half=15, enzyme=40)
    assert not loose.tight and loose.flags == ()
    assert ki_from_ic50(ic50=200, form=form, concentration=30, half=15, enzyme=41).tight


def test_a_mixed_inhibitor() -> None:
    assert mixed_ic50(kic=80, kiu=240, substrate=30, km=15) == pytest.approx(144, rel=1e-12)


def rates(mechanism: Mechanism, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    s, i = (g.ravel() for g in np.meshgrid([2.0, 5, 10, 20, 50, 100], [0.0, 5, 15, 40]))
    kic = {Mechanism.UNCOMPETITIVE: np.inf}.get(mechanism, 10.0)
    kiu = {Mechanism.COMPETITIVE: np.inf, Mechanism.MIXED: 40.0}.get(mechanism, 10.0)
    v = 100 * s / (15 * (1 + i / kic) + s * (1 + i / kiu))
    return s, i, v + rng.normal(0, 1.0, v.size)


def test_the_mechanism_is_found() -> None:
    rng, right, tried = np.random.default_rng(5), 0, 6
    for mechanism in Mechanism:
        for _ in range(tried):
            s, i, v = rates(mechanism, rng)
            found = inhibition_mechanism(substrate=s.tolist(), inhibitor=i.tolist(), rate=v.tolist())
            right += found.best is mechanism
            assert sum(one.weight for one in found.ranked) == pytest.approx(1)
    assert right / (4 * tried) >= 0.9


def test_k_inact_and_k_i_come_back_and_an_unsaturated_series_is_said() -> None:
    i = [0.1, 0.3, 1, 3, 10, 30]
    found = k_inact(inhibitor=i, k_obs=[0.02 * x / (2 + x) for x in i]).fit
    assert found.of("k_inact").value == pytest.approx(0.02, rel=1e-7)
    assert found.of("K_I").value == pytest.approx(2, rel=1e-7)
    noise = [1.03, 0.98, 1.01, 0.99, 1.0, 1.002]
    straight = k_inact(inhibitor=i, k_obs=[1e-4 * x * f for x, f in zip(i, noise, strict=True)])
    assert straight.fit.of("K_I").upper is None and straight.flags


def test_substrate_inhibition_comes_back() -> None:
    s = [0.5, 1, 2, 5, 10, 20, 50, 100]
    fit = michaelis_menten(substrate=s, rate=[90 * x / (4 + x + x * x / 60) for x in s], substrate_inhibition=True).fit
    assert [one.value for one in fit.constants] == pytest.approx([90, 4, 60], rel=1e-6)


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("michaelis_menten", {"substrate": [-1, 1, 2, 3], "rate": [1, 2, 3, 4]}, "below zero"),
        ("michaelis_menten", {"substrate": [1, 1, 2, 2], "rate": [1, 2, 3, 4]}, "too few different"),
        ("michaelis_menten", {"substrate": [1, 2, 3, 4], "rate": [5, 5, 5, 5]}, "no saturation"),
        ("michaelis_menten", {"substrate": [1, 2, 3], "rate": [1, 2]}, "do not belong"),
        (
            "inhibition_mechanism",
            {"substrate": [1, 2, 3, 4], "inhibitor": [0, 1, 0, 1], "rate": [1, 2, 3, 4]},
            "too few",
        ),
        (
            "ki_from_ic50",
            {"ic50": 4.9, "form": "competitive", "concentration": 1, "half": 1, "enzyme": 10},
            "active sites",
        ),
        ("ki_from_ic50", {"ic50": -1, "form": "binding", "concentration": 1, "half": 1}, "greater than zero"),
        ("ki_from_ic50", {"ic50": 1, "form": "irreversible", "concentration": 1, "half": 1}, "wrong kind"),
        ("morrison", {"inhibitor": [0, 1, 2], "rate": [3, 2, 1], "enzyme": 1}, "too few"),
        ("morrison", {"inhibitor": [0, 1, 2, 3], "rate": [4, 3, 2, 1], "enzyme": 0}, "greater than zero"),
        ("morrison", {"inhibitor": [0, 1, 2, 3], "rate": [4, 3, 2, 1], "enzyme": 1, "km": 3}, "go together"),
    ],
)
def test_refusals(name: str, given: dict[str, object], said: str) -> None:
    with pytest.raises(MethodError, match=said):
        call(f"discovery.{name}", given, {})


def test_results_survive_their_json() -> None:
    stored = to_json(michaelis_menten(substrate=PPM, rate=RATE))
    assert to_json(from_json("discovery.michaelis_menten", stored)) == stored


def test_an_impurity_of_a_fiftieth_of_a_percent() -> None:
    """Kuzmic P et al. (2003) Anal Biochem 319:272: Ki 50.4 uM with 0.02 mol % of Ki 0.065 nM shows I50 0.40 uM.

    The printed value needs the concentration of enzyme, which its abstract does not give. Without enzyme the two constants alone
    give 0.323 uM, the least that is possible. I50 grows by E/2 over the share of the impurity, so 0.40 uM (0.395 to 0.405) is
    the answer for 0.029 to 0.033 nM of active sites, and for no other amount.
    """
    given = {"ki": 50.4e3, "impurity_ki": 0.065, "share": 0.0002}  # nM
    assert impurity_ic50(**given, enzyme=0.0) == pytest.approx(323.0, abs=0.5)
    printed = [e for e in np.linspace(0, 0.1, 101).tolist() if round(impurity_ic50(**given, enzyme=e) / 1e3, 2) == 0.40]
    assert printed and min(printed) > 0.028 and max(printed) < 0.034
    # Judged by this I50 the compound would seem 126 times stronger than it is.
    assert pytest.approx(126) == 50.4 / 0.40
