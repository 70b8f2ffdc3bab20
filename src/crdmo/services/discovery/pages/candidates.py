"""Candidates, for the discovery lead: the target profile, what was nominated, and the nomination of a compound."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse

from crdmo.foundation.refusals import NotFound
from crdmo.foundation.signing import credentials_from, signatures_of
from crdmo.web.door import FORM, Page
from crdmo.web.links import page_of
from crdmo.web.request import PageRequest
from crdmo.web.stepping import Step, asks, page

from .. import figures, forms, queries
from ..models import Assay, Nomination, ProfileLine
from ..potency import shown
from ..workflow import candidates as workflow
from .shared import at, here, of


@page_of("discovery.nomination")
def address(record: Nomination) -> str:
    """Return the address of a nomination."""
    return of(record, "nomination", record.code)


@page_of("discovery.profileline")
def line_address(record: ProfileLine) -> str:
    """Return the address of a line of the profile."""
    assert record.program is not None
    return reverse("discovery:candidates", kwargs={"program": record.program.code})


def candidates(request: PageRequest, program: str) -> HttpResponse:
    """Show the target profile and what was nominated."""
    lines = ProfileLine.objects.filter(program=request.program, is_void=False).select_related("assay").order_by("kind")
    assays = {one.code: one for one in Assay.objects.filter(program=request.program, is_void=False).order_by("code")}

    def set_line(given: Any, _: Any) -> None:
        assay = assays.get(given["assay"])
        workflow.set_profile_line(request.person, here(request), kind=given["kind"], limit=given["limit"], assay=assay)

    def steps() -> list[Step]:
        return [
            Step("line", "Set a line of the profile", "discovery.set_profile_line", set_line, forms.ProfileForm,
                 choices={"assay": [("", "None"), *((code, code) for code in assays)]}, done="Set.")
        ]  # fmt: skip

    def contents() -> dict[str, Any]:
        rows = Nomination.objects.filter(program=request.program, is_void=False)
        return {"lines": lines.all(), "rows": rows.select_related("program", "form__compound__program", "nominated_by")}

    return page(request, steps, "discovery/candidates.html", contents)


def nominate(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Nominate a compound: the profile and the results that carry it stand beside the form that is signed."""
    found = queries.find_compound(request.program, code)
    choices = [(one.code, str(one)) for one in found.forms.filter(is_void=False).order_by("code")]
    form = forms.NominateForm(request.POST or None, initial={"form": choices[0][0] if choices else ""})
    form.fields["form"].choices = choices  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        chosen = queries.find_form(request.program, given.pop("form"))
        signer = credentials_from(request.POST, request.session.session_key)
        made = form.attempt(lambda: workflow.nominate(request.person, chosen, credentials=signer, **given))
        if made is not None:
            messages.success(request, f"{found} is nominated; {made.substance} is the substance of the program.")
            return HttpResponseRedirect(address(made))
    potencies = found.potencies.filter(is_void=False).select_related("computed", "assay")
    contents = {
        "record": found,
        "form": form,
        "drawing": figures.structure(found.smiles, 300, 200),
        "profile": workflow.judge(found),
        "potencies": [{"record": one, "shown": shown(one.computed.output)} for one in potencies],
        "needs": asks(request),
        "back": at(request, "compound", code=found.code),
    }
    return render(request, "discovery/nominate.html", contents, status=form.status)


def nomination(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show a nomination with its profile, its evidence and its signature."""
    rows = Nomination.objects.filter(program=request.program, code=code, is_void=False)
    found = rows.select_related("form__compound__program", "program", "nominated_by").first()
    if found is None:
        raise NotFound("there is no such nomination", given=code[:40])
    potencies = found.form.compound.potencies.filter(is_void=False).select_related("computed", "assay", "program")
    contents = {
        "record": found,
        "drawing": figures.structure(found.form.compound.smiles, 300, 200),
        "substance": found.substance,
        "potencies": [{"record": one, "shown": shown(one.computed.output)} for one in potencies],
        "signatures": signatures_of(found),
    }
    return render(request, "discovery/nomination.html", contents)


urlpatterns = [
    path("candidates/", candidates, name="candidates"),
    path("candidates/<str:code>/", nomination, name="nomination"),
    path("compounds/<str:code>/nominate/", nominate, name="nominate"),
]
PAGES = {
    "discovery:candidates": Page("discovery.view", FORM),
    "discovery:nomination": Page("discovery.view"),
    "discovery:nominate": Page("discovery.nominate", FORM),
}
NAV = [("discovery:candidates", "Candidates")]
