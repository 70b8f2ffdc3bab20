"""Addresses of clinical trials."""

from __future__ import annotations

from .pages import urlpatterns

app_name = "clinical"

__all__ = ["app_name", "urlpatterns"]
