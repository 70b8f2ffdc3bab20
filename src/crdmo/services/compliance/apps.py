"""The compliance application."""

from __future__ import annotations

from django.apps import AppConfig


class ComplianceConfig(AppConfig):
    """Names the room for Django and brings in what it offers to others."""

    name = "crdmo.services.compliance"
    label = "compliance"

    def ready(self) -> None:
        """Register the room's verbs, its gates of release, its conditions for milestones, and what waits at its desks."""
        from . import conditions, gates, work  # noqa: F401, PLC0415 — models are not loaded before ready()
