"""What every request passes: the security headers, the time-out, and the door.

A request that may not pass is answered here, so that no page can forget to ask.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from allauth.account.middleware import AccountMiddleware
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse

from crdmo.foundation.accounts import authority, drafts, scope, sessions, tokens
from crdmo.foundation.accounts.models import Login, Person
from crdmo.foundation.refusals import NotPermitted, Refused
from crdmo.foundation.signing.credentials import end_session

from . import door, errors, idempotency, interrupted
from .request import PageRequest

Answer = Callable[[Any], HttpResponse]
View = Callable[..., HttpResponse]

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "worker-src": "'self' blob:",
}
HEADERS = {
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), payment=(), usb=(), interest-cohort=()",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "X-Permitted-Cross-Domain-Policies": "none",
}
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
SAVED = frozenset({302, 303})
# The time of the last request is written at most this often: a page must not cost a write.
SEEN_EVERY = 10


class SecurityHeaders:
    """Set the content security policy and its companions on every answer."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: PageRequest) -> HttpResponse:
        """Answer with the headers set; a page relaxes single directives in its line of the table."""
        response = self.get_response(request)
        policy = {**POLICY, **getattr(request, "csp", {})}
        response.setdefault("Content-Security-Policy", "; ".join(f"{k} {v}" for k, v in policy.items()))
        for name, value in HEADERS.items():
            response.setdefault(name, value)
        # A page of one person must not be shown to the next at a shared tablet.
        response.setdefault("Cache-Control", "no-store")
        return response


class Idle:
    """End a log-in after `IDLE_MINUTES` without a request, in a way that loses nothing that was typed.

    The session stays, closed: it opens nothing until the same person proves the identity again in place, or anybody
    logs in anew.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: PageRequest) -> HttpResponse:
        """Close the session if it was idle for too long, answer, and note the time."""
        request.ended = None
        if request.user.is_authenticated:
            self._check(request, request.user)
        response = self.get_response(request)
        page = getattr(request, "page", None)
        if request.user.is_authenticated and not (page and page.background) and not request.session.get(sessions.ENDED):
            now = time.time()
            if now - request.session.get(sessions.SEEN, 0) > SEEN_EVERY:
                request.session[sessions.SEEN] = now
        return response

    def _check(self, request: PageRequest, login: Login) -> None:
        session = request.session
        idle = time.time() - session.get(sessions.SEEN, time.time())
        if not session.get(sessions.ENDED) and idle <= settings.IDLE_MINUTES * 60:
            return
        if not session.get(sessions.ENDED):
            session[sessions.ENDED] = True
            end_session(session.session_key or "")
            sessions.timed_out(login.person, idle_seconds=int(settings.IDLE_MINUTES * 60))
        request.ended = login
        request.user = AnonymousUser()  # type: ignore[assignment]


class Door:
    """Look every address up in the table of pages and let in who may."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response
        # allauth answers some of its exceptions in a middleware that views called from here would never reach.
        self._allauth = AccountMiddleware(lambda request: HttpResponse())

    def __call__(self, request: PageRequest) -> HttpResponse:
        """Prepare what pages read; the door itself is at the view."""
        request.person = None  # type: ignore[assignment]
        request.program, request.role, request.roles, request.bearer = None, "", {}, None
        return self.get_response(request)

    def process_view(self, request: PageRequest, view: View, args: Any, kwargs: dict[str, Any]) -> HttpResponse:
        """Answer the request: with the page, or with the reason why not."""
        match = request.resolver_match
        name = match.view_name if match and match.url_name else ""
        page = door.table().get(name)
        if page is None:
            return errors.unlisted(request, name)
        request.page, request.csp = page, page.csp
        try:
            return self._admit(request, page, view, args, kwargs)
        except Refused as refused:
            return errors.refused(request, refused)

    def _admit(
        self, request: PageRequest, page: door.Page, view: View, args: Any, kwargs: dict[str, Any]
    ) -> HttpResponse:
        person = self._person(request, page, view)
        if page.permission == door.PUBLIC:
            request.person = person  # type: ignore[assignment]
            return self._answer(request, view, args, kwargs)
        if person is None:
            return interrupted.answer(request)
        request.person = person
        if request.user.is_authenticated and request.user.must_change_password and not page.temporary:
            return interrupted.change_password_first(request)
        with scope.within(person):
            # Whatever the view refuses must be answered inside, or its note in the ledger would be undone as well.
            return self._inside(request, page, view, args, kwargs)

    def _inside(
        self, request: PageRequest, page: door.Page, view: View, args: Any, kwargs: dict[str, Any]
    ) -> HttpResponse:
        person = request.person
        try:
            program = door.find_program(person, kwargs["program"]) if "program" in kwargs else None
            request.program = program
            organization = program.organization_id if program else person.organization_id
            request.roles = authority.roles_of(person, program.pk if program else None, organization)
            request.role = door.role_for(page, person, program, request.roles)
        except Refused as refused:
            return errors.refused(request, refused)
        return self._answer(request, view, args, kwargs)

    def _answer(self, request: PageRequest, view: View, args: Any, kwargs: dict[str, Any]) -> HttpResponse:
        page = request.page
        if request.method not in page.methods and (page.api or request.method != "OPTIONS"):
            return errors.wrong_method(request, page.methods)
        try:
            response = idempotency.once(request, lambda: view(request, *args, **kwargs))
            if callable(getattr(response, "render", None)):
                response = response.render()  # type: ignore[attr-defined]
        except Refused as refused:
            return errors.refused(request, refused)
        except Exception as error:
            answer: HttpResponse | None = self._allauth.process_exception(request, error)
            if answer is None:
                raise
            return answer
        if request.method == "POST" and response.status_code in SAVED and page.permission != door.PUBLIC:
            # The form went through: what was kept of it while it was typed has had its day.
            drafts.discard(request.person, request.path)
        return response

    @staticmethod
    def _person(request: PageRequest, page: door.Page, view: View) -> Person | None:
        """Return who asks: the person logged in, or on pages for programs the person behind the token."""
        header = request.headers.get("Authorization", "")
        if page.api and header:
            bearer = tokens.authenticate(header)
            wanted = "read" if request.method in SAFE else "write"
            if not bearer.may(wanted):
                given = " ".join(sorted(bearer.scopes))
                raise NotPermitted("this token does not reach so far", given=given, allowed=wanted)
            request.bearer = bearer
            return bearer.person
        if getattr(view, "csrf_exempt", False) and request.method not in SAFE and page.permission != door.PUBLIC:
            # Without the check against forged requests a cookie proves nothing: only a token writes here.
            return None
        return request.user.person if request.user.is_authenticated else None
