"""Human equivalent doses: FDA, Estimating the Maximum Safe Starting Dose in Initial Clinical Trials (July 2005), table 1."""

from __future__ import annotations

import pytest

from crdmo.science.method import MethodError, call
from crdmo.science.preclinical.starting_dose import SPECIES, Conversion, starting_dose


@pytest.mark.parametrize(
    ("species", "noael", "by_divisor", "by_km"), [("rat", 15, "2.419", "2.432"), ("dog", 50, "27.78", "27.03")]
)
def test_the_divisor_and_the_ratio_of_km_are_two_rules(species: str, noael: float, by_divisor: str, by_km: str) -> None:
    digits = len(by_divisor.split(".")[1])
    plain = starting_dose(noael=noael, species=species)
    ratio = starting_dose(noael=noael, species=species, conversion=Conversion.KM_RATIO)
    assert f"{plain.human_equivalent:.{digits}f}" == by_divisor
    assert f"{ratio.human_equivalent:.{digits}f}" == by_km
    assert plain.rule.startswith("divided by") and ratio.rule.startswith("times Km")
    assert plain.starting_dose == pytest.approx(plain.human_equivalent / 10)


def test_the_divisors_are_those_of_the_table_and_agree_with_km_as_printed() -> None:
    assert [divisor for _, divisor in SPECIES.values()] == [12.3, 7.4, 6.2, 4.6, 3.1, 3.1, 1.8, 1.1]
    for km, divisor in SPECIES.values():
        assert divisor == pytest.approx(37 / km, abs=0.0501)  # one decimal; the dog's 1.85 is printed 1.8
    assert SPECIES["rat"][0] == 6.0 != SPECIES["rat"][1]


def test_a_small_factor_is_flagged_and_what_the_table_lacks_is_refused() -> None:
    assert (
        starting_dose(noael=1, species="dog", safety_factor=5).flags and not starting_dose(noael=1, species="dog").flags
    )
    with pytest.raises(MethodError, match=r"no such species\. Given: human"):
        starting_dose(noael=1, species="human")
    for bad in ({"noael": 0}, {"noael": float("nan")}, {"noael": 1, "safety_factor": 0}):
        with pytest.raises(MethodError):
            starting_dose(**({"species": "rat"} | bad))
    with pytest.raises(MethodError):
        call("preclinical.starting_dose", {"noael": 1, "species": "rat"}, {"conversion": "surface"})
