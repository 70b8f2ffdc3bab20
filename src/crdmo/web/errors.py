"""How the house says no: a page for people, problem+json (RFC 9457) for programs, with the same words in both.

Each answer says what was refused, what was given, what is allowed and what to do next. An internal failure shows an id
to quote, which stands in the log beside the cause.
"""

from __future__ import annotations

import json
import logging
import secrets
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from crdmo.foundation.accounts import lockout
from crdmo.foundation.refusals import Invalid, NotFound, NotPermitted, Refused

log = logging.getLogger("crdmo.web")

TITLES = {
    "refused": "This step is not possible now",
    "not-permitted": "You may not do this here",
    "not-found": "There is nothing at this address",
    "conflict": "Somebody else changed this meanwhile",
    "not-valid": "Some values cannot be taken",
    "wrong-method": "This address does not take this request",
    "locked": "This account is locked",
    "forged": "This form has expired",
    "unlisted": "This page is not open to anybody",
    "failed": "Something went wrong on our side",
    "credentials-refused": "The credentials were not accepted",
}

# What asks here reads problem+json, also where it asks for an address that no table knows.
API = "/api/v1/"


class UnlistedAddress(Exception):
    """An address is in no table of pages. Raised where `DOOR_STRICT` is set, as in tests."""


def is_navigation(request: HttpRequest) -> bool:
    """Say whether a browser goes to a page, rather than a script or a program asking."""
    if request.headers.get("HX-Request") or request.headers.get("X-Requested-With"):
        return False
    if getattr(getattr(request, "page", None), "api", False) or request.path.startswith(API):
        return False
    accepts = request.headers.get("Accept", "text/html")
    return "text/html" in accepts and request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"


def reads_pages(request: HttpRequest) -> bool:
    """Say whether the asker reads HTML: a browser that goes to a page, or a script that shows a part of one."""
    fragment = request.headers.get("X-Requested-With") == "fragment"
    return is_navigation(request) or (fragment and "text/html" in request.headers.get("Accept", ""))


def _problem(kind: str, status: int, refused: Refused, quote: str) -> HttpResponse:
    contents: dict[str, Any] = {
        "type": f"/docs/problems/#{kind}",
        "title": TITLES.get(kind, TITLES["refused"]),
        "status": status,
        "detail": refused.sentence(),
        **refused.as_json(),
    }
    if quote:
        contents["instance"] = f"urn:crdmo:problem:{quote}"
    if isinstance(refused, Invalid):
        places = {key if key.startswith("/") else f"/{key}": text for key, text in refused.errors.items()}
        contents["errors"] = [{"pointer": place, "detail": text} for place, text in places.items()]
    response = HttpResponse(json.dumps(contents), status=status, content_type="application/problem+json")
    response["HX-Trigger"] = json.dumps({"refused": {"title": contents["title"], "detail": contents["detail"]}})
    return response


def say(request: HttpRequest, kind: str, status: int, refused: Refused, quote: str = "") -> HttpResponse:
    """Answer with a refusal in the form that the asker reads."""
    if not reads_pages(request):
        return _problem(kind, status, refused, quote)
    contents = {
        "title": TITLES.get(kind, TITLES["refused"]),
        "refused": refused,
        "kind": kind,
        "status": status,
        "quote": quote,
        "errors": getattr(refused, "errors", {}),
        "back": _back(request),
    }
    return HttpResponse(render_to_string("web/accounts/refused.html", contents, request), status=status)


def _back(request: HttpRequest) -> str:
    """Return the page before, if it is one of ours and another one."""
    here = f"{request.scheme}://{request.get_host()}"
    before = request.headers.get("Referer", "")
    path = before.removeprefix(here)
    return path if before.startswith(here + "/") and path != request.get_full_path() else ""


def refused(request: HttpRequest, refusal: Refused) -> HttpResponse:
    """Answer with a refusal of the workflow or of the door."""
    if isinstance(refusal, NotFound):
        return not_found(request)
    return say(request, refusal.kind, refusal.status, refusal)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer that there is nothing here: the same for what does not exist and for what is somebody else's."""
    # An address that leads nowhere never came to the door, so the shell around it is filled here.
    login = getattr(request, "user", None)
    request.program, request.roles = None, {}  # type: ignore[attr-defined]
    known = login is not None and login.is_authenticated
    request.person = login.person if known else None  # type: ignore[attr-defined,union-attr]
    nothing = NotFound(
        "It does not exist, or belongs to a program that is not open to you",
        allowed="addresses of programs in which you hold a role",
        next="Search for the record, or ask an administrator for a role in its program",
    )
    return say(request, "not-found", 404, nothing)


def wrong_method(request: HttpRequest, methods: frozenset[str]) -> HttpResponse:
    """Answer that the address exists and takes other methods."""
    allowed = ", ".join(sorted(methods))
    why = Refused(TITLES["wrong-method"], given=str(request.method), allowed=allowed)
    response = say(request, "wrong-method", 405, why)
    response["Allow"] = allowed
    return response


def unlisted(request: HttpRequest, name: str) -> HttpResponse:
    """Refuse an address that is in no table of pages.

    Raises:
        UnlistedAddress: where `DOOR_STRICT` is set.
    """
    if getattr(settings, "DOOR_STRICT", False):
        raise UnlistedAddress(f"{request.path} ({name or 'no name'}) is in no table: add it to its room's PAGES")
    log.error("refused: %s (%s) is in no table of pages", request.path, name)
    why = NotPermitted(TITLES["unlisted"], next="Tell an administrator which link led here")
    return say(request, "unlisted", 403, why)


def locked_out(request: HttpRequest, response: HttpResponse | None = None, credentials: Any = None) -> HttpResponse:
    """Answer that the account is locked; axes asks here."""
    user_id = lockout.user_id_of(request, credentials) or ""
    why = NotPermitted(
        f"The account {user_id} is locked",
        given=f"{settings.AXES_FAILURE_LIMIT} failed attempts",
        allowed="log-in after an administrator has unlocked it",
        next="The security unit has been told. Ask an administrator of your organization to unlock the account",
    )
    return say(request, "locked", 403, why)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer that a form came without the mark of its page."""
    log.warning("refused: %s: %s", request.path, reason)
    why = NotPermitted(
        "This form was not sent from a page that is open now",
        allowed="forms of pages opened since the last log-in",
        next="Go back, load the page again and send the form; what was typed is still in the page",
    )
    return say(request, "forged", 403, why)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer Django's own refusals."""
    return say(request, "not-permitted", 403, NotPermitted(str(exception or TITLES["not-permitted"])))


def malformed(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer a request that is no request."""
    return say(request, "not-valid", 400, Invalid("This request cannot be read", next="Load the page again"))


def failed(request: HttpRequest) -> HttpResponse:
    """Answer after an internal failure, with an id to quote. Uses nothing that may have failed itself."""
    quote = secrets.token_hex(4)
    log.error("failure %s at %s", quote, request.path, exc_info=True)
    if not reads_pages(request):
        next_ = f"Nothing was half-written. Repeat the step; if it fails again quote {quote}"
        return _problem("failed", 500, Refused(TITLES["failed"], next=next_), quote)
    return HttpResponse(render_to_string("web/accounts/failed.html", {"quote": quote}), status=500)
