"""Figures are results too: drawn from a stored output by the function that belongs to its method."""

from __future__ import annotations

from typing import Any

from crdmo.science import figure_registry

from .models import Result


def figure_of(result: Result, **words: str) -> Any:
    """Return the figure of a result: `svg`, and the title, description and table that the drawing function gave it.

    `words` are the texts that the drawing function asks for, such as `attribute="Assay", unit="% label claim"`.

    Raises:
        MethodError: nobody draws this method, or the output was made by another version of it.
    """
    return figure_registry.draw(result.method, result.output, **words)


def has_figure(result: Result) -> bool:
    """Say whether there is a figure to show."""
    return figure_registry.has_figure(result.method)
