"""Randomisation and its secrecy. Arms are told in one place only: the answer to a signed step, never kept and never linked.

What a blinded person sees here follows from no arm: how many are randomised by stratum and site, and that codes were
broken, by whom and why.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path

from crdmo.common.studies.models import Arm, Study
from crdmo.common.studies.queries import in_force
from crdmo.foundation.refusals import Invalid, NotFound, Refused
from crdmo.foundation.signing import credentials_from
from crdmo.web.accounts.forms import StepForm
from crdmo.web.door import FORM, POST, Page
from crdmo.web.request import PageRequest
from crdmo.web.stepping import Given, Signed, Step, page
from crdmo.web.steps import may

from .. import queries
from ..models import DatabaseLock, Kit, Randomisation, RandomisationList, Unblinding
from ..workflow import blinding
from ..workflow.desks import is_unblinded
from .frame import asks_all, at, choice, find, frame, line


class ListForm(StepForm):
    """How the list is drawn."""

    length = forms.IntegerField(
        label="Places in each stratum", min_value=1, max_value=5000, widget=forms.NumberInput(attrs={"class": "short"})
    )
    block_sizes = line("Block sizes", "Such as 2, 4: multiples of the ratio. They are sealed.", limit=40)
    seed = line("Seed", "12 digits or more; left empty, one is drawn. It is sealed.", required=False, limit=60)


class KitForm(StepForm):
    """Kits that a site receives."""

    site = choice("Site")
    count = forms.IntegerField(
        label="Kits for each part of the ratio",
        min_value=1,
        max_value=500,
        widget=forms.NumberInput(attrs={"class": "short"}),
    )


def _sizes(text: str) -> list[int]:
    try:
        return [int(one) for one in text.replace(",", " ").split()]
    except ValueError as error:
        raise Invalid("block sizes are whole numbers", errors={"block_sizes": "such as 2, 4"}) from error


def _seed(text: str) -> int | None:
    if text and not text.isdigit():
        raise Invalid("a seed is a whole number", errors={"seed": "digits only"})
    return int(text) if text else None


def _steps(request: PageRequest, study: Study) -> list[Step]:
    who = request.person
    places = {one.code: one for one in queries.places_of(who, study)}
    has_list = RandomisationList.objects.filter(study=study, is_void=False).exists()
    open_ = study.state == "active"

    def prepare(given: Given, _: Signed) -> None:
        sizes, seed = _sizes(given["block_sizes"]), _seed(given["seed"])
        blinding.prepare_list(who, study, length=given["length"], block_sizes=sizes, seed=seed)

    def send(given: Given, _: Signed) -> None:
        contents = {one.code: one.ratio * given["count"] for one in in_force(study, Arm)}
        blinding.register_kits(who, places[given["site"]], contents=contents)

    return [
        Step(
            "prepare", "Prepare and conceal the list", "clinical.prepare_list", prepare, ListForm,
            ready=open_ and not has_list, done="The list is drawn and concealed.",
        ),
        Step(
            "kits", "Register kits at a site", "clinical.register_kits", send, KitForm, ready=open_ and bool(places),
            choices={"site": [("", "Choose"), *((one.code, str(one)) for one in places.values())]},
            done="The kits are at the site, under numbers that tell nothing.",
        ),
    ]  # fmt: skip


def randomisation(request: PageRequest, program: str, study: str) -> HttpResponse:
    """Show how far randomisation is; an unblinded person prepares list and kits here."""
    found = find(request, study)

    def contents() -> dict[str, Any]:
        rows = list(Randomisation.objects.filter(study=found).select_related("subject__place").order_by("number"))
        mine = set(queries.subjects_of(request.person, found).values_list("pk", flat=True))
        listing = RandomisationList.objects.filter(study=found, is_void=False).select_related("prepared_by").first()
        kits = Counter(
            Kit.objects.filter(study=found, place__in=queries.places_of(request.person, found)).values_list(
                "place__code", "state"
            )
        )
        lock = DatabaseLock.objects.filter(study=found, is_void=False).first()
        return {
            **frame(request, found, "randomisation"),
            "listing": listing,
            "strata": [(one, sum(row.stratum == one for row in rows)) for one in found.details.get("strata", [])],
            "kits": sorted((site, Kit.State(state).label, count) for (site, state), count in kits.items()),
            "broken": [
                one
                for one in Unblinding.objects.filter(study=found).select_related("subject", "by").order_by("at")
                if one.subject_id in mine
            ],
            "unblinded": is_unblinded(found),
            "needs": asks_all(request),
            "may_open": listing is not None and may(request, "clinical.open_list"),
            "may_unblind": lock is not None and not is_unblinded(found) and may(request, "clinical.unblind_trial"),
            "lock": lock,
        }

    return page(request, lambda: _steps(request, found), "clinical/randomisation.html", contents)


def _told(request: PageRequest, template: str, contents: dict[str, Any], refused: Refused | None) -> HttpResponse:
    response = render(request, template, contents, status=refused.status if refused else 200)
    # What was told once is in no cache and no history of a browser.
    response["Cache-Control"] = "no-store"
    return response


def open_list(request: PageRequest, program: str, study: str) -> HttpResponse:
    """Tell the unblinded statistician the list, in the answer to a signed step."""
    found = find(request, study)
    listing = RandomisationList.objects.filter(study=found, is_void=False).first()
    if listing is None:
        raise NotFound("there is no list yet")
    rows, refused = None, None
    try:
        signed = credentials_from(request.POST, request.session.session_key)
        rows = blinding.open_list(request.person, listing, credentials=signed, reason=request.POST.get("reason", ""))
    except Refused as one:
        refused = one
    contents = {
        **frame(request, found, "randomisation"),
        "rows": rows,
        "refused_as": refused,
        "needs": asks_all(request),
    }
    return _told(request, "clinical/list.html", contents, refused)


def unblind(request: PageRequest, program: str, study: str) -> HttpResponse:
    """Unblind a locked trial."""
    found = find(request, study)
    lock = DatabaseLock.objects.filter(study=found, is_void=False).select_related("study").first()
    if lock is None:
        raise NotFound("the database is not locked")
    refused = None
    try:
        blinding.unblind_trial(
            request.person, lock, credentials=credentials_from(request.POST, request.session.session_key)
        )
    except Refused as one:
        refused = one
    contents = {**frame(request, found, "randomisation"), "refused_as": refused, "url": at(request, "analysis", found)}
    return _told(request, "clinical/unblinded.html", contents, refused)


def break_blind(request: PageRequest, program: str, study: str, code: str) -> HttpResponse:
    """Break the code of one subject: the arm stands in the answer, and nowhere else."""
    found = find(request, study)
    subject = queries.find_subject(request.person, found, code)
    told, refused = None, None
    if request.method == "POST":
        try:
            signed = credentials_from(request.POST, request.session.session_key)
            told = blinding.break_blind(
                request.person, subject, credentials=signed, reason=request.POST.get("reason", "")
            )
        except Refused as one:
            refused = one
    contents = {
        **frame(request, found, "randomisation"),
        "subject": subject,
        "told": told,
        "refused_as": refused,
        "reason": request.POST.get("reason", ""),
        "needs": asks_all(request),
        "statement": blinding.BROKEN,
    }
    return _told(request, "clinical/break.html", contents, refused)


urlpatterns = [
    path("trials/<str:study>/randomisation/", randomisation, name="randomisation"),
    path("trials/<str:study>/randomisation/list/", open_list, name="open_list"),
    path("trials/<str:study>/randomisation/unblind/", unblind, name="unblind"),
    path("trials/<str:study>/subjects/<str:code>/break/", break_blind, name="break_blind"),
]
PAGES = {
    "clinical:randomisation": Page("clinical.view_subjects", FORM),
    "clinical:open_list": Page("clinical.open_list", POST),
    "clinical:unblind": Page("clinical.unblind_trial", POST),
    "clinical:break_blind": Page("clinical.break_blind", FORM),
}
