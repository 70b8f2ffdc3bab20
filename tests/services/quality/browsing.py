"""Opening pages as a person, without a browser."""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpResponse
from django.test import Client

from crdmo.foundation.accounts.models import Login, Person
from tests import factories

SEEN = re.compile(r'name="signing_seen" value="([^"]+)"')
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


class Desk:
    """One person at the pages of a program's quality control."""

    def __init__(self, person: Person, program: str = "CRD-101") -> None:
        self.person, self.root = person, f"/{program}/quality/"
        self.client = Client()
        # Read anew: the hash of the session goes with the password as it is now.
        self.client.force_login(Login.objects.get(person=person), backend=BACKEND)

    def get(self, place: str = "", **asked: str) -> HttpResponse:
        """Open a page."""
        return self.client.get(self.root + place, asked)

    def post(
        self, place: str, data: dict[str, Any] | None = None, *, sign: bool = False, **fields: Any
    ) -> HttpResponse:
        """Send a form; where asked, with the signature step of the page filled in."""
        given = {**(data or {}), **fields}
        if sign:
            shown = SEEN.findall(text(self.get(place)))
            given.setdefault("signing_seen", shown)
            given |= {"signing_user_id": self.person.user_id, "signing_password": factories.PASSWORD}
        return self.client.post(self.root + place, given)


def text(response: HttpResponse) -> str:
    """Return a page's text."""
    return response.content.decode()
