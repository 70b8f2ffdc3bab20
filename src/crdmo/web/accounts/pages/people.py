"""People and roles: the list, one person, and what is done to a person, each step a page of its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views import View

from crdmo.foundation.accounts import authority, lockout, queries, workflow
from crdmo.foundation.accounts.authority import Verb
from crdmo.foundation.accounts.models import Login, Membership, Organization, Person
from crdmo.foundation.accounts.roles import FOR_KIND, Role
from crdmo.foundation.accounts.workflow import NewPassword, NewPerson
from crdmo.foundation.refusals import NotFound

from ...request import PageRequest
from .. import forms


def people(request: PageRequest) -> HttpResponse:
    """List the people in reach."""
    asked = {name: request.GET.get(name, "").strip() for name in ("words", "organization", "only")}
    runs = queries.runs_installation(request.person)
    contents = {
        "lines": queries.lines(request.person, runs=runs, **asked),
        "asked": asked,
        "organizations": queries.organizations_of(request.person, runs=runs),
        "may_create": authority.may(
            request.person, "accounts.create_person", None, request.person.organization_id, held=request.roles
        ),
    }
    return render(request, "web/accounts/people.html", contents)


def person(request: PageRequest, user_id: str) -> HttpResponse:
    """Show one person: identity, roles, training, reviews, and the steps that the asker may take."""
    found = queries.find_person(request.person, user_id)
    login = Login.objects.filter(person=found).first()
    contents = {
        "found": found,
        "login": login,
        "memberships": queries.memberships_of(found),
        "delegations": queries.delegations_of(found),
        "trainings": queries.trainings_of(found),
        "reviews": queries.reviews_of(found),
        "gaps": queries.gaps_of(found),
        "locked": lockout.is_locked(found.user_id),
        "failures": lockout.failures(found.user_id),
        "steps": [step for step in STEPS if step.possible(found) and _may(request, step, found)],
        "may_end": authority.may(request.person, "accounts.end_role", None, found.organization_id),
    }
    return render(request, "web/accounts/person.html", contents)


def _may(request: PageRequest, step: type[PersonStep], found: Person) -> bool:
    own = found.pk == request.person.pk
    return not own and authority.may(request.person, step.verb, None, found.organization_id)


def matrix(request: PageRequest) -> HttpResponse:
    """Show who may do what: every verb of the house and the roles that may do it."""
    return render(request, "web/accounts/matrix.html", {"rooms": queries.matrix(), "roles": list(Role)})


def requirements(request: PageRequest) -> HttpResponse:
    """Show and set what roles must be trained on."""
    home = request.person.organization
    if home is None:
        raise NotFound("the system has no roles to train")
    form = forms.RequirementForm(request.POST or None)
    offer_roles(form, home)

    def require() -> object:
        return workflow.set_training_requirement(request.person, home, **form.cleaned_data)

    if request.method == "POST" and form.is_valid() and form.attempt(require) is not None:
        messages.success(request, "Recorded. Whoever holds the role finds it under Training.")
        return HttpResponseRedirect(reverse("accounts:requirements"))
    contents = {"form": form, "requirements": queries.requirements_of(home)}
    return render(request, "web/accounts/requirements.html", contents, status=form.status)


def offer_roles(form: forms.StepForm, home: Organization | None) -> None:
    """Let a form choose among the roles that people of an organization can hold."""
    offered = [(r.value, r.label) for r in FOR_KIND.get(home.kind if home else "", ())]
    form.fields["role"].choices = [("", "Choose a role"), *offered]  # type: ignore[attr-defined]


class PersonStep(View, ABC):
    """One thing that is done to a person."""

    name: ClassVar[str] = ""
    verb: ClassVar[str] = ""
    title: ClassVar[str] = ""
    button: ClassVar[str] = ""
    form_class: ClassVar[type[forms.StepForm]] = forms.ReasonForm
    hint: ClassVar[str] = ""

    @classmethod
    def possible(cls, found: Person) -> bool:
        """Say whether the step makes sense for the person now."""
        return found.is_active

    def form(self, request: PageRequest, found: Person) -> forms.StepForm:
        """Return the form, filled in where it was sent."""
        return self.form_class(request.POST or None)

    @abstractmethod
    def do(self, request: PageRequest, found: Person, given: dict[str, Any]) -> Any:
        """Do the step."""

    def get(self, request: PageRequest, user_id: str) -> HttpResponse:
        """Show the form."""
        found = queries.find_person(request.person, user_id)
        return self._show(request, found, self.form(request, found))

    def post(self, request: PageRequest, user_id: str) -> HttpResponse:
        """Do the step, and show the person again, or the password this once."""
        found = queries.find_person(request.person, user_id)
        form = self.form(request, found)
        done = form.attempt(lambda: self.do(request, found, form.cleaned_data)) if form.is_valid() else None
        if done is None:
            return self._show(request, found, form)
        if isinstance(done, NewPassword | NewPerson):
            return render(request, "web/accounts/password_given.html", {"given": done})
        messages.success(request, f"Done: {self.title.lower()} ({found.printed_name}).")
        return HttpResponseRedirect(reverse("accounts:person", args=[found.user_id]))

    def _show(self, request: PageRequest, found: Person, form: forms.StepForm) -> HttpResponse:
        contents = {
            "form": form,
            "found": found,
            "title": self.title,
            "verb": self.button or self.title,
            "hint": self.hint,
            "back": reverse("accounts:person", args=[found.user_id]),
        }
        return render(request, "web/accounts/step.html", contents, status=form.status)


def _with_reason(name: str, verb: Verb[..., Any], title: str, hint: str, **more: Any) -> type[PersonStep]:
    """Return a step that needs the person and a reason."""

    def do(self: PersonStep, request: PageRequest, found: Person, given: dict[str, Any]) -> Any:
        return verb(request.person, found, reason=given["reason"])

    members = {"name": name, "verb": verb.rule.name, "title": title, "hint": hint, "do": do, **more}
    return type(name, (PersonStep,), members)


class ChangePerson(PersonStep):
    """Correct name or job title."""

    name, verb, title = "change", "accounts.change_person", "Correct name or job title"
    form_class = forms.PersonChangeForm

    def form(self, request: PageRequest, found: Person) -> forms.StepForm:
        """Fill in what stands now."""
        return forms.PersonChangeForm(
            request.POST or None, initial={"printed_name": found.printed_name, "job_title": found.job_title}
        )

    def do(self, request: PageRequest, found: Person, given: dict[str, Any]) -> Any:
        """Correct it."""
        return workflow.change_person(request.person, found, **given)


class GrantRole(PersonStep):
    """Grant a role."""

    name, verb, title, form_class = "role", "accounts.grant_role", "Grant a role", forms.RoleForm

    def form(self, request: PageRequest, found: Person) -> forms.StepForm:
        """Offer the roles that people of this organization can hold, and its programs."""
        form = forms.RoleForm(request.POST or None)
        offer_roles(form, found.organization)
        form.fields["program"].queryset = queries.programs_for(request.person, found)  # type: ignore[attr-defined]
        return form

    def do(self, request: PageRequest, found: Person, given: dict[str, Any]) -> Any:
        """Grant it."""
        return workflow.grant_role(request.person, found, **given)


class RecordTraining(PersonStep):
    """Record training."""

    name, verb, title, form_class = "train", "accounts.record_training", "Record training", forms.TrainingForm

    def do(self, request: PageRequest, found: Person, given: dict[str, Any]) -> Any:
        """Record it."""
        return workflow.record_training(request.person, found, **given)


class ReviewAccess(PersonStep):
    """Review access."""

    name, verb, title, form_class = "review", "accounts.review_access", "Review access", forms.ReviewForm
    hint = "Roles and credentials are looked through once a year at least (21 CFR 11.300(b))."

    def do(self, request: PageRequest, found: Person, given: dict[str, Any]) -> Any:
        """Record what was found."""
        return workflow.review_access(request.person, found, **given)


VerifyIdentity = _with_reason(
    "identity",
    workflow.verify_identity,
    "Confirm identity",
    "Without it nobody signs. Who gave the password cannot do this (21 CFR 11.100(b), 11.200(a)(3)).",
    form_class=forms.IdentityForm,
    possible=classmethod(lambda cls, found: found.is_active and not found.identity_verified),
)
Unlock = _with_reason(
    "unlock",
    workflow.unlock,
    "Unlock account",
    "Find out first who made the failed attempts.",
    possible=classmethod(lambda cls, found: lockout.is_locked(found.user_id)),
)
ResetPassword = _with_reason(
    "reset",
    workflow.reset_password,
    "Reset password",
    "The person gets a temporary password and must change it; somebody else confirms the identity anew before signing.",
)
RemoveFactors = _with_reason(
    "factors",
    workflow.remove_second_factors,
    "Remove second factors",
    "For somebody who has lost phone and recovery codes. The identity must be confirmed anew.",
    possible=classmethod(lambda cls, found: Login.objects.filter(person=found, authenticator__isnull=False).exists()),
)
Deactivate = _with_reason(
    "deactivate",
    workflow.deactivate_person,
    "Deactivate",
    "Log-ins, tokens and roles end at once. Nothing is deleted, and the user id is never given to anybody else.",
)
Reactivate = _with_reason(
    "reactivate",
    workflow.reactivate_person,
    "Reactivate",
    "New password, identity to be confirmed, roles to be granted.",
    possible=classmethod(lambda cls, found: not found.is_active),
)

STEPS: tuple[type[PersonStep], ...] = (
    GrantRole,
    VerifyIdentity,
    Unlock,
    ReviewAccess,
    RecordTraining,
    ChangePerson,
    ResetPassword,
    RemoveFactors,
    Deactivate,
    Reactivate,
)


def end_role(request: PageRequest, user_id: str, key: str) -> HttpResponse:
    """End one of a person's roles."""
    found = queries.find_person(request.person, user_id)
    membership = Membership.objects.filter(person=found, pk=key).select_related("person", "program").first()
    if membership is None:
        raise NotFound("there is no such role")
    form = forms.EndRoleForm(request.POST or None)
    back = reverse("accounts:person", args=[found.user_id])

    def end() -> Membership:
        return workflow.end_role(request.person, membership, **form.cleaned_data)

    if request.method == "POST" and form.is_valid() and form.attempt(end) is not None:
        messages.success(request, f"Ended: {membership}.")
        return HttpResponseRedirect(back)
    contents = {"form": form, "found": found, "title": f"End role: {membership}", "verb": "End role", "back": back}
    return render(request, "web/accounts/step.html", contents, status=form.status)
