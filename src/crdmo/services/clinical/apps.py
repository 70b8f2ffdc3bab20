"""The clinical application."""

from __future__ import annotations

from django.apps import AppConfig


class ClinicalConfig(AppConfig):
    """Names the room for Django and brings in what it offers to others."""

    name = "crdmo.services.clinical"
    label = "clinical"

    def ready(self) -> None:
        """Register the room's verbs, its conditions, and what waits at its desks."""
        from . import conditions, work  # noqa: F401, PLC0415 — models are not loaded before ready()
