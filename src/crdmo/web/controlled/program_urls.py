"""Addresses of a program's controlled documents, and who may open them."""

from __future__ import annotations

from django.urls import path

from ..door import FORM, Page
from . import pages

app_name = "program_documents"

urlpatterns = [
    path("", pages.documents, name="home"),
    path("new/", pages.new_document, name="document_new"),
    path("<str:code>/", pages.document, name="document"),
    path("<str:code>/<int:number>.pdf", pages.print_version, name="document_pdf"),
]
PAGES = {
    "program_documents:home": Page("documents.view"),
    "program_documents:document_new": Page("documents.create", FORM),
    "program_documents:document": Page("documents.view", FORM),
    "program_documents:document_pdf": Page("documents.view"),
}
