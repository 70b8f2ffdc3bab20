"""Many studies in one call: the same answers as one by one, in their order, quickly."""

from __future__ import annotations

import time

import numpy as np
import pytest

from crdmo.science.method import MethodError, call
from crdmo.science.quality.stability import Outcome, Transformation, shelf_life
from crdmo.science.quality.stability_batch import StudyPoints, shelf_lives

from .test_stability import SAME, SHIFTED, SLANTED
from .test_stability_oracle import _random_study


def _points(seed: int) -> StudyPoints:
    rng = np.random.default_rng(seed)
    lower, upper = [(94.0, None), (None, 104.0), (94.0, 104.0)][seed % 3]
    return StudyPoints(str(seed), **_random_study(rng), lower_limit=lower, upper_limit=upper)


@pytest.mark.parametrize("mean_square", ["pooled", "individual"])
@pytest.mark.parametrize("band", ["confidence", "prediction"])
def test_five_hundred_mixed_studies_are_evaluated_as_one_by_one(mean_square: str, band: str) -> None:
    studies = [_points(seed) for seed in range(500)]
    found = shelf_lives(studies=studies, mean_square=mean_square, band=band)
    assert [one.name for one in found] == [study.name for study in studies]
    for one, study in zip(found, studies, strict=True):
        alone = shelf_life(
            batch=study.batch,
            month=study.month,
            value=study.value,
            lower_limit=study.lower_limit,
            upper_limit=study.upper_limit,
            mean_square=mean_square,
            band=band,
        )
        assert (one.model, one.outcome, one.side, one.worst_batch, one.whole_months) == (
            alone.model,
            alone.outcome,
            alone.side,
            alone.worst_batch,
            alone.whole_months,
        )
        assert one.months == (None if alone.months is None else pytest.approx(alone.months, rel=1e-9))
        assert one.p_slope == (None if alone.p_slope is None else pytest.approx(alone.p_slope, rel=1e-6, abs=1e-14))


def test_transformed_studies_are_evaluated_as_one_by_one() -> None:
    studies = [StudyPoints(str(i), **study, lower_limit=95.0) for i, study in enumerate((SAME, SHIFTED, SLANTED))]
    found = shelf_lives(studies=studies, transformation=Transformation.LOG)
    alone = [
        shelf_life(**study, lower_limit=95.0, transformation=Transformation.LOG) for study in (SAME, SHIFTED, SLANTED)
    ]
    assert [one.months for one in found] == pytest.approx([one.months for one in alone])


def test_a_study_with_too_few_points_says_so_and_the_others_are_evaluated() -> None:
    few = {key: values[:2] for key, values in SAME.items()}
    found = shelf_lives(
        studies=[StudyPoints("few", **few, lower_limit=95.0), StudyPoints("full", **SAME, lower_limit=95.0)]
    )
    assert [one.outcome for one in found] == [Outcome.TOO_FEW_POINTS, Outcome.FOUND]
    assert found[0].worst_batch == "A"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lower_limit": None}, "study second: a shelf life needs an acceptance limit"),
        ({"month": [-1.0, *SAME["month"][1:]]}, "study second: result 1 has a month or value"),
        ({"value": [-v for v in SAME["value"]]}, "study second: the transformation log is not defined"),
    ],
)
def test_a_study_that_is_refused_is_named(changes: dict[str, object], message: str) -> None:
    first = StudyPoints("first", **SAME, lower_limit=95.0)
    second = StudyPoints("second", **{**SAME, "lower_limit": 95.0, **changes})
    with pytest.raises(MethodError, match=message):
        shelf_lives(studies=[first, second], transformation=Transformation.LOG)


def test_no_studies_have_no_shelf_lives() -> None:
    assert shelf_lives(studies=[]) == ()


def test_studies_come_as_plain_json() -> None:
    study = {"name": "S1", **SAME, "lower_limit": 95.0}
    assert call("quality.shelf_lives_q1e", {"studies": [study]}, {})[0].outcome is Outcome.FOUND


def test_ten_thousand_studies_of_30_points_take_seconds() -> None:
    times = [0.0, 3.0, 6.0, 9.0, 12.0, 18.0, 24.0, 30.0, 36.0, 48.0] * 3
    names = [name for name in "ABC" for _ in range(10)]
    values = (100 - 0.1 * np.array(times) + np.random.default_rng(9).normal(0, 0.5, (10_000, 30))).tolist()
    studies = [StudyPoints(str(i), names, times, row, 95.0) for i, row in enumerate(values)]
    started = time.perf_counter()
    assert len(shelf_lives(studies=studies)) == 10_000
    assert time.perf_counter() - started < 20
