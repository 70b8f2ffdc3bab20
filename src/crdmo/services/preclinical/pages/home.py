"""The room's first pages: what waits and which studies there are; the master schedule of the facility; a new study."""

from __future__ import annotations

import datetime as dt

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path

from crdmo.common.materials.models import Lot, Substance
from crdmo.common.studies.models import Study
from crdmo.common.work import waiting
from crdmo.foundation.accounts import authority
from crdmo.foundation.accounts.models import Membership, Person
from crdmo.foundation.accounts.roles import Role
from crdmo.web import steps
from crdmo.web.accounts.forms import StepForm
from crdmo.web.door import FORM, Page
from crdmo.web.pages.desk import grouped
from crdmo.web.request import PageRequest
from crdmo.web.tables import Column, Table

from .. import queries
from ..workflow import studies as workflow
from .frame import at, choice, day, line, study_address, today

STUDIES = Table(
    "studies",
    "Studies",
    (
        Column("code", "Study", kind="record", sort="code"),
        Column("title", "Title", sort="title"),
        Column("species", "Species", sort="species"),
        Column("lead", "Study director", kind="person"),
        Column("started_on", "Started", kind="day", sort="started_on"),
        Column("state", "State", kind="state", sort="state"),
    ),
    sort="-code",
    empty=(
        "No study yet",
        "Test facility management opens a study and names its director; a SEND package comes in as one.",
    ),
)


def home(request: PageRequest, program: str) -> HttpResponse:
    """Show what waits for this person, and the studies."""
    assert request.program is not None
    items = waiting(request.person, [request.program], room="preclinical")
    rows = Study.objects.filter(program=request.program, kind=Study.Kind.NONCLINICAL, is_void=False)
    contents = {
        "groups": grouped(items),
        "count": len(items),
        "may_open": steps.may(request, "preclinical.open_study"),
        "may_import": steps.may(request, "preclinical.import_send"),
    }
    return STUDIES.answer(request, rows.select_related("program", "lead"), "preclinical/home.html", contents)


def master(request: PageRequest, program: str) -> HttpResponse:
    """Show the master schedule, today or as of an earlier day."""
    asked, on = request.GET.get("on", ""), today()
    try:
        on = min(dt.date.fromisoformat(asked), on) if asked else on
    except ValueError:
        messages.error(request, f"{asked} is no date; shown as of today.")
    return render(
        request,
        "preclinical/master.html",
        {"lines": queries.master_schedule(request.person, on), "on": on, "today": today()},
    )


class StudyForm(StepForm):
    """A study to open."""

    code = line("Study code", "As it stands on every record, such as TOX-101-28D.", limit=30)
    title = line("Title")
    lead = choice("Study director")
    species = line("Species", "As SEND writes it, such as RAT.", limit=60)
    strain = line("Strain", "Such as SPRAGUE-DAWLEY.", required=False, limit=80)
    design = line("Study type", "Such as REPEAT DOSE TOXICITY.", required=False, limit=120)
    substance = choice("Test article", required=False)
    lot = choice("Lot", "Of the test article.", required=False)
    starts_on = day("Planned start", required=False)
    ends_on = day("Planned end", required=False)


def directors(request: PageRequest) -> dict[str, Person]:
    """Return who can direct a study here, by user id."""
    assert request.program is not None
    held = Membership.objects.filter(role=Role.STUDY_DIRECTOR, is_void=False, person__is_active=True)
    people = {one.person for one in held.select_related("person")}
    return {
        one.user_id: one
        for one in sorted(people, key=lambda p: p.printed_name)
        if Role.STUDY_DIRECTOR.value in authority.roles_of(one, request.program.id)
    }


def new(request: PageRequest, program: str) -> HttpResponse:
    """Open a study."""
    assert request.program is not None
    form = StudyForm(request.POST or None, initial={"design": "REPEAT DOSE TOXICITY"})
    people = directors(request)
    articles = {str(one.id): one for one in Substance.objects.filter(program=request.program, is_void=False)}
    lots = {
        str(one.id): one
        for one in Lot.objects.filter(program=request.program, is_void=False).select_related("substance")
    }
    fields: dict[str, list[tuple[str, str]]] = {
        "lead": [(key, one.printed_name) for key, one in people.items()],
        "substance": [(key, str(one)) for key, one in articles.items()],
        "lot": [(key, f"{one} of {one.substance}") for key, one in lots.items()],
    }
    for name, rows in fields.items():
        form.fields[name].choices = [("", "Choose"), *rows]  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        given |= {
            "lead": people[given["lead"]],
            "substance": articles.get(given["substance"]),
            "lot": lots.get(given["lot"]),
        }
        made = form.attempt(lambda: workflow.open_study(request.person, request.program, **given))
        if made is not None:
            messages.success(request, f"Study {made} is open. {made.lead} drafts its protocol.")
            return HttpResponseRedirect(study_address(made))
    contents = {
        "form": form,
        "title": "Open a study",
        "verb": "Open the study",
        "hint": "It stands on the master schedule from now on; its director drafts the protocol.",
        "back": at(request, "home"),
    }
    return render(request, "preclinical/form.html", contents, status=form.status)


urlpatterns = [
    path("", home, name="home"),
    path("master/", master, name="master"),
    path("studies/new/", new, name="study_new"),
]
PAGES = {
    "preclinical:home": Page("preclinical.view"),
    "preclinical:master": Page("preclinical.view_master_schedule"),
    "preclinical:study_new": Page("preclinical.open_study", FORM),
}
