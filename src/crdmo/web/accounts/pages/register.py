"""New people, organizations and programs."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from crdmo.foundation.accounts import authority, queries, workflow
from crdmo.foundation.accounts.models import Organization, Program
from crdmo.foundation.refusals import Refused

from ...request import PageRequest
from .. import forms


def new_person(request: PageRequest) -> HttpResponse:
    """Enter a person, and show the temporary password this once."""
    form = forms.PersonForm(request.POST or None)
    reach = queries.organizations_of(request.person)
    form.fields["organization"].queryset = reach  # type: ignore[attr-defined]
    form.fields["organization"].initial = request.person.organization.code if request.person.organization else ""
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        made = form.attempt(lambda: workflow.create_person(request.person, given.pop("organization"), **given))
        if made is not None:
            return render(request, "web/accounts/password_given.html", {"given": made, "new": True})
    contents = {"form": form, "title": "Enter a person", "verb": "Enter person", "back": reverse("accounts:people")}
    return render(request, "web/accounts/step.html", contents, status=form.status)


def organizations(request: PageRequest) -> HttpResponse:
    """List organizations and programs, and enter new ones."""
    person = request.person
    # Who was invited to bid is known to the sponsor and to the bidder, not to who runs the installation.
    all_ = Program.objects.filter(is_void=False, is_bidding_room=False).order_by("code")
    programs = all_ if queries.runs_installation(person) else authority.programs_of(person)
    contents = {
        "organizations": queries.organizations_of(person),
        "programs": programs.select_related("organization", "partner"),
        "may_create": authority.may(person, "accounts.create_organization", None),
    }
    return render(request, "web/accounts/organizations.html", contents)


def new_organization(request: PageRequest) -> HttpResponse:
    """Enter an organization."""
    form = forms.OrganizationForm(request.POST or None)

    def enter() -> Organization:
        return workflow.create_organization(request.person, **form.cleaned_data)

    if request.method == "POST" and form.is_valid() and form.attempt(enter) is not None:
        messages.success(request, f"Entered: {form.cleaned_data['name']}.")
        return HttpResponseRedirect(reverse("accounts:organizations"))
    contents = {
        "form": form,
        "title": "Enter an organization",
        "verb": "Enter organization",
        "back": reverse("accounts:organizations"),
    }
    return render(request, "web/accounts/step.html", contents, status=form.status)


def new_program(request: PageRequest) -> HttpResponse:
    """Open a program of a sponsor with the own organization."""
    form = forms.ProgramForm(request.POST or None)
    sponsors = Organization.objects.filter(kind=Organization.Kind.SPONSOR).order_by("name")
    form.fields["sponsor"].queryset = sponsors  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        partner = request.person.organization
        if partner is None:
            raise Refused("the system opens programs by command", next="Use the command line")
        if form.attempt(lambda: workflow.create_program(request.person, given.pop("sponsor"), partner, **given)):
            messages.success(request, f"Opened: {form.cleaned_data['code']}.")
            return HttpResponseRedirect(reverse("accounts:organizations"))
    back = reverse("accounts:organizations")
    contents = {"form": form, "title": "Open a program", "verb": "Open program", "back": back}
    return render(request, "web/accounts/step.html", contents, status=form.status)
