"""A benchmark dose from five groups: ten models, their lower limits, and why one of them is recommended.

Data: the quantal example with 25, 25, 24, 24, 24 animals at 0, 10, 50, 150 and 400 mg/kg/day.
"""

from __future__ import annotations

from crdmo.science.preclinical.benchmark_dose import benchmark_dose
from crdmo.science.preclinical.benchmark_dose_figure import benchmark_dose_figure

DOSES, ANIMALS, AFFECTED = [0, 10, 50, 150, 400], [25, 25, 24, 24, 24], [0, 3, 7, 11, 15]


def main() -> str:
    """Fit all models, print them, and return the picture of the recommended one."""
    found = benchmark_dose(doses=DOSES, subjects=ANIMALS, affected=AFFECTED)
    print(f"{'model':<18}{'BMD':>9}{'BMDL':>9}{'AIC':>9}  verdict")
    for fit in sorted(found.fits, key=lambda one: one.aic):
        print(f"{fit.model:<18}{fit.bmd:>9.4g}{fit.bmdl:>9.4g}{fit.aic:>9.3f}  {fit.bin} {'; '.join(fit.reasons)}")
    print(f"Recommended: {found.recommended}, because {found.reason}")
    figure = benchmark_dose_figure(found, subjects=ANIMALS, affected=AFFECTED, title="Benchmark dose, 10 % extra risk")
    print(figure.desc)
    return figure.svg


if __name__ == "__main__":
    main()
