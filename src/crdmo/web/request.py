"""A request as pages see it, after the middleware has passed it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.http import HttpRequest

from crdmo.foundation.accounts.models import Login, Person, Program
from crdmo.foundation.accounts.tokens import Bearer

if TYPE_CHECKING:
    from .door import Page


class PageRequest(HttpRequest):
    """What the door has found out.

    Attributes:
        person: who asks. Only on public pages it may be None.
        program: the program of the address, already seen to be one of the person's; None where the address has none.
        role: the role in which the page is opened, as it would be written into an entry.
        roles: all roles held here, with how: "" or "delegated by NAME".
        page: the address's line in the table of pages.
        bearer: the token, where a program asks.
        ended: the log-in that timed out, where there is one.
    """

    person: Person
    program: Program | None
    role: str
    roles: dict[str, str]
    page: Page
    csp: Mapping[str, str]
    bearer: Bearer | None
    ended: Login | None
    user: Login
