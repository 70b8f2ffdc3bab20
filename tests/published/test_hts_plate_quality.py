"""HTS: quality of plates, B-score and minimum significant ratio.

Z': Zhang, Chung & Oldenburg 1999; SSMD: Zhang 2007; MSR: NCATS Assay Guidance Manual; KcViab plates: Boutros et al.
2004 (Science 303:832), median polish by R 4.2.2 `medpolish(eps = 1e-5, maxiter = 200)`.
"""

from __future__ import annotations

import csv

import pytest

from crdmo.science.discovery.normalisation import z_scores
from crdmo.science.discovery.plate_correction import b_score
from crdmo.science.discovery.plate_layout import read_well, reformat_quadrants
from crdmo.science.discovery.plate_quality import plate_quality
from crdmo.science.discovery.reproducibility import reference_repeatability, run_agreement
from tests import shared_data

NEGATIVE = [100.0, 102.0, 98.0, 101.0, 99.0, 100.0]
POSITIVE = [10.0, 12.0, 11.0, 9.0, 10.0, 8.0]


def kcviab(name: str = "KcViab_FT01-G01.txt") -> list[list[float | None]]:
    plate: list[list[float | None]] = [[None] * 24 for _ in range(16)]
    for line in shared_data.path(f"discovery/hts/{name}").read_text().splitlines():
        _, well, signal = line.split("\t")
        place = read_well(well, 384)
        plate[place.row - 1][place.column - 1] = float(signal)
    return plate


def test_hts_quality_of_two_controls() -> None:
    q = plate_quality(negative=NEGATIVE, positive=POSITIVE)
    assert q.z_prime == pytest.approx(0.9057190958, abs=5e-11)
    assert q.robust_z_prime == pytest.approx(0.90116, abs=5e-6)
    assert q.ssmd == pytest.approx(-45.0, abs=1e-9)
    assert q.robust_ssmd == pytest.approx(-42.92432909, abs=5e-9)
    assert q.signal_to_background == pytest.approx(10.0)
    assert q.signal_window == pytest.approx(57.63961031, abs=5e-9)
    assert q.negative.cv_percent == pytest.approx(1.41421356, abs=5e-9)
    assert q.positive.cv_percent == pytest.approx(14.1421356, abs=5e-8)
    assert q.undefined == {}


def test_hts_median_polish_and_b_score_of_a_viability_plate() -> None:
    found = b_score(wells=kcviab())
    assert found.converged
    with shared_data.path("discovery/hts/FT01-G01_median_polish_expected.csv").open() as file:
        expected = [(row["quantity"], row["index"], float(row["value"])) for row in csv.DictReader(file)]
    assert len(expected) > 45
    for quantity, index, value in expected:
        if quantity == "overall":
            got = found.overall
        elif quantity == "row_effect":
            got = found.row_effects[ord(index) - 65]
        elif quantity == "column_effect":
            got = found.column_effects[int(index) - 1]
        elif quantity == "mad_of_residuals":
            got = found.mad_of_residuals
        else:
            assert quantity == "b_score"
            well = read_well(index, 384)
            got = found.scores[well.row - 1][well.column - 1] or 0.0
        assert got == pytest.approx(value, rel=2e-9), (quantity, index)
    scores = [s for row in found.scores for s in row if s is not None]
    assert min(scores) == pytest.approx(-24.63484176, abs=5e-9) and min(scores) == found.scores[1][1]
    assert max(scores) == pytest.approx(3.891128421, abs=5e-10) and max(scores) == found.scores[0][12]
    assert sum(abs(s) > 3 for s in scores) == 24


def test_hts_the_stopping_rule_of_the_polish_decides_the_digits() -> None:
    early = b_score(wells=kcviab(), eps=0.01, most_iterations=10)
    assert early.overall == pytest.approx(1341387.094, abs=5e-4)
    assert early.scores[0][0] == pytest.approx(-11.33486455, abs=5e-9)


def test_hts_robust_z_of_a_viability_plate() -> None:
    found = z_scores(signals=[v for row in kcviab() for v in row if v is not None])
    assert (found.origin, round(found.unit, 4)) == (1354771.0, 74866.8522)
    assert found.values[0] == pytest.approx(-6.237847409, abs=5e-10)
    assert sum(v <= -3.0 for v in found.values) == 15


def test_hts_one_well_of_each_control_has_no_z_prime() -> None:
    """The layout of the KcViab plates: negative control B01, positive control B02."""
    plate = kcviab()
    q = plate_quality(negative=[plate[1][0] or 0.0], positive=[plate[1][1] or 0.0])
    assert q.z_prime is None and "at least 2 wells" in q.undefined["z_prime"]


def test_hts_minimum_significant_ratio_of_two_runs() -> None:
    found = run_agreement(
        run_1=[12, 45, 230, 1.8, 800, 65, 3.3, 510],
        run_2=[15, 38, 310, 2.2, 640, 90, 3.0, 560],
    )
    assert found.mean_log10_ratio == pytest.approx(0.0354886794, abs=5e-11)
    assert found.standard_deviation == pytest.approx(0.0939882364, abs=5e-11)
    assert found.mean_ratio == pytest.approx(1.0851472630, abs=5e-11)
    assert found.minimum_significant_ratio == pytest.approx(1.5416169360, abs=5e-11)
    assert found.ratio_limits == pytest.approx((0.9311699666, 1.2645860849), abs=5e-11)
    assert found.limits_of_agreement == pytest.approx((0.7039020120, 1.6728813988), abs=5e-11)


def test_hts_minimum_significant_ratio_of_a_reference_compound() -> None:
    found = reference_repeatability(potencies=[12, 15, 10.5, 13.2, 18, 11.1, 14.9])
    assert found.geometric_mean == pytest.approx(13.3168803666, abs=5e-11)
    assert found.standard_deviation_log10 == pytest.approx(0.0828097190, abs=5e-11)
    assert found.minimum_significant_ratio == pytest.approx(1.7148307218, abs=5e-11)


def test_hts_four_plates_onto_one() -> None:
    assert reformat_quadrants(wells=96, plates=[1, 2, 3, 4, 4], names=["A1", "A1", "A1", "A1", "H12"]).destinations == (
        "A1",
        "A2",
        "B1",
        "B2",
        "P24",
    )
    assert reformat_quadrants(wells=384, plates=[4], names=["P24"]).destinations == ("AF48",)
