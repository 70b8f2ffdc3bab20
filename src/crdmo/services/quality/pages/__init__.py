"""The pages of quality control, one file a desk's work; their addresses and who may open them are gathered here."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from crdmo.web.door import Page

ORDER = (
    "lots",
    "samples",
    "worksheets",
    "results",
    "investigations",
    "certificates",
    "protocols",
    "stability",
    "stability_steps",
    "shelf_life",
    "analyses",
    "charts",
    "specifications",
    "methods",
    "bench",
)
_modules = [import_module(f"{__name__}.{name}") for name in ORDER if find_spec(f"{__name__}.{name}")]

urlpatterns = [pattern for module in _modules for pattern in module.urlpatterns]
PAGES: dict[str, Page] = {name: page for module in _modules for name, page in module.PAGES.items()}
NAV: dict[str, list[tuple[str, str]]] = {"quality": [row for module in _modules for row in getattr(module, "NAV", [])]}
