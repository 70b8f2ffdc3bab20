"""Candidates, for the discovery lead: the target profile, what was nominated, and the nomination of a compound."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse

from crdmo.foundation.refusals import NotFound
from crdmo.foundation.signing import signatures_of
from crdmo.web.door import FORM, Page
from crdmo.web.links import page_of
from crdmo.web.request import PageRequest
from crdmo.web.stepping import Step, page

from .. import figures, forms, queries
from ..models import Assay, Candidate, Compound, Nomination, ProfileLine
from ..potency import shown
from ..workflow import candidates as workflow
from .shared import at, here, of


@page_of("discovery.nomination")
def address(record: Nomination) -> str:
    """Return the address of a nomination."""
    return of(record, "nomination", record.code)


@page_of("discovery.candidate")
def candidate_address(record: Candidate) -> str:
    """Return the address of the step to the substance: its nomination."""
    return address(record.nomination)


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
        return {"lines": lines.all(), "rows": rows.select_related("program", "form__compound__program", "proposed_by")}

    return page(request, steps, "discovery/candidates.html", contents)


def propose(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Propose a compound: the profile and the results that carry it stand beside the form."""
    found = queries.find_compound(request.program, code)
    choices = [(one.code, str(one)) for one in found.forms.filter(is_void=False).order_by("code")]
    form = forms.ProposeForm(request.POST or None, initial={"form": choices[0][0] if choices else ""})
    form.fields["form"].choices = choices  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        chosen = queries.find_form(request.program, given.pop("form"))
        made = form.attempt(lambda: workflow.propose_candidate(request.person, chosen, **given))
        if made is not None:
            messages.success(request, f"{found} is proposed. The discovery lead approves it by signature.")
            return HttpResponseRedirect(address(made))
    contents = {
        "record": found,
        "form": form,
        "drawing": figures.structure(here(request), found.smiles, 300, 200),
        "profile": workflow.judge(found),
        "potencies": _potencies(found),
        "back": at(request, "compound", code=found.code),
    }
    return render(request, "discovery/propose.html", contents, status=form.status)


def _potencies(found: Compound) -> list[dict[str, Any]]:
    rows = found.potencies.filter(is_void=False).select_related("computed", "assay", "program")
    return [{"record": one, "shown": shown(one.computed.output)} for one in rows]


def nomination(request: PageRequest, program: str, code: str) -> HttpResponse:
    """Show a nomination with its profile, its evidence and its signature; it is approved here."""
    found = _nomination(request, code)

    def approve(given: Any, signed: Any) -> None:
        workflow.nominate(request.person, found, credentials=signed.credentials, seen=signed.seen)

    def steps() -> list[Step]:
        waits = found.state == Nomination.State.PROPOSED
        return [
            Step("approve", "Approve the candidate", "discovery.nominate", approve, signs=found,
                 ready=waits and found.proposed_by_id != request.person.pk,
                 done="Approved. It is the drug substance of the program."),
        ]  # fmt: skip

    def contents() -> dict[str, Any]:
        found.refresh_from_db()
        compound = found.form.compound
        return {
            "record": found, "drawing": figures.structure(here(request), compound.smiles, 300, 200), "substance": found.substance,
            "potencies": _potencies(compound), "signatures": signatures_of(found),
        }  # fmt: skip

    return page(request, steps, "discovery/nomination.html", contents)


def _nomination(request: PageRequest, code: str) -> Nomination:
    rows = Nomination.objects.filter(program=request.program, code=code, is_void=False)
    found = rows.select_related("form__compound__program", "program", "proposed_by").first()
    if found is None:
        raise NotFound("there is no such nomination", given=code[:40])
    return found


urlpatterns = [
    path("candidates/", candidates, name="candidates"),
    path("candidates/<str:code>/", nomination, name="nomination"),
    path("compounds/<str:code>/propose/", propose, name="propose"),
]
PAGES = {
    "discovery:candidates": Page("discovery.view", FORM),
    "discovery:nomination": Page("discovery.view", FORM),
    "discovery:propose": Page("discovery.propose_candidate", FORM),
}
NAV = [("discovery:candidates", "Candidates")]
