"""The engagements application."""

from __future__ import annotations

from django.apps import AppConfig


class EngagementsConfig(AppConfig):
    """Names the room for Django and brings in its verbs."""

    name = "crdmo.common.engagements"
    label = "engagements"

    def ready(self) -> None:
        """Register the verbs."""
        from . import measures, work, workflow  # noqa: F401, PLC0415 — models are not loaded before ready()
