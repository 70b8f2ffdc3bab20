"""Puromycin (Treloar 1974, in Bates & Watts 1988): the rates themselves are fitted, never a straightened plot of them."""

from __future__ import annotations

import numpy as np

from crdmo.science.discovery.enzyme_kinetics import michaelis_menten
from crdmo.science.figures import Axis, Chart

PPM = [0.02, 0.02, 0.06, 0.06, 0.11, 0.11, 0.22, 0.22, 0.56, 0.56, 1.10, 1.10]
RATE = [76, 47, 97, 107, 123, 139, 159, 152, 191, 201, 207, 200]


def main() -> str:
    found = michaelis_menten(substrate=PPM, rate=RATE)
    vmax, km = found.fit.of("Vmax"), found.fit.of("Km")
    print(f"Vmax {vmax.value:.1f} ({vmax.lower:.1f} to {vmax.upper:.1f}) counts/min2")
    print(f"Km {km.value:.4f} ({km.lower:.4f} to {km.upper:.4f}) ppm, by profile likelihood")
    s, v = np.array(PPM), np.array(RATE, dtype=float)
    slope, cut = np.polyfit(1 / s, 1 / v, 1)
    print(f"Lineweaver-Burk would say Vmax {1 / cut:.1f}, Km {slope / cut:.4f}: the lowest rates, magnified, decide it")

    chart = Chart("Puromycin: a curve through the rates, and the straightened plot", x=Axis("Substrate", "ppm", low=0.0), y=Axis("Rate", "counts/min²", low=0.0))  # fmt: skip
    xs = np.linspace(0, 1.15, 116)
    chart.scatter("measured", PPM, RATE)
    chart.line("least squares", xs.tolist(), (vmax.value * xs / (km.value + xs)).tolist())
    chart.line("Lineweaver-Burk", xs.tolist(), (xs / cut / (slope / cut + xs)).tolist())
    chart.limit(vmax.value, f"Vmax {vmax.value:.1f}", firm=False)
    return chart.build(f"The straightened plot puts Vmax at {1 / cut:.0f} instead of {vmax.value:.0f}.").svg


if __name__ == "__main__":
    main()
