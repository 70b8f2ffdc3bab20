"""A model of a property from structure, with the error to expect: random forest, conformal intervals, domain, and its card.

Intervals are conformal on the out-of-bag errors of the forest, scaled by how much its trees disagree: a compound on which they
agree gets a narrower one. They hold for compounds like those in training; outside the domain nothing promises anything, so
each prediction says whether it is inside. Beside every error stands that of the mean of the training values.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sklearn
from numpy.typing import NDArray
from rdkit import rdBase
from sklearn.ensemble import RandomForestRegressor

from crdmo.science.method import MethodError, method

from .qsar_structures import DESCRIPTORS, Matrix, Structures, nearest, read_structures

_SOURCE = (
    "Breiman L, Mach Learn 2001;45:5-32; out-of-bag conformal regression: Johansson U et al., Mach Learn 2014;97:155-176; "
    "domain by similarity: Sheridan RP et al., J Chem Inf Comput Sci 2004;44:1912-1928"
)
TREES, MAX_FEATURES, NEIGHBOURS, DOMAIN = 100, 0.33, 3, 0.05
FEWEST = 50


@dataclass(frozen=True)
class Prediction:
    """A predicted value with its interval, whether the compound is like those in training, and its nearest of these."""

    value: float
    lower: float
    upper: float
    in_domain: bool
    similarity: float
    nearest: int


@dataclass(frozen=True)
class Errors:
    """How far predictions were from what was measured; `r` and `r2` are None where they are not defined."""

    count: int
    mae: float
    rmse: float
    r: float | None
    r2: float | None
    baseline_mae: float
    coverage: float
    mean_width: float


@dataclass(frozen=True)
class ModelCard:
    """What a model is, and how it did on compounds that it had not seen.

    Attributes:
        endpoint: what is predicted, with its unit.
        algorithm: with its settings and the versions of its libraries.
        descriptors: what it sees of a compound.
        train: how many compounds it learned from.
        train_mean: their mean value, which is the baseline's prediction.
        train_range: their lowest and highest value: a forest never predicts outside it.
        repeated: compounds that stand more than once in training, whatever their salt, stereo or tautomer.
        seen_before: test compounds that are in training too; each makes the errors look better than they are.
        confidence: of the intervals, as a part of 1.
        errors: on all test compounds.
        inside: on those in the domain; None if there is none.
        outside: on those out of it.
        beats_baseline: the mean absolute error is below the baseline's.
        says: in words, what a reader must know before using it.
        predictions: of the test compounds, in their order.
    """

    endpoint: str
    algorithm: str
    descriptors: tuple[str, ...]
    train: int
    train_mean: float
    train_range: tuple[float, float]
    repeated: int
    seen_before: int
    confidence: float
    errors: Errors
    inside: Errors | None
    outside: Errors | None
    beats_baseline: bool
    says: tuple[str, ...]
    predictions: tuple[Prediction, ...]


@dataclass(frozen=True)
class _Model:
    forest: RandomForestRegressor
    known: Structures
    scale: float
    floor: float
    threshold: float

    def predict(self, query: Structures) -> list[Prediction]:
        each = _by_tree(self.forest, query.rows)
        middle, half = each.mean(axis=0), self.scale * (each.std(axis=0) + self.floor)
        similarity, _ = nearest(query.bits, self.known.bits, count=NEIGHBOURS)
        closest, place = nearest(query.bits, self.known.bits)
        return [
            Prediction(float(m), float(m - h), float(m + h), bool(s >= self.threshold), float(c), int(i))
            for m, h, s, c, i in zip(middle, half, similarity, closest, place, strict=True)
        ]


def _by_tree(forest: RandomForestRegressor, rows: Matrix) -> Matrix:
    single = rows.astype(np.float32)
    return np.array([tree.predict(single, check_input=False) for tree in forest.estimators_])


def _fit(known: Structures, values: Matrix, confidence: float, seed: int) -> _Model:
    forest = RandomForestRegressor(TREES, max_features=MAX_FEATURES, random_state=seed, n_jobs=1).fit(
        known.rows, values
    )
    each = _by_tree(forest, known.rows)
    out: NDArray[np.bool_] = np.ones(each.shape, dtype=bool)
    for row, drawn in zip(out, forest.estimators_samples_, strict=True):
        row[drawn] = False
    # With 100 trees a compound is in all of them once in 10^20 fits.
    counts = np.maximum(out.sum(axis=0), 1)
    middle = np.where(out, each, 0.0).sum(axis=0) / counts
    spread = np.sqrt(np.where(out, (each - middle) ** 2, 0.0).sum(axis=0) / counts)
    floor = float(np.median(spread)) or 1e-9
    scores = np.sort(np.abs(values - middle) / (spread + floor))
    place = math.ceil(confidence * (len(scores) + 1))
    similarity, _ = nearest(known.bits, known.bits, skip_self=True, count=NEIGHBOURS)
    return _Model(forest, known, float(scores[place - 1]), floor, float(np.quantile(similarity, DOMAIN)))


@method(
    "discovery.qsar_model_card", version="1.0", source=_SOURCE, title="Model of a property and its card", tolerance=1e-6
)
def qsar_model_card(
    *, endpoint: str, train_smiles: Sequence[str], train_values: Sequence[float], test_smiles: Sequence[str],
    test_values: Sequence[float], confidence: float = 0.9, seed: int = 0,
) -> ModelCard:  # fmt: skip
    """Fit a model on one set of compounds and judge it on another.

    Args:
        endpoint: what is predicted, with its unit.
        train_smiles: of the compounds to learn from.
        train_values: what was measured; skewed ones, such as concentrations, as logarithms.
        test_smiles: of the compounds to judge on; take them from a split by scaffold or time.
        test_values: what was measured of them.
        confidence: of the intervals, 0.5 to 0.99.
        seed: of the forest.

    Raises:
        MethodError: too few compounds, a structure that cannot be read, a value that is no number, or values all equal.
    """
    values, truth = _values(train_smiles, train_values, "training"), _values(test_smiles, test_values, "test")
    if not endpoint.strip():
        raise MethodError("a model says what it predicts", given="nothing", allowed="the endpoint with its unit")
    if len(truth) < 2:
        raise MethodError("a model is judged on test compounds", given=str(len(truth)), allowed="at least 2")
    known = _known(train_smiles, values, confidence)
    query = read_structures(test_smiles, "test compounds")
    model = _fit(known, values, confidence, seed)
    found = model.predict(query)
    seen = set(known.keys)
    inside = np.array([one.in_domain for one in found])
    errors = _errors(found, truth, float(values.mean()))
    parts = [
        _errors([one for one, keep in zip(found, mask, strict=True) if keep], truth[mask], float(values.mean()))
        if mask.any() else None
        for mask in (inside, ~inside)
    ]  # fmt: skip
    repeated, before = len(known.keys) - len(seen), sum(key in seen for key in query.keys)
    return ModelCard(
        endpoint.strip(),
        f"random forest, {TREES} trees, max_features {MAX_FEATURES}, seed {seed}; scikit-learn {sklearn.__version__}, "
        f"RDKit {rdBase.rdkitVersion}",
        DESCRIPTORS,
        len(values),
        float(values.mean()),
        (float(values.min()), float(values.max())),
        repeated,
        before,
        confidence,
        errors,
        parts[0],
        parts[1],
        errors.mae < errors.baseline_mae,
        tuple(_says(errors, parts[1], confidence, repeated, before)),
        tuple(found),
    )


@method(
    "discovery.qsar_predict", version="1.0", source=_SOURCE, title="Prediction of a property by a model", tolerance=1e-6
)
def qsar_predict(
    *, train_smiles: Sequence[str], train_values: Sequence[float], query_smiles: Sequence[str], confidence: float = 0.9,
    seed: int = 0,
) -> tuple[Prediction, ...]:  # fmt: skip
    """Predict a property of new compounds, each with its interval, and say whether it is within the domain.

    Args:
        train_smiles: of the compounds to learn from.
        train_values: what was measured of them.
        query_smiles: of the compounds to predict.
        confidence: of the intervals, 0.5 to 0.99.
        seed: of the forest.

    Raises:
        MethodError: as `qsar_model_card`, or there is nothing to predict.
    """
    values = _values(train_smiles, train_values, "training")
    if not query_smiles:
        raise MethodError("there is nothing to predict", given="no compound", allowed="at least one")
    model = _fit(_known(train_smiles, values, confidence), values, confidence, seed)
    return tuple(model.predict(read_structures(query_smiles, "compounds")))


def _values(smiles: Sequence[str], values: Sequence[float], what: str) -> Matrix:
    if len(smiles) != len(values):
        raise MethodError(f"each {what} compound has a value", given=f"{len(smiles)} compounds, {len(values)} values")
    made = np.asarray(values, dtype=float)
    if bad := np.flatnonzero(~np.isfinite(made)).tolist():
        raise MethodError("a value is no number", given=f"{what}, number {bad[0] + 1}: {made[bad[0]]}", allowed="finite numbers",
                          next_step="leave out what was not measured, and what is only a bound")  # fmt: skip
    return made


def _known(smiles: Sequence[str], values: Matrix, confidence: float) -> Structures:
    if len(values) < FEWEST:
        raise MethodError(
            "there are too few compounds to learn from", given=str(len(values)), allowed=f"at least {FEWEST}"
        )
    if not 0.5 <= confidence <= 0.99 or math.ceil(confidence * (len(values) + 1)) > len(values):
        raise MethodError("so many compounds give no interval of this confidence", given=f"{confidence:g} from {len(values)}",
                          allowed="0.5 to 0.99, with at least confidence / (1 - confidence) compounds")  # fmt: skip
    if float(np.ptp(values)) == 0.0:
        raise MethodError(
            "there is nothing to learn", given=f"every value is {values[0]:g}", allowed="values that differ"
        )
    return read_structures(smiles, "training compounds")


def _errors(found: Sequence[Prediction], truth: Matrix, mean: float) -> Errors:
    middle = np.array([one.value for one in found])
    away = middle - truth
    varies = len(truth) > 1 and np.ptp(truth) > 0
    return Errors(
        len(truth),
        float(np.mean(np.abs(away))),
        float(np.sqrt(np.mean(away**2))),
        float(np.corrcoef(middle, truth)[0, 1]) if varies and np.ptp(middle) > 0 else None,
        float(1 - np.sum(away**2) / np.sum((truth - truth.mean()) ** 2)) if varies else None,
        float(np.mean(np.abs(truth - mean))),
        float(np.mean([one.lower <= y <= one.upper for one, y in zip(found, truth, strict=True)])),
        float(np.mean([one.upper - one.lower for one in found])),
    )


def _says(errors: Errors, outside: Errors | None, confidence: float, repeated: int, before: int) -> list[str]:
    told = [
        f"mean absolute error {errors.mae:.3f}; the mean of the training values alone {errors.baseline_mae:.3f} "
        f"({100 * (1 - errors.mae / errors.baseline_mae):.0f} % less)"
        if errors.baseline_mae > 0 else f"mean absolute error {errors.mae:.3f}",
        f"intervals of {100 * confidence:g} % held {100 * errors.coverage:.1f} % of {errors.count}",
    ]  # fmt: skip
    if errors.mae >= errors.baseline_mae:
        told.append("it is no better than the mean: do not use it")
    if before:
        told.append(f"{before} test compounds were seen in training: these errors are too good")
    if repeated:
        told.append(f"{repeated} training compounds repeat another one")
    if outside is not None:
        told.append(
            f"{outside.count} test compounds are out of the domain, with a mean absolute error of {outside.mae:.3f}"
        )
    return told
