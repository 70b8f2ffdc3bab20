"""The documents application."""

from __future__ import annotations

from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    """Names the room for Django."""

    name = "crdmo.foundation.documents"
    label = "documents"
