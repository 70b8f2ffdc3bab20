"""Addresses of quality control."""

from __future__ import annotations

from .pages import urlpatterns

app_name = "quality"

__all__ = ["app_name", "urlpatterns"]
