"""Where a record has its page. Each room says so for its own records, once, in `links` of its pages.

A record that several rooms share (a study) is asked of each: the function of a room whose it is not gives an empty text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_PAGES: dict[str, list[Callable[[Any], str]]] = {}


def page_of(record_type: str) -> Callable[[Callable[[Any], str]], Callable[[Any], str]]:
    """Register the function that gives the address of a record type's page."""

    def register(function: Callable[[Any], str]) -> Callable[[Any], str]:
        _PAGES.setdefault(record_type, []).append(function)
        return function

    return register


def record_url(record: Any) -> str:
    """Return the address of a record's page, or of its history where it has none of its own."""
    found = (function(record) for function in _PAGES.get(record.record_type(), ()))
    return next((url for url in found if url), f"/record/{record.pk}/")
