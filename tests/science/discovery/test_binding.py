"""SPR and BLI: constants come back, transport and single cycles as well; what the data do not hold is said."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from crdmo.science.discovery.binding_kinetics import binding_kinetics
from crdmo.science.discovery.binding_law import Bulk, Law
from crdmo.science.discovery.binding_model import Cycle, Injection, bound
from crdmo.science.discovery.binding_steady_state import steady_state_affinity
from crdmo.science.method import MethodError, call, from_json, to_json

KA, KD, RMAX = 2e5, 2e-3, 80.0
MOLAR = (2e-9, 6e-9, 2e-8, 6e-8)


def made(
    ka: float = KA, kd: float = KD, *, kt: float | None = None, shift: float = 0.0, t0: float = 0.0, noise: float = 0.2,
    seed: int = 1, molar: tuple[float, ...] = MOLAR, end: float = 420.0,
) -> list[Cycle]:  # fmt: skip
    rng, cycles = np.random.default_rng(seed), []
    t = np.arange(0.5, end, 2.0)
    for c in molar:
        injections = (Injection(0, c), Injection(120, 0))
        y = bound(t, injections, t0, ka, kd, RMAX, kt).real + shift * (t < 120) + noise * rng.standard_normal(t.size)
        cycles.append(Cycle(f"{1e9 * c:g} nM", t.tolist(), y.tolist(), injections))
    return cycles


def test_constants_and_errors_come_back() -> None:
    inside = 0
    for seed in range(12):
        found = binding_kinetics(cycles=made(seed=seed), bulk=Bulk.NONE)
        assert found.affinity is not None and found.affinity.lower is not None and found.affinity.upper is not None
        inside += found.affinity.lower < KD / KA < found.affinity.upper
        assert found.affinity.value == pytest.approx(KD / KA, rel=0.03) and found.flags == ()
    assert inside >= 10


def test_the_error_of_the_affinity_takes_the_covariance_along() -> None:
    found = binding_kinetics(cycles=made(end=150.0), bulk=Bulk.NONE)
    assert found.ka is not None and found.affinity is not None and found.correlation is not None
    relative = [(x.standard_error or 0) / x.value for x in (found.ka, found.kd, found.affinity)]
    joint = relative[0] ** 2 + relative[1] ** 2 - 2 * found.correlation * relative[0] * relative[1]
    assert relative[2] == pytest.approx(math.sqrt(joint), rel=1e-9)
    assert abs(found.correlation) > 0.05 and relative[2] != pytest.approx(math.hypot(*relative[:2]), rel=1e-3)


def test_bulk_shift_and_delay_are_found_and_matter() -> None:
    cycles = made(shift=8.0, t0=1.5)
    found = binding_kinetics(cycles=cycles, fit_t0=True)
    assert found.t0 == pytest.approx(1.5, abs=0.1)
    assert [one.value for one in found.shifts] == pytest.approx([8.0] * 4, abs=0.5)
    assert found.affinity is not None and found.affinity.value == pytest.approx(1e-8, rel=0.02)
    naive = binding_kinetics(cycles=cycles, bulk=Bulk.NONE)
    assert naive.affinity is None or abs(naive.affinity.value / 1e-8 - 1) > 0.05
    assert any("times the noise" in said for said in naive.flags)


@pytest.mark.parametrize("kt", [None, 2e6, 2e7])
def test_the_closed_form_is_the_solution_of_the_equation(kt: float | None) -> None:
    injections = (Injection(0, 5e-8), Injection(100, 0), Injection(150, 2e-9), Injection(260, 0))
    t = np.arange(1.0, 400, 7)

    def rate(time: float, r: np.ndarray) -> np.ndarray:
        c = [x.concentration for x in injections if x.start <= time][-1]
        slowed = 1 + (KA / kt * (RMAX - r) if kt else 0)
        return (KA * c * (RMAX - r) - KD * r) / slowed

    held, values = np.array([0.0]), []
    for k, one in enumerate(injections):
        end = injections[k + 1].start if k + 1 < len(injections) else 400.0
        at = t[(t >= one.start) & (t < end)]
        run = solve_ivp(rate, (one.start, end - 1e-9), held, t_eval=[*at, end - 1e-9], rtol=1e-10, atol=1e-10)
        values += run.y[0][:-1].tolist()
        held = run.y[:, -1]
    assert bound(t, injections, 0.0, KA, KD, RMAX, kt).real == pytest.approx(values, rel=1e-6)


@pytest.mark.parametrize("bulk", list(Bulk))
def test_derivatives_are_those_of_the_model(bulk: Bulk) -> None:
    transport = bulk is not Bulk.DISSOCIATION
    law = Law(made(noise=0.0)[:2], bulk, True, transport, True)
    theta = np.zeros(law.size)
    theta[:3] = math.log(KA), math.log(KD), 0.3
    if law.kt is not None:
        theta[law.kt] = math.log(3e7)
    theta[sorted(set(law.rmax))] = math.log(RMAX)
    for *_, place in law.shifts:
        theta[place] = 4.0
    slopes = law(theta[None], np.array([0]))[1][0]
    for k in range(law.size):
        up, down = theta.copy(), theta.copy()
        up[k] += 1e-5
        down[k] -= 1e-5
        rise = (law(up[None], np.array([0]))[0][0] - law(down[None], np.array([0]))[0][0]) / 2e-5
        assert slopes[:, k] == pytest.approx(rise, abs=1e-5 * max(1.0, np.abs(rise).max()))


def test_transport_is_noticed_fitted_and_not_invented() -> None:
    limited = made(ka=2e6, kd=2e-2, kt=4e7, noise=0.05)
    plain = binding_kinetics(cycles=limited, bulk=Bulk.NONE)
    assert any("Transport to the surface" in said for said in plain.flags)
    found = binding_kinetics(cycles=limited, bulk=Bulk.NONE, mass_transport=True)
    assert found.kt is not None and found.kt.value == pytest.approx(4e7, rel=0.05)
    assert found.ka is not None and found.ka.value == pytest.approx(2e6, rel=0.05)
    assert plain.ka is None or plain.ka.value < 1.6e6
    free = binding_kinetics(cycles=made(), bulk=Bulk.NONE, mass_transport=True)
    assert free.kt is None and any("does not limit" in said for said in free.flags)


def test_a_single_cycle_holds_the_same_constants() -> None:
    injections = tuple(x for k, c in enumerate(MOLAR) for x in (Injection(150 * k, c), Injection(150 * k + 90, 0)))
    t = np.arange(0.5, 1000, 2.0)
    y = bound(t, injections, 0.0, KA, KD, RMAX, None).real + 0.2 * np.random.default_rng(2).standard_normal(t.size)
    found = binding_kinetics(cycles=[Cycle("one surface", t.tolist(), y.tolist(), injections)])
    assert found.affinity is not None and found.affinity.value == pytest.approx(1e-8, rel=0.03)
    assert found.kd.value == pytest.approx(KD, rel=0.03) and len(found.shifts) == 4


def test_a_dissociation_that_hardly_falls_gives_a_bound() -> None:
    found = binding_kinetics(cycles=made(kd=1e-5), bulk=Bulk.NONE)
    assert found.kd_qualifier == "<" and found.kd_limit is not None and found.kd_limit >= -math.log(0.95) / 300
    assert found.ka is not None and found.affinity_limit == pytest.approx(found.kd_limit / found.ka.value)
    assert any("kd is an upper bound" in said for said in found.flags)
    warned = binding_kinetics(cycles=made(kd=2.5e-4), bulk=Bulk.NONE)
    assert (
        warned.kd_qualifier == ""
        and warned.affinity_limit is None
        and any("small drop of 7" in said for said in warned.flags)
    )


def test_the_order_of_cycles_and_averaging_do_not_matter() -> None:
    cycles = made()
    one = binding_kinetics(cycles=cycles)
    other = binding_kinetics(cycles=cycles[::-1])
    assert one.affinity and other.affinity and other.affinity.value == pytest.approx(one.affinity.value, rel=1e-7)
    coarse = binding_kinetics(cycles=cycles, average=6.0)
    assert coarse.n < one.n / 2 and coarse.affinity and coarse.affinity.value == pytest.approx(1e-8, rel=0.03)
    louder = [replace(c, response=[3 * y for y in c.response]) for c in cycles]
    assert binding_kinetics(cycles=louder).kd.value == pytest.approx(one.kd.value, rel=1e-6)


def test_a_baseline_is_subtracted() -> None:
    early = np.arange(-20.0, 0, 2.0).tolist()
    lifted = [
        replace(c, seconds=[*early, *c.seconds], response=[*([5.0] * 10), *(y + 5 for y in c.response)]) for c in made()
    ]
    plain, found = binding_kinetics(cycles=made()), binding_kinetics(cycles=lifted, baseline=10.0)
    assert plain.affinity and found.affinity and found.affinity.value == pytest.approx(plain.affinity.value, rel=1e-8)
    with pytest.raises(MethodError, match="no baseline"):
        binding_kinetics(cycles=made(), baseline=10.0)


def test_steady_state() -> None:
    c = np.array([1e-9, 3e-9, 1e-8, 3e-8, 1e-7])
    rng = np.random.default_rng(1)
    found = steady_state_affinity(
        concentration=c.tolist(), response=(80 * c / (1e-8 + c) + rng.normal(0, 0.3, 5)).tolist()
    )
    assert found.fit.of("KD").value == pytest.approx(1e-8, rel=0.05) and found.flags == ()
    low = steady_state_affinity(concentration=c.tolist(), response=(80 * c / (3e-7 + c)).tolist())
    assert any("above the highest" in said for said in low.flags)
    early = steady_state_affinity(
        concentration=c.tolist(), response=(80 * c / (1e-8 + c)).tolist(), kd=1e-4, ka=1e4, contact=120.0
    )
    assert any("of its equilibrium" in said for said in early.flags)


GOOD = {"name": "a", "seconds": [1, 2, 3, 4, 5, 6, 7, 8], "response": [1, 2, 3, 4, 4, 3, 3, 2]}
STEPS = [{"start": 0, "concentration": 1e-8}, {"start": 4.5, "concentration": 0}]


@pytest.mark.parametrize(
    ("cycles", "extra", "said"),
    [
        ([], {}, "names of their own"),
        ([GOOD | {"injections": STEPS}] * 2, {}, "names of their own"),
        ([GOOD | {"injections": STEPS, "seconds": [1, 2, 3, 4, 5, 6, 8, 7]}], {}, "no cycle"),
        ([GOOD | {"injections": STEPS, "response": ["nan"] * 8}], {}, "finite"),
        ([GOOD | {"injections": [{"start": 0, "concentration": 100}]}], {}, "mol/L"),
        ([GOOD | {"injections": [{"start": 0, "concentration": 0}]}], {}, "no cycle"),
        ([GOOD | {"injections": [*STEPS, {"start": 7.5, "concentration": 1e-8}]}], {}, "without points"),
        ([GOOD | {"injections": STEPS}], {"mass_transport": True, "bulk": "dissociation"}, "not fitted"),
        (
            [GOOD | {"injections": STEPS, "response": [-1, -2, -3, -4, -4, -3, -3, -2]}],
            {"bulk": "none"},
            "no rate constants",
        ),
    ],
)
def test_refusals(cycles: list[dict[str, object]], extra: dict[str, object], said: str) -> None:
    with pytest.raises(MethodError, match=said):
        call("discovery.binding_kinetics", {"cycles": cycles}, extra)


def test_results_survive_their_json() -> None:
    stored = to_json(binding_kinetics(cycles=made()))
    assert to_json(from_json("discovery.binding_kinetics", stored)) == stored
