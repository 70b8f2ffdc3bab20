"""The pages of manufacturing, one file a desk's work; their addresses and who may open them are gathered here."""

from __future__ import annotations

from crdmo.web.door import Page

from . import batches, equipment, floor, home, masters, record

_modules = (home, batches, floor, record, masters, equipment)

urlpatterns = [pattern for module in _modules for pattern in module.urlpatterns]
PAGES: dict[str, Page] = {name: page for module in _modules for name, page in module.PAGES.items()}
NAV: dict[str, list[tuple[str, str]]] = {"manufacturing": [*batches.NAV, *masters.NAV, *equipment.NAV]}
