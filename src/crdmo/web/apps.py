"""The web application: shell, components, pages that belong to no service."""

from __future__ import annotations

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Names the room for Django."""

    name = "crdmo.web"
    label = "web"
