"""ROUND: the illustrations of USP General Notices 7.20 (Rounding Rules): limit, value, rounded, verdict."""

from __future__ import annotations

import pytest

from crdmo.science.quality.limits import evaluate

ILLUSTRATIONS = [
    ("≥ 98.0", "97.96", "98.0", True),
    ("≥ 98.0", "97.92", "97.9", False),
    ("≥ 98.0", "97.95", "98.0", True),
    ("≤ 101.5", "101.55", "101.6", False),
    ("≤ 101.5", "101.46", "101.5", True),
    ("≤ 101.5", "101.45", "101.5", True),
    ("≤ 0.02", "0.025", "0.03", False),
    ("≤ 0.02", "0.015", "0.02", True),
    ("≤ 0.02", "0.027", "0.03", False),
    ("≤ 0.0003 %", "0.00035", "0.0004", False),
    ("≤ 0.0003 %", "0.00025", "0.0003", True),
    ("≤ 0.0003 %", "0.00028", "0.0003", True),
]


@pytest.mark.clause("USP General Notices 7.20")
@pytest.mark.parametrize(("limit", "value", "rounded", "passes"), ILLUSTRATIONS)
def test_round_as_illustrated(limit: str, value: str, rounded: str, passes: bool) -> None:
    verdict = evaluate(value, limit)
    assert (verdict.rounded, verdict.passes) == (rounded, passes)


@pytest.mark.clause("USP General Notices 7.20")
@pytest.mark.parametrize(("percent", "passes"), [("0.00035", False), ("0.00025", True), ("0.00028", True)])
def test_round_4_gives_the_same_verdict_when_the_limit_is_written_as_3_ppm(percent: str, passes: bool) -> None:
    assert evaluate(percent, "≤ 3 ppm", "%").passes is passes
    assert evaluate(percent, "≤ 3 ppm", "%").rounded == ("3" if passes else "4")
