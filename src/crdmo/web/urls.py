"""Addresses of the pages that belong to no service, and who may open them."""

from __future__ import annotations

from django.urls import path

from . import styleguide
from .door import FORM, PERSON, PUBLIC, Page
from .pages import desk, docs, files, proof, records, search, threads

app_name = "web"

urlpatterns = [
    path("", desk.home, name="home"),
    path("health/", desk.health, name="health"),
    path("search/", search.search, name="search"),
    path("styleguide/", styleguide.show, name="styleguide"),
    path("docs/", docs.docs, name="docs"),
    path("docs/<path:page>/", docs.docs, name="document"),
    path("docs/<path:page>", docs.docs, name="picture"),
    path("record/<uuid:key>/", records.record, name="record"),
    path("record/<uuid:key>/copy.pdf", records.copy, name="record_copy"),
    path("thread/<uuid:key>/", threads.thread_of, name="thread"),
    path("jobs/<uuid:key>/", proof.job, name="job"),
    path("<slug:program>/files/", files.files, name="files"),
    path("<slug:program>/files/<slug:kind>/", files.file, name="file"),
    path("<slug:program>/proof/", proof.proof, name="proof"),
    path("<slug:program>/proof/<str:name>.zip", proof.bundle, name="bundle"),
    path("<slug:program>/", desk.program, name="program"),
    path("<slug:program>/ledger/", records.ledger, name="ledger"),
    path("<slug:program>/stale/", threads.stale, name="stale"),
    path("<slug:program>/thread/", threads.program_thread, name="program_thread"),
]

PAGES = {
    "web:home": Page(PERSON),
    "web:health": Page(PUBLIC),
    "web:search": Page(PERSON),
    "web:styleguide": styleguide.PAGE,
    "web:docs": Page(PERSON),
    "web:document": Page(PERSON),
    "web:picture": Page(PERSON),
    "web:record": Page(PERSON),
    "web:record_copy": Page(PERSON),
    "web:thread": Page(PERSON),
    "web:job": Page(PERSON, background=True),
    "web:files": Page("view"),
    "web:file": Page("view", FORM),
    "web:proof": Page("view", FORM),
    "web:bundle": Page("ledger.export"),
    "web:program": Page("view"),
    "web:ledger": Page("view"),
    "web:program_thread": Page("view"),
    "web:stale": Page("view"),
}
