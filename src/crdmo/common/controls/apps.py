"""The application of controlled parameters."""

from __future__ import annotations

from django.apps import AppConfig


class ControlsConfig(AppConfig):
    """Names the room for Django."""

    name = "crdmo.common.controls"
    label = "controls"
