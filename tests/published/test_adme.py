"""ADME: clearance, binding in hepatocytes, permeability and plasma binding.

M1: constants of Obach RS (1999) Drug Metab Dispos 27:1350, exact arithmetic. M3: Kilford PJ et al. (2008) Drug Metab Dispos
36:1194. M4: P_app after Hubatsch I et al. (2007) Nat Protoc 2:2111. M5: Kalvass JC, Maurer TS (2002) Biopharm Drug Dispos 23:327.
"""

from __future__ import annotations

import pytest

from crdmo.science.discovery.adme_binding import undiluted_unbound
from crdmo.science.discovery.adme_clearance import Incubation, intrinsic_clearance
from crdmo.science.discovery.adme_hepatic import (
    Liver,
    Physiology,
    average_fold_error,
    hepatic_clearance,
    unbound_in_incubation,
)
from crdmo.science.discovery.adme_permeability import Transport, efflux_ratio

MICROSOMES, HEPATOCYTES = Incubation.MICROSOMES, Incubation.HEPATOCYTES


def test_a_half_life_of_25_minutes_at_half_a_milligram() -> None:
    times = [0.0, 5, 10, 15, 20, 30, 45]
    found = intrinsic_clearance(
        minutes=times, remaining=[100 * 0.5 ** (t / 25) for t in times], incubation=MICROSOMES, density=0.5
    )
    assert found.rate == pytest.approx(0.0277258872, abs=5e-11) and found.half_life == pytest.approx(25, rel=1e-12)
    assert found.clint == pytest.approx(55.4517744, abs=5e-8) and found.qualifier == "" and found.accepted
    whole = hepatic_clearance(clint=found.clint, incubation=MICROSOMES)
    assert whole.intrinsic == pytest.approx(49.9065970, abs=5e-8)


@pytest.mark.parametrize(
    ("liver", "plasma", "microsomes", "expected"),
    [
        (Liver.WELL_STIRRED, 1.0, None, 14.2780794),
        (Liver.WELL_STIRRED, 0.1, None, 3.9940200),
        (Liver.WELL_STIRRED, 0.1, 0.5, 6.6583590),
        (Liver.PARALLEL_TUBE, 1.0, None, 18.3506151),
        (Liver.PARALLEL_TUBE, 0.1, None, 4.4167084),
        (Liver.PARALLEL_TUBE, 0.1, 0.5, 7.8580511),
    ],
)
def test_clearance_of_the_liver(liver: Liver, plasma: float, microsomes: float | None, expected: float) -> None:
    found = hepatic_clearance(
        clint=55.4517744444763, incubation=MICROSOMES, unbound_plasma=plasma, unbound_incubation=microsomes,
        blood_to_plasma=1.0, liver=liver,
    )  # fmt: skip
    assert found.blood == pytest.approx(expected, abs=6e-8)


@pytest.mark.parametrize(("printed", "half", "stirred", "tube"), [(48.0, 0.5, 15, 19), (1.2, 0.05, 1.1, 1.1)])
def test_propranolol_imipramine_and_warfarin(printed: float, half: float, stirred: float, tube: float) -> None:
    """Obach RS (1997) Drug Metab Dispos 25:1359, Table 3, equations 1 and 5; blood flow 21 mL/min/kg.

    The intrinsic clearance is printed to two digits as well: what is printed lies between the answers to its two ends.
    """
    for liver, answer in ((Liver.WELL_STIRRED, stirred), (Liver.PARALLEL_TUBE, tube)):
        low, high = (
            hepatic_clearance(
                clint=end * 1000 / (45 * 20), incubation=MICROSOMES, liver=liver, physiology=Physiology(blood_flow=21)
            ).blood
            for end in (printed - half, printed + half)
        )
        assert float(f"{low:.2g}") <= answer <= float(f"{high:.2g}")


@pytest.mark.parametrize(
    ("basic", "neutral", "acidic", "every"),
    [
        (1.37, 1.99, 5.05, 2.28),
        (5.17, 3.90, 3.91, 4.39),
        (1.86, 2.55, 2.83, 2.31),
        (1.31, 1.99, 5.35, 2.28),
        (4.75, 3.90, 3.79, 4.20),
        (1.60, 2.53, 2.74, 2.14),
    ],
)
def test_fold_errors_of_29_drugs(basic: float, neutral: float, acidic: float, every: float) -> None:
    """Obach RS (1999) Table 5: 12 basic, 8 neutral and 9 acidic drugs by six equations, and all together, to the printed digits.

    The average fold error is a geometric mean, so that of all follows from those of the classes, however drugs lie in them.
    """
    errors = [basic] * 12 + [neutral] * 8 + [acidic] * 9
    turned = [error if k % 2 else 1 / error for k, error in enumerate(errors)]
    # The classes are printed to 0.005 as well.
    assert average_fold_error(predicted=turned, observed=[1.0] * 29) == pytest.approx(every, abs=0.0105)


def test_hepatocytes_scale_by_their_number() -> None:
    found = hepatic_clearance(clint=10, incubation=HEPATOCYTES)
    assert found.intrinsic == pytest.approx(10 * 120 * 20 / 1000, rel=1e-14)


def test_binding_in_hepatocytes_after_kilford() -> None:
    found = unbound_in_incubation(log_p=2, incubation=HEPATOCYTES, density=1)
    assert found.value == pytest.approx(0.8900276476, abs=5e-11)
    # The same polynomial as Hallifax and Houston's for microsomes: 10^6 cells/mL bind as 0.625 mg/mL.
    other = unbound_in_incubation(log_p=2, incubation=MICROSOMES, density=0.625)
    assert other.value == pytest.approx(found.value, rel=1e-14)


def test_both_directions_of_a_monolayer() -> None:
    there = Transport(minutes=(120,), receiver=(0.115,), donor_start=9.2, receiver_volume=0.8, area=1.12)
    back = Transport(minutes=(120,), receiver=(0.86,), donor_start=9.5, receiver_volume=0.4, area=1.12)
    found = efflux_ratio(a_to_b=there, b_to_a=back)
    assert found.a_to_b.papp == pytest.approx(1.240079e-6, abs=5e-13)
    assert found.b_to_a.papp == pytest.approx(4.490393e-6, abs=5e-13)
    assert found.ratio == pytest.approx(3.6210526, abs=5e-8)
    # Without donor volumes neither recovery nor sink is known, and nothing is accepted.
    assert not found.accepted and len(found.flags) == 2


def test_tenfold_diluted_plasma() -> None:
    assert undiluted_unbound(unbound=0.35, dilution=10) == pytest.approx(0.0510948905, abs=5e-11)
