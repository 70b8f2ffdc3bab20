"""The dossier as a reviewer sees it: as it stands, as it stood after a sequence, or what one sequence brought."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path

from crdmo.foundation.refusals import NotFound
from crdmo.web.door import Page
from crdmo.web.request import PageRequest

from .. import build, queries
from ..models import Leaf
from ..tree import shown, tree_of
from .leaves import address as leaf_address
from .shared import at, file

MOST_FOUND = 200


def view(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show the tree of an application from its published packages."""
    found = queries.application(request.program, code)
    application = build.published_sequences(found)
    ours = {
        (leaf.sequence.number, leaf.identifier): leaf_address(leaf)
        for leaf in Leaf.objects.filter(sequence__application=found, is_void=False).select_related(
            "sequence", "program"
        )
    }
    contents = {
        **tree_contents(
            request, application, found.region,
            url=lambda number, inside: at(request, "view_file", code=code, number=number) + "?" + urlencode({"path": inside}),
            page=lambda number, identifier: ours.get((number, identifier), ""),
        ),
        "record": found,
        "title": f"Dossier of {found.code}",
        "empty": ("Nothing is published yet", "A sequence is shown here as its reviewer sees it once it is published."),
    }  # fmt: skip
    return render(request, "regulatory/view.html", contents)


def tree_contents(request: PageRequest, application: Any, region: str, *, url: Any, page: Any) -> dict[str, Any]:
    """Return what the tree's template draws: which sequence, which branches, what was searched for."""
    numbers = sorted(application)
    at_, only = request.GET.get("at", ""), request.GET.get("only", "")
    for given in (at_, only):
        if given and given not in numbers:
            raise NotFound("there is no such sequence", given=given, allowed=", ".join(numbers) or "none")
    rows = shown(application, url, page, until=at_ or "9999", only=only)
    wanted = request.GET.get("q", "").strip().casefold()
    if wanted:
        rows = [one for one in rows if wanted in one.title.casefold() or wanted in one.path.casefold()][:MOST_FOUND]
    opened = frozenset(request.GET.getlist("open"))
    query = request.GET.copy()
    query.pop("open", None)
    return {
        "branches": tree_of(rows, region, opened) if rows else [],
        "count": len(rows),
        "numbers": numbers,
        "at": at_,
        "only": only,
        "q": request.GET.get("q", ""),
        "query": query.urlencode(),
        "opened": sorted(opened),
    }


def file_of(application: Any, number: str, inside: str) -> HttpResponse:
    """Give a file of a sequence by its path; nothing outside of the package is ever read.

    Raises:
        NotFound: there is no such file.
    """
    sequence = application.get(number)
    if sequence is None or inside not in sequence.files:
        raise NotFound("there is no such file in the package", given=f"{number}/{inside}"[:200])
    return file(sequence.files.read(inside), inside.rpartition("/")[2])


def view_file(request: PageRequest, program: str, code: str, number: str) -> HttpResponse:
    """Give a file of a published sequence."""
    found = queries.application(request.program, code)
    return file_of(build.published_sequences(found), number, request.GET.get("path", ""))


urlpatterns = [
    path("applications/<str:code>/dossier/view/", view, name="view"),
    path("applications/<str:code>/<str:number>/file/", view_file, name="view_file"),
]
PAGES = {
    "regulatory:view": Page("regulatory.view"),
    "regulatory:view_file": Page("regulatory.view"),
}
NAV: list[tuple[str, str]] = []
