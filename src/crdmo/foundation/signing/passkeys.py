"""Signing with a passkey: the authenticator answers a challenge of the server instead of a password.

The challenge lies in the log-in's own session and is used once; allauth's WebAuthn code checks the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth
from django.core.exceptions import ValidationError

from crdmo.foundation.accounts.models import Login


def has(login: Login) -> bool:
    """Say whether the person has registered a passkey."""
    return bool(Authenticator.objects.filter(user=login, type=Authenticator.Type.WEBAUTHN).exists())


def challenge(login: Login) -> dict[str, Any]:
    """Return the options for `navigator.credentials.get`, and keep their challenge in the session of the request."""
    return dict(auth.begin_authentication(login))


def holds(login: Login, response: Mapping[str, Any]) -> bool:
    """Say whether the answer was given to our challenge by one of the person's own passkeys."""
    if context.request is None or not has(login):
        return False
    try:
        auth.complete_authentication(login, dict(response))
    except (ValidationError, ValueError, KeyError, TypeError):
        return False
    return True
