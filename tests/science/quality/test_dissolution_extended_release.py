"""<711> extended release: ranges, means and the units that may lie outside."""

from __future__ import annotations

from decimal import Decimal

import pytest

from crdmo.science.method import MethodError
from crdmo.science.quality.dissolution_extended_release import ReleaseWindow, dissolution_extended_release
from crdmo.science.quality.dissolution_stages import StageOutcome


def _decimals(*values: float | str) -> list[Decimal]:
    return [Decimal(str(v)) for v in values]


WINDOWS = [
    ReleaseWindow(Decimal(1), Decimal(20), Decimal(40)),
    ReleaseWindow(Decimal(4), Decimal(50), Decimal(70)),
    ReleaseWindow(Decimal(12), Decimal(80), None),
]


def _rows(n: int, changes: dict[int, tuple[float, float, float]]) -> list[list[Decimal]]:
    return [_decimals(*changes.get(i, (30.0, 60.0, 90.0))) for i in range(n)]


def _extended(n: int, changes: dict[int, tuple[float, float, float]]) -> StageOutcome:
    return dissolution_extended_release(percent_dissolved=_rows(n, changes), windows=WINDOWS).outcome


LATE = {0: (41.0, 60.0, 90.0)}


@pytest.mark.clause("USP <711>")
@pytest.mark.parametrize(
    ("n", "changes", "outcome"),
    [
        (6, {}, StageOutcome.CONFORMS),
        (6, LATE, StageOutcome.NEXT_STAGE),
        (6, {0: (30.0, 60.0, 79.4)}, StageOutcome.NEXT_STAGE),
        (12, LATE, StageOutcome.CONFORMS),
        (12, {**LATE, 7: (50.0, 60.0, 90.0)}, StageOutcome.CONFORMS),
        (12, {**LATE, 7: (50.5, 60.0, 90.0)}, StageOutcome.NEXT_STAGE),
        (12, {**LATE, 7: (30.0, 60.0, 69.0)}, StageOutcome.NEXT_STAGE),
        (24, {0: (51.0, 60.0, 90.0), 1: (9.0, 60.0, 90.0)}, StageOutcome.CONFORMS),
        (24, {0: (51.0, 60.0, 90.0), 1: (9.0, 60.0, 90.0), 2: (9.0, 60.0, 90.0)}, StageOutcome.FAILS),
        (24, {0: (51.0, 60.0, 90.0), 1: (60.5, 60.0, 90.0)}, StageOutcome.FAILS),
        (24, {0: (51.0, 60.0, 90.0), 1: (51.0, 60.0, 90.0), 2: (30.0, 39.0, 90.0)}, StageOutcome.CONFORMS),
    ],
)
def test_extended_release_stages(n: int, changes: dict[int, tuple[float, float, float]], outcome: StageOutcome) -> None:
    assert _extended(n, changes) is outcome


def test_a_mean_outside_a_range_fails_at_the_last_stage() -> None:
    assert _extended(24, {i: (42.0, 60.0, 90.0) for i in range(24)}) is StageOutcome.FAILS


def test_units_below_and_above_one_range_count_together() -> None:
    three = {0: (51.0, 60.0, 90.0), 1: (52.0, 60.0, 90.0), 2: (9.0, 60.0, 90.0)}
    assert _extended(24, three) is StageOutcome.FAILS


def test_windows_without_an_open_end_are_refused() -> None:
    with pytest.raises(MethodError, match="a lower limit only at the final time"):
        dissolution_extended_release(percent_dissolved=[_decimals(30)] * 6, windows=WINDOWS[:1])
