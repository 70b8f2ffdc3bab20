"""Record keys as the database stores them: asked for by thousands in one statement, and read without conversion.

Django turns every key into an object and every list of keys into as many parameters; a thread of ten thousand records
spends most of its time there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import connections

# As stored: text of 32 hexadecimal digits on SQLite, a UUID on PostgreSQL.
Stored = Any


def stored(keys: Iterable[UUID], using: str = "default") -> list[Stored]:
    """Return keys as the database stores them."""
    return list(keys) if connections[using].features.has_native_uuid_field else [key.hex for key in keys]


def opened(key: Stored) -> UUID:
    """Return the key that a database stores."""
    return key if isinstance(key, UUID) else UUID(key)


def among(sql: str, keys: Iterable[Stored], using: str = "default") -> list[tuple[Any, ...]]:
    """Return the rows of a statement whose `{keys}` stands for the list of keys, as in `record_id IN {keys}`."""
    given: Any
    if connections[using].features.has_native_uuid_field:
        one, given = "(SELECT unnest(%s::uuid[]))", [*keys]
    else:
        one, given = "(SELECT value FROM json_each(%s))", json.dumps(list(keys))
    with connections[using].cursor() as cursor:
        cursor.execute(sql.format(keys=one), [given])
        return list(cursor.fetchall())


__all__ = ["Stored", "among", "opened", "stored"]
