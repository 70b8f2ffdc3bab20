"""Addresses of discovery."""

from __future__ import annotations

from .pages import urlpatterns

app_name = "discovery"

__all__ = ["app_name", "urlpatterns"]
