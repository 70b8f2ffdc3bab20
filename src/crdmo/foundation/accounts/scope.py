"""What one person may see, enforced by PostgreSQL itself: row-level security over the streams of the request.

    with scope.within(person):
        ...                        # every query shows the person's programs and own organization, and nothing else

On SQLite there is one user and one file: the pages' own filters are the only ones there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DEFAULT_DB_ALIAS, connections, transaction

from crdmo.foundation.ledger.guards import APP_ROLE

from .authority import streams_of
from .models import Person


@contextmanager
def within(person: Person, *, using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Show only the streams that a person may read, in one transaction, as a role that owns nothing.

    All is set with `SET LOCAL`, so the next user of a pooled connection inherits nothing. Where the connection's user
    is no member of the application role, that user's own rights stay; owners and superusers pass row-level security.
    """
    connection = connections[using]
    if connection.vendor != "postgresql":
        yield
        return
    streams = ",".join(streams_of(person))
    with transaction.atomic(using=using):
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user, coalesce(current_setting('app.streams', true), '')")
            before = cursor.fetchone()
            cursor.execute("SELECT set_config('app.streams', %s, true)", [streams])
            cursor.execute("SELECT pg_has_role(current_user, %s, 'MEMBER')", [APP_ROLE])
            if cursor.fetchone()[0]:
                cursor.execute(f"SET LOCAL ROLE {APP_ROLE}")
        yield
        # Inside an outer transaction the settings would outlive this one; after an error its rollback restores them.
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('role', %s, true)", [before[0]])
            cursor.execute("SELECT set_config('app.streams', %s, true)", [before[1]])
