"""The pages of process development, one file a desk's work; their addresses and who may open them are gathered here."""

from __future__ import annotations

from crdmo.web.door import Page

from . import home, profile, risk, strategies, studies, study

_modules = (home, profile, risk, studies, study, strategies)

urlpatterns = [pattern for module in _modules for pattern in module.urlpatterns]
PAGES: dict[str, Page] = {name: page for module in _modules for name, page in module.PAGES.items()}
NAV: dict[str, list[tuple[str, str]]] = {"process": [*profile.NAV, *risk.NAV, *studies.NAV, *strategies.NAV]}
