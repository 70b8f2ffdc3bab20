"""What the pages of services share: who may do what here, the signature step, and forms whose step may be refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from django import forms

from crdmo.foundation.accounts import authority
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger.models import Record
from crdmo.foundation.refusals import Refused
from crdmo.foundation.signing import Credentials, SigningPreview, credentials_from, preview

from .request import PageRequest


def may(request: Any, verb: str) -> bool:
    """Say whether who asks may do a verb in the program of the address; what it takes is asked once a request."""
    if not hasattr(request, "trained_roles"):
        request.trained_roles = {
            role for role in request.roles if not authority.training_gaps(request.person, Role(role))
        }
    rule = authority.TABLE[verb]
    return any(role.value in (request.trained_roles if rule.trained else request.roles) for role in rule.roles)


def to_sign(
    request: PageRequest, verb: str, records: Sequence[Record], *, ready: bool = True, button: str = ""
) -> SigningPreview | None:
    """Return what the signature step shows, or None where this person cannot take it now."""
    program = records[0].program_id if records else None
    organization = records[0].organization_id if records else None
    if not ready or not records or not _may(request, verb, program, organization):
        return None
    meaning = authority.TABLE[verb].signs
    return preview(
        list(records), meaning, person=request.person, session_key=request.session.session_key or "", button=button
    )


def _may(request: PageRequest, verb: str, program: UUID | None, organization: UUID | None) -> bool:
    """Say whether who asks may do a verb; in the program of the address this costs nothing after the first time."""
    if request.program is not None and program == request.program.pk:
        return may(request, verb)
    return authority.may(request.person, verb, program, organization)


def credentials(request: PageRequest) -> Credentials:
    """Return what the signer gave."""
    return credentials_from(request.POST, request.session.session_key)


def attempt(step: Callable[[], Any]) -> Refused | None:
    """Do a step; return its refusal, or None when it is done."""
    try:
        step()
    except Refused as refused:
        return refused
    return None


def date_field(label: str, hint: str = "", *, required: bool = True) -> forms.DateField:
    """Return a field for a date."""
    widget = forms.DateInput(attrs={"type": "date", "class": "short"})
    return forms.DateField(label=label, help_text=hint, required=required, widget=widget)


def text_field(
    label: str, hint: str = "", *, required: bool = True, long: bool = False, classes: str = "medium"
) -> forms.CharField:
    """Return a field for text."""
    widget = forms.Textarea(attrs={"rows": 3}) if long else forms.TextInput(attrs={"class": classes})
    return forms.CharField(label=label, help_text=hint, required=required, widget=widget)
