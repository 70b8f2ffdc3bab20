"""The computing application."""

from __future__ import annotations

from django.apps import AppConfig


class ComputingConfig(AppConfig):
    """Names the room for Django."""

    name = "crdmo.foundation.computing"
    label = "computing"
