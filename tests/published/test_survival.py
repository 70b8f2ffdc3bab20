"""KM: Kaplan–Meier medians and log-rank tests of Loprinzi (1994) and Miller (1981), as R survival 3.5-3 gives them."""

from __future__ import annotations

import csv

import pytest

from crdmo.science.clinical.survival import kaplan_meier, log_rank
from tests import shared_data

MAINTAINED = ["9", "13", "13+", "18", "23", "28+", "31", "34", "45+", "48", "161+"]
NOT = ["5", "5", "8", "8", "12", "16+", "23", "27", "30", "33", "43", "45"]


def parsed(texts: list[str]) -> tuple[list[float], list[bool]]:
    """Return times and events of times printed with + where censored."""
    return [float(text.rstrip("+")) for text in texts], [not text.endswith("+") for text in texts]


def lung() -> list[dict[str, str]]:
    """Return the 228 patients."""
    with shared_data.path("clinical_stats/lung.csv").open() as file:
        return list(csv.DictReader(file))


def test_km_log_rank_of_lung_by_sex() -> None:
    rows = lung()
    found = log_rank(
        time=[float(row["time"]) for row in rows],
        event=[row["status"] == "1" for row in rows],
        group=[row["sex"] for row in rows],
    )
    assert found.chi_square == pytest.approx(10.3267419549, rel=1e-6)


@pytest.mark.parametrize(("sex", "printed"), [("1", (270, 210, 306)), ("2", (426, 345, 524))])
def test_km_medians_of_lung(sex: str, printed: tuple[float, ...]) -> None:
    rows = [row for row in lung() if row["sex"] == sex]
    found = kaplan_meier(time=[float(row["time"]) for row in rows], event=[row["status"] == "1" for row in rows])
    assert (found.median, found.median_lower, found.median_upper) == printed


@pytest.mark.parametrize(("texts", "printed"), [(MAINTAINED, (31, 13, None)), (NOT, (23, 5, 33))])
def test_km_medians_of_aml(texts: list[str], printed: tuple[float | None, ...]) -> None:
    time, event = parsed(texts)
    found = kaplan_meier(time=time, event=event)
    assert (found.median, found.median_lower, found.median_upper) == printed


def test_km_log_rank_of_aml() -> None:
    (one, hit_one), (two, hit_two) = parsed(MAINTAINED), parsed(NOT)
    found = log_rank(time=one + two, event=hit_one + hit_two, group=["m"] * len(one) + ["n"] * len(two))
    assert found.chi_square == pytest.approx(3.396388699, rel=1e-6)
