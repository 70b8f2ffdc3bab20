"""Pictures of clearance, binding and enzymes: drawn from stored results, with what matters in words."""

from __future__ import annotations

import numpy as np

from crdmo.science.discovery.adme_clearance import Incubation, intrinsic_clearance
from crdmo.science.discovery.adme_figure import depletion_figure
from crdmo.science.discovery.binding_figure import binding_figure
from crdmo.science.discovery.binding_kinetics import binding_kinetics
from crdmo.science.discovery.binding_model import Cycle, Injection, bound
from crdmo.science.discovery.enzyme_figure import progress_figure, saturation_figure
from crdmo.science.discovery.enzyme_kinetics import michaelis_menten
from crdmo.science.discovery.progress_curves import progress_curve
from crdmo.science.figure_registry import draw
from crdmo.science.figures import MOST_SERIES
from crdmo.science.method import to_json

MINUTES = [0.0, 5, 10, 20, 30, 45]


def test_a_depletion_shows_what_was_left_out() -> None:
    remaining = [100.0, 78, 60, 37, 22, 0.0]
    found = intrinsic_clearance(
        minutes=MINUTES, remaining=remaining, incubation=Incubation.MICROSOMES, density=0.5, lowest=1.0, until=20
    )
    drawn = depletion_figure(found, minutes=MINUTES, remaining=remaining, title="Verapamil")
    assert drawn.desc.startswith("CLint 99.6") and "half-life" in drawn.desc
    # Zero cannot stand on a logarithmic scale; the sample after the end of the line can, as a hollow mark.
    assert [row[1] for row in drawn.table if row[4] == "left out"] == ["30"]
    flat = intrinsic_clearance(
        minutes=MINUTES, remaining=[100, 101, 99, 100, 102, 98.5], incubation=Incubation.HEPATOCYTES, density=1
    )
    assert "does not differ from zero" in depletion_figure(flat).desc and "CLint <" in depletion_figure(flat).desc


def test_sensorgrams_are_drawn_from_the_stored_result_alone() -> None:
    t = np.arange(1.0, 300, 3)
    cycles = [
        Cycle(f"{k}", t.tolist(), bound(t, steps, 0.0, 1e5, 1e-3, 50, None).real.tolist(), steps)
        for k, steps in enumerate((Injection(0, 1e-9 * 2**k), Injection(120, 0)) for k in range(8))
    ]
    found = binding_kinetics(cycles=cycles)
    drawn = binding_figure(found)
    assert f"{MOST_SERIES} of 8 cycles are drawn" in drawn.desc and "KD 1e-08 mol/L" in drawn.desc
    assert draw("discovery.binding_kinetics", to_json(found)).svg == drawn.svg
    low = binding_kinetics(cycles=cycles[:1])
    assert low.rmax_identifiable or "not identifiable" in binding_figure(low).desc


def test_enzymes_are_drawn_with_and_without_their_points() -> None:
    s = [1.0, 2, 5, 10, 20, 50]
    v = [90 * x / (4 + x) for x in s]
    found = michaelis_menten(substrate=s, rate=v)
    assert "Vmax 90" in saturation_figure(found, substrate=s, rate=v, rate_unit="1/s").desc
    assert draw("discovery.michaelis_menten", to_json(found)).svg.startswith("<svg")
    time = np.linspace(0, 60, 31)
    product = (0.4 * time + 1.6 * -np.expm1(-0.1 * time) / 0.1).tolist()
    curve = progress_curve(time=time.tolist(), product=product)
    drawn = progress_figure(curve, time=time.tolist(), product=product)
    assert drawn.desc == "Initial rate 2, steady rate 0.4, k_obs 0.1."
    assert draw("discovery.progress_curve", to_json(curve)).svg.startswith("<svg")
