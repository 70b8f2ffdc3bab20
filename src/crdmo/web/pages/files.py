"""Bring a file: the kinds that a person may bring into a program, a look at what a file would become, and taking it in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from crdmo.common import exchange
from crdmo.foundation.accounts import authority

from ..accounts.forms import StepForm
from ..links import record_url
from ..request import PageRequest
from ..step_fields import line

LONGEST = 1000


def files(request: PageRequest, program: str) -> HttpResponse:
    """List the kinds of file that this person may bring here."""
    here = request.program
    assert here is not None
    rows = exchange.offered(request.person, here)
    kinds = [{"kind": one, "url": reverse("web:file", kwargs={"program": here.code, "kind": one.name})} for one in rows]
    return render(request, "web/files.html", {"kinds": kinds})


def _form(kind: exchange.Kind, request: PageRequest) -> StepForm:
    """Return the form of a kind: its file, a second one where it has one, and a line for each option."""
    form = StepForm(request.POST or None, request.FILES or None)
    form.fields["file"] = forms.FileField(label="File", help_text=f"{kind.files.rstrip('.')}.", allow_empty_file=True)
    if kind.beside:
        form.fields["beside"] = forms.FileField(label="Second file", help_text=f"{kind.beside}.", required=False)
    for one in kind.options:
        label = one.name.replace("_", " ").capitalize()
        form.fields[one.name] = line(label, f"{one.says}.", required=one.required, limit=LONGEST)
    return form


def _brought(kind: exchange.Kind, given: dict[str, Any]) -> exchange.Brought:
    second = given.get("beside")
    beside = exchange.File(second.name, second.read()) if second else None
    options = {one.name: given[one.name] for one in kind.options if given[one.name]}
    return exchange.Brought(exchange.File(given["file"].name, given["file"].read()), beside, options)


def file(request: PageRequest, program: str, kind: str) -> HttpResponse:
    """Look at a file of a kind, or take it in."""
    here = request.program
    assert here is not None
    found = exchange.kind_of(kind)
    if request.method != "POST":
        # Asked here for the empty form only: a file that is brought is refused where it is taken, which is put on record.
        authority.role_for(request.person, found.verb, here.pk, here.organization_id)
    form, seen = _form(found, request), None
    if request.method == "POST" and form.is_valid():
        brought = _brought(found, form.cleaned_data)
        if "look" in request.POST:
            seen = form.attempt(lambda: exchange.look(request.person, here, kind, brought))
        else:
            made = form.attempt(lambda: exchange.take(request.person, here, kind, brought))
            if made is not None:
                messages.success(request, made.says)
                return HttpResponseRedirect(record_url(made.record))
    contents = {"form": form, "kind": found, "seen": seen, "back": reverse("web:files", kwargs={"program": here.code})}
    return render(request, "web/file.html", contents, status=form.status)
