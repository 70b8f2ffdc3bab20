"""Lack of fit against Myers, Montgomery & Anderson-Cook (RSM 3e) Table 7.6 and Myers & Montgomery (2e) Ex. 7.5."""

import pytest

from crdmo.science.method import MethodError
from crdmo.science.process.lack_of_fit import lack_of_fit
from tests.shared_data import path


def chemreact():
    rows = [
        [float(v) for v in line.split(",")] for line in path("manufacturing/doe/chemreact.csv").read_text().split()[1:]
    ]
    return [((t - 85) / 5, (c - 175) / 5, b, y) for t, c, b, y in rows]


def test_first_block_of_chemreact():
    rows = [r for r in chemreact() if r[2] == 1]
    made = lack_of_fit(
        settings=tuple(r[:2] for r in rows),
        model=tuple((1.0, *r[:2]) for r in rows),
        responses=tuple(r[3] for r in rows),
    )
    assert made.coefficients == pytest.approx((82.81429, 0.875, 0.625), abs=5e-6)
    assert (round(made.f, 4), round(made.p, 5)) == (95.7335, 0.01034)


def test_both_blocks_of_chemreact_have_four_degrees_of_pure_error():
    rows = chemreact()
    model = tuple((1.0, float(b == 2), u, v, u * v, u * u, v * v) for u, v, b, _ in rows)
    made = lack_of_fit(
        settings=tuple(r[:2] for r in rows),
        model=model,
        responses=tuple(r[3] for r in rows),
        blocks=tuple(str(r[2]) for r in rows),
    )
    printed = (84.095427, -4.457530, 0.932541, 0.577712, 0.125, -1.308555, -0.933442)
    assert made.coefficients == pytest.approx(printed, abs=6e-7)
    errors = (0.079631, 0.087226, 0.057699, 0.057699, 0.081592, 0.060064, 0.060064)
    assert made.standard_errors == pytest.approx(errors, abs=6e-7)
    assert made.pure_error_df == 4
    assert (round(made.f, 4), round(made.p, 4), round(made.r_squared, 4)) == (0.5307, 0.6851, 0.9981)


def test_box_behnken_viscosity():
    rows = [
        [float(v) for v in line.split(",")]
        for line in path("manufacturing/doe/bbd_viscosity.csv").read_text().split()[1:]
    ]
    model = tuple((1.0, a, b, c, a * b, a * c, b * c, a * a, b * b, c * c) for a, b, c, _ in rows)
    made = lack_of_fit(settings=tuple(tuple(r[:3]) for r in rows), model=model, responses=tuple(r[3] for r in rows))
    printed = (62, 1, 2.625, -2.375, -2, 11, 1.75, -7.375, 1.875, -3.625)
    assert made.coefficients == pytest.approx(printed, abs=1e-9)
    assert made.residual_sum_of_squares == pytest.approx(51.25)
    assert made.lack_of_fit_sum_of_squares == pytest.approx(33.25)
    assert (made.lack_of_fit_df, made.pure_error_df) == (3, 2)
    assert (round(made.f, 2), round(made.p, 4)) == (1.23, 0.4774)


def test_without_replicates_within_a_block_and_with_dependent_columns_it_is_refused():
    settings = ((0.0,), (0.0,), (1.0,), (2.0,))
    line = tuple((1.0, s[0]) for s in settings)
    with pytest.raises(MethodError, match="cannot be tested"):
        lack_of_fit(settings=settings, model=line, responses=(1.0, 2.0, 3.0, 5.0), blocks=("a", "b", "a", "a"))
    with pytest.raises(MethodError, match="depend on each other"):
        lack_of_fit(settings=settings, model=tuple((1.0, 2.0) for _ in settings), responses=(1.0, 2.0, 3.0, 5.0))
