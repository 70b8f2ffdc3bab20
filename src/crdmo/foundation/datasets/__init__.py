"""Sealed files and tables, addressed by their content.

dataset = seal(act, program=program, name="Plate 7", kind="plate_readings", data=frame, original=raw)
frame(dataset), scan(dataset), read(dataset)
proof = prove_row_group(dataset, 3);  verify_row_group(proof, dataset.pieces_root)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .models import Dataset
    from .reading import altered, frame, prove_row_group, read, read_original, scan, verify_row_group
    from .sealing import seal, seal_upload

# Loaded on first use: Django imports this package before its models can be.
_PLACES = {
    "Dataset": "models", "altered": "reading", "frame": "reading", "prove_row_group": "reading", "read": "reading",
    "read_original": "reading", "scan": "reading", "seal": "sealing", "seal_upload": "sealing",
    "verify_row_group": "reading",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f".{place}", __name__), name)
    globals()[name] = found
    return found


__all__ = [
    "Dataset", "altered", "frame", "prove_row_group", "read", "read_original", "scan", "seal", "seal_upload",
    "verify_row_group",
]  # fmt: skip
