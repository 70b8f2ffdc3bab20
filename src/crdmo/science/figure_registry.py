"""Which function draws the result of a method.

    @figure("quality.shelf_life_q1e")
    def shelf_life_figure(result: ShelfLife, *, attribute: str, unit: str) -> Figure: ...

A figure is drawn from the result and a few words, so it is the same picture on the page, in print and years later.
Such functions live in files named `*_figure.py` beside their methods.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from .method import MethodError, from_json


class Drawn(Protocol):
    """What a figure function returns: at least its SVG text."""

    @property
    def svg(self) -> str:
        """The picture."""


F = TypeVar("F", bound=Callable[..., Drawn])
_FIGURES: dict[str, Callable[..., Drawn]] = {}


def figure(method_name: str) -> Callable[[F], F]:
    """Register a function as the one that draws a method's result.

    Raises:
        ValueError: another function draws it already.
    """

    def register(function: F) -> F:
        known = _FIGURES.get(method_name)
        if known is not None and getattr(known, "__qualname__", "") != getattr(function, "__qualname__", ""):
            raise ValueError(f"{method_name} is drawn by two functions")
        _FIGURES[method_name] = function
        return function

    return register


def load_all() -> None:
    """Import every `*_figure` module of science."""
    package = importlib.import_module("crdmo.science")
    for module in pkgutil.walk_packages(package.__path__, "crdmo.science."):
        if module.name.endswith("_figure"):
            importlib.import_module(module.name)


def has_figure(method_name: str) -> bool:
    """Say whether somebody draws this method's results."""
    if method_name not in _FIGURES:
        load_all()
    return method_name in _FIGURES


def words_of(method_name: str) -> tuple[str, ...]:
    """Return the names of the texts that the drawing function of a method takes."""
    if not has_figure(method_name):
        return ()
    return tuple(inspect.signature(_FIGURES[method_name]).parameters)[1:]


def draw(method_name: str, output: Any, **words: str) -> Drawn:
    """Draw a stored output of a method; `words` are the texts on the figure that the method does not know.

    Raises:
        MethodError: nobody draws this method, or the output is not one of its present version.
    """
    if not has_figure(method_name):
        raise MethodError(
            "no figure is drawn of this method", given=method_name, allowed=", ".join(sorted(_FIGURES)) or "none yet"
        )
    return _FIGURES[method_name](from_json(method_name, output), **words)
