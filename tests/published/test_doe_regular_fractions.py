"""Two-level fractions against NIST/SEMATECH e-Handbook 5.3.3.4.7 and Box, Hunter & Hunter (1978)."""

import itertools
import math

import pytest

from crdmo.science.method import MethodError, call, to_json
from crdmo.science.process.regular_fraction import minimum_aberration, regular_fraction
from tests.shared_data import path

TABLE = [(3, 2, 3), (4, 3, 4), (5, 3, 3), (5, 4, 5), (6, 3, 3), (6, 4, 4), (6, 5, 6), (7, 3, 3), (7, 4, 4), (7, 5, 4)]
TABLE += [
    (7, 6, 7),
    (8, 4, 4),
    (8, 5, 4),
    (8, 6, 5),
    (8, 7, 8),
    (9, 4, 3),
    (9, 5, 4),
    (9, 7, 6),
    (10, 4, 3),
    (11, 4, 3),
]


def brute_force_resolution(runs):
    """The smallest number of columns whose product is constant, from the settings alone."""
    count = len(runs[0])
    for size in range(1, count + 1):
        for chosen in itertools.combinations(range(count), size):
            if len({math.prod(run[i] for i in chosen) for run in runs}) == 1:
                return size
    return None


@pytest.mark.parametrize(("factors", "basic", "resolution"), TABLE)
def test_resolution_is_that_of_the_table_and_of_the_runs(factors, basic, resolution):
    made = minimum_aberration(factors=factors, basic=basic)
    assert made.resolution == resolution == brute_force_resolution(made.runs)
    assert len(set(made.runs)) == 2**basic


def test_half_fraction_of_four_factors_is_d_abc():
    assert minimum_aberration(factors=4, basic=3).generators == ("ABC",)


def test_filtration_design_is_the_fraction_of_box_hunter_hunter():
    rows = path("manufacturing/nist_dataplot/BOXFILT.DAT").read_text().splitlines()[25:]
    printed = [tuple(int(x) for x in row.split()[1:]) for row in rows if row.strip()]
    assert regular_fraction(basic=3, generators=("AB", "AC", "BC", "ABC")).runs == tuple(printed)


def test_every_alias_has_the_same_column_up_to_its_sign():
    made = regular_fraction(basic=4, generators=("-ABC", "BCD"))
    for effects in made.aliases:
        columns = set()
        for text in effects:
            sign = -1 if text.startswith("-") else 1
            indices = [made.factors.index(x) for x in text.removeprefix("-")]
            columns.add(tuple(sign * math.prod(run[i] for i in indices) for run in made.runs))
        assert len(columns) == 1
    assert sum(map(len, made.aliases)) == 2**6 - 4


@pytest.mark.parametrize("generator", ["A", "AE", "AA", "", "AI"])
def test_a_generator_that_is_no_product_is_refused(generator):
    with pytest.raises(MethodError, match="no product of basic factors"):
        regular_fraction(basic=3, generators=(generator,))


def test_a_column_used_twice_and_a_search_too_large_are_refused():
    with pytest.raises(MethodError, match="same column"):
        regular_fraction(basic=3, generators=("AB", "-AB"))
    with pytest.raises(MethodError, match="sets of generators"):
        minimum_aberration(factors=11, basic=7)


def test_it_is_a_method_on_plain_json():
    given = to_json(call("process.regular_fraction", {}, {"basic": 3, "generators": ["ABC"]}))
    assert given["defining_relation"] == ["ABCD"]
    assert ["A", "BCD"] in given["aliases"]
