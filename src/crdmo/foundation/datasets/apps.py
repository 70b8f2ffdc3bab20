"""The datasets application."""

from __future__ import annotations

from django.apps import AppConfig


class DatasetsConfig(AppConfig):
    """Names the room for Django."""

    name = "crdmo.foundation.datasets"
    label = "datasets"
