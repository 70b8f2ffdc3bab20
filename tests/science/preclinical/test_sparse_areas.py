"""Areas from sparse samples: who is sampled when decides the standard error; intervals cover; groups are compared.

Overlapping batches: data of Jaki T, Wolfsegger MJ, Stat Med 2012;31:1059, example 2.3.1 (first three and four animals).
"""

from __future__ import annotations

import math
from itertools import pairwise, product

import numpy as np
import pytest
from scipy import stats

from crdmo.science.figure_registry import draw
from crdmo.science.method import MethodError, call, to_json
from crdmo.science.preclinical.exposure import Rule
from crdmo.science.preclinical.sparse_auc import compare_sparse_areas, sparse_area, sparse_area_bootstrap
from crdmo.science.preclinical.sparse_design import Design, SparseSamples

TIMES = [0, 0.5, 1, 2, 4, 8]
BATCH_A = {0.5: (112.2, 29.2, 55.9), 1.0: (759, 727, 1033), 4.0: (1386, 1238, 1113), 8: (786, 648, 770)}
BATCH_B = {0.5: (213, 69.7, 37.2), 1.0: (987, 602, 758), 2.0: (1665, 1481, 1129), 8: (772, 658, 576)}


def overlapping() -> SparseSamples:
    rows = [
        (f"{name}{i}", t, c)
        for name, batch in (("a", BATCH_A), ("b", BATCH_B))
        for t, values in batch.items()
        for i, c in enumerate(values)
    ]
    return SparseSamples([r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows])


def drawn(rng: np.random.Generator, kind: Design, *, scale: float = 1.0, animals: int = 4) -> SparseSamples:
    """Draw animals with a spread of their own, so that samples of one animal go together."""
    mean = scale * np.array([0.0, 3, 8, 6, 3, 1])
    sets = {Design.SERIAL: [[j] for j in range(6)], Design.BATCH: [[0, 2, 4], [1, 3, 4, 5], [0, 1, 5]],
            Design.COMPLETE: [list(range(6))]}[kind]  # fmt: skip
    name, time, value = [], [], []
    for b, (columns, _) in enumerate(product(sets, range(animals))):
        factor = rng.lognormal(0, 0.25)
        for j in columns:
            name.append(str(b))
            time.append(TIMES[j])
            value.append(float(mean[j] * factor * rng.lognormal(0, 0.15)))
    return SparseSamples(name, time, value)


def plainly(samples: SparseSamples) -> tuple[float, float]:
    """Return area and standard error by the double sum of Nedelman and Jia, written out; no correlation above 1."""
    data: dict[str, dict[float, float]] = {}
    for a, t, c in zip(samples.animal, samples.time, samples.concentration, strict=True):
        data.setdefault(a, {})[t] = c
    times = sorted(set(samples.time))
    gaps = [0, *(b - a for a, b in pairwise(times)), 0]
    w = {t: (gaps[i] + gaps[i + 1]) / 2 for i, t in enumerate(times)}
    at = {t: [d[t] for d in data.values() if t in d] for t in times}
    mean = {t: sum(v) / len(v) for t, v in at.items()}
    spread = {t: float(np.var(v, ddof=1)) for t, v in at.items()}
    variance = 0.0
    for s, t in product(times, times):
        both = [d for d in data.values() if s in d and t in d]
        if not both:
            continue
        r, rs, rt = len(both), len(at[s]), len(at[t])
        cov = sum((d[s] - mean[s]) * (d[t] - mean[t]) for d in both) / ((r - 1) + (1 - r / rs) * (1 - r / rt))
        bound = math.sqrt(spread[s] * spread[t])
        cov = max(-bound, min(bound, cov))
        variance += w[s] * w[t] * cov * r / (rs * rt)
    return sum(w[t] * mean[t] for t in times), math.sqrt(variance)


@pytest.mark.parametrize("kind", list(Design))
def test_each_design_is_known_and_agrees_with_the_double_sum(kind) -> None:
    samples = drawn(np.random.default_rng(3), kind)
    found = sparse_area(animal=samples.animal, time=samples.time, concentration=samples.concentration)
    assert found.design is kind
    assert (found.auc, found.standard_error) == pytest.approx(plainly(samples), rel=1e-12)
    if kind is Design.COMPLETE:
        assert found.degrees_of_freedom == pytest.approx(3)


def test_batches_that_share_times_pool_their_variance() -> None:
    samples = overlapping()
    found = sparse_area(animal=samples.animal, time=samples.time, concentration=samples.concentration)
    assert (found.auc, found.standard_error) == pytest.approx(plainly(samples), rel=1e-12)
    assert found.design is Design.BATCH and found.batches == 2 and found.degrees_of_freedom < 4 + 1e-9
    assert {one.time: one.n for one in found.times} == {0.5: 6, 1: 6, 2: 3, 4: 3, 8: 6}


def test_animals_bled_twice_are_not_independent_and_silent_times_are_told() -> None:
    """Trap 5: the standard error knows the animals; it is 0 where nothing was quantifiable; the linear rule only."""
    given = {"time": [1, 1, 2, 2, 3, 3], "concentration": [4, 6, 5, 7, 0, 0]}
    known = sparse_area(animal=["a", "b", "a", "b", "c", "d"], **given)
    naive = sparse_area(animal=list("abcdef"), **given)
    assert known.standard_error > naive.standard_error and known.auc == naive.auc
    assert "No variance from 3" in known.flags[0]
    zero = sparse_area(animal=list("abcd"), time=[1, 1, 2, 2], concentration=[2, 2, 0, 0])
    assert zero.standard_error == 0 and zero.degrees_of_freedom is None and (zero.lower, zero.upper) == (1, 1)
    with pytest.raises(MethodError, match="linear rule only"):
        sparse_area(animal=list("abcdef"), **given, rule=Rule.LINEAR_UP_LOG_DOWN)
    with pytest.raises(MethodError, match="negative"):
        sparse_area(animal=list("abcd"), time=[1, 1, 2, 2], concentration=[2, -2, 0, 0])


def test_intervals_cover_the_true_area() -> None:
    rng = np.random.default_rng(12)
    truth = 0.5 * np.sum(np.diff(TIMES) * (np.array([0, 3, 8, 6, 3]) + np.array([3, 8, 6, 3, 1])))
    truth *= math.exp(0.25**2 / 2 + 0.15**2 / 2)
    for kind in Design:
        inside = 0
        for _ in range(250):
            one = drawn(rng, kind)
            found = sparse_area(animal=one.animal, time=one.time, concentration=one.concentration)
            inside += found.lower <= truth <= found.upper
        assert 0.88 < inside / 250 <= 0.99, kind


def test_the_bootstrap_replays_from_its_seed_and_agrees_with_t_in_many_animals() -> None:
    one = drawn(np.random.default_rng(5), Design.BATCH, animals=25)
    given = {"animal": one.animal, "time": one.time, "concentration": one.concentration}
    found = sparse_area_bootstrap(**given, seed=7, resamples=1000)
    assert found == sparse_area_bootstrap(**given, seed=7, resamples=1000)
    assert found.lower != sparse_area_bootstrap(**given, seed=8, resamples=1000).lower
    plain = sparse_area(**given)
    assert found.standard_error == plain.standard_error
    width = plain.upper - plain.lower
    assert found.lower == pytest.approx(plain.lower, abs=0.15 * width)
    assert found.upper == pytest.approx(plain.upper, abs=0.15 * width)
    assert to_json(call("preclinical.sparse_auc_bootstrap", given, {"seed": 7, "resamples": 1000})) == to_json(found)


def test_a_bootstrap_that_cannot_be_is_refused() -> None:
    given = {"animal": list("abcd"), "time": [1, 1, 2, 2], "concentration": [2, 2, 0, 0]}
    for bad, word in (({"resamples": 10}, "at least 200"), ({"resamples": 10**6}, "at most"), ({"seed": -1}, "seed"),
                      ({}, "vary too little")):  # fmt: skip
        with pytest.raises(MethodError, match=word):
            sparse_area_bootstrap(**(given | {"seed": 1} | bad))


def test_fieller_bounds_are_the_ratios_that_the_t_test_does_not_reject() -> None:
    rng = np.random.default_rng(2)
    one, two = drawn(rng, Design.SERIAL, scale=2.0), drawn(rng, Design.SERIAL)
    found = compare_sparse_areas(first=one, second=two, confidence=0.9)
    t = stats.t.ppf(0.95, found.ratio_freedom)
    for bound in (found.lower, found.upper):
        error = math.hypot(found.first.standard_error, bound * found.second.standard_error)
        assert abs(found.first.auc - bound * found.second.auc) / error == pytest.approx(t, rel=1e-9)
    assert found.lower < found.ratio < found.upper and 1.5 < found.ratio < 2.7
    assert (found.p < 0.1) is not (found.difference_lower <= 0 <= found.difference_upper)
    same = compare_sparse_areas(first=one, second=two, first_dose=2.0, second_dose=1.0)
    assert same.ratio == pytest.approx(found.ratio / 2, rel=1e-12)
    back = compare_sparse_areas(first=two, second=one, confidence=0.9)
    assert back.difference == -found.difference and back.p == pytest.approx(found.p, rel=1e-12)


def test_a_ratio_of_equal_groups_covers_one_and_an_unbounded_one_is_told() -> None:
    rng = np.random.default_rng(9)
    inside = 0
    for _ in range(200):
        found = compare_sparse_areas(first=drawn(rng, Design.SERIAL), second=drawn(rng, Design.SERIAL), confidence=0.9)
        inside += found.lower <= 1 <= found.upper
    assert 0.84 < inside / 200 < 0.97
    loose = SparseSamples(list("abcd"), [0, 0, 1, 1], [0, 0.1, 0, 50])
    found = compare_sparse_areas(first=drawn(rng, Design.SERIAL), second=SparseSamples(
        loose.animal, [0, 0, 8, 8], loose.concentration))  # fmt: skip
    assert found.lower is None and "not bounded" in found.flags[0]
    with pytest.raises(MethodError, match="different times"):
        compare_sparse_areas(first=drawn(rng, Design.SERIAL), second=loose)
    with pytest.raises(MethodError, match="dose must be"):
        compare_sparse_areas(first=loose, second=loose, first_dose=0)


def test_the_picture_says_the_area() -> None:
    one = overlapping()
    found = sparse_area(animal=one.animal, time=one.time, concentration=one.concentration)
    svg = draw("preclinical.sparse_auc", to_json(found), title="Rats").svg
    assert svg.startswith("<svg") and f"area {found.auc:.4g}" in svg and "batch design" in svg
