"""What the shell around every page shows: who, where, what else there is, and whether the ledger was verified."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject

from crdmo.foundation.accounts import authority, notices
from crdmo.foundation.accounts.models import Person, Program
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger.models import Checkpoint

from . import door

# key, name, side; a service is available when it has an address `key:home`.
SERVICES = (
    ("discovery", "Drug discovery", "CRO"),
    ("preclinical", "Preclinical studies", "CRO"),
    ("clinical", "Clinical trials", "CRO"),
    ("regulatory", "Regulatory affairs", "CRO"),
    ("process", "Process development", "CDMO"),
    ("manufacturing", "Manufacturing", "CDMO"),
    ("quality", "Quality control", "CDMO"),
    ("compliance", "GxP compliance", "CDMO"),
    ("engagements", "Programs and contracts", "Between"),
    ("materials", "Materials", "Between"),
    ("documents", "Controlled documents", "Between"),
)
THEMES = ("light", "dark")


def _address(key: str, program: Program | None) -> str:
    """Return the address of a service's first page, in the program if there is one; "" where there is none."""
    for kwargs in ([{"program": program.code}] if program else []) + [{}]:
        try:
            return reverse(f"{key}:home", kwargs=kwargs)
        except NoReverseMatch:
            continue
    return ""


def services(
    program: Program | None, path: str, roles: Mapping[str, str], *, whole: bool = False
) -> list[dict[str, Any]]:
    """Return the lines of the rail: within a program the services that one of the roles opens.

    Args:
        program: the program that is open, or None.
        path: the path of the page that is open; the service that it lies in lists its pages.
        roles: the roles held there.
        whole: list the pages of every service.
    """
    rows = []
    for key, name, side in SERVICES:
        url = _address(key, program)
        if program is not None and url and not door.opens(f"{key}:home", roles):
            continue
        active = bool(url) and path.startswith(url)
        rows.append(
            {
                "key": key,
                "name": name,
                "url": url,
                "side": side,
                "active": active,
                "available": bool(url),
                "pages": pages(key, program, path, roles) if active or whole else [],
            }
        )
    return rows


def pages(key: str, program: Program | None, path: str, roles: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the lines below an open service: what its room lists in `NAV` and one of the roles opens."""
    rows: list[dict[str, Any]] = []
    for name, label in door.nav().get(key, ()):
        if program is not None and not door.opens(name, roles):
            continue
        for kwargs in ([{"program": program.code}] if program else []) + [{}]:
            try:
                url = reverse(name, kwargs=kwargs)
            except NoReverseMatch:
                continue
            rows.append({"name": label, "url": url, "active": False})
            break
    # The line with the longest address that the page lies under is the open one.
    here = max((row for row in rows if path.startswith(row["url"])), key=lambda row: len(row["url"]), default=None)
    if here is not None:
        here["active"] = True
    return rows


def role_words(roles: dict[str, str]) -> str:
    """Return the roles held here in words, with whose they are when they are lent."""
    return ", ".join(f"{Role(key).label} ({how})" if how else Role(key).label for key, how in roles.items())


def _ledger_line() -> str:
    """Return the line at the foot: up to where the ledger is under a signed checkpoint."""
    found = Checkpoint.objects.order_by("-size").first()
    if found is None:
        return "Ledger: no checkpoint yet"
    return f"Ledger: {found.size} entries under the checkpoint of {found.at:%Y-%m-%d %H:%M} UTC"


def _here(request: HttpRequest) -> str:
    match = request.resolver_match
    return match.view_name if match else ""


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return the one variable `shell` that the base template reads."""
    person: Person | None = getattr(request, "person", None)
    program: Program | None = getattr(request, "program", None)
    theme = request.COOKIES.get("theme", "")
    contents: dict[str, Any] = {
        "person": person,
        "role": "",
        "organization": None,
        "program": program,
        "programs": [],
        "services": [],
        "inbox_count": 0,
        "environment": settings.ENVIRONMENT,
        "theme": theme if theme in THEMES else "",
        "here": _here(request),
        "now": dt.datetime.now(dt.UTC),
        "idle_seconds": 0,
        "ledger_line": "",
    }
    if person is not None:
        contents |= {
            "role": role_words(getattr(request, "roles", {})) or person.job_title,
            "organization": person.organization,
            # Asked only by the templates that show them.
            "programs": SimpleLazyObject(lambda: list(authority.programs_of(person).filter(is_bidding_room=False))),
            "services": services(program, request.path, getattr(request, "roles", {})),
            "inbox_count": SimpleLazyObject(lambda: notices.unread(person).count()),
            "idle_seconds": int(settings.IDLE_MINUTES * 60),
            "ledger_line": SimpleLazyObject(_ledger_line),
        }
    return {"shell": contents}
