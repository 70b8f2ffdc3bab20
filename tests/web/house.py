"""A laboratory at the browser: each opens pages as one of its people."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crdmo.foundation.accounts.models import Login, Person


class Browser:
    """One person at a browser."""

    def __init__(self, person: Person) -> None:
        self.client = Client()
        self.client.force_login(
            Login.objects.get(person=person), backend="allauth.account.auth_backends.AuthenticationBackend"
        )

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.client.get(path, headers=headers)

    def post(self, path: str, data: dict[str, Any]) -> HttpResponse:
        return self.client.post(path, data)

    def text(self, path: str) -> str:
        """Return a page that must open."""
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.content.decode()

    def queries(self, path: str) -> int:
        """Return how many queries a page asks once it was opened before."""
        self.text(path)
        with CaptureQueriesContext(connection) as seen:
            self.text(path)
        return len(
            [q for q in seen.captured_queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))]
        )
