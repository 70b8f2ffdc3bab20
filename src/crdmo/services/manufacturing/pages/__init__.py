"""The pages of manufacturing, one file a desk's work; their addresses and who may open them are gathered here."""

from __future__ import annotations

urlpatterns: list = []
PAGES: dict = {}
NAV: dict = {}
