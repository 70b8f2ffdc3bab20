"""Numbers of the demo that are published, with where; and the ones that are simulated, from a seed."""

from __future__ import annotations

import random

# Velagaleti, R., in: Gad, S. C. (ed.), Pharmaceutical Manufacturing Handbook: Regulations and Quality, Wiley 2008, p. 609:
# assay in percent of label claim by month, three batches.
STABILITY: dict[str, dict[int, str]] = {
    "1": {0: "102.4", 3: "98.1", 6: "99.2", 9: "97.5", 12: "95", 18: "96.1"},
    "2": {0: "101.1", 3: "101.2", 6: "99", 9: "97.2", 12: "96.4", 18: "95.5", 24: "94.3"},
    "3": {0: "104.1", 3: "102.1", 6: "99.5", 9: "98.1", 12: "95.7", 18: "94.1", 24: "94", 36: "93.5"},
}
STABILITY_SOURCE = "Velagaleti in Gad (ed.), Pharmaceutical Manufacturing Handbook, Wiley 2008, p. 609"

# Tsong, Hammerstrom, Sathe, Shah, Drug Inf J 1996;30:1105-1112, Table 1: percent dissolved, six tablets each,
# at 5, 10, 15, 20, 30, 60, 90 and 120 minutes.
SEED = 20261124
SIMULATED = "simulated, seed 20261124"


def history(count: int = 24) -> list[str]:
    """Return assay results of earlier lots, simulated: mean 99.6, standard deviation 0.7, one shift at the end."""
    rng = random.Random(SEED)  # noqa: S311 — not for secrets
    values = [rng.gauss(99.6, 0.7) for _ in range(count)]
    return [f"{value - (1.9 if i >= count - 2 else 0):.2f}" for i, value in enumerate(values)]


def dissolution(q: float = 84.0) -> list[str]:
    """Return percent dissolved of six units, simulated."""
    rng = random.Random(SEED + 1)  # noqa: S311 — not for secrets
    return [f"{rng.gauss(q, 2.1):.1f}" for _ in range(6)]
