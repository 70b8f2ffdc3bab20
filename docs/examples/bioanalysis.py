"""A run of plasma samples after ICH M10: which weighting, which standards, is the run accepted, do samples repeat."""

from __future__ import annotations

from crdmo.science.preclinical.bioanalysis_calibration import bioanalysis_calibration
from crdmo.science.preclinical.bioanalysis_figure import calibration_errors_figure
from crdmo.science.preclinical.bioanalysis_runs import bioanalysis_run, incurred_sample_reanalysis

NOMINAL = [1, 1, 2, 2, 5, 5, 20, 20, 100, 100, 400, 400, 500, 500]
RATIO = [0.0108, 0.0095, 0.0186, 0.0211, 0.0521, 0.0488, 0.142, 0.204, 1.03, 0.985, 4.04, 3.93, 4.95, 5.11]


def main() -> str:
    found = bioanalysis_calibration(nominal=NOMINAL, response=RATIO)
    for one in found.tried:
        print(f"weighting {one.weighting.value}: sum of |%RE| {one.sum_of_errors:.0f}, r2 {one.r_squared:.5f}")
    print(f"chosen {found.weighting.value}: {'; '.join(found.reasons[1:])}")

    nominal = [3, 3, 40, 40, 400, 400]
    for values in ([3.45, 2.55, 41, 47, 390, 470], [3.46, 2.54, 41, 40, 390, 410]):
        run = bioanalysis_run(
            nominal=nominal, found=values, study_samples=80, is_calibration_accepted=found.is_accepted
        )
        missed = [one for one in run.reasons if one.startswith("not met")]
        print(f"controls {values}: {'accepted' if run.is_accepted else missed}")
    isr = incurred_sample_reanalysis(first=[90, 12, 250, 60], repeat=[110, 13, 240, 90], study_samples=40)
    differ = ", ".join(f"{one.difference:+.1f} %" for one in isr.samples)
    print(f"repeats differ by {differ}: {'accepted' if isr.is_accepted else 'not accepted'}")
    return calibration_errors_figure(found, title="A calibration with one bad standard").svg


if __name__ == "__main__":
    main()
