"""Put the triggers up after every migrate: SQLite loses them whenever Django rebuilds a table."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate


class LedgerConfig(AppConfig):
    """The ledger's application."""

    name = "crdmo.foundation.ledger"
    label = "ledger"

    def ready(self) -> None:
        """Connect the two hooks that Django offers (a new connection, a migrate), and the checks of record types."""
        from . import checks, guards  # noqa: F401, PLC0415 — models are not loaded before ready()

        def put_up(sender: Any, using: str, **kwargs: Any) -> None:
            guards.install(using)

        def equip(sender: Any, connection: Any, **kwargs: Any) -> None:
            if connection.vendor == "sqlite":
                guards.register_functions(connection)

        connection_created.connect(equip, weak=False, dispatch_uid="ledger.functions")
        post_migrate.connect(put_up, sender=self, weak=False, dispatch_uid="ledger.guards")
