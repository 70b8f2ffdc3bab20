"""The forms of accounts. Every field says what it is for; what the workflow refuses is shown at its field."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, TypeVar

from allauth.account.forms import LoginForm, ReauthenticateForm
from allauth.core import context
from allauth.mfa.base import forms as mfa_forms
from django import forms

from crdmo.foundation.accounts import lockout, tokens
from crdmo.foundation.accounts.adapter import address_of
from crdmo.foundation.accounts.models import Login, Organization, Program
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.refusals import Invalid, Refused

T = TypeVar("T")


class StepForm(forms.Form):
    """A form whose step may be refused."""

    refused: Refused | None = None

    @property
    def status(self) -> int:
        """The HTTP status of the page that shows the form: 200 while nothing is wrong."""
        if self.refused is not None:
            return self.refused.status
        return 422 if self.errors else 200

    def attempt(self, step: Callable[[], T]) -> T | None:
        """Do the step; a refusal is put at its field, or kept for the summary, and None is returned."""
        try:
            return step()
        except Invalid as invalid:
            loose = {}
            for place, text in invalid.errors.items():
                if place in self.fields:
                    self.add_error(place, text)
                else:
                    loose[place] = text
            if loose or not invalid.errors:
                self.refused = invalid
        except Refused as refused:
            self.refused = refused
        return None


def _text(label: str, hint: str, *, required: bool = True, long: bool = False, **attrs: str) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 3, **attrs}) if long else forms.TextInput(attrs=attrs)
    return forms.CharField(label=label, help_text=hint, required=required, widget=widget)


def _secret(label: str, hint: str, autocomplete: str) -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, help_text=hint, widget=widget, strip=False)


def _date(label: str, hint: str, *, required: bool = True) -> forms.DateField:
    return forms.DateField(
        label=label, help_text=hint, required=required, widget=forms.DateInput(attrs={"type": "date", "class": "short"})
    )


def reason(hint: str) -> forms.CharField:
    """Return the field for the reason of a change; it is written into the ledger."""
    return _text("Reason", hint, long=True)


class LogInForm(LoginForm):
    """User id and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "User id"
        self.fields["login"].widget.attrs = {"autocomplete": "username", "autocapitalize": "none", "autofocus": True}
        self.fields["password"].label = "Password"
        self.fields["password"].widget.attrs = {"autocomplete": "current-password"}
        self.fields["password"].help_text = ""
        self.fields.pop("remember", None)

    def clean(self) -> dict[str, Any]:
        """Check the credentials; say how many tries are left."""
        try:
            return dict(super().clean() or {})
        except forms.ValidationError as error:
            left = lockout.tries_left(str(self.cleaned_data.get("login", "")).strip())
            again = f"{left} more {'try' if left == 1 else 'tries'} before the account is locked." if left else ""
            raise forms.ValidationError(f"User id and password do not belong together. {again}".strip()) from error


class ProveForm(ReauthenticateForm):
    """The password once more, before something that matters."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].label = "Password"
        self.fields["password"].widget.attrs = {"autocomplete": "current-password", "autofocus": True}


class CodeForm(mfa_forms.AuthenticateForm):
    """The code of the authenticator app, or a recovery code, at log-in. Wrong ones count as failed log-ins do."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = "Code"
        self.fields["code"].help_text = "The six digits that your authenticator app shows now, or a recovery code."
        self.fields["code"].widget.attrs = {"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}

    def clean_code(self) -> str:
        """Check the code."""
        return check_code(self.user, super().clean_code)


class CodeAgainForm(mfa_forms.ReauthenticateForm):
    """The code once more, before something that matters."""

    def clean_code(self) -> str:
        """Check the code."""
        return check_code(self.user, super().clean_code)


def check_code(login: Login, check: Callable[[], str]) -> str:
    """Run the check of a second factor and count its failure.

    Raises:
        ValidationError: the code is wrong, or the account is locked.
    """
    before = lockout.failures(login.user_id)
    if lockout.is_locked(login.user_id):
        raise forms.ValidationError("This account is locked: ask an administrator to unlock it.")
    try:
        return check()
    except forms.ValidationError as error:
        lockout.count(login.user_id, "second factor")
        lockout.report(login.user_id, "second factor", address_of(context.request), before)
        left = lockout.tries_left(login.user_id)
        raise forms.ValidationError(
            f"This code is wrong, was used before, or is too old. {left} more tries before the account is locked."
        ) from error


class PasswordForm(StepForm):
    """A password that only the person knows."""

    old_password = _secret("Present password", "The one you logged in with.", "current-password")
    new_password = _secret(
        "New password", "12 characters or more; a sentence of four words is easy to keep in mind.", "new-password"
    )
    again = _secret("New password again", "To be sure of the spelling.", "new-password")

    def clean(self) -> dict[str, Any]:
        """Check that both spellings are the same."""
        given = dict(super().clean() or {})
        if given.get("new_password") and given.get("again") and given["new_password"] != given["again"]:
            self.add_error("again", "The two spellings differ.")
        return given


class TokenForm(StepForm):
    """A key for a program that works in the person's name."""

    name = _text("Name", "The program that will use it, such as: nightly export.")
    scopes = forms.MultipleChoiceField(
        label="May",
        choices=[(s, s) for s in tokens.SCOPES],
        widget=forms.CheckboxSelectMultiple,
        help_text="Read only, or write as well, both within your own roles. A token never signs.",
    )
    days = forms.IntegerField(
        label="Lives for",
        min_value=1,
        max_value=tokens.LONGEST,
        initial=90,
        help_text=f"1 to {tokens.LONGEST} days.",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "class": "short"}),
    )


class PersonForm(StepForm):
    """A new person."""

    organization = forms.ModelChoiceField(
        Organization.objects.none(),
        label="Organization",
        help_text="Whose employee the person is.",
        to_field_name="code",
    )
    user_id = _text(
        "User id", "Small letters, digits, . _ -; given once and never to anybody else.", autocapitalize="none"
    )
    printed_name = _text("Printed name", "As it stands beside the person's signatures.")
    job_title = _text("Job title", "Printed with signatures.", required=False)
    email = forms.EmailField(
        label="E-mail", help_text="Kept apart from the ledger, so that it can be erased.", required=False
    )


class PersonChangeForm(StepForm):
    """A correction of what is printed with a person's signatures."""

    printed_name = _text("Printed name", "Signatures made before keep the name they had.")
    job_title = _text("Job title", "Printed with signatures.", required=False)
    reason = reason("Why it is changed, such as: married, new position.")


class RoleForm(StepForm):
    """A role for a person."""

    role = forms.ChoiceField(label="Role", choices=Role.choices, help_text="What the person is, in the field's words.")
    program = forms.ModelChoiceField(
        Program.objects.none(),
        label="Program",
        required=False,
        empty_label="All programs of the organization",
        help_text="One program, or all of the person's organization.",
        to_field_name="code",
    )
    starts = _date("First day", "The role holds from this day on.")
    ends = _date("Last day", "Leave empty if it has no end.", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["starts"].initial = dt.datetime.now(dt.UTC).date()


class EndRoleForm(StepForm):
    """The end of a role."""

    last_day = _date("Last day", "Leave empty to end it at once.", required=False)
    reason = reason("Why it ends, such as: moved to another unit.")


class ReasonForm(StepForm):
    """A step that needs nothing but its reason."""

    reason = reason("Written into the ledger with your name.")


class IdentityForm(StepForm):
    """How the identity was confirmed."""

    reason = reason("What you have seen, such as: passport, met in person on site.")


class ReviewForm(StepForm):
    """What was found when a person's access was looked through."""

    outcome = forms.ChoiceField(
        label="Outcome",
        choices=[("keep", "Access is right"), ("change", "Access must change")],
        widget=forms.RadioSelect,
        help_text="Compare the roles above with what the person does.",
    )
    note = _text("Note", "What must change, and who changes it.", required=False, long=True)


class TrainingForm(StepForm):
    """A training that took place."""

    subject = _text("Subject", "The document or course, such as: SOP-012.")
    version = _text("Version", "Only training on the version in force opens a role.")
    on = _date("On", "The day of the training.")
    how = forms.ChoiceField(
        label="How", choices=[("read", "Read and understood"), ("assessed", "Assessed")], help_text="How it was done."
    )
    expires = _date("Counts until", "Leave empty if it does not end.", required=False)


class RequirementForm(StepForm):
    """What a role must be trained on."""

    role = forms.ChoiceField(label="Role", choices=Role.choices, help_text="Who holds it must be trained.")
    subject = _text("Subject", "The document or course, such as: SOP-012.")
    version = _text("Version", "Replaces the version before from the first day on.")
    from_date = _date("From", "From this day nobody acts in the role without the training.")


class DelegationForm(StepForm):
    """Authority lent to a colleague."""

    person = _text("To", "User id of a colleague of your organization.", autocapitalize="none")
    role = forms.ChoiceField(label="Role", help_text="One that you hold yourself.")
    program = forms.ModelChoiceField(
        Program.objects.none(),
        label="Program",
        required=False,
        empty_label="All programs",
        to_field_name="code",
        help_text="Where the role is held.",
    )
    starts = _date("First day", "Today or later.")
    ends = _date("Last day", "At most 92 days after the first.")


class OrganizationForm(StepForm):
    """A new organization."""

    code = _text("Code", "Short and unique, such as: NORTHLAB.", autocapitalize="characters")
    name = _text("Name", "As printed.")
    kind = forms.ChoiceField(label="Kind", choices=Organization.Kind.choices, help_text="What it is here.")


class ProgramForm(StepForm):
    """A new program."""

    sponsor = forms.ModelChoiceField(
        Organization.objects.none(), label="Sponsor", help_text="Who owns it.", to_field_name="code"
    )
    code = _text("Code", "Capital letters, digits, hyphens; stands in every address, such as: CRD-101.")
    name = _text("Name", "What it is about.")
    indication = _text("Indication", "What it shall treat.", required=False)
    modality = _text("Modality", "Small molecule, antibody, …", required=False)
