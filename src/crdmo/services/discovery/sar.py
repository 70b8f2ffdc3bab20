"""The SAR table: a compound a row, an assay a column, the curves behind each potency."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from crdmo.foundation.accounts.models import Program

from . import queries
from .models import Assay, Compound, Curve, Potency
from .potency import Shown, shown


@dataclass
class Cell:
    """A compound in an assay."""

    assay: Assay
    potency: Potency | None = None
    shown: Shown | None = None
    curves: list[Curve] = field(default_factory=list)


@dataclass
class Row:
    """A compound with its cells, in the order of the assays."""

    compound: Compound
    cells: list[Cell]

    @property
    def best(self) -> float:
        """The highest pIC50, for sorting; a bound counts as its value."""
        return max((cell.shown.value for cell in self.cells if cell.shown is not None), default=-99.0)


SORTS = ("potency", "code", "weight")


def table(program: Program, *, sort: str = "potency", least: float | None = None) -> tuple[list[Assay], list[Row]]:
    """Return the assays and the rows, the most potent first unless asked otherwise; `least` leaves weaker ones out."""
    assays = list(Assay.objects.filter(program=program, is_void=False).order_by("code"))
    found = queries.potencies_of(program)
    drawn: dict[tuple[UUID, UUID], list[Curve]] = {}
    curves = Curve.objects.filter(
        program=program, state=Curve.State.APPROVED, plate__run__state="accepted", is_void=False
    )
    for curve in curves.select_related("plate__run", "plate__dataset", "lot__form", "computed").order_by("entry"):
        drawn.setdefault((curve.lot.form.compound_id, curve.plate.run.assay_id), []).append(curve)
    rows = []
    for compound in Compound.objects.filter(program=program, is_void=False).select_related("program"):
        cells = []
        for assay in assays:
            potency = found.get((compound.id, assay.id))
            told = shown(potency.computed.output) if potency is not None else None
            cells.append(Cell(assay, potency, told, drawn.get((compound.id, assay.id), [])))
        rows.append(Row(compound, cells))
    if least is not None:
        rows = [row for row in rows if row.best >= least]
    if sort == "weight":
        rows.sort(key=lambda row: (float(row.compound.weight), row.compound.code))
    elif sort == "code":
        rows.sort(key=lambda row: row.compound.code)
    else:
        rows.sort(key=lambda row: (-row.best, row.compound.code))
    return assays, rows
