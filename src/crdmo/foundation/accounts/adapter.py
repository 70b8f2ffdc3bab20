"""Where django-allauth asks the house: it does the protocols of log-in and second factors, the house decides.

Single sign-on opens the log-in of a person who is entered already, never a new one. Signing does not ride on it: who
logs in by single sign-on still has a user id and password of this installation, and gives both at the first signing:
a forced re-authentication (21 CFR 11.200(a)(1)).
"""

from __future__ import annotations

import base64
import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from ..refusals import NotPermitted
from . import lockout, sessions
from .models import Login

# What allauth would mail, and how the ledger and the inbox say it.
SECOND_FACTORS = {
    "mfa/email/totp_activated": "authenticator app added",
    "mfa/email/totp_deactivated": "authenticator app removed",
    "mfa/email/recovery_codes_generated": "recovery codes made",
    "mfa/email/webauthn_added": "passkey added",
    "mfa/email/webauthn_removed": "passkey removed",
}


def address_of(request: HttpRequest) -> str:
    """Return the network address that a request came from."""
    return str(request.META.get("REMOTE_ADDR", ""))


class Adapter(DefaultAccountAdapter):
    """Log-in and log-out."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """People are entered by an administrator; nobody signs up."""
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Login | None:
        """Check user id and password; count and report a failure."""
        user_id = lockout.user_id_of(request, credentials) or ""
        before = lockout.failures(user_id)
        credentials["username"] = user_id
        found: Login | None = super().authenticate(request, **credentials)
        if found is None and user_id:
            where = "re-authentication" if request.user.is_authenticated else "log-in"
            lockout.report(user_id, where, address_of(request), before)
        return found

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse | None:
        """Stop a locked account also where no password was asked: at a passkey, at single sign-on.

        Raises:
            NotPermitted: the account is locked.
        """
        if lockout.is_locked(user.user_id):
            raise NotPermitted(
                f"the account {user.user_id} is locked", allowed="log-in after an administrator has unlocked it",
                next="Ask an administrator of your organization to unlock the account",
            )  # fmt: skip
        answer: HttpResponse | None = super().pre_login(request, user, **kwargs)
        return answer

    def respond_user_inactive(self, request: HttpRequest, user: Any) -> HttpResponse:
        """Say that the right password opens nothing any longer.

        Raises:
            NotPermitted: always.
        """
        sessions.note(user.person, "accounts.log_in_refused", {"why": "deactivated", "address": address_of(request)})
        raise NotPermitted(
            "this account is deactivated", given=user.user_id, allowed="active accounts",
            next="An administrator of your organization can tell why",
        )  # fmt: skip

    def login(self, request: HttpRequest, user: Any) -> None:
        """Open the session and note it."""
        failures = lockout.failures(user.user_id)
        super().login(request, user)
        request.session.pop(sessions.ENDED, None)
        request.session[sessions.SEEN] = time.time()
        methods = [record.get("type") or record["method"] for record in get_authentication_records(request, user)]
        sessions.logged_in(user, methods=methods, address=address_of(request), failures=failures)

    def logout(self, request: HttpRequest) -> None:
        """Close the session and note it."""
        person = getattr(request.user, "person", None)
        super().logout(request)
        if person is not None:
            sessions.logged_out(person, address=address_of(request))

    def set_password(self, user: Any, password: str) -> None:
        """Set a password that the person chose, and note it."""
        sessions.change_password(user, password)

    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None, *args: Any, **kwargs: Any
    ) -> None:
        """Pass on what is worth a line; that one is logged in can be seen."""
        if message_template not in ("account/messages/logged_in.txt", "account/messages/logged_out.txt"):
            super().add_message(request, level, message_template, *args, **kwargs)

    def send_notification_mail(self, template_prefix: str, user: Any, *args: Any, **kwargs: Any) -> None:
        """Note a change of second factors in the ledger and the person's inbox; nothing is mailed."""
        if what := SECOND_FACTORS.get(template_prefix):
            sessions.second_factor_changed(user, what)

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address for allauth's rate limits."""
        return address_of(request) or "0.0.0.0"  # noqa: S104 — no socket is bound here


class SecondFactors(DefaultMFAAdapter):
    """Second factors: the secret of an authenticator app is kept encrypted under the installation's key."""

    def get_totp_issuer(self) -> str:
        """Return the name shown by authenticator apps."""
        return "OpenCRDMO"

    def encrypt(self, text: str) -> str:
        """Return a secret as it is stored."""
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return a stored secret."""
        return _cipher().decrypt(encrypted_text.encode()).decode()


def _cipher() -> Fernet:
    key = HKDF(hashes.SHA256(), 32, salt=None, info=b"crdmo second factors").derive(settings.SECRET_KEY.encode())
    return Fernet(base64.urlsafe_b64encode(key))


class SingleSignOn(DefaultSocialAccountAdapter):
    """OpenID Connect: the provider says who it is; only people who are entered here come in."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Nobody is entered by single sign-on."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Bind the provider's subject to the person with the same user id, at the first time.

        Raises:
            NotPermitted: no such person, deactivated, or bound to another subject before.
        """
        if sociallogin.is_existing:
            return
        claims = sociallogin.account.extra_data
        claims = claims.get("userinfo") or claims.get("id_token") or claims
        wanted = str(claims.get("preferred_username") or claims.get("sub") or "").strip().lower()
        login = Login.objects.filter(user_id=wanted).first() if wanted else None
        subject = sociallogin.account
        bound = login is not None and SocialAccount.objects.filter(user=login, provider=subject.provider).exists()
        if login is None or not login.is_active or bound:
            lockout.note_unknown(wanted, "single sign-on", address_of(request))
            raise NotPermitted(
                "single sign-on knows you, this installation does not", given=wanted or "no user id",
                allowed="people who were entered here under the same user id",
                next="Ask an administrator of your organization to enter you",
            )  # fmt: skip
        sociallogin.connect(request, login)
        sessions.note(login.person, "accounts.single_sign_on_bound", {"subject": str(sociallogin.account.uid)})
