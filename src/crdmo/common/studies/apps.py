"""The studies application."""

from __future__ import annotations

from django.apps import AppConfig


class StudiesConfig(AppConfig):
    """Names the room for Django. Its steps are no verbs: each service declares verbs of its own, with its own roles."""

    name = "crdmo.common.studies"
    label = "studies"
