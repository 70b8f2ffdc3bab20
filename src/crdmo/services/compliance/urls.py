"""Addresses of the quality system."""

from __future__ import annotations

from .pages import urlpatterns

app_name = "compliance"

__all__ = ["app_name", "urlpatterns"]
