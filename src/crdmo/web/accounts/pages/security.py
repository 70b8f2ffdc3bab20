"""The own account: password, second factors, recovery codes, tokens. Changing a second factor asks for proof first."""

from __future__ import annotations

from typing import Any

from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from allauth.mfa.webauthn.internal import auth
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse, reverse_lazy

from crdmo.foundation.accounts import tokens
from crdmo.foundation.accounts.models import ApiToken
from crdmo.foundation.refusals import NotFound

from ...request import PageRequest
from ..forms import TokenForm


class Security(mfa.IndexView):
    """How the account is secured, at a glance."""

    template_name = "web/accounts/security.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add password and tokens to the second factors."""
        login = self.request.user
        living = ApiToken.objects.filter(person_id=login.person_id).order_by("-created")
        return {**super().get_context_data(**kwargs), "login": login, "tokens": living}


class AddApp(totp.ActivateTOTPView):
    """Bind an authenticator app."""

    template_name = "web/accounts/app_add.html"


class RemoveApp(totp.DeactivateTOTPView):
    """Unbind the authenticator app."""

    template_name = "web/accounts/app_remove.html"


class AddPasskey(webauthn.AddWebAuthnView):
    """Register a passkey that opens the log-in without user id."""

    template_name = "web/accounts/passkey_add.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Ask the device for a key that it can find by itself and opens with finger, face or PIN."""
        contents = dict(super().get_context_data(**kwargs))
        contents["js_data"] = {"creation_options": auth.begin_registration(self.request.user, passwordless=True)}
        return contents


class RemovePasskey(webauthn.RemoveWebAuthnView):
    """Forget a passkey."""

    template_name = "web/accounts/passkey_remove.html"
    success_url = reverse_lazy("mfa_index")


class Codes(codes.ViewRecoveryCodesView):
    """The recovery codes that are left."""

    template_name = "web/accounts/codes.html"


class NewCodes(codes.GenerateRecoveryCodesView):
    """New recovery codes in place of the old ones."""

    template_name = "web/accounts/codes_new.html"


def new_token(request: PageRequest) -> HttpResponse:
    """Make a token and show it this once."""
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        made = form.attempt(
            lambda: tokens.issue(request.person, name=given["name"], scopes=given["scopes"], days=given["days"])
        )
        if made is not None:
            return render(request, "web/accounts/token_made.html", {"token": made[0], "text": made[1]})
    return render(request, "web/accounts/token_new.html", {"form": form}, status=form.status)


def revoke_token(request: PageRequest, prefix: str) -> HttpResponse:
    """End one of the own tokens."""
    found = ApiToken.objects.filter(person=request.person, prefix=prefix).first()
    if found is None:
        raise NotFound("you have no such token")
    tokens.revoke(request.person, found)
    messages.success(request, f"The token {found.prefix}… opens nothing any longer.")
    return HttpResponseRedirect(reverse("mfa_index"))
