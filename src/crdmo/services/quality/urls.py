"""Addresses of quality control."""

from __future__ import annotations

from typing import Any

app_name = "quality"
urlpatterns: list[Any] = []
