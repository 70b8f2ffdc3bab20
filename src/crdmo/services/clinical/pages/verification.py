"""Verification against the source, for the monitor; and freezing, for the data manager: many pages in one step."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import path

from crdmo.common.studies.models import Study
from crdmo.foundation.refusals import Invalid
from crdmo.web.accounts.forms import StepForm
from crdmo.web.door import FORM, Page
from crdmo.web.request import PageRequest
from crdmo.web.stepping import Given, Signed, Step, page

from .. import queries
from ..models import CrfPage
from ..workflow import forms as data
from .frame import choice, find, frame, prose

SHOWN = 300


class PagesForm(StepForm):
    """Pages to choose from."""

    pages = forms.MultipleChoiceField(label="Pages", widget=forms.CheckboxSelectMultiple)


class UnfreezeForm(StepForm):
    """A page to open again."""

    page = choice("Page")
    reason = prose("Why")


def _chosen(rows: list[CrfPage], keys: list[str]) -> list[CrfPage]:
    found = [one for one in rows if str(one.pk) in keys]
    if len(found) != len(set(keys)):
        raise Invalid("one of the pages was changed meanwhile", errors={"pages": "choose from the list"})
    return found


def _steps(request: PageRequest, study: Study) -> list[Step]:
    who = request.person
    rows = list(
        queries.pages_of(who, study).select_related("study").order_by("subject__code", "visit__day", "form__position")
    )
    unverified = [one for one in rows if not one.is_verified][:SHOWN]
    waiting = set(queries.queries_of(who, study).exclude(state="closed").values_list("page", flat=True))
    warm = [one for one in rows if not one.is_frozen and one.pk not in waiting][:SHOWN]
    frozen = [one for one in rows if one.is_frozen][:SHOWN]
    open_ = study.state == "active"

    def unfreeze(given: Given, _: Signed) -> None:
        data.unfreeze_page(who, _chosen(frozen, [given["page"]])[0], reason=given["reason"])

    def listed(pages: list[CrfPage]) -> list[tuple[str, str]]:
        return [(str(one.pk), str(one)) for one in pages]

    return [
        Step(
            "verify", "Verified against the source", "clinical.verify_pages",
            lambda given, _: data.verify_pages(who, _chosen(unverified, given["pages"])), PagesForm,
            ready=open_ and bool(unverified), choices={"pages": listed(unverified)}, done="Verified as they stand.",
        ),
        Step(
            "freeze", "Freeze", "clinical.freeze_pages",
            lambda given, _: data.freeze_pages(who, _chosen(warm, given["pages"])), PagesForm,
            ready=open_ and bool(warm), choices={"pages": listed(warm)}, done="The pages are frozen.",
        ),
        Step(
            "unfreeze", "Unfreeze a page", "clinical.unfreeze_page", unfreeze, UnfreezeForm, ready=open_ and bool(frozen),
            choices={"page": [("", "Choose"), *listed(frozen)]}, done="The page can be changed again.",
        ),
    ]  # fmt: skip


def verify(request: PageRequest, program: str, study: str) -> HttpResponse:
    """Show how far verification is, by subject."""
    found = find(request, study)

    def contents() -> dict[str, Any]:
        counted: dict[str, list[int]] = {}
        for one in queries.pages_of(request.person, found).order_by("subject__code"):
            row = counted.setdefault(one.subject.code, [0, 0, 0])
            row[0] += 1
            row[1] += one.is_verified
            row[2] += one.is_frozen
        return {**frame(request, found, "verify"), "rows": sorted(counted.items())}

    return page(request, lambda: _steps(request, found), "clinical/verify.html", contents)


urlpatterns = [path("trials/<str:study>/verification/", verify, name="verify")]
PAGES = {"clinical:verify": Page("clinical.view_subjects", FORM)}
