"""The reference catalogue: official schemas, rules, terminologies, tables, with edition, digest and licence.

What may not be redistributed enters from a file that the user has; whoever uses it names the edition.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .models import Reference
    from .workflow import Missing, add, editions, find, read, withdraw

# Loaded on first use: Django imports this package before its models can be.
_PLACES = {
    "Missing": "workflow", "Reference": "models", "add": "workflow", "editions": "workflow", "find": "workflow",
    "read": "workflow", "withdraw": "workflow",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f".{place}", __name__), name)
    globals()[name] = found
    return found


__all__ = ["Missing", "Reference", "add", "editions", "find", "read", "withdraw"]
