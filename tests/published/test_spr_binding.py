"""SPR: CH31 and AE.A244 on a Biacore T200 (Li K, Dennison SM 2023, TitrationAnalysis, doi 10.5281/zenodo.7998652).

Published: five highest concentrations, local Rmax, bulk shift: ka 1812.0985, kd 1.19119697e-4, KD 6.573577e-8, and five Rmax.
Their bulk shift is a free level of each dissociation: with it Rmax agree as well. A step during injections gives the same KD.
"""

from __future__ import annotations

import gzip

import pytest

from crdmo.science.discovery.binding_kinetics import binding_kinetics
from crdmo.science.discovery.binding_law import Bulk
from crdmo.science.discovery.binding_model import Cycle, Injection
from crdmo.science.discovery.binding_result import BindingKinetics
from crdmo.standards.sensorgram import read_sensorgrams
from tests import shared_data

MOLAR = [2.771e-8, 5.543e-8, 1.109e-7, 2.217e-7, 4.434e-7, 8.868e-7, 1.774e-6, 3.547e-6]
RMAX = [93.3741963453534, 132.65511677499825, 141.6074318821188, 131.91376008877617, 132.03901104876505]


@pytest.fixture(scope="module")
def cycles() -> list[Cycle]:
    found = read_sensorgrams(gzip.decompress(shared_data.path("discovery/spr/T200_chip1_ch2.txt.gz").read_bytes()))
    return [
        Cycle(one.label, one.seconds, one.response, (Injection(0, molar), Injection(180, 0)))
        for one, molar in zip(found.sensorgrams, MOLAR, strict=True)
    ]


def fitted(cycles: list[Cycle], bulk: Bulk, *, fit_t0: bool = False) -> BindingKinetics:
    return binding_kinetics(cycles=cycles[3:], local_rmax=True, bulk=bulk, average=2.0, fit_t0=fit_t0)


@pytest.mark.parametrize("bulk", [Bulk.INJECTION, Bulk.DISSOCIATION])
def test_published_constants(cycles: list[Cycle], bulk: Bulk) -> None:
    found = fitted(cycles, bulk)
    assert found.affinity is not None and found.affinity.value == pytest.approx(6.573577e-8, rel=0.03)
    assert found.kd.value == pytest.approx(1.19119697e-4, rel=0.05) and found.kd_qualifier == ""
    if bulk is Bulk.DISSOCIATION:
        assert found.ka is not None and found.ka.value == pytest.approx(1812.0985, rel=0.005)
        assert [one.rmax.value for one in found.surfaces] == pytest.approx(RMAX, rel=0.005)
        assert any("differ by a factor of 1.5" in said for said in found.flags)
    # The dissociation loses 7 %: enough for an estimate, little enough for a warning.
    assert 0.068 < found.drop < 0.073 and any("small drop" in said for said in found.flags)
    assert any("local Rmax hide" in said for said in found.flags)
    assert found.autocorrelation > 0.8 and any("too small" in said for said in found.flags)


def test_without_a_bulk_shift_the_affinity_is_off(cycles: list[Cycle]) -> None:
    off = fitted(cycles, Bulk.NONE).affinity
    assert off is not None and off.value / 6.573577e-8 - 1 == pytest.approx(0.06, abs=0.01)


def test_with_a_delay(cycles: list[Cycle]) -> None:
    found = fitted(cycles, Bulk.INJECTION, fit_t0=True)
    assert found.affinity is not None and found.affinity.value == pytest.approx(6.573577e-8, rel=0.03)
    assert 0.5 < found.t0 < 2.0


@pytest.mark.parametrize(("count", "local"), [(4, True), (3, True), (3, False), (5, False)])
def test_low_concentrations_hold_no_rmax(cycles: list[Cycle], count: int, local: bool) -> None:
    found = binding_kinetics(cycles=cycles[:count], local_rmax=local, average=4.0)
    assert not found.rmax_identifiable and found.affinity is None and found.ka is None and found.surfaces == ()
    assert any("Rmax not identifiable" in said for said in found.flags)
    # What they hold is the initial slope: ka times Rmax of the published fit, within a quarter of it.
    assert max(found.initial_slopes) == pytest.approx(1812.0985 * 125, rel=0.3)
