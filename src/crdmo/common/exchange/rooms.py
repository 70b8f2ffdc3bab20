"""Where the kinds come from: a room lists them in its module `exchange`, as `TAKES` and `GIVES`, read when first asked for.

A command that touches no file does not pay for the readers of all rooms.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal

from django.apps import apps


def in_rooms(table: Literal["TAKES", "GIVES"]) -> Iterator[Any]:
    """Yield what every room lists in a table."""
    for config in apps.get_app_configs():
        name = f"{config.name}.exchange"
        if config.name.startswith("crdmo.services.") and find_spec(name) is not None:
            yield from getattr(import_module(name), table, ())
