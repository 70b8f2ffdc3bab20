"""What the pages of the quality system share: their addresses, the people to choose from, and the form of a new record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from crdmo.foundation.accounts import queries as accounts
from crdmo.foundation.refusals import NotFound
from crdmo.web import stepping
from crdmo.web.accounts.forms import StepForm
from crdmo.web.request import PageRequest
from crdmo.web.step_fields import choice, day, line, moment, text, today, yes
from crdmo.web.stepping import Given, Signed, Step, asks, page


def entry_form(
    request: PageRequest,
    form: StepForm,
    do: Callable[[Given], Any],
    words: dict[str, str],
    address: Callable[[Any], str],
) -> HttpResponse:
    """Answer a form that enters a new record: a page of its own."""
    return stepping.entry_form(request, form, do, words, address, "compliance/form.html")


def onward(request: PageRequest, said: str, address: str) -> HttpResponse:
    """Say what was done and go on."""
    messages.success(request, said)
    return HttpResponseRedirect(address)


def at(request: PageRequest, name: str, **kwargs: object) -> str:
    """Return an address of the room."""
    assert request.program is not None
    return reverse(f"compliance:{name}", kwargs={"program": request.program.code, **kwargs})


def people(request: PageRequest) -> list[tuple[str, str]]:
    """Return who can own something here, for a list to choose from; asked once a request."""
    assert request.program is not None
    if not hasattr(request, "staff"):
        request.staff = accounts.staff_of(request.program)  # type: ignore[attr-defined]
    return [("", "Choose"), *((one.user_id, one.printed_name) for one in request.staff)]  # type: ignore[attr-defined]


def person(request: PageRequest, user_id: str) -> Any:
    """Return one of the people who can own something here.

    Raises:
        NotFound: nobody of this user id works here.
    """
    assert request.program is not None
    found = next((one for one in accounts.staff_of(request.program) if one.user_id == user_id), None)
    if found is None:
        raise NotFound("nobody of this user id works here", given=user_id)
    return found


RECORDS = "Codes or keys of records, such as VT-2603 HPLC-07; a result brings its lot along."

__all__ = [
    "RECORDS", "Given", "Signed", "Step", "asks", "at", "choice", "day", "entry_form", "line", "moment", "onward", "page",
    "people", "person", "text", "today", "yes",
]  # fmt: skip
