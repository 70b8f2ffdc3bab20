"""What the pages of regulatory affairs share: their addresses, lists to choose from, and files given safely."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from crdmo.foundation.accounts import queries as accounts
from crdmo.foundation.accounts.models import Person, Program
from crdmo.foundation.refusals import NotFound
from crdmo.standards import ectd
from crdmo.web import stepping
from crdmo.web.accounts.forms import StepForm
from crdmo.web.request import PageRequest
from crdmo.web.stepping import Given

from ..models import Application, Leaf
from ..queries import standing

TYPES = {"pdf": "application/pdf", "zip": "application/zip", "txt": "text/plain; charset=utf-8"}


def here(request: PageRequest) -> Program:
    """Return the program of the address."""
    assert request.program is not None
    return request.program


def at(request: PageRequest, name: str, **kwargs: object) -> str:
    """Return an address of the room."""
    return reverse(f"regulatory:{name}", kwargs={"program": here(request).code, **kwargs})


def entry_form(
    request: PageRequest,
    form: StepForm,
    do: Callable[[Given], Any],
    words: dict[str, str],
    address: Callable[[Any], str],
) -> HttpResponse:
    """Answer a form that enters a new record: a page of its own."""
    return stepping.entry_form(request, form, do, words, address, "regulatory/form.html")


def people(request: PageRequest) -> list[tuple[str, str]]:
    """Return who can own something here, for a list to choose from."""
    return [("", "Choose"), *((one.user_id, one.printed_name) for one in accounts.staff_of(here(request)))]


def person(request: PageRequest, user_id: str) -> Person | None:
    """Return one of the people who can own something here; None where nobody was chosen.

    Raises:
        NotFound: nobody of this user id works here.
    """
    if not user_id:
        return None
    found = next((one for one in accounts.staff_of(here(request)) if one.user_id == user_id), None)
    if found is None:
        raise NotFound("nobody of this user id works here", given=user_id)
    return found


def headings(application: Application) -> list[tuple[str, str]]:
    """Return the headings at which a leaf can stand, for a list to choose from."""
    region = ectd.Region(application.region)
    first = [(n, f"{n} {one.title}") for n, one in ectd.sections(region).items() if one.takes_leaves]
    rest = [(n, f"{n} {one.title}") for n, one in ectd.headings().items() if n != "1"]
    return [("", "Choose"), *first, *rest]


def standing_leaves(application: Application, before: str) -> list[tuple[str, str]]:
    """Return the leaves that a later sequence can change, for a list to choose from."""
    return [(str(leaf.pk), f"{leaf.sequence.number}: {leaf}") for leaf in standing(application, before=before)]


def chosen(leaves: list[Leaf], key: str) -> Leaf | None:
    """Return the leaf of a key that was chosen; None where none was.

    Raises:
        NotFound: it is not among them.
    """
    if not key:
        return None
    found = next((leaf for leaf in leaves if str(leaf.pk) == key), None)
    if found is None:
        raise NotFound("there is no such leaf here", given=key)
    return found


def file(data: bytes, name: str) -> HttpResponse:
    """Return a file: a PDF is opened in place, everything else is saved and never run by the browser."""
    extension = name.rpartition(".")[2].lower()
    response = HttpResponse(data, content_type=TYPES.get(extension, "application/octet-stream"))
    plain = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-._") else "-" for sign in name)
    response["Content-Disposition"] = f'{"inline" if extension == "pdf" else "attachment"}; filename="{plain}"'
    return response
