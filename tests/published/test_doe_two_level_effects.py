"""Effects against Montgomery, DAE Ex. 6.2, and Box, Hunter & Hunter (1978), pages 308 and 426."""

import itertools
import math

import pytest

from crdmo.science.method import MethodError
from crdmo.science.process.two_level_effects import two_level_effects
from tests.shared_data import path


def all_products(rows, letters):
    chosen = [c for n in range(1, len(letters) + 1) for c in itertools.combinations(range(len(letters)), n)]
    names = tuple("".join(letters[i] for i in c) for c in chosen)
    return names, tuple(tuple(float(math.prod(r[i] for i in c)) for c in chosen) for r in rows)


def dataplot(name):
    rows = path(f"manufacturing/nist_dataplot/{name}").read_text().splitlines()[25:]
    return [[float(x) for x in row.split()] for row in rows if row.strip()]


def test_montgomery_filtration():
    lines = path("manufacturing/doe/montgomery_filtration.csv").read_text().split()[1:]
    rows = [[float(x) for x in line.split(",")] for line in lines]
    names, settings = all_products([r[:4] for r in rows], "ABCD")
    made = two_level_effects(names=names, settings=settings, responses=tuple(r[4] for r in rows))
    printed = {"A": 21.625, "B": 3.125, "C": 9.875, "D": 14.625, "AB": 0.125, "AC": -18.125, "AD": 16.625, "BC": 2.375}
    printed |= {"BD": -0.375, "CD": -1.125, "ABC": 1.875, "ABD": 4.125, "ACD": -1.625, "BCD": -2.625, "ABCD": 1.375}
    assert {e.name: e.effect for e in made.effects} == pytest.approx(printed, abs=1e-9)
    assert made.mean == pytest.approx(70.0625)
    assert made.pseudo_standard_error == pytest.approx(2.625)
    assert round(made.margin_of_error, 3) == 6.748
    assert round(made.simultaneous_margin_of_error, 3) == 13.699
    assert {e.name for e in made.effects if e.exceeds_me} == {"A", "C", "D", "AC", "AD"}
    assert all(e.effect == 2 * e.coefficient for e in made.effects)


def test_pilot_plant():
    rows = dataplot("BOXPILOT.DAT")
    names, settings = all_products([r[1:] for r in rows], "TCK")
    made = two_level_effects(names=names, settings=settings, responses=tuple(r[0] for r in rows))
    printed = {"T": 23, "C": -5, "K": 1.5, "TC": 1.5, "TK": 10, "CK": 0, "TCK": 0.5}
    assert {e.name: e.effect for e in made.effects} == pytest.approx(printed, abs=1e-9)


@pytest.mark.parametrize(
    ("file", "printed"),
    [
        ("BOXFILT.DAT", [-10.875, -2.775, -16.575, 3.175, -22.825, -3.425, 0.525]),
        ("BOXFILT2.DAT", [-6.6875, -3.8875, -0.4125, 2.7125, -19.2125, -0.0625, -4.3125]),
    ],
)
def test_filtration_fraction_and_its_fold_over(file, printed):
    rows = dataplot(file)
    made = two_level_effects(
        names=tuple("1234567"), settings=tuple(tuple(r[1:]) for r in rows), responses=tuple(r[0] for r in rows)
    )
    assert [e.effect for e in made.effects] == pytest.approx(printed, abs=1e-9)


def test_a_copying_error_natural_units_and_centre_points_are_refused():
    names, settings = all_products(list(itertools.product((-1.0, 1.0), repeat=3)), "ABC")
    y = tuple(float(i) for i in range(8))
    with pytest.raises(MethodError, match="error of copying"):
        two_level_effects(names=names, settings=(settings[1], *settings[1:]), responses=y)
    for wrong in (0.0, 160.0):
        with pytest.raises(MethodError, match="not coded"):
            two_level_effects(names=names, settings=((wrong,) * 7, *settings[1:]), responses=y)
    with pytest.raises(MethodError, match="no finite number"):
        two_level_effects(names=names, settings=settings, responses=(float("nan"), *y[1:]))
