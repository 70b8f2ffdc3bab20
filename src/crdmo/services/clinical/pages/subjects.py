"""Subjects, for site people: who there is, who comes next, and one subject's casebook as a grid of forms and visits."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path

from crdmo.foundation.refusals import NotFound
from crdmo.foundation.signing import signatures_of
from crdmo.web.accounts.forms import StepForm
from crdmo.web.door import FORM, Page
from crdmo.web.request import PageRequest
from crdmo.web.stepping import Given, Signed, Step, page
from crdmo.web.steps import may
from crdmo.web.tables import Column, Table

from .. import queries
from ..models import Casebook, Consent, CrfPage, Eligibility, Randomisation, Unblinding
from ..sdtm.events import events_of as imported_events
from ..workflow import blinding, people
from ..workflow import forms as data
from .frame import at, choice, day, find, frame, line, subject_address, today

SUBJECTS = Table(
    "subjects",
    "Subjects",
    (
        Column("code", "Subject", kind="record", sort="code"),
        Column("place", "Site"),
        Column("screened_on", "Consented", kind="day", sort="screened_on"),
        Column("enrolled_on", "Randomised", kind="day", sort="enrolled_on"),
        Column("reference_on", "Day 1", kind="day", sort="reference_on"),
        Column("state", "State", kind="state", sort="state"),
    ),
    sort="code",
    empty=("No subject yet", "Record a subject's consent first: nothing is entered before it."),
)


def subject_list(request: PageRequest, program: str, study: str) -> HttpResponse:
    """List the subjects that this person may see."""
    found = find(request, study)
    rows = queries.subjects_of(request.person, found).select_related("study__program", "place")
    new = at(request, "consent", found) if may(request, "clinical.consent_subject") else ""
    return SUBJECTS.answer(request, rows, "clinical/subjects.html", {**frame(request, found, "subjects"), "new": new})


class ConsentForm(StepForm):
    """A subject's consent."""

    site = choice("Site")
    form_version = line("Version of the consent form", limit=20)
    signed_on = day("Signed on")
    sex = choice("Sex", [("F", "Female"), ("M", "Male"), ("U", "Unknown")])
    age = line("Age", "Whole years at consent.", limit=3)


def consent(request: PageRequest, program: str, study: str) -> HttpResponse:
    """Record a consent; the subject gets the next number of the site."""
    found = find(request, study)
    places = list(queries.places_of(request.person, found))
    form = ConsentForm(request.POST or None, initial={"site": places[0].code if len(places) == 1 else ""})
    form.fields["site"].choices = [("", "Choose"), *((one.code, f"{one.code} {one.name}") for one in places)]  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        place = next(one for one in places if one.code == given.pop("site"))
        made = form.attempt(lambda: people.consent_subject(request.person, place, **given))
        if made is not None:
            messages.success(request, f"{made} has consented. The investigator decides on eligibility.")
            return HttpResponseRedirect(subject_address(made))
    contents = {
        **frame(request, found, "subjects"),
        "form": form,
        "title": "Record a consent",
        "verb": "Record consent",
        "hint": "The name of the subject stays at the site; here it is a number.",
        "back": at(request, "subjects", found),
    }
    return render(request, "clinical/form.html", contents, status=form.status)


class RandomiseForm(StepForm):
    """What randomisation asks."""

    stratum = choice("Stratum", hint="As measured at screening; it is kept as it is answered.")


class DispenseForm(StepForm):
    """The kit as read from its label."""

    number = line("Number on the kit", "Read it from the label.", limit=12)
    on = day("Given on")


class EndForm(StepForm):
    """How a subject's part ended."""

    state = choice("Ended as", [("completed", "Completed"), ("withdrawn", "Withdrawn"), ("dead", "Dead")])
    on = day("On")
    ending = line("Why", "Of all but completed.", required=False)
    takes_consent_back = forms.BooleanField(label="The subject takes the consent back", required=False)


class AgainForm(StepForm):
    """Consent to a later version."""

    form_version = line("Version of the consent form", limit=20)
    signed_on = day("Signed on")


def _criteria_form(criteria: list[dict[str, str]]) -> type[StepForm]:
    """Return a form with a question for each criterion, in the words of the protocol."""
    answers = [("yes", "Yes"), ("no", "No")]
    fields: dict[str, Any] = {
        f"c_{one['code']}": choice(
            f"{one['code']}. {one['text']}", answers, "Must be yes" if one["kind"] == "in" else "Must be no"
        )
        for one in criteria
    }
    return type("CriteriaForm", (StepForm,), {**fields, "decided_on": day("Decided on")})


def _steps(request: PageRequest, found: Any) -> list[Step]:
    who, study = request.person, found.study
    decided = Eligibility.objects.filter(subject=found, is_void=False).first()
    drawn = Randomisation.objects.filter(subject=found).select_related("kit").first()
    book = Casebook.objects.filter(subject=found, is_void=False).first()
    pages = list(CrfPage.objects.filter(subject=found, is_void=False))
    stands = book is not None and book.digest == data.digest_of(pages)
    open_ = study.state == "active"

    def decide(given: Given, _: Signed) -> None:
        answers = {name.removeprefix("c_"): value for name, value in given.items() if name.startswith("c_")}
        people.assess_eligibility(who, found, answers=answers, decided_on=given["decided_on"])

    def sign(_: Given, signed: Signed) -> None:
        assert book is not None
        data.sign_casebook(who, book, credentials=signed.credentials, seen=signed.seen)

    return [
        Step(
            "decide", "Decide on eligibility", "clinical.assess_eligibility", decide,
            _criteria_form(study.details.get("criteria", [])), ready=open_ and found.state == "screened" and decided is None,
            initial={"decided_on": today()},
        ),
        Step(
            "randomise", "Randomise", "clinical.randomise",
            lambda given, _: blinding.randomise(who, found, stratum=given["stratum"]), RandomiseForm,
            ready=open_ and decided is not None and decided.is_eligible and drawn is None and found.is_in_study,
            choices={"stratum": [("", "Choose"), *((one, one) for one in study.details.get("strata", []))]},
            done="The subject is randomised; the number of the kit stands above.",
        ),
        Step(
            "dispense", "Give the kit", "clinical.dispense", lambda given, _: people.dispense(who, found, **given),
            DispenseForm, ready=open_ and drawn is not None and drawn.kit.state == "assigned", initial={"on": today()},
        ),
        Step(
            "sign", "Sign the casebook", "clinical.sign_casebook", sign,
            ready=open_ and bool(pages) and book is not None and not stands, signs=book, done="The casebook is signed.",
        ),
        Step(
            "end", "End the subject's part", "clinical.end_subject",
            lambda given, _: people.end_subject(who, found, **given), EndForm,
            ready=open_ and found.is_in_study and drawn is not None,
        ),
        Step(
            "again", "Record consent to a later version", "clinical.consent_again",
            lambda given, _: people.consent_again(who, found, **given), AgainForm, ready=open_ and found.is_in_study,
        ),
    ]  # fmt: skip


def subject(request: PageRequest, program: str, study: str, code: str) -> HttpResponse:
    """Show a subject's casebook; each step is taken here by who may take it. An imported one has events and no casebook."""
    found = queries.find_subject(request.person, find(request, study), code)
    if found.study.is_imported:
        if request.method == "POST":
            raise NotFound("an imported study takes no steps", given=request.POST.get("step", ""))
        shown = {**frame(request, found.study, "subjects"), "subject": found, "tables": imported_events(found)}
        return render(request, "clinical/imported_subject.html", shown)

    def contents() -> dict[str, Any]:
        found.refresh_from_db()
        stops, lines = queries.casebook(found)
        book = Casebook.objects.filter(subject=found, is_void=False).first()
        pages = list(CrfPage.objects.filter(subject=found, is_void=False))
        return {
            **frame(request, found.study, "subjects"),
            "subject": found,
            "consents": Consent.objects.filter(subject=found, is_void=False)
            .select_related("obtained_by")
            .order_by("signed_on"),
            "decided": Eligibility.objects.filter(subject=found, is_void=False).select_related("decided_by").first(),
            "drawn": Randomisation.objects.filter(subject=found).select_related("kit").first(),
            "broken": Unblinding.objects.filter(subject=found).select_related("by").order_by("at"),
            "visits": stops,
            "lines": lines,
            "casebook": book,
            "stands": book is not None and bool(book.digest) and book.digest == data.digest_of(pages),
            "signatures": signatures_of(book) if book else [],
            "may_break": may(request, "clinical.break_blind"),
            "events": queries.events_of(request.person, found.study).filter(subject=found).order_by("starts"),
            "may_report": may(request, "clinical.report_event") and found.study.state == "active",
        }

    return page(request, lambda: _steps(request, found), "clinical/subject.html", contents)


urlpatterns = [
    path("trials/<str:study>/subjects/", subject_list, name="subjects"),
    path("trials/<str:study>/subjects/new/", consent, name="consent"),
    path("trials/<str:study>/subjects/<str:code>/", subject, name="subject"),
]
PAGES = {
    "clinical:subjects": Page("clinical.view_subjects"),
    "clinical:consent": Page("clinical.consent_subject", FORM),
    "clinical:subject": Page("clinical.view_subjects", FORM),
}
