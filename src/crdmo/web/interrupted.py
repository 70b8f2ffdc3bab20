"""What is answered to a request that has nobody behind it: the log-in page, or 401 and a way to go on in place.

Nothing typed is lost: a script repeats the very post after the same person proved the identity again; a plain form is
kept as a draft and comes back on the page.
"""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.http import urlencode

from crdmo.foundation.accounts import drafts
from crdmo.foundation.accounts.models import Login
from crdmo.foundation.refusals import NotPermitted

from . import errors


def _ended(request: HttpRequest) -> Login | None:
    return getattr(request, "ended", None)


def _log_in(request: HttpRequest, back_to: str) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('account_login')}?{urlencode({'next': back_to})}")


def answer(request: HttpRequest) -> HttpResponse:
    """Answer a request that needs a person and has none."""
    if not errors.is_navigation(request):
        return _in_place(request)
    if request.method in ("GET", "HEAD"):
        return _log_in(request, request.get_full_path())
    login = _ended(request)
    if login is not None and (typed := _typed(request)):
        drafts.keep(login.person, request.path, typed)
        kept = "What you typed is kept as a draft: the page offers it again, and Drafts lists it."
        messages.info(request, f"Your log-in had ended. {kept}")
    return _log_in(request, request.path)


def _typed(request: HttpRequest) -> dict[str, Any]:
    return {name: values if len(values) > 1 else values[0] for name, values in request.POST.lists() if values}


def _in_place(request: HttpRequest) -> HttpResponse:
    """Answer 401: the page shows its dialog, the person proves the identity, the page repeats the request."""
    login = _ended(request)
    contents = {
        "type": "session-ended",
        "title": "Your log-in has ended",
        "status": 401,
        "detail": "Prove that it is you, and the step goes on; nothing that was typed is lost.",
        "renew": reverse("accounts:renew"),
        "login": reverse("account_login"),
        "user_id": login.user_id if login else "",
        "printed_name": login.person.printed_name if login else "",
    }
    response = JsonResponse(contents, status=401, content_type="application/problem+json")
    response["HX-Trigger"] = json.dumps({"session-ended": contents})
    response["HX-Reswap"] = "none"
    response["WWW-Authenticate"] = 'Bearer realm="crdmo"'
    return response


def change_password_first(request: HttpRequest) -> HttpResponse:
    """Send a person with a temporary password to choose an own one, before anything else."""
    url = reverse("account_change_password")
    if errors.is_navigation(request):
        return HttpResponseRedirect(f"{url}?{urlencode({'next': request.get_full_path()})}")
    return errors.refused(
        request,
        NotPermitted(
            "your password is a temporary one", allowed="a password that only you know", next=f"Choose one at {url}"
        ),
    )
