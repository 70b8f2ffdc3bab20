"""ANCOVA: the primary analysis of the CDISC pilot study, as its report prints it (ADAS-Cog(11), week 24, LOCF)."""

from __future__ import annotations

import csv
import gzip

import pytest

from crdmo.science.clinical.ancova import Ancova, ancova
from tests import shared_data

FLAGS = ("EFFFL", "ITTFL", "ANL01FL")
PLACEBO, LOW, HIGH = "Placebo", "Xanomeline Low Dose", "Xanomeline High Dose"


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    """Return the records of the primary analysis."""
    with gzip.open(shared_data.path("clinical_stats/adam_adqsadas.csv.gz"), "rt") as file:
        return [
            row
            for row in csv.DictReader(file)
            if all(row[flag] == "Y" for flag in FLAGS) and row["PARAMCD"] == "ACTOT" and float(row["AVISITN"]) == 24
        ]


@pytest.fixture(scope="module")
def found(rows: list[dict[str, str]]) -> Ancova:
    """Return the analysis: change by treatment, baseline and pooled site."""
    return ancova(
        response=[float(row["CHG"]) for row in rows],
        arm=[row["TRTP"] for row in rows],
        covariates={"baseline": [float(row["BASE"]) for row in rows]},
        factors={"site": [row["SITEGR1"] for row in rows]},
        reference=PLACEBO,
    )


@pytest.mark.parametrize(
    ("arm", "reference", "estimate", "error", "p"),
    [
        (LOW, PLACEBO, -0.4667824, 0.8180422, 0.569),
        (HIGH, PLACEBO, -1.0060136, 0.8405294, 0.233),
        (HIGH, LOW, -0.5392312, 0.8361089, 0.520),
    ],
)
def test_ancova_differences_of_the_pilot(
    found: Ancova, arm: str, reference: str, estimate: float, error: float, p: float
) -> None:
    sign, one = next(
        (1 if d.arm == arm else -1, d) for d in found.differences if {d.arm, d.reference} == {arm, reference}
    )
    assert sign * one.estimate == pytest.approx(estimate, abs=5e-8)
    assert one.standard_error == pytest.approx(error, abs=5e-8)
    assert one.p_value == pytest.approx(p, abs=5e-4)


def test_ancova_interval_and_degrees_of_freedom_of_the_pilot(found: Ancova) -> None:
    low = next(d for d in found.differences if (d.arm, d.reference) == (LOW, PLACEBO))
    assert (low.lower, low.upper) == pytest.approx((-2.0789845, 1.1454198), abs=5e-8)
    assert found.residual_df == 220


def test_ancova_numbers_and_raw_means_of_the_pilot(found: Ancova) -> None:
    told = {one.arm: (one.subjects, round(one.raw_mean, 1)) for one in found.means}
    assert told == {PLACEBO: (79, 2.5), LOW: (81, 2.0), HIGH: (74, 1.5)}


def test_ancova_dose_response_of_the_pilot(rows: list[dict[str, str]]) -> None:
    # Dose as a number; the arm of the model is the pooled site, so that dose is tested beside it and the baseline.
    dose = {PLACEBO: 0.0, LOW: 54.0, HIGH: 81.0}
    found = ancova(
        response=[float(row["CHG"]) for row in rows],
        arm=[row["SITEGR1"] for row in rows],
        covariates={"dose": [dose[row["TRTP"]] for row in rows], "baseline": [float(row["BASE"]) for row in rows]},
        reference=rows[0]["SITEGR1"],
    )
    test = next(one for one in found.tests if one.term == "dose")
    assert (test.f, test.p_value) == (pytest.approx(1.3605, abs=5e-5), pytest.approx(0.2447, abs=5e-5))
