"""Slow, irreversible, tight and impure inhibitors: constants come back, mechanisms are told apart, traps are named."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from crdmo.science.discovery.enzyme_kinetics import michaelis_menten
from crdmo.science.discovery.inactivation import k_inact, time_dependent_inhibition
from crdmo.science.discovery.inhibition_constant import impurity_ic50, inhibition_constant
from crdmo.science.discovery.progress_curves import Relaxation, progress_curve, slow_binding
from crdmo.science.discovery.tight_binding import Form, morrison, morrison_rate
from crdmo.science.method import MethodError, call, from_json, to_json

TIME = np.linspace(0, 60, 61)


def curve(v0: float, vs: float, k: float, *, noise: float = 0.0, offset: float = 0.1, seed: int = 1) -> list[float]:
    rng = np.random.default_rng(seed)
    product = offset + vs * TIME + (v0 - vs) * -np.expm1(-k * TIME) / k
    return (product + noise * rng.standard_normal(TIME.size)).tolist()


def test_a_progress_curve_gives_its_three_constants_back() -> None:
    found = progress_curve(time=TIME.tolist(), product=curve(2.0, 0.4, 0.1))
    assert found.vs is not None
    assert [x.value for x in (found.v0, found.vs, found.k_obs)] == pytest.approx([2.0, 0.4, 0.1], rel=1e-6)
    assert found.offset == pytest.approx(0.1, abs=1e-6) and found.lifetimes == pytest.approx(6.0, rel=1e-6)


def test_intervals_of_k_obs_cover_and_an_offset_changes_nothing() -> None:
    inside = 0
    for seed in range(20):
        data = curve(2.0, 0.4, 0.1, noise=0.1, seed=seed)
        one = progress_curve(time=TIME.tolist(), product=data)
        assert one.k_obs.lower is not None and one.k_obs.upper is not None
        inside += one.k_obs.lower <= 0.1 <= one.k_obs.upper
        assert one.fit.degrees_of_freedom == TIME.size - 1 - len(one.fit.constants)
    assert inside >= 17
    high = progress_curve(time=TIME.tolist(), product=[x + 500 for x in data])
    assert high.k_obs.value == pytest.approx(one.k_obs.value, rel=1e-5) and high.offset == pytest.approx(
        one.offset + 500
    )


def test_an_irreversible_inhibitor_has_no_steady_rate() -> None:
    found = progress_curve(time=TIME.tolist(), product=curve(2.0, 0.0, 0.1, noise=0.05))
    assert found.vs is None and found.k_obs.value == pytest.approx(0.1, rel=0.03)


def test_what_a_progress_curve_does_not_hold() -> None:
    short = progress_curve(time=TIME.tolist(), product=curve(2.0, 0.4, 0.01, noise=0.02))
    assert any("lifetimes" in said for said in short.flags)
    used = progress_curve(time=TIME.tolist(), product=curve(2.0, 0.4, 0.1), substrate=100.0)
    assert any("of the substrate is used" in said for said in used.flags)


def integrated(i: float, k_on: float, k_off: float) -> list[float]:
    """Product while an inhibitor binds in one step to the free enzyme, from the rate equations."""
    s_over_km = 2.0

    def rates(_: float, y: np.ndarray) -> list[float]:
        bound = y[0]
        free = (1 - bound) / (1 + s_over_km)
        return [k_on * i * free - k_off * bound, 3.0 * (1 - bound)]

    run = solve_ivp(rates, (0, 60), [0.0, 0.0], t_eval=TIME, rtol=1e-9, atol=1e-10)
    return run.y[1].tolist()


def test_one_step_slow_binding_from_the_rate_equations() -> None:
    """kobs = k_off + k_on I/(1 + S/Km): the constants of the simulation come back through both methods."""
    doses = [0.5, 1, 2, 4, 8, 16]
    rates = [progress_curve(time=TIME.tolist(), product=integrated(i, 0.06, 0.02)).k_obs.value for i in doses]
    assert rates == pytest.approx([0.02 + 0.06 * i / 3 for i in doses], rel=1e-4)
    found = slow_binding(inhibitor=doses, k_obs=rates, substrate=2.0, km=1.0)
    assert found.best is Relaxation.ONE_STEP and found.ki == pytest.approx(0.02 / 0.06, rel=1e-3)
    assert found.residence == pytest.approx(50, rel=1e-3)


def test_isomerisation_is_told_from_one_step() -> None:
    doses, right = np.array([0.5, 1, 2, 4, 8, 16, 32]), 0
    for seed in range(10):
        noise = 1 + 0.03 * np.random.default_rng(seed).standard_normal(doses.size)
        bent = slow_binding(inhibitor=doses.tolist(), k_obs=((0.01 + 0.3 * doses / (6 + doses)) * noise).tolist())
        straight = slow_binding(inhibitor=doses.tolist(), k_obs=((0.01 + 0.02 * doses) * noise).tolist())
        right += (bent.best is Relaxation.ISOMERISATION) + (straight.best is Relaxation.ONE_STEP)
    assert right >= 18
    assert bent.apparent_ki == pytest.approx(6 * 0.01 / 0.31, rel=0.6) and bent.clear


def test_k_inact_over_k_i_is_known_where_neither_is() -> None:
    doses = [0.01, 0.02, 0.05, 0.1, 0.2, 0.3]
    noise = 1 + 0.01 * np.random.default_rng(2).standard_normal(len(doses))
    far = k_inact(inhibitor=doses, k_obs=[0.3 * i / (20 + i) * x for i, x in zip(doses, noise, strict=True)])
    assert far.fit.of("K_I").upper is None and any("Only k_inact/K_I" in said for said in far.flags)
    assert far.efficiency.value == pytest.approx(0.015, rel=0.03)
    near = [0.5, 1, 3, 10, 30, 100]
    found = k_inact(inhibitor=near, k_obs=[0.3 * i / (6 + i) for i in near], substrate=2.0, km=1.0)
    assert found.k_i == pytest.approx(2.0, rel=1e-6) and found.efficiency.value == pytest.approx(0.05, rel=1e-6)


MINUTES, CONCENTRATIONS = [0.0, 5, 10, 20, 30], [0.0, 0.5, 2, 8, 30]


def preincubated(k_inact: float, k_i: float, seed: int) -> dict[str, list[float]]:
    rng = np.random.default_rng(seed)
    rows = [(t, i) for i in CONCENTRATIONS for t in MINUTES]
    left = [100 * np.exp(-(0.002 + k_inact * i / (k_i + i)) * t + 0.03 * rng.standard_normal()) for t, i in rows]
    return {"minutes": [t for t, _ in rows], "inhibitor": [i for _, i in rows], "activity": left}


def test_time_dependent_inhibition_and_its_absence() -> None:
    found = time_dependent_inhibition(**preincubated(0.06, 3.0, 1))
    assert (
        found.time_dependent
        and found.inactivation is not None
        and found.control_rate == pytest.approx(0.002, abs=0.002)
    )
    fit = found.inactivation.fit
    assert fit.of("k_inact").value == pytest.approx(0.06, rel=0.1) and fit.of("K_I").value == pytest.approx(
        3.0, rel=0.3
    )
    false = sum(time_dependent_inhibition(**preincubated(0.0, 3.0, seed)).time_dependent for seed in range(200))
    assert false <= 18, "one in twenty at most, and two standard deviations"
    fast = preincubated(0.06, 3.0, 1)
    fast["activity"] = [x * np.exp(-0.03 * t) for x, t in zip(fast["activity"], fast["minutes"], strict=True)]
    unstable = time_dependent_inhibition(**fast)
    assert any("not stable" in said for said in unstable.flags)
    assert [one.k_obs for one in unstable.losses] == pytest.approx([one.k_obs for one in found.losses], rel=1e-9)


def test_substrate_inhibition_that_is_not_there_is_said() -> None:
    s = [0.5, 1, 2, 5, 10, 20, 50, 100]
    noise = np.random.default_rng(4).normal(0, 1, len(s))
    v = [90 * x / (4 + x) + e for x, e in zip(s, noise, strict=True)]
    assert any("not shown" in said for said in michaelis_menten(substrate=s, rate=v, substrate_inhibition=True).flags)


DOSES = [0.0, 0.0, 0.3, 1, 3, 6, 10, 20, 40, 100, 300, 1000]


def rates_of(ki_app: float, enzyme: float, seed: int = 1) -> list[float]:
    noise = np.random.default_rng(seed).normal(0, 0.5, len(DOSES))
    return (100 * morrison_rate(np.array(DOSES), enzyme, ki_app) + noise).tolist()


def test_morrison_is_chosen_by_itself_where_the_enzyme_asks_for_it() -> None:
    given = {"inhibitor": DOSES, "substrate": 50.0, "km": 25.0, "form": Form.COMPETITIVE}
    tight = inhibition_constant(rate=rates_of(3.0, 10.0), enzyme=10.0, **given)
    assert tight.tight and tight.titration is not None and tight.ki == pytest.approx(1.0, rel=0.1)
    assert tight.lower is not None and tight.upper is not None and tight.lower < 1.0 < tight.upper
    assert tight.ic50 / 3 > 2.2, "Cheng-Prusoff alone would be more than twice too high"
    loose = inhibition_constant(rate=rates_of(30.0, 0.1), enzyme=0.1, **given)
    assert not loose.tight and loose.titration is None and loose.ki == pytest.approx(10.0, rel=0.05)
    other = inhibition_constant(rate=rates_of(30.0, 0.1), enzyme=0.1, **(given | {"form": Form.UNCOMPETITIVE}))
    assert other.ki == pytest.approx(20.0, rel=0.05)


def test_both_ways_agree_at_the_border() -> None:
    """At an IC50 of five enzymes Cheng-Prusoff is off by a tenth, and no more: that is why the border lies there."""
    given = {"inhibitor": DOSES, "substrate": 1.0, "km": 1.0, "form": Form.NONCOMPETITIVE, "enzyme": 6.0}
    below = inhibition_constant(rate=rates_of(26.5, 6.0), **given)
    above = inhibition_constant(rate=rates_of(28.5, 6.0), **given)
    assert below.tight and not above.tight
    assert below.ki == pytest.approx(26.5, rel=0.05) and above.ki / 28.5 == pytest.approx(1.1, abs=0.06)


def test_an_ic50_below_half_the_enzyme_is_refused_and_active_sites_can_be_fitted() -> None:
    rates = rates_of(0.1, 6.0)
    with pytest.raises(MethodError, match="counts active sites"):
        inhibition_constant(inhibitor=DOSES, rate=rates, enzyme=20.0, substrate=1, km=1, form=Form.COMPETITIVE)
    found = morrison(inhibitor=DOSES, rate=rates, enzyme=20.0, fit_enzyme=True)
    assert found.enzyme is not None and found.enzyme.value == pytest.approx(6.0, rel=0.05)


def test_a_weak_inhibitor_is_a_bound() -> None:
    weak = inhibition_constant(
        inhibitor=DOSES, rate=rates_of(20000.0, 0.1), enzyme=0.1, substrate=1, km=1, form=Form.COMPETITIVE
    )
    assert weak.qualifier == ">" and weak.ki == 500 and weak.upper is None


@pytest.mark.parametrize("enzyme", [0.001, 0.03, 1.0])
def test_the_impurity_follows_the_balance_of_mass(enzyme: float) -> None:
    """Free enzyme at the IC50 from the balance of both complexes; nM."""
    k1, k2, part = 50400.0, 0.065, 0.0002
    total = impurity_ic50(ki=k1, impurity_ki=k2, share=part, enzyme=enzyme)
    main, minor = total * (1 - part), total * part
    free = brentq(lambda e: e * (1 + main / k1) + minor * e / (k2 + e) - enzyme, 0, enzyme)
    assert free / enzyme == pytest.approx(0.5, rel=1e-6)


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("progress_curve", {"time": list(range(8)), "product": [8, 7, 6, 5, 4, 3, 2, 1]}, "no progress curve"),
        ("progress_curve", {"time": [0, 1, 2, 3], "product": [0, 1, 2, 3]}, "too few"),
        ("slow_binding", {"inhibitor": [1, 2, 3], "k_obs": [1, 2, 3]}, "cannot be told"),
        (
            "slow_binding",
            {"inhibitor": [1, 2, 3, 4, 5, 6], "k_obs": [1, 2, 3, 4, 5, 6], "km": 1},
            "both or neither",
        ),
        ("slow_binding", {"inhibitor": [1, 2, 3, 4, 5, 6], "k_obs": [6, 5, 4, 3, 2.5, 2.2]}, "falls with"),
        (
            "inhibition_constant",
            {
                "inhibitor": [0, 1, 3, 10, 30, 100],
                "rate": [5, 6, 20, 50, 80, 95],
                "enzyme": 0.1,
                "substrate": 1,
                "km": 1,
                "form": "competitive",
            },
            "hold no IC50",
        ),
        ("k_inact", {"inhibitor": [1, 2, 3, 4], "k_obs": [1, 2, 3, 4], "km": 1}, "go together"),
        (
            "time_dependent_inhibition",
            {"minutes": [0, 1, 2], "inhibitor": [1, 1, 1], "activity": [3, 2, 1]},
            "control with inhibitor 0",
        ),
        ("impurity_ic50", {"ki": 1, "impurity_ki": 1, "share": 2, "enzyme": 1}, "no fraction"),
        ("impurity_ic50", {"ki": 1, "impurity_ki": 1, "share": 0.1, "enzyme": -1}, "no mixture"),
    ],
)
def test_refusals(name: str, given: dict[str, object], said: str) -> None:
    with pytest.raises(MethodError, match=said):
        call(f"discovery.{name}", given, {})


def test_results_survive_their_json() -> None:
    for name, result in (
        ("progress_curve", progress_curve(time=TIME.tolist(), product=curve(2.0, 0.4, 0.1, noise=0.1))),
        ("slow_binding", slow_binding(inhibitor=[1, 2, 3, 4, 5, 6], k_obs=[1.1, 2, 3, 4.1, 5, 6])),
        (
            "inhibition_constant",
            inhibition_constant(
                inhibitor=DOSES, rate=rates_of(3.0, 10.0), enzyme=10.0, substrate=1, km=1, form=Form.COMPETITIVE
            ),
        ),
    ):
        stored = to_json(result)
        assert to_json(from_json(f"discovery.{name}", stored)) == stored
