"""In and out: a trial as a folder of SDTM, and such a folder as a trial."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path

from crdmo.standards.cdisc import zipped
from crdmo.web.accounts.forms import StepForm
from crdmo.web.door import FORM, Page
from crdmo.web.request import PageRequest

from ..sdtm.writing import deviations, encoded, files_of, package
from ..workflow import exchange as workflow
from ..workflow.desks import is_unblinded
from .frame import at, find, frame, study_address


def exchange(request: PageRequest, program: str, study: str) -> HttpResponse:
    """Show the domains that go out, and where they deviate from the guide."""
    found = find(request, study)
    made = package(found)
    files = encoded(made)
    contents = {
        **frame(request, found, "exchange"),
        "files": [(name, len(data)) for name, data in sorted(files.items())],
        "deviations": deviations(made),
        "blinded": not found.is_imported and not is_unblinded(found),
        "url": at(request, "sdtm", found),
    }
    return render(request, "clinical/exchange.html", contents)


def sdtm(request: PageRequest, program: str, study: str) -> HttpResponse:
    """Return the trial as a zip of transport files."""
    found = find(request, study)
    response = HttpResponse(zipped(files_of(found)), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{found.code}-sdtm.zip"'
    return response


class FolderForm(StepForm):
    """A folder of SDTM."""

    file = forms.FileField(label="Folder", help_text="A ZIP of .xpt files, dm.xpt among them.")


def bring(request: PageRequest, program: str) -> HttpResponse:
    """Bring a folder of SDTM in as a trial."""
    form = FolderForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        given: Any = form.cleaned_data["file"]
        made = form.attempt(
            lambda: workflow.import_sdtm(request.person, request.program, file_name=given.name, data=given.read())
        )
        if made is not None:
            messages.success(request, f"{made} is in, with {made.subjects.count()} subjects.")
            return HttpResponseRedirect(study_address(made))
    contents = {
        "form": form,
        "title": "Bring a folder of SDTM",
        "verb": "Bring it in",
        "hint": "Every file is read first; one that is torn or does not belong refuses all.",
        "back": at(request, "home"),
    }
    return render(request, "clinical/form.html", contents, status=form.status)


urlpatterns = [
    path("sdtm/new/", bring, name="bring"),
    path("trials/<str:study>/exchange/", exchange, name="exchange"),
    path("trials/<str:study>/sdtm.zip", sdtm, name="sdtm"),
]
PAGES = {
    "clinical:bring": Page("clinical.import_sdtm", FORM),
    "clinical:exchange": Page("clinical.export_sdtm"),
    "clinical:sdtm": Page("clinical.export_sdtm"),
}
