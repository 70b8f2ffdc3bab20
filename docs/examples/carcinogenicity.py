"""Bronchial tumours of rats at four doses (Piegorsch and Bailer 1997): the high dose kills early, and hides its tumours."""

from __future__ import annotations

import csv
import os
from pathlib import Path

from crdmo.science.preclinical.carcinogenicity_figure import poly_k_figure
from crdmo.science.preclinical.incidence import incidence_tests
from crdmo.science.preclinical.poly_k import poly_k
from crdmo.science.preclinical.survival_trend import survival_trend
from crdmo.science.preclinical.tumour_decision import tumour_decision

DATA = ("preclinical/toxstats/portier_bailer_bronch.csv",)
GROUPS, DOSES = ["0", "1", "2", "3"], [0, 1, 2, 4]


def main() -> str:
    text = (Path(os.environ["CRDMO_SHARED"]) / "data" / DATA[0]).read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    group, time = [row["group"] for row in rows], [float(row["time"]) for row in rows]
    tumour = [row["Y"] == "TRUE" for row in rows]
    end = max(time)

    died = [when < end for when in time]
    survival = survival_trend(groups=GROUPS, scores=DOSES, group=group, time=time, died=died)
    deaths = ", ".join(f"{one.group}: {one.deaths} of {one.animals}" for one in survival.groups)
    print(f"deaths before week {end:g}: {deaths}; Tarone's trend p = {survival.p_two_sided:.2g}")

    counts = [sum(hit for own, hit in zip(group, tumour, strict=True) if own == name) for name in GROUPS]
    plain = incidence_tests(affected=counts, examined=[50] * 4, scores=DOSES)
    print(f"as counted, {counts} of 50: Cochran-Armitage two-sided p = {plain.trend_p_two_sided:.2f}")

    found = poly_k(groups=GROUPS, scores=DOSES, group=group, time=time, tumour=tumour)
    print("animals at risk:", ", ".join(f"{one.adjusted_animals:.1f}" for one in found.groups))
    print(f"adjusted: poly-3 trend one-sided p = {found.bieler_williams_p_greater:.4f}")

    pairs = {one.group: one.p_greater for one in found.groups if one.p_greater is not None}
    for history in (2, 20):
        decision = tumour_decision(
            trend_p_greater=found.bieler_williams_p_greater,
            pairwise_p_greater=pairs,
            historical_affected=history,
            historical_examined=400,
        )
        print(f"{decision.reason}: {'significant' if decision.is_trend_significant else 'not significant'}")
    return poly_k_figure(
        found, title="Bronchial tumours, as counted and adjusted for survival", tumour="the tumour"
    ).svg


if __name__ == "__main__":
    main()
