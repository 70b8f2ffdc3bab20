"""Parameters of a public package (PP) from its own concentrations (PC): PDS2014, phuse-org/phuse-scripts, 12 animals.

The rule that reproduces them: linear up, logarithmic down by pair; 0 at time 0 on day 1; samples joined to the dose that
they follow (the 24 h sample carries the study day after it); below the limit missing between quantifiable samples.
"""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from crdmo.science.preclinical.nca import Exposure, non_compartmental
from crdmo.standards.cdisc import read_files
from tests import shared_data

DOSED_ON = (1.0, 29.0)
FIELDS = {
    "CMAX": "c_max",
    "TMAX": "t_max",
    "TLST": "t_last",
    "AUCLST": "auc_last",
    "AUCTAU": "auc_tau",
    "AUCIFO": "auc_inf",
}
Key = tuple[str, float]


@pytest.fixture(scope="module")
def package() -> tuple[dict[Key, Exposure], dict[tuple[str, float, str], float], dict[tuple[str, float], str]]:
    files = {f"{name}.xpt": shared_data.path(f"preclinical/send_pds/{name}.xpt") for name in ("pc", "pp", "supppp")}
    found = read_files(files).datasets
    printed = {}
    numbers = {}
    for row in found["PP"].frame.iter_rows(named=True):
        printed[row["USUBJID"][-4:], row["VISITDY"], row["PPTESTCD"]] = row["PPSTRESN"]
        numbers[row["USUBJID"][-4:], row["PPSEQ"]] = (row["PPTESTCD"], row["PPSTRESN"])
    told = {
        numbers[row["USUBJID"][-4:], float(row["IDVARVAL"])]: row["QVAL"] for row in found["SUPPPP"].frame.to_dicts()
    }
    samples: dict[Key, dict[float, float | None]] = defaultdict(dict)
    for row in found["PC"].frame.iter_rows(named=True):
        day = max(one for one in DOSED_ON if one <= row["VISITDY"])
        samples[row["USUBJID"][-4:], day][row["PCTPTNUM"]] = row["PCSTRESN"]
    computed = {}
    for key in sorted({(animal, day) for animal, day, _ in printed}):
        times = samples[key] if key[1] > 1 else {0.0: 0.0, **samples[key]}
        order = sorted(times)
        computed[key] = non_compartmental(time=order, concentration=[times[t] for t in order], interval=24)
    return computed, printed, told


def test_what_the_package_prints_is_computed_from_its_own_concentrations(package) -> None:
    computed, printed, _ = package
    agree: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    strange = []
    for (animal, day, code), value in printed.items():
        own = getattr(computed[animal, day], FIELDS[code])
        whole[code] += 1
        same = own is not None and abs(own - value) <= 0.5 + 1e-9
        agree[code] += same
        if code == "AUCTAU" and not same:
            strange.append((animal, day))
    assert {code: (agree[code], whole[code]) for code in ("CMAX", "TMAX", "TLST")} == dict.fromkeys(
        ("CMAX", "TMAX", "TLST"), (24, 24)
    )
    assert (agree["AUCLST"], whole["AUCLST"]) == (12, 12)
    assert (agree["AUCTAU"], whole["AUCTAU"]) == (19, 24)
    # Their last sample is at 7 h, and the package does not say which rate it extrapolated with.
    assert strange == [("0031", 1.0), ("0031", 29.0), ("0032", 1.0), ("0131", 1.0), ("0131", 29.0)]
    assert all(computed[key].t_last == 7 for key in strange)


@pytest.mark.parametrize(
    ("animal", "day", "area"),
    [
        ("0031", 1, 8348),
        ("0031", 29, 5222),
        ("0032", 1, 12724),
        ("0078", 29, 46396),
        ("0131", 1, 16566),
        ("0131", 29, 11517),
    ],
)
def test_the_area_to_the_last_sample(package, animal: str, day: float, area: int) -> None:
    assert round(package[0][animal, day].auc_last) == area


def test_a_pair_that_falls_before_the_peak_is_logarithmic_too(package) -> None:
    found = package[0]["0153", 1]
    assert (found.t_max, round(found.auc_tau)) == (24, 58121)


def test_negative_areas_stand_in_the_package_and_none_is_computed(package) -> None:
    computed, printed, told = package
    negative = {(code, value) for (_, _, code), value in printed.items() if value is not None and value < 0}
    assert Counter(code for code, _ in negative) == {"AUCIFO": 7, "AUCTAU": 1}
    assert negative == {key for key in told if key in negative} and len(told) == 8
    assert all("25%" in text for text in told.values())
    assert printed["0031", 1, "AUCIFO"] == -11177 and printed["0032", 1, "AUCTAU"] == -23450
    for found in computed.values():
        assert found.auc_inf is None or found.auc_inf >= found.auc_last
        assert (
            found.terminal is None or found.terminal.rate > 0 or any("Negative half-life" in one for one in found.flags)
        )
