"""What the regions' modules 1 share: a heading with the elements down to it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Section:
    """One heading of module 1 of a region.

    `line` are the elements from the module down to it, `order` its place. `wrapper` is the element that stands between
    the heading and its leaves and carries a country, where there is one.
    """

    section: str
    element: str
    title: str
    line: tuple[str, ...]
    takes_leaves: bool
    folder: str
    order: int
    wrapper: str = ""


def above(number: str) -> list[str]:
    """Return the numbers of the headings above one of module 1, without the module."""
    parts = number.split(".")
    return [".".join(parts[:length]) for length in range(2, len(parts))]
