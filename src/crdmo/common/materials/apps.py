"""The materials application."""

from __future__ import annotations

from django.apps import AppConfig


class MaterialsConfig(AppConfig):
    """Names the room for Django."""

    name = "crdmo.common.materials"
    label = "materials"
