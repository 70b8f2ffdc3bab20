"""Non-compartmental analysis of many profiles, in one run: `python -m bench.nca [profiles]`.

Workload: oral profiles of eleven samples with 10 % noise, absorption, elimination and volume drawn anew for each, some samples
below the limit. Measured: the registered method with every parameter, flags and typed results; the columns alone; the same
method one profile at a time; and a plain NumPy limit (area to the last sample, λz over all windows, area to infinity, no
checks, no results), which takes its turn in the same rounds.
PKNCA 0.12.1 was measured once at 21 to 23 profiles a second on a machine of this kind for seven parameters; R is not run here.
Goals: at least 10,000 full profiles a second; the digits of the single way.
"""

from __future__ import annotations

import statistics
import sys
import time

import numpy as np

from crdmo.science.preclinical.exposure import Rule
from crdmo.science.preclinical.initial_concentration import Initial
from crdmo.science.preclinical.nca import non_compartmental, non_compartmental_many
from crdmo.science.preclinical.nca_columns import Route, Settings, analyse
from crdmo.science.preclinical.pk_samples import BelowLimit, ProfileData, read
from crdmo.science.preclinical.terminal_phase import WindowRule

ROUNDS, SINGLE, PKNCA, GIVEN = 5, 200, 23.0, 250_000
TIMES = np.array([0, 0.25, 0.5, 1, 2, 3, 4, 6, 8, 12, 24.0])


def workload(count: int) -> list[ProfileData]:
    """Return profiles of one compartment with first-order absorption; what falls below 0.05 is below the limit."""
    rng = np.random.default_rng(4)
    ka, ke, v = rng.uniform(0.8, 3, (count, 1)), rng.uniform(0.1, 0.35, (count, 1)), rng.uniform(5, 20, (count, 1))
    c = 100 / v * ka / (ka - ke) * (np.exp(-ke * TIMES) - np.exp(-ka * TIMES)) * rng.lognormal(0, 0.1, (count, 11))
    rows = [[x if x >= 0.05 else None for x in row] for row in c.tolist()]
    return [ProfileData(str(i), TIMES.tolist(), row, 100.0) for i, row in enumerate(rows)]


def columns(profiles: list[ProfileData]) -> None:
    """Compute all parameters, without a typed result for each profile."""
    how = Settings(Route.EXTRAVASCULAR, 0.0, Rule.LINEAR_UP_LOG_DOWN, 24.0, False, Initial.OBSERVED, BelowLimit(),
                   WindowRule.PKNCA, None, None, None, ())  # fmt: skip
    for i in range(0, len(profiles), 1024):
        samples = read(profiles[i : i + 1024], BelowLimit()).samples
        with np.errstate(all="ignore"):
            analyse(samples, np.full(len(samples.times), 100.0), how)


def plain(values: np.ndarray) -> np.ndarray:
    """Return the area to infinity by NumPy alone: every sample above 0 after the first, no checks."""
    t, c = TIMES[None, :], values
    down = (c[:, :-1] > c[:, 1:]) & (c[:, 1:] > 0)
    a, b, w = c[:, :-1], c[:, 1:], np.diff(TIMES)
    with np.errstate(all="ignore"):
        auc = np.where(down, (a - b) * w / np.log(a / b), (a + b) * w / 2).sum(axis=1)
        logs = np.log(c)
    best, rate = np.full(len(c), -np.inf), np.full(len(c), np.nan)
    after = np.arange(11) > c.argmax(axis=1)[:, None]
    for k in range(8, 0, -1):
        n = 11 - k
        x, y = t[:, k:] - t[:, k:].mean(), logs[:, k:] - logs[:, k:].mean(axis=1, keepdims=True)
        slope = (x * y).sum(axis=1) / (x * x).sum()
        fit = 1 - (1 - slope**2 * (x * x).sum() / (y * y).sum(axis=1)) * (n - 1) / (n - 2)
        better = after[:, k] & (slope < 0) & (fit > best - 1e-4)
        rate, best = np.where(better, -slope, rate), np.where(better, np.maximum(best, fit), best)
    return auc + c[:, -1] / rate


def main() -> int:
    """Measure, print the table. Returns the number of goals that are missed."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 4096
    profiles = workload(count)
    numbers = np.array([[0.05 if x is None else x for x in one.concentration] for one in profiles])
    work = {
        "method, one at a time": (lambda: [non_compartmental(time=p.time, concentration=p.concentration, dose=p.dose,
                                                             interval=24) for p in profiles[:SINGLE]], min(SINGLE, count)),
        "method, many, full results": (lambda: non_compartmental_many(profiles=profiles, interval=24), count),
        "all columns": (lambda: columns(profiles), count),
        "plain NumPy limit, 3 parameters": (lambda: plain(numbers), count),
    }  # fmt: skip
    cost: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for name, (run, size) in work.items():
            began = time.process_time()
            run()
            cost.setdefault(name, []).append((time.process_time() - began) / size)
    rates = {name: 1 / statistics.median(values) for name, values in cost.items()}
    limit = rates["plain NumPy limit, 3 parameters"]
    print(f"{count} profiles of eleven samples, {ROUNDS} rounds, CPU")
    print(f"{'':<34}{'profiles/s':>12}{'x PKNCA (23/s)':>16}{'of the limit':>14}")
    for name, rate in rates.items():
        print(f"{name:<34}{rate:>12,.0f}{rate / PKNCA:>16,.0f}{rate / limit:>14.1%}")
    shares = [rates[name] / GIVEN for name in ("method, many, full results", "all columns")]
    print(
        f"of the {GIVEN:,}/s that plain NumPy was given as elsewhere: full results {shares[0]:.0%}, all columns {shares[1]:.0%}"
    )
    many = non_compartmental_many(profiles=profiles[:SINGLE], interval=24).profiles
    one = [
        non_compartmental(time=p.time, concentration=p.concentration, dose=p.dose, interval=24)
        for p in profiles[:SINGLE]
    ]
    goals = {
        "10,000 full profiles a second": rates["method, many, full results"] >= 10_000,
        "450 times PKNCA": rates["method, many, full results"] >= 450 * PKNCA,
        "the digits of the single way": [p.exposure for p in many] == one,
    }
    for goal, met in goals.items():
        print(f"{goal}: {'ok' if met else 'MISSED'}")
    return sum(not met for met in goals.values())


if __name__ == "__main__":
    sys.exit(main())
