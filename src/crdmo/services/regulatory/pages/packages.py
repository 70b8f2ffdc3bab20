"""Packages of others: brought in as they are, looked at, opened in the same tree."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path, reverse

from crdmo.web.door import FORM, Page
from crdmo.web.links import page_of
from crdmo.web.request import PageRequest
from crdmo.web.steps import may
from crdmo.web.tables import Column, Table

from .. import build, forms, queries
from ..models import Package
from ..workflow import packages
from .shared import at, entry_form, here
from .viewer import file_of, tree_contents


@page_of("regulatory.package")
def address(record: Package) -> str:
    """Return the address of a package's page."""
    assert record.program is not None
    return reverse("regulatory:package", kwargs={"program": record.program.code, "code": record.code})


PACKAGES = Table(
    "packages",
    "Packages of others",
    (
        Column("code", "Package", kind="record", sort="code"),
        Column("title", "What it is"),
        Column("sequences", "Sequences", lambda row: ", ".join(row.sequences)),
        Column("leaves", "Leaves"),
        Column("errors", "Errors", sort="errors"),
        Column("warnings", "Warnings", sort="warnings"),
    ),
    sort="-code",
    tone=lambda row: "bad" if row.errors else "warn" if row.warnings else "",
    empty=("No package", "Bring in an eCTD that somebody else made, to look at it and at what is wrong with it."),
)


def package_list(request: PageRequest, program: str) -> HttpResponse:
    """List the packages that were brought in."""
    rows = Package.objects.filter(program=request.program, is_void=False).select_related("program")
    new = at(request, "package_new") if may(request, "regulatory.import_package") else ""
    return PACKAGES.answer(request, rows, "regulatory/packages.html", {"new": new})


def package_new(request: PageRequest, program: str) -> HttpResponse:
    """Bring in an eCTD."""
    form = forms.PackageForm(request.POST or None, request.FILES or None)
    words = {
        "title": "Bring in an eCTD",
        "verb": "Bring in",
        "back": at(request, "packages"),
        "hint": "It is read without running anything in it, sealed as it came, and checked. A hostile archive is refused whole.",
        "done": "brought in.",
    }

    def do(given: Any) -> Package:
        upload = given["file"]
        return packages.import_package(
            request.person, here(request), title=given["title"], file_name=upload.name, data=upload.read()
        )

    return entry_form(request, form, do, words, address)


def package(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show a package as a tree, with what is wrong with it."""
    found = queries.package(request.program, code)
    application = dict(build.read_package(found.dataset.blob))
    contents = {
        **tree_contents(
            request, application, "",
            url=lambda number, inside: at(request, "package_file", code=code, number=number) + "?" + urlencode({"path": inside}),
            page=lambda number, identifier: "",
        ),
        "record": found,
        "title": found.title,
        "package": found,
        "empty": ("No leaf", "The package names no leaf."),
    }  # fmt: skip
    return render(request, "regulatory/view.html", contents)


def package_file(request: PageRequest, program: str, code: str, number: str) -> HttpResponse:
    """Give a file of a package."""
    found = queries.package(request.program, code)
    return file_of(dict(build.read_package(found.dataset.blob)), number, request.GET.get("path", ""))


urlpatterns = [
    path("packages/", package_list, name="packages"),
    path("packages/new/", package_new, name="package_new"),
    path("packages/<str:code>/", package, name="package"),
    path("packages/<str:code>/<str:number>/file/", package_file, name="package_file"),
]
PAGES = {
    "regulatory:packages": Page("regulatory.view"),
    "regulatory:package_new": Page("regulatory.import_package", FORM),
    "regulatory:package": Page("regulatory.view"),
    "regulatory:package_file": Page("regulatory.view"),
}
NAV = [("program_documents:home", "Documents of the program"), ("regulatory:packages", "Packages of others")]
