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

BEFORE = """SELECT current_user, coalesce(current_setting('app.streams', true), ''),
    coalesce(pg_has_role(current_user, to_regrole(%s)::oid, 'MEMBER'), false)"""
SET = "SELECT set_config('app.streams', %s, true), set_config('role', %s, true)"


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
    streams, nested = ",".join(streams_of(person, whole=False)), connection.in_atomic_block
    with transaction.atomic(using=using):
        with connection.cursor() as cursor:
            cursor.execute(BEFORE, [APP_ROLE])
            role, shown, member = cursor.fetchone()
            cursor.execute(SET, [streams, APP_ROLE if member else role])
        yield
        if nested:
            # The settings would outlive this block; after an error its rollback restores them.
            with connection.cursor() as cursor:
                cursor.execute(SET, [shown, role])
