"""People who have a one-time code give it at the first signing of a session."""

from __future__ import annotations

import time

import pytest
from allauth.mfa.totp.internal import auth
from django.core.cache import cache

from crdmo.foundation.accounts import lockout
from crdmo.foundation.accounts.models import Login, Person
from crdmo.foundation.refusals import Invalid
from crdmo.foundation.signing import Credentials, CredentialsRefused
from tests.foundation.signing.desk import Desk, another_version, both, log_in, one, signed

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # the secret of RFC 6238 appendix B, in base 32


@pytest.fixture
def reviewer(desk: Desk) -> Person:
    cache.clear()  # where used codes are remembered, by the number of the account
    auth.TOTP.activate(Login.objects.get(person=desk.reviewer), SECRET)
    return desk.reviewer


def code(steps: int = 0) -> str:
    return auth.format_hotp_value(auth.hotp_value(SECRET, int(time.time()) // 30 + steps))


def test_the_first_signing_needs_the_code_too(desk: Desk, reviewer: Person) -> None:
    with pytest.raises(Invalid, match="needs the code"):
        signed(reviewer, [desk.version], credentials=both(reviewer, log_in()))


def test_id_password_and_code_sign(desk: Desk, reviewer: Person) -> None:
    made = signed(reviewer, [desk.version], credentials=both(reviewer, log_in(), totp=code()))
    assert made[0].components == "id+password+totp"


def test_later_in_the_session_the_password_is_enough(desk: Desk, reviewer: Person) -> None:
    key = log_in()
    signed(reviewer, [desk.version], credentials=both(reviewer, key, totp=code()))
    assert signed(reviewer, [another_version(desk)], credentials=one(key))[0].components == "password"


def test_a_wrong_code_is_refused_and_counted(desk: Desk, reviewer: Person) -> None:
    wrong = f"{(int(code(50)) + 1) % 1000000:06d}"
    with pytest.raises(CredentialsRefused, match="one-time code is wrong"):
        signed(reviewer, [desk.version], credentials=both(reviewer, log_in(), totp=wrong))
    assert lockout.failures(reviewer.user_id) == 1


def test_a_code_signs_once(desk: Desk, reviewer: Person) -> None:
    used = code()
    signed(reviewer, [desk.version], credentials=both(reviewer, log_in(), totp=used))
    with pytest.raises(CredentialsRefused, match="was used before"):
        signed(reviewer, [another_version(desk)], credentials=both(reviewer, log_in(), totp=used))


def test_a_wrong_password_does_not_spend_the_code(desk: Desk, reviewer: Person) -> None:
    now = code()
    with pytest.raises(CredentialsRefused, match="password is wrong"):
        signed(reviewer, [desk.version], credentials=Credentials(reviewer.user_id, "wrong", log_in(), now))
    assert signed(reviewer, [desk.version], credentials=both(reviewer, log_in(), totp=now))
