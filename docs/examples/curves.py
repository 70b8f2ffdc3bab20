"""Clomiphene on a signature of expression (tcplFit2's own data): ten models race, and the winner says how sure a hit is."""

from __future__ import annotations

import csv
import os
from pathlib import Path

from crdmo.science.discovery.curve_class import classify_curve
from crdmo.science.discovery.curve_figure import written
from crdmo.science.discovery.curve_fit import fit_curve
from crdmo.science.discovery.hit_call import hit_call
from crdmo.science.discovery.model_figure import hit_figure

DATA = ("discovery/dose_response/tcplfit2_signatures.csv",)


def main() -> str:
    """Race, print, draw."""
    text = (Path(os.environ["CRDMO_SHARED"]) / "data" / DATA[0]).read_text(encoding="utf-8")
    first = next(csv.DictReader(text.splitlines()))
    dose, response = ([float(v) for v in first[key].split("|")] for key in ("conc", "resp"))
    cutoff = float(first["cutoff"])
    race = hit_call(dose=dose, response=response, cutoff=cutoff)
    for one in sorted(race.runners, key=lambda one: one.aic):
        ends = f", on the bound: {', '.join(one.on_bound)}" if one.on_bound else ""
        print(f"{one.model:6} AIC {one.aic:7.2f}  weight {one.weight:5.1%}{ends}{'' if one.converged else ', a ridge'}")
    print(
        f"hit call {race.hit_call:.3f} = {race.not_constant:.4f} (not constant) x {race.beyond:.4f} (a dose beyond the"
        f" cutoff) x {race.top_beyond:.4f} (the top beyond it)"
    )
    free = fit_curve(dose=dose, response=response)
    print(
        f"a free logistic on the seven points says EC50 {written(free, 'µM')}: the plateau is not seen without a model"
    )
    print("rules of a plate:", classify_curve(dose=dose, response=[100 * v for v in response]).reason)
    return hit_figure(
        race, cutoff=cutoff, dose=dose, response=response, title="Clomiphene: three of ten models, and what counts",
        dose_unit="µM", response_name="Signature score",
    ).svg  # fmt: skip


if __name__ == "__main__":
    main()
