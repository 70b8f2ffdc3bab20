"""The quality application."""

from __future__ import annotations

from django.apps import AppConfig


class QualityConfig(AppConfig):
    """Names the room for Django."""

    name = "crdmo.services.quality"
    label = "quality"
