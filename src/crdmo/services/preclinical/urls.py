"""Addresses of preclinical studies."""

from __future__ import annotations

from .pages import urlpatterns

app_name = "preclinical"

__all__ = ["app_name", "urlpatterns"]
