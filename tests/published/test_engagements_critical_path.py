"""CPM and PERT: the Reliable Construction example of Hillier & Lieberman, Introduction to Operations Research, project chapter;
the activity-on-arrow network of Taylor, Introduction to Management Science, ch. 8, solution 5."""

from __future__ import annotations

import pytest

from crdmo.science.engagements.critical_path import critical_path
from crdmo.science.engagements.network import Activity, Link
from crdmo.science.engagements.schedule_risk import Risky, schedule_risk
from crdmo.science.engagements.three_points import Estimate, pert

# Optimistic, likely, pessimistic weeks, and what each follows.
RELIABLE = {
    "A": (1, 2, 3, ""), "B": (2, 3.5, 8, "A"), "C": (6, 9, 18, "B"), "D": (4, 5.5, 10, "C"), "E": (1, 4.5, 5, "C"),
    "F": (4, 4, 10, "E"), "G": (5, 6.5, 11, "D"), "H": (5, 8, 17, "EG"), "I": (3, 7.5, 9, "C"), "J": (3, 9, 9, "FI"),
    "K": (4, 4, 4, "J"), "L": (1, 5.5, 7, "J"), "M": (1, 2, 3, "H"), "N": (5, 5.5, 9, "KL"),
}  # fmt: skip
MEANS = dict(zip("ABCDEFGHIJKLMN", (2, 4, 10, 6, 4, 5, 7, 9, 7, 8, 4, 5, 2, 6), strict=True))


def estimates() -> list[Estimate]:
    return [Estimate(n, a, m, b, tuple(Link(p) for p in after)) for n, (a, m, b, after) in RELIABLE.items()]


def plan(durations: dict[str, float]) -> list[Activity]:
    return [Activity(n, durations[n], tuple(Link(p) for p in row[3])) for n, row in RELIABLE.items()]


def test_reliable_construction_has_44_weeks_and_this_path() -> None:
    found = critical_path(activities=plan(MEANS))
    assert found.duration == 44
    assert "".join(found.path) == "ABCEFJLN"
    slack = {t.name: t.slack for t in found.activities if t.slack}
    assert slack == {"D": 4, "G": 4, "H": 4, "M": 4, "I": 2, "K": 1}


def test_reliable_construction_by_three_points() -> None:
    found = pert(estimates=estimates(), deadline=47)
    assert {t.name: t.earliest_finish - t.earliest_start for t in found.plan.activities} == pytest.approx(MEANS)
    assert found.plan.duration == pytest.approx(44)
    assert found.variance == pytest.approx(9)
    assert f"{found.probability:.4f}" == "0.8413"


def test_reliable_construction_all_pessimistic_takes_70_weeks() -> None:
    assert critical_path(activities=plan({n: row[2] for n, row in RELIABLE.items()})).duration == 70


def test_taylor_network_of_arrows() -> None:
    arrows = {"12": 7, "13": 10, "24": 6, "34": 5, "35": 4, "45": 3, "56": 2}
    network = [Activity(n, d, tuple(Link(before) for before in arrows if before[1] == n[0])) for n, d in arrows.items()]
    found = critical_path(activities=network)
    assert found.duration == 20
    assert found.path == ("13", "34", "45", "56")
    assert {t.name: t.slack for t in found.activities if t.slack} == {"12": 2, "24": 2, "35": 4}


def test_two_equal_parallel_paths_halve_the_chance_of_the_date() -> None:
    """Hulett (PM Network, PMI library 4620): independent parallel paths, each on time with 1/2, are together with 1/4."""
    pair = [Risky(n, 5, 10, 15) for n in "AB"]
    found = schedule_risk(activities=pair, shape="triangular", seed=7, draws=200_000, deadline=10)
    assert found.probability_of_date == pytest.approx(0.25, abs=0.004)
    assert found.criticality == pytest.approx((0.5, 0.5), abs=0.004)


@pytest.mark.parametrize(
    ("shape", "mean", "sd", "by_47", "p80"),
    [("triangular", 46.23, 3.69, 0.594, 49.38), ("beta_pert", 44.33, 2.93, 0.816, 46.81)],
)
def test_reliable_construction_by_simulation(shape: str, mean: float, sd: float, by_47: float, p80: float) -> None:
    """The normal approximation says 0.84; through the whole network it is less, by 2 to 25 points."""
    rows = [Risky(e.name, e.optimistic, e.likely, e.pessimistic, e.links) for e in estimates()]
    found = schedule_risk(activities=rows, shape=shape, seed=11, draws=60_000, deadline=47, levels=(0.8,))  # type: ignore[arg-type]
    assert found.mean == pytest.approx(mean, abs=0.06)
    assert found.sd == pytest.approx(sd, abs=0.05)
    assert found.probability_of_date == pytest.approx(by_47, abs=0.008)
    assert found.dates[0] == pytest.approx(p80, abs=0.08)


def test_the_mean_and_variance_of_a_triangular_duration() -> None:
    found = schedule_risk(activities=[Risky("A", 5, 10, 20)], shape="triangular", seed=3, draws=400_000)
    assert found.mean == pytest.approx(11.667, abs=0.02)
    assert found.sd**2 == pytest.approx(9.7222, abs=0.06)
