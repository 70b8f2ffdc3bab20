"""Addresses of manufacturing."""

from __future__ import annotations

from .pages import urlpatterns

app_name = "manufacturing"

__all__ = ["app_name", "urlpatterns"]
