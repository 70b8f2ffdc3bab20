"""The engagements application."""

from __future__ import annotations

from django.apps import AppConfig


class EngagementsConfig(AppConfig):
    """Names the room for Django."""

    name = "crdmo.common.engagements"
    label = "engagements"
