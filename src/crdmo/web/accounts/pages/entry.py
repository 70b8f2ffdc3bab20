"""Coming in and going out: log-in, second factor, proof in place after a time-out, password, log-out."""

from __future__ import annotations

import time
from typing import Any

from allauth.account import views as account
from allauth.account.adapter import get_adapter
from allauth.mfa.base import views as mfa
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.webauthn import views as webauthn
from allauth.socialaccount.adapter import get_adapter as get_sso
from django.contrib import messages
from django.contrib.auth import SESSION_KEY, update_session_auth_hash
from django.forms import ValidationError
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from crdmo.foundation.accounts import lockout, sessions
from crdmo.foundation.accounts.adapter import address_of
from crdmo.foundation.accounts.models import Login
from crdmo.foundation.refusals import Invalid, NotPermitted, Refused

from ... import errors
from ...request import PageRequest
from ..forms import CodeAgainForm, CodeForm, LogInForm, PasswordForm, ProveForm, check_code


class LogIn(account.LoginView):
    """User id and password; a passkey; single sign-on where it is set up."""

    template_name = "web/accounts/log_in.html"
    form_class = LogInForm

    def get_initial(self) -> dict[str, Any]:
        """Fill in the user id of a log-in that has timed out."""
        ended = getattr(self.request, "ended", None)
        return {**super().get_initial(), **({"login": ended.user_id} if ended else {})}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the ways of single sign-on that are set up."""
        ways = [
            {"name": way.name, "url": way.get_login_url(self.request)} for way in get_sso().list_providers(self.request)
        ]
        return {**super().get_context_data(**kwargs), "providers": ways}


class SecondFactor(mfa.AuthenticateView):
    """The code or the passkey, after the password."""

    template_name = "web/accounts/second_factor.html"
    form_class = CodeForm


class Prove(account.ReauthenticateView):
    """The password once more, before second factors are changed."""

    template_name = "web/accounts/prove.html"
    form_class = ProveForm


class ProveByCode(mfa.ReauthenticateView):
    """The code once more, for who has no password here."""

    template_name = "web/accounts/prove.html"
    form_class = CodeAgainForm


class ProveByPasskey(webauthn.ReauthenticateWebAuthnView):
    """The passkey once more."""

    template_name = "web/accounts/prove_by_passkey.html"


class LogOut(account.LogoutView):
    """The end of a session."""

    template_name = "web/accounts/log_out.html"


def safe_next(request: PageRequest, otherwise: str) -> str:
    """Return the address to go on to, if it is one of ours."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if wanted and ours else otherwise


def _renewing(request: PageRequest) -> Login:
    """Return whose session is to be renewed: nobody else can."""
    key = request.session.get(SESSION_KEY)
    found = Login.objects.filter(pk=key).first() if key else None
    if found is None or not found.is_active:
        raise NotPermitted(
            "there is no session to go on with",
            allowed="the person whose session ended",
            next="Log in; what you typed is kept as a draft",
        )
    return found


def _second_factor(login: Login, code: str) -> str:
    """Check the second factor of a person who has one; return its kind."""
    has = set(Authenticator.objects.filter(user=login).values_list("type", flat=True))
    if Authenticator.Type.TOTP.value not in has:
        if Authenticator.Type.WEBAUTHN.value in has:
            raise Refused(
                "your second factor is a passkey, which cannot be asked for here",
                next="Log in on the log-in page",
                allowed="log-in with the passkey; what you typed is kept as a draft",
            )
        return ""
    if not code:
        raise Invalid("your account has a second factor", errors={"totp": "type the code that your app shows now"})
    authenticator = Authenticator.objects.get(user=login, type=Authenticator.Type.TOTP)

    def check() -> str:
        if not TOTP(authenticator).validate_code(code):
            raise ValidationError("wrong")
        return "totp"

    try:
        return check_code(login, check)
    except ValidationError as error:
        raise Invalid("the code was not accepted", errors={"totp": error.messages[0]}) from error


def renew(request: PageRequest) -> HttpResponse:
    """Let the same person go on after a time-out, in place: the page then repeats the request that was refused."""
    login = _renewing(request)
    if not get_adapter().authenticate(request, username=login.user_id, password=request.POST.get("password", "")):
        left = lockout.tries_left(login.user_id)
        wrong = f"the password is wrong; {left} more tries before the account is locked"
        return errors.refused(request, Invalid("the password was not accepted", errors={"password": wrong}))
    factor = _second_factor(login, request.POST.get("totp", "").strip())
    request.session.cycle_key()
    request.session.pop(sessions.ENDED, None)
    request.session[sessions.SEEN] = time.time()
    sessions.renewed(login, methods=["password", *([factor] if factor else [])], address=address_of(request))
    if errors.is_navigation(request):
        return HttpResponseRedirect(safe_next(request, "/"))
    return JsonResponse({"renewed": True, "csrf_token": get_token(request), "printed_name": login.person.printed_name})


def change_password(request: PageRequest) -> HttpResponse:
    """Choose a password; the first thing after a log-in with a temporary one."""
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _changed(request, form):
        update_session_auth_hash(request, request.user)
        messages.success(request, "Your password is changed. Your other log-ins have ended.")
        return HttpResponseRedirect(safe_next(request, reverse("mfa_index")))
    contents = {"form": form, "next": safe_next(request, ""), "forced": request.user.must_change_password}
    return render(request, "web/accounts/change_password.html", contents, status=form.status)


def _changed(request: PageRequest, form: PasswordForm) -> bool:
    given = form.cleaned_data
    if not get_adapter().authenticate(request, username=request.user.user_id, password=given["old_password"]):
        left = lockout.tries_left(request.user.user_id)
        left_words = f"{left} more tries before the account is locked."
        form.add_error("old_password", f"This is not your present password. {left_words}")
        return False
    form.attempt(lambda: sessions.change_password(request.user, given["new_password"]))
    return not form.errors and form.refused is None
