"""Response surfaces against Myers, Montgomery & Anderson-Cook (RSM 3e) Table 7.6 with Lenth (2009), Myers & Montgomery
(2e) Ex. 7.5, Box, Hunter & Hunter (1978) chapter 15, and the NIST/SEMATECH e-Handbook 5.4.7.3, 5.5.3.1 and 6.5.2."""

import pytest

from crdmo.science.process.box_cox import box_cox
from crdmo.science.process.canonical_analysis import canonical_analysis, steepest_ascent
from crdmo.science.process.factors import Factor
from crdmo.science.process.response_surface import response_surface
from tests.published.doe_data import chemreact, dataplot, numbers, viscosity


def coefficients(made):
    return [t.coefficient for t in made.terms]


def row(made, source):
    return next(r for r in made.anova if r.source == source)


def test_first_block_of_chemreact_lacks_fit_and_points_along_the_printed_direction():
    made = response_surface(**chemreact(block=1), order="first")
    assert coefficients(made) == pytest.approx([82.81429, 0.875, 0.625], abs=5e-6)
    assert round(made.lack_of_fit_p, 5) == 0.01034
    direction = steepest_ascent(model=made.model).direction
    assert direction == pytest.approx((0.8137335, 0.5812382), abs=5e-8)


def test_second_order_surface_of_chemreact():
    made = response_surface(**chemreact())
    printed = [84.095427, 0.932541, 0.577712, 0.125, -1.308555, -0.933442, -4.457530]
    assert coefficients(made) == pytest.approx(printed, abs=6e-7)
    errors = [0.079631, 0.057699, 0.057699, 0.081592, 0.060064, 0.060064, 0.087226]
    assert [t.standard_error for t in made.terms] == pytest.approx(errors, abs=6e-7)
    assert (round(made.r_squared, 4), round(row(made, "lack of fit").f, 4)) == (0.9981, 0.5307)
    assert round(made.lack_of_fit_p, 4) == 0.6851
    # Pure error pooled across blocks would have five degrees of freedom.
    assert row(made, "pure error").df == 4


def test_canonical_analysis_of_chemreact():
    found = canonical_analysis(model=response_surface(**chemreact()).model)
    assert found.coded == pytest.approx((0.3722954, 0.3343802), abs=5e-8)
    assert found.natural == pytest.approx((86.86148, 176.67190), abs=5e-6)
    assert found.eigenvalues == pytest.approx((-0.9233027, -1.3186949), abs=5e-8)
    assert found.shape == "maximum" and found.is_optimum


def test_box_behnken_viscosity_with_the_right_f_of_bc():
    made = response_surface(**viscosity())
    assert coefficients(made) == pytest.approx([62, 1, 2.625, -2.375, -2, 11, 1.75, -7.375, 1.875, -3.625], abs=1e-9)
    partial = {t.name: round(t.sum_of_squares, 2) for t in made.terms[1:]}
    printed = {"A": 8, "B": 55.12, "C": 45.12, "A × B": 16, "A × C": 484, "B × C": 12.25}
    printed |= {"A²": 200.83, "B²": 12.98, "C²": 48.52}
    # C is 45.125 exactly; the printed 45.13 rounds it up.
    assert partial == printed
    assert row(made, "residual").sum_of_squares == pytest.approx(51.25) and made.residual_df == 5
    assert row(made, "lack of fit").sum_of_squares == pytest.approx(33.25)
    assert round(row(made, "lack of fit").f, 2) == 1.23
    assert round(made.lack_of_fit_p, 4) == 0.4774
    # A common printed copy has F = 1.22 here; 12.25 / 10.25 is 1.195.
    bc = next(t for t in made.terms if t.name == "B × C")
    assert round(bc.t**2, 3) == 1.195


@pytest.mark.parametrize(
    ("file", "printed", "s", "pure"),
    [
        ("IMPROVE-5_5_3_1_1.DAT", [40.6444, -1.2925, 11.1425], 6.7152, 224.651),
        ("IMPROVE-5_5_3_1_3.DAT", [66.53, -11.12, 1.64], 10.0286, 173.179),
    ],
)
def test_first_order_surfaces_of_nist(file, printed, s, pure):
    rows = dataplot(file, 25)
    made = response_surface(
        factors=(Factor("X1", "1", -1, 1), Factor("X2", "1", -1, 1)),
        settings=tuple(r[:2] for r in rows),
        responses=tuple(r[4] for r in rows),
        order="first",
    )
    assert [
        round(c, len(str(p).partition(".")[2])) for c, p in zip(coefficients(made), printed, strict=True)
    ] == printed
    assert round(made.residual_sd, 4) == s
    assert round(row(made, "pure error").sum_of_squares, 3) == pure and row(made, "pure error").df == 4


@pytest.mark.parametrize(
    ("file", "order", "printed"),
    [
        ("BOXYIELD.DAT", "first", [62.0143, 2.35, 4.5]),
        ("BOXYIEL2.DAT", "interactions", [84.7333, -2.025, 1.325, -4.875]),
    ],
)
def test_yield_in_two_stages_of_box_hunter_and_hunter(file, order, printed):
    rows = [r for r in dataplot(file, 25) if len(r) >= 3]
    made = response_surface(
        factors=(Factor("x1", "1", -1, 1), Factor("x2", "1", -1, 1)),
        settings=tuple(r[1:3] for r in rows),
        responses=tuple(r[0] for r in rows),
        order=order,
    )
    assert [round(c, 4) for c in coefficients(made)] == printed


def test_uniformity_of_a_deposited_layer_in_natural_units():
    rows = dataplot("IMPROVE-5_4_7_3.DAT", 25)
    made = response_surface(
        factors=(Factor("pressure", "Torr", 4, 80), Factor("H2/WF6", "1", 2, 10)),
        settings=tuple(r[1:3] for r in rows),
        responses=tuple(r[3] for r in rows),
        order="interactions",
    )
    assert [round(c, 4) for c in coefficients(made)] == [5.9273, -1.9124, -0.2249, 1.6991]
    assert (round(made.residual_sd, 4), round(made.r_squared, 4)) == (0.6164, 0.8695)
    # The same polynomial in natural units gives the same fitted values.
    b = [t.natural_coefficient for t in made.terms]
    for run, r in zip(made.runs, rows, strict=True):
        assert b[0] + b[1] * r[1] + b[2] * r[2] + b[3] * r[1] * r[2] == pytest.approx(run.fitted, rel=1e-12)


def test_stress_of_a_deposited_layer_with_the_terms_that_stayed():
    rows = dataplot("IMPROVE-5_4_7_3.DAT", 25)
    made = response_surface(
        factors=(Factor("P", "Torr", 4, 80), Factor("H", "1", 2, 10)),
        settings=tuple(r[1:3] for r in rows),
        responses=tuple(r[4] for r in rows),
        without=("P × H", "H²"),
    )
    assert [round(c, 4) for c in coefficients(made)] == [7.7335, 0.7375, 0.4978, -0.4947]
    assert (round(made.residual_sd, 4), round(made.r_squared, 4)) == (0.0882, 0.9849)


def test_reduced_model_of_montgomerys_filtration():
    """Montgomery, DAE, Ex. 6.2: A, C, D, AC and AD stay."""
    rows = numbers("montgomery_filtration")
    made = response_surface(
        factors=tuple(Factor(n, "1", -1, 1) for n in "ACD"),
        settings=tuple((r[0], r[2], r[3]) for r in rows),
        responses=tuple(r[4] for r in rows),
        order="interactions",
        without=("C × D",),
    )
    assert coefficients(made) == pytest.approx([70.0625, 10.8125, 4.9375, 7.3125, -9.0625, 8.3125], abs=1e-9)
    assert (round(made.residual_sd**2, 4), made.residual_df, round(made.r_squared, 5)) == (19.5125, 10, 0.96595)


def test_box_cox_of_microwave_radiation():
    values = tuple(r[0] for r in dataplot("MONITOR-6_5_2.DAT", 25))
    assert len(values) == 42
    made = box_cox(responses=values)
    assert round(made.power, 3) == 0.276 and round(made.power, 2) == 0.28
    assert made.lower < made.power < made.upper
