"""A pattern is corrected where it is shown, and nothing else is touched."""

from __future__ import annotations

import numpy as np
import pytest

from crdmo.science.discovery.plate_correction import b_score, correct_plate, well_correction
from crdmo.science.discovery.plate_surface import median_polish
from crdmo.science.discovery.spatial_bias import spatial_bias
from crdmo.science.method import MethodError

ROWS, COLUMNS = 16, 24


def clean(seed: int, shape: tuple[int, int] = (ROWS, COLUMNS)) -> np.ndarray:  # type: ignore[type-arg]
    return np.random.default_rng(seed).normal(100.0, 10.0, shape)


def test_the_polish_takes_an_additive_pattern_off_exactly() -> None:
    rows, columns = np.arange(6.0), 10.0 * np.arange(7.0)
    polish = median_polish((5.0 + rows[:, None] + columns[None, :])[None])
    assert np.abs(polish.residuals).max() < 1e-12
    assert polish.rows[0] - polish.rows[0][0] == pytest.approx(rows)


def test_the_parts_of_the_polish_add_up_to_the_plate() -> None:
    plate = clean(1)
    p = median_polish(plate[None])
    again = p.overall[0] + p.rows[0][:, None] + p.columns[0][None, :] + p.residuals[0]
    assert np.abs(again - plate).max() < 1e-9


def test_a_plate_gets_the_same_polish_alone_and_among_others() -> None:
    plates = np.stack([clean(seed) ** 2 for seed in range(20)])
    together = median_polish(plates)
    for i in range(20):
        alone = median_polish(plates[i][None])
        assert alone.residuals[0] == pytest.approx(together.residuals[i], abs=0.0)
        assert alone.iterations[0] == together.iterations[i]


def test_scores_do_not_change_when_a_row_is_lifted() -> None:
    plate = clean(2)
    lifted = plate.copy()
    lifted[3] += 50.0
    one, other = b_score(wells=plate.tolist(), eps=1e-9), b_score(wells=lifted.tolist(), eps=1e-9)
    assert np.array(one.scores) == pytest.approx(np.array(other.scores), abs=0.15)


def test_a_well_that_is_knocked_out_stays_out() -> None:
    wells: list[list[float | None]] = clean(3).tolist()
    wells[2][5] = None
    assert b_score(wells=wells).scores[2][5] is None


def test_dose_series_are_not_corrected() -> None:
    with pytest.raises(MethodError, match="dose series"):
        b_score(wells=clean(4).tolist(), dose_series=True)
    with pytest.raises(MethodError, match="dose series"):
        correct_plate(wells=clean(4).tolist(), dose_series=True)


def test_a_plate_full_of_hits_is_not_corrected() -> None:
    plate = clean(5)
    plate.flat[::4] = 10.0
    with pytest.raises(MethodError, match="too many hits"):
        b_score(wells=plate.tolist())


def test_the_test_for_bias_keeps_its_level_on_clean_plates() -> None:
    false = sum(spatial_bias(wells=clean(seed, (8, 12)).tolist(), alpha=0.05).biased for seed in range(300))
    # Holm keeps at most 5 % of 300; 28 is the upper 99.9 % point of a binomial with 0.05.
    assert 1 <= false <= 28


@pytest.mark.parametrize("where", ["row", "column", "edge"])
def test_a_pattern_is_found(where: str) -> None:
    plate = clean(7)
    if where == "row":
        plate[4] += 15.0
    elif where == "column":
        plate[:, 4] += 25.0  # one column of 24 holds few wells: a lift of 1.5 SD is not always found
    else:
        plate[[0, -1], :] += 8.0
        plate[1:-1, [0, -1]] += 8.0
    found = spatial_bias(wells=plate.tolist())
    p = {"row": found.p_rows, "column": found.p_columns, "edge": found.p_edge}
    assert found.biased and p[where] < 0.01


def test_a_few_hits_are_no_pattern() -> None:
    plate = clean(8)
    for i, j in ((2, 3), (9, 17), (12, 6)):
        plate[i, j] = 0.0
    assert not spatial_bias(wells=plate.tolist()).biased


def test_a_clean_plate_is_left_as_it_is() -> None:
    wells = clean(9).tolist()
    found = correct_plate(wells=wells)
    assert not found.corrected and [list(row) for row in found.values] == wells


def test_a_tilted_plate_is_levelled_by_either_correction() -> None:
    tilt = np.add.outer(2.0 * np.arange(ROWS), 3.0 * np.arange(COLUMNS))
    plate = clean(10) + tilt
    for by in ("median polish", "local plane"):
        found = correct_plate(wells=plate.tolist(), by=by)  # type: ignore[arg-type]
        done = np.array(found.values, dtype=float)
        assert found.corrected
        assert np.std(done) < 12.0 < np.std(plate)
        assert np.median(done) == pytest.approx(np.median(plate), abs=6.0)


def test_a_local_plane_takes_a_plane_off_exactly() -> None:
    plane = 50.0 + np.add.outer(2.0 * np.arange(ROWS), 3.0 * np.arange(COLUMNS))
    done = np.array(correct_plate(wells=plane.tolist(), by="local plane").values, dtype=float)
    assert np.ptp(done) < 1e-8


def test_well_correction_takes_the_course_of_a_position_off() -> None:
    run = [clean(seed, (8, 12)) for seed in range(20, 40)]
    for number, plate in enumerate(run):
        plate[2, 3] += 5.0 * number
    found = well_correction(plates=[plate.tolist() for plate in run])
    course = [plate[2][3] or 0.0 for plate in found.scores]
    assert abs(np.polyfit(np.arange(20), course, 1)[0]) < 1e-9
    assert np.mean(course) == pytest.approx(0, abs=1e-9) and np.std(course, ddof=1) == pytest.approx(1)


@pytest.mark.parametrize(
    ("wells", "says"),
    [
        ([[1.0, 2.0], [3.0]], "no plate"),
        ([], "no plate"),
        ([[1.0, float("nan")], [1.0, 2.0]], "row 1, column 2"),
        ([[1.0, 2.0], [None, None]], "no well with a value"),
    ],
)
def test_a_torn_plate_is_refused(wells: list[list[float | None]], says: str) -> None:
    with pytest.raises(MethodError, match=says):
        b_score(wells=wells)


def test_what_cannot_be_tested_or_scored_is_refused() -> None:
    with pytest.raises(MethodError, match="too small"):
        spatial_bias(wells=clean(1, (2, 3)).tolist())
    with pytest.raises(MethodError, match="same value"):
        spatial_bias(wells=[[1.0] * 12] * 8)
    with pytest.raises(MethodError, match="no spread"):
        b_score(wells=[[1.0] * 12] * 8)
    with pytest.raises(MethodError, match="run of plates"):
        well_correction(plates=[clean(1).tolist()] * 2)
    with pytest.raises(MethodError, match="does not vary"):
        well_correction(plates=[[[1.0] * 12] * 8] * 5)
