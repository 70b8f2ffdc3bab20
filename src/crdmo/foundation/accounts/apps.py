"""The accounts application."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Organizations, programs, people and authority."""

    name = "crdmo.foundation.accounts"
    label = "accounts"
