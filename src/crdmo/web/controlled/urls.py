"""Addresses of controlled documents, and who may open them."""

from __future__ import annotations

from django.urls import path

from crdmo.foundation.accounts.authority import declare
from crdmo.foundation.accounts.roles import EVERYONE

from ..door import FORM, Page
from . import pages

app_name = "documents"
VIEW = declare("documents.view", "read the controlled documents of the own organization", EVERYONE, trained=False)

urlpatterns = [
    path("", pages.documents, name="home"),
    path("new/", pages.new_document, name="document_new"),
    path("<str:code>/", pages.document, name="document"),
    path("<str:code>/<int:number>.pdf", pages.print_version, name="document_pdf"),
]
PAGES = {
    "documents:home": Page("documents.view"),
    "documents:document_new": Page("documents.create", FORM),
    "documents:document": Page("documents.view", FORM),
    "documents:document_pdf": Page("documents.view"),
}
