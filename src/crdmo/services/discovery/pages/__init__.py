"""The pages of discovery, one file a desk's work; their addresses and who may open them are gathered here."""

from __future__ import annotations

from importlib import import_module

from crdmo.web.door import Page

ORDER = ("home", "registration", "compounds", "assays", "runs", "table", "candidates")
_modules = [import_module(f"{__name__}.{name}") for name in ORDER]

urlpatterns = [pattern for module in _modules for pattern in module.urlpatterns]
PAGES: dict[str, Page] = {name: page for module in _modules for name, page in module.PAGES.items()}
NAV: dict[str, list[tuple[str, str]]] = {"discovery": [row for module in _modules for row in module.NAV]}
