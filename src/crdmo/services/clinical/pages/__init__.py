"""The pages of trials, one file a desk's work; their addresses and who may open them are gathered here."""

from __future__ import annotations

from crdmo.web.door import Page

from . import (
    analysis,
    blinding,
    building,
    building_forms,
    entry,
    exchange,
    home,
    lock,
    questions,
    safety,
    subjects,
    verification,
)

_modules = (
    home,
    building_forms,
    building,
    exchange,
    subjects,
    entry,
    questions,
    verification,
    safety,
    blinding,
    lock,
    analysis,
)

urlpatterns = [pattern for module in _modules for pattern in module.urlpatterns]
PAGES: dict[str, Page] = {name: page for module in _modules for name, page in module.PAGES.items()}
NAV: dict[str, list[tuple[str, str]]] = {"clinical": [("clinical:home", "Trials")]}
