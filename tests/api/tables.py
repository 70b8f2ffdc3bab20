"""Three published tables, where their answers were printed, and what they are imported with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests import shared_data


@dataclass(frozen=True)
class Published:
    """A table, how it is evaluated, and where in the output which number must stand."""

    kind: str
    file: str
    options: tuple[str, ...]
    source: str
    answer: str

    @property
    def data(self) -> bytes:
        return shared_data.path(f"quality/{self.file}").read_bytes()

    def found(self, output: Any) -> str:
        """Return the number of an output, to as many digits as were printed."""
        return f"{NUMBERS[self.kind](output):.{len(self.answer.partition('.')[2])}f}"


NUMBERS = {
    "shelf_life": lambda output: output["months"],
    "dissolution": lambda output: output["f2"],
    "precision": lambda output: next(c["variance"] for c in output[0]["components"] if c["name"] == "day"),
}
TABLES = (
    Published(
        "shelf_life",
        "stability/leblond2011_potency.csv",
        ("lower_limit=94.95", "batches=b2,b5,b7"),
        "LeBlond et al. 2011, Table 4",
        "26.22410",
    ),
    Published(
        "dissolution",
        "dissolution/tsong1996_table1.csv",
        ("regulator=EMA", "required_units=6"),
        "Tsong et al. 1996, Table 1; EMA selection of points",
        "40.83405",
    ),
    Published("precision", "precision/ep05a2_2.csv", (), "CLSI EP05-A2, example 2", "1.853772"),
)
