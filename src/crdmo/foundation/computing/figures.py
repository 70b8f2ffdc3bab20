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


def figure_of_record(result: Result) -> Any:
    """Return the figure of a result that stands by itself, with texts taken from its title; None where there is none."""
    if not has_figure(result):
        return None
    known = {"title": result.title, "attribute": result.title.split(",")[0], "unit": ""}
    asked = figure_registry.words_of(result.method)
    return figure_of(result, **{name: text for name, text in known.items() if name in asked})


def has_figure(result: Result) -> bool:
    """Say whether there is a figure to show."""
    return figure_registry.has_figure(result.method)
