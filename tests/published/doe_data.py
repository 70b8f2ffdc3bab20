"""The real DoE files as the methods take them."""

from crdmo.science.process.factors import Factor
from tests.shared_data import path

CHEMREACT = (Factor("time", "min", 80, 90), Factor("temp", "[degF]", 170, 180))


def numbers(name):
    lines = path(f"manufacturing/doe/{name}.csv").read_text().split()
    return [tuple(float(v) for v in line.split(",")) for line in lines[1:]]


def dataplot(name, skip):
    rows = path(f"manufacturing/nist_dataplot/{name}").read_text().splitlines()[skip:]
    return [tuple(float(x) for x in row.split()) for row in rows if row.strip()]


def chemreact(block=None):
    """Settings as printed in coded units: 92.07 min stands for 1.414 and so on."""
    rows = [r for r in numbers("chemreact") if block is None or r[2] == block]
    return {
        "factors": CHEMREACT,
        "settings": tuple(r[:2] for r in rows),
        "responses": tuple(r[3] for r in rows),
        "blocks": tuple(f"B{int(r[2])}" for r in rows),
    }


def viscosity():
    rows = numbers("bbd_viscosity")
    return {
        "factors": tuple(Factor(n, "1", -1, 1) for n in "ABC"),
        "settings": tuple(r[:3] for r in rows),
        "responses": tuple(r[3] for r in rows),
    }
