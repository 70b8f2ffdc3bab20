"""Addresses of regulatory affairs."""

from __future__ import annotations

from .pages import urlpatterns

app_name = "regulatory"

__all__ = ["app_name", "urlpatterns"]
