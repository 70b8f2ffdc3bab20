"""The materials application."""

from __future__ import annotations

from django.apps import AppConfig


class MaterialsConfig(AppConfig):
    """Names the room for Django and brings in its verbs."""

    name = "crdmo.common.materials"
    label = "materials"

    def ready(self) -> None:
        """Register the verbs."""
        from . import workflow  # noqa: F401, PLC0415 — models are not loaded before ready()
