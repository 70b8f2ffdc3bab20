"""Pictures of discovery: structures, plates as heat maps, curves and their thumbnails. Safe for a strict page policy."""

from __future__ import annotations

from html import escape
from typing import Any
from uuid import UUID

from django.utils.safestring import SafeString

from crdmo.foundation.accounts.models import Program
from crdmo.foundation.datasets import frame
from crdmo.science.discovery import curve_figure
from crdmo.science.discovery.curve_fit import CurveFit
from crdmo.science.discovery.plate_layout import plate_shape, row_letters
from crdmo.science.discovery.structure_figure import draw_structure
from crdmo.science.figures import Figure
from crdmo.science.method import from_json

from .models import Curve, Plate

CELL = 18
# The axis that thumbnails share: per cent of the controls.
LOW, HIGH = -20.0, 120.0


def structure(program: Program, smiles: str, width: int = 180, height: int = 120) -> SafeString:
    """Return the drawing of a structure. It is kept for the sponsor of the program alone."""
    return SafeString(draw_structure(smiles, width, height, owner=str(program.organization_id)).svg)


def _points(curve: Curve) -> tuple[list[float], list[float]]:
    assert curve.computed is not None
    inputs = curve.computed.inputs
    where = inputs["dose"]["where"]
    rows = frame(curve.plate.dataset)
    kept = rows.filter((rows["role"] == where["role"]) & (rows["lot"] == where["lot"]))
    return [float(dose) for dose in kept["dose"].to_list()], [float(value) for value in inputs["response"]]


def curve(found: Curve) -> Figure | None:
    """Return the picture of a curve, or None where there is no fit."""
    if found.computed is None:
        return None
    fit: CurveFit = from_json("discovery.curve_fit", found.computed.output)
    doses, responses = _points(found)
    return curve_figure.curve_figure(
        fit, dose=doses, response=responses, title=f"{found.lot}, plate {found.plate}", dose_unit="nM",
        response_name="Inhibition", response_unit="%",
    )  # fmt: skip


# A computed result never changes, so that its picture does not; whoever asks for one may see its curve. {result: SVG}
_thumbnails: dict[UUID, str] = {}
KEPT = 4096


def thumbnail(found: Curve) -> SafeString:
    """Return a small picture of a curve for a table, all on one axis of per cent."""
    if found.computed is None:
        return SafeString("")
    svg = _thumbnails.get(found.computed.pk)
    if svg is None:
        fit: CurveFit = from_json("discovery.curve_fit", found.computed.output)
        doses, responses = _points(found)
        svg = curve_figure.thumbnail(fit, dose=doses, response=responses, low=LOW, high=HIGH)
        if len(_thumbnails) >= KEPT:
            _thumbnails.clear()
        _thumbnails[found.computed.pk] = svg
    return SafeString(svg)


def heat_map(plate: Plate) -> SafeString:
    """Return a plate well by well: the darker the higher its signal; controls bear an outline and a letter."""
    rows, columns = plate_shape(plate.run.assay.wells)
    wells: list[dict[str, Any]] = list(frame(plate.dataset).iter_rows(named=True))
    signals = [float(one["signal"]) for one in wells]
    low, spread = min(signals), (max(signals) - min(signals)) or 1.0
    parts = []
    for column in range(1, columns + 1):
        parts.append(_label(20 + column * CELL - CELL / 2, 12, str(column)))
    for row in range(1, rows + 1):
        parts.append(_label(9, 16 + row * CELL - 5, row_letters(row)))
    for one in wells:
        x, y = 20 + (one["column"] - 1) * CELL, 16 + (one["row"] - 1) * CELL
        share = 0.06 + 0.84 * (float(one["signal"]) - low) / spread
        told = f"{one['well']} {one['role']} {one['lot']}".strip()
        edge = ' stroke="currentColor" stroke-width="1"' if one["role"] != "sample" else ""
        parts.append(
            f'<rect x="{x + 1}" y="{y + 1}" width="{CELL - 2}" height="{CELL - 2}" fill="currentColor" '
            f'fill-opacity="{share:.2f}"{edge}><title>{escape(told)}: {one["signal"]:g}</title></rect>'
        )
    width, height = 24 + columns * CELL, 20 + rows * CELL
    label = f"Plate {escape(plate.code, quote=True)}: signal of each well, from {low:g} to {low + spread:g}"
    return SafeString(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{label}">{"".join(parts)}</svg>'
    )


def _label(x: float, y: float, text: str) -> str:
    return f'<text x="{x:g}" y="{y:g}" font-size="9" text-anchor="middle" fill="currentColor">{text}</text>'
