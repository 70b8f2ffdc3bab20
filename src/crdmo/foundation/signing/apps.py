"""The signing application."""

from __future__ import annotations

from django.apps import AppConfig


class SigningConfig(AppConfig):
    """Names the room for Django."""

    name = "crdmo.foundation.signing"
    label = "signing"
