"""Addresses of process development."""

from __future__ import annotations

from .pages import urlpatterns

app_name = "process"

__all__ = ["app_name", "urlpatterns"]
