"""A passkey signs in place of the password: with the user id at first, alone later in the session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from allauth.core import context
from django.contrib.sessions.backends.db import SessionStore
from django.test import RequestFactory

from crdmo.foundation.accounts import lockout
from crdmo.foundation.accounts.models import Login
from crdmo.foundation.signing import Credentials, CredentialsRefused, passkeys
from tests.foundation.signing.desk import Desk, another_version, signed
from tests.foundation.signing.passkey import HOST, Passkey


@pytest.fixture
def session(db: None) -> Iterator[str]:
    """A request in a log-in, where allauth keeps the challenge."""
    request = RequestFactory().get("/", headers={"host": HOST}, secure=True)
    request.session = SessionStore()
    request.session.create()
    with context.request_context(request):
        yield str(request.session.session_key)


@pytest.fixture
def login(desk: Desk) -> Login:
    return Login.objects.get(person=desk.reviewer)


def test_id_and_passkey_sign_first_and_the_passkey_alone_later(desk: Desk, login: Login, session: str) -> None:
    key = Passkey(login)
    first = Credentials(login.user_id, "", session, passkey=key.answer(passkeys.challenge(login)))
    assert signed(desk.reviewer, [desk.version], credentials=first)[0].components == "id+passkey"
    later = Credentials("", "", session, passkey=key.answer(passkeys.challenge(login)))
    assert signed(desk.reviewer, [another_version(desk)], credentials=later)[0].components == "passkey"


def test_an_answer_is_used_once(desk: Desk, login: Login, session: str) -> None:
    answer = Passkey(login).answer(passkeys.challenge(login))
    signed(desk.reviewer, [desk.version], credentials=Credentials(login.user_id, "", session, passkey=answer))
    with pytest.raises(CredentialsRefused, match="passkey was not accepted"):
        signed(desk.reviewer, [another_version(desk)], credentials=Credentials("", "", session, passkey=answer))
    assert lockout.failures(login.user_id) == 1


def test_the_passkey_of_somebody_else_is_refused(desk: Desk, login: Login, session: str) -> None:
    Passkey(login)
    foreign = Passkey(Login.objects.get(person=desk.approver))
    answer = foreign.answer(passkeys.challenge(login))
    with pytest.raises(CredentialsRefused, match="passkey was not accepted"):
        signed(desk.reviewer, [desk.version], credentials=Credentials(login.user_id, "", session, passkey=answer))


def test_an_answer_to_no_challenge_is_refused(desk: Desk, login: Login, session: str) -> None:
    key = Passkey(login)
    answer = key.answer({"publicKey": {"challenge": "AAAAAAAAAAAAAAAAAAAAAA"}})
    with pytest.raises(CredentialsRefused, match="passkey was not accepted"):
        signed(desk.reviewer, [desk.version], credentials=Credentials(login.user_id, "", session, passkey=answer))


@pytest.mark.parametrize("answer", [{}, {"id": "x"}, {"response": None}])
def test_a_malformed_answer_is_refused(desk: Desk, login: Login, session: str, answer: dict[str, object]) -> None:
    Passkey(login)
    passkeys.challenge(login)
    with pytest.raises(CredentialsRefused, match="passkey was not accepted"):
        signed(desk.reviewer, [desk.version], credentials=Credentials(login.user_id, "", session, passkey=answer))


def test_who_has_no_passkey_cannot_sign_with_one(desk: Desk, login: Login, session: str) -> None:
    with pytest.raises(CredentialsRefused, match="passkey was not accepted"):
        signed(desk.reviewer, [desk.version], credentials=Credentials(login.user_id, "", session, passkey={"id": "x"}))


def test_outside_a_request_no_passkey_is_accepted(desk: Desk, login: Login) -> None:
    Passkey(login)
    with pytest.raises(CredentialsRefused, match="passkey was not accepted"):
        signed(desk.reviewer, [desk.version], credentials=Credentials(login.user_id, "", "k", passkey={"id": "x"}))
