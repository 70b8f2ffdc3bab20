"""The references application."""

from __future__ import annotations

from django.apps import AppConfig


class ReferencesConfig(AppConfig):
    """Names the room for Django."""

    name = "crdmo.foundation.references"
    label = "references"
