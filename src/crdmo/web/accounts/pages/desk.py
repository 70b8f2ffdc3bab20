"""What waits for a person: the inbox, drafts, training, authority lent and borrowed."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse

from crdmo.foundation.accounts import authority, drafts, notices, queries, workflow
from crdmo.foundation.accounts.models import Delegation, Draft, Notice
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.refusals import Invalid, NotFound

from ...request import PageRequest
from ..forms import DelegationForm, ReasonForm

SHOWN = 100


def inbox(request: PageRequest) -> HttpResponse:
    """Show what the person is told, unread first; a post takes lines out."""
    if request.method == "POST":
        keys = [int(key) for key in request.POST.getlist("notice") if key.isdigit()]
        everything = "all" in request.POST
        keys = list(notices.unread(request.person).values_list("pk", flat=True)) if everything else keys
        notices.mark_read(request.person, keys)
        return HttpResponseRedirect(reverse("accounts:inbox"))
    read = Notice.objects.filter(person=request.person, read__isnull=False).order_by("-id")[:SHOWN]
    return render(request, "web/accounts/inbox.html", {"unread": notices.unread(request.person)[:SHOWN], "read": read})


def keep_draft(request: PageRequest) -> HttpResponse:
    """Keep or give back what was typed into a form, for the page's script; without script, list all drafts."""
    if request.method == "POST":
        key, data = _given(request)
        if data is None:
            drafts.discard(request.person, key)
            return JsonResponse({"key": key, "discarded": True})
        kept = drafts.keep(request.person, key, data)
        return JsonResponse({"key": key, "saved": kept.saved.isoformat()})
    if key := request.GET.get("key", ""):
        found = drafts.find(request.person, key)
        if found is None:
            return JsonResponse({"key": key, "data": None})
        return JsonResponse({"key": key, "data": found.data, "saved": found.saved.isoformat()})
    rows = Draft.objects.filter(person=request.person).order_by("-saved")
    return render(request, "web/accounts/drafts.html", {"drafts": rows})


def _given(request: PageRequest) -> tuple[str, dict[str, Any] | None]:
    """Return key and fields of a draft, from JSON or from a form; no fields means: forget it."""
    if request.content_type == "application/json":
        try:
            body = json.loads(request.body)
            key, data = str(body["key"]), body.get("data")
        except (ValueError, KeyError, TypeError) as error:
            allowed = '{"key": address, "data": fields or null}'
            raise Invalid("this is no draft", given=str(error), allowed=allowed) from error
        if data is not None and not isinstance(data, dict):
            raise Invalid("the fields of a draft are an object", given=type(data).__name__)
        return key, data
    fields = {name: values if len(values) > 1 else values[0] for name, values in request.POST.lists()}
    key = str(fields.pop("key", ""))
    fields.pop("csrfmiddlewaretoken", None)
    return key, None if fields.pop("discard", None) else fields


def training(request: PageRequest) -> HttpResponse:
    """Show the own training and what is missing; a post says that one has read and understood."""
    person = request.person
    if request.method == "POST":
        subject, version = request.POST.get("subject", ""), request.POST.get("version", "")
        if (subject, version) not in {(gap.subject, gap.version) for gap in queries.gaps_of(person)}:
            raise Invalid("this is not among what you lack", given=f"{subject} version {version}")
        workflow.acknowledge_training(person, person, subject=subject, version=version)
        messages.success(request, f"Recorded: you have read and understood {subject} version {version}.")
        return HttpResponseRedirect(reverse("accounts:training"))
    gaps = list({(gap.subject, gap.version): gap for gap in queries.gaps_of(person)}.values())
    return render(request, "web/accounts/training.html", {"gaps": gaps, "trainings": queries.trainings_of(person)})


def delegation(request: PageRequest) -> HttpResponse:
    """Lend authority to a colleague."""
    person = request.person
    form = DelegationForm(request.POST or None)
    form.fields["program"].queryset = authority.programs_of(person)  # type: ignore[attr-defined]
    form.fields["role"].choices = _lendable(request)  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        made = form.attempt(
            lambda: workflow.delegate(
                person,
                person,
                queries.find_person(person, given["person"]),
                role=given["role"],
                starts=given["starts"],
                ends=given["ends"],
                program=given["program"],
            )
        )
        if made is not None:
            messages.success(request, f"Lent: {made}.")
            return HttpResponseRedirect(reverse("accounts:delegation"))
    contents = {"form": form, "delegations": queries.delegations_of(person)}
    return render(request, "web/accounts/delegation.html", contents, status=form.status)


def _lendable(request: PageRequest) -> list[tuple[str, str]]:
    found = {row.role for row in queries.memberships_of(request.person) if not row.is_void}
    offered = [(role.value, role.label) for role in Role if role.value in found and role is not Role.INSPECTOR]
    return [("", "Choose a role"), *offered]


def end_delegation(request: PageRequest, key: str) -> HttpResponse:
    """Take lent authority back."""
    found = queries.delegations_of(request.person).filter(pk=key).first()
    if not isinstance(found, Delegation):
        raise NotFound("you have lent nothing like this")
    form = ReasonForm(request.POST or None)
    back = reverse("accounts:delegation")

    def end() -> Delegation:
        return workflow.end_delegation(request.person, found, reason=form.cleaned_data["reason"])

    if request.method == "POST" and form.is_valid() and form.attempt(end) is not None:
        messages.success(request, "Taken back.")
        return HttpResponseRedirect(back)
    contents = {"form": form, "title": f"Take back: {found}", "verb": "Take back", "back": back}
    return render(request, "web/accounts/step.html", contents, status=form.status)
