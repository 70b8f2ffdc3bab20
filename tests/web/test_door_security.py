"""Second factors: the authenticator app, passkeys, recovery codes; and tokens for programs."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.core.cache import cache
from django.test import Client
from fido2.utils import websafe_encode

from crdmo.foundation.accounts import lockout, notices, workflow
from crdmo.foundation.accounts.models import ApiToken, Person
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger.models import Entry
from tests import factories
from tests.foundation.signing.passkey import Passkey

pytestmark = pytest.mark.django_db
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # the secret of RFC 6238, appendix B, in base 32


@pytest.fixture
def ann() -> Person:
    person = factories.person(Role.ANALYST, user_id="ann", printed_name="Ann Analyst")
    factories.login(person)
    return person


def log_in(client: Client) -> Any:
    return client.post("/login/", {"login": "ann", "password": factories.PASSWORD})


@pytest.fixture
def desk(ann: Person) -> Client:
    client = Client()
    log_in(client)
    return client


def events(kind: str) -> list[dict]:
    return [json.loads(bytes(e.body)) for e in Entry.objects.filter(record_type=kind).order_by("seq")]


def code(secret: str = SECRET, at: float | None = None) -> str:
    return totp.format_hotp_value(totp.hotp_value(secret, int(at or time.time()) // 30))


def prove(client: Client, then: str) -> Any:
    return client.post(f"/account/prove/?next={then}", {"password": factories.PASSWORD})


@pytest.mark.parametrize(
    ("at", "printed"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_one_time_codes_are_those_printed_in_rfc_6238(settings, at: int, printed: str) -> None:
    settings.MFA_TOTP_DIGITS = 8
    assert totp.format_hotp_value(totp.hotp_value(SECRET, at // 30)) == printed


def with_app(person: Person) -> Authenticator:
    return totp.TOTP.activate(person.login, SECRET).instance


def test_an_app_is_added_after_the_password_was_proven(
    desk: Client, ann: Person, django_capture_on_commit_callbacks
) -> None:
    url = "/account/security/app/add/"
    assert desk.get(url)["Location"] == f"/account/prove/?next={url.replace('/', '%2F')}"
    assert prove(desk, url)["Location"] == url
    page = desk.get(url)
    assert "data:image/svg+xml;base64," in page.content.decode()
    secret = desk.session[totp.SECRET_SESSION_KEY]
    with django_capture_on_commit_callbacks(execute=True):
        assert desk.post(url, {"code": code(secret)})["Location"] == "/account/security/codes/"
    assert "authenticator app added" in {e["state"]["what"] for e in events("accounts.second_factor_changed")}
    assert any("authenticator app added" in n.text for n in notices.unread(ann))


def test_the_secret_of_an_app_is_not_readable_in_the_database(ann: Person) -> None:
    kept = json.dumps(with_app(ann).data)
    assert SECRET not in kept
    assert with_app(factories.person(Role.QA)).wrap().validate_code(code())


def test_who_has_an_app_gives_its_code_after_the_password(ann: Person) -> None:
    with_app(ann)
    client = Client()
    assert log_in(client)["Location"] == "/login/second-factor/"
    assert client.get("/inbox/").status_code == 302
    assert client.post("/login/second-factor/", {"code": code()}).status_code == 302
    assert client.get("/inbox/").status_code == 200
    assert events("accounts.logged_in")[0]["state"]["methods"] == ["password", "totp"]


def test_a_code_works_once(ann: Person) -> None:
    with_app(ann)
    one, two = Client(), Client()
    used = code()
    log_in(one)
    one.post("/login/second-factor/", {"code": used})
    log_in(two)
    two.post("/login/second-factor/", {"code": used})
    assert one.get("/inbox/").status_code == 200 and two.get("/inbox/").status_code == 302


@pytest.mark.clause("21 CFR 11.300(d)")
def test_wrong_codes_lock_as_wrong_passwords_do(ann: Person) -> None:
    with_app(ann)
    client = Client()
    log_in(client)
    for _ in range(5):
        client.post("/login/second-factor/", {"code": "000000"})
    assert lockout.is_locked("ann") and len(events("accounts.locked")) == 1
    cache.clear()
    answer = client.post("/login/second-factor/", {"code": code()})
    assert answer.status_code == 200 and "account is locked" in answer.content.decode()
    assert client.get("/inbox/").status_code == 302


def test_logging_in_again_does_not_forget_wrong_codes(ann: Person) -> None:
    with_app(ann)
    for _ in range(4):
        client = Client()
        log_in(client)
        client.post("/login/second-factor/", {"code": "000000"})
    assert lockout.failures("ann") == 4


def test_a_recovery_code_opens_once(ann: Person) -> None:
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

    with_app(ann)
    spare = RecoveryCodes.activate(ann.login).get_unused_codes()[0]
    for number, status in ((1, 200), (2, 302)):
        client = Client()
        log_in(client)
        client.post("/login/second-factor/", {"code": spare})
        assert client.get("/inbox/").status_code == status, number


def test_going_on_after_a_time_out_asks_for_the_code_too(ann: Person) -> None:
    from crdmo.foundation.accounts import sessions

    with_app(ann)
    client = Client()
    log_in(client)
    client.post("/login/second-factor/", {"code": code()})
    cache.clear()
    session = client.session
    session[sessions.SEEN] = time.time() - 3600
    session.save()
    sent = {"password": factories.PASSWORD}
    answer = client.post("/session/renew/", sent, headers={"Accept": "*/*"})
    assert answer.status_code == 422 and answer.json()["errors"][0]["pointer"] == "/totp"
    answer = client.post("/session/renew/", {**sent, "totp": "000000"}, headers={"Accept": "*/*"})
    assert answer.status_code == 422 and lockout.failures("ann") == 1
    assert client.post("/session/renew/", {**sent, "totp": code()}, headers={"Accept": "*/*"}).status_code == 200


def test_an_app_is_removed_and_the_removal_noted(desk: Client, ann: Person) -> None:
    with_app(ann)
    prove(desk, "/account/security/")
    assert desk.post("/account/security/app/remove/").status_code == 302
    assert not Authenticator.objects.filter(user=ann.login).exists()
    assert events("accounts.second_factor_changed")[-1]["state"]["what"] == "authenticator app removed"


@pytest.mark.clause("21 CFR 11.300(c)")
def test_an_administrator_removes_lost_factors_and_the_identity_waits(ann: Person) -> None:
    with_app(ann)
    workflow.remove_second_factors(factories.person(Role.ADMINISTRATOR), ann, reason="telephone lost")
    ann.refresh_from_db()
    assert not ann.identity_verified and not Authenticator.objects.filter(user=ann.login).exists()
    assert events("accounts.second_factors_removed")


def passkey_log_in(client: Client, key: Passkey, person: Person) -> Any:
    options = client.get("/login/passkey/", headers={"X-Requested-With": "XMLHttpRequest"}).json()["request_options"]
    answer = key.answer(options)
    answer["response"]["userHandle"] = websafe_encode(user_pk_to_url_str(person.login).encode())
    return client.post("/login/passkey/", {"credential": json.dumps(answer)})


def test_a_passkey_opens_without_password(client: Client, ann: Person) -> None:
    assert passkey_log_in(client, Passkey(ann.login), ann).status_code == 302
    assert client.get("/inbox/").status_code == 200
    assert events("accounts.logged_in")[0]["state"]["methods"] == ["webauthn"]


def test_a_passkey_of_a_locked_account_opens_nothing(client: Client, ann: Person) -> None:
    key = Passkey(ann.login)
    for _ in range(5):
        client.post("/login/", {"login": "ann", "password": "wrong"})
    answer = passkey_log_in(client, key, ann)
    assert answer.status_code == 403 and client.get("/inbox/").status_code == 302


def test_a_passkey_of_another_opens_nothing(client: Client, ann: Person) -> None:
    other = Passkey(factories.person(Role.QA).login)
    passkey_log_in(client, other, ann)
    assert client.get("/inbox/").status_code == 302


def test_a_token_is_shown_once(desk: Client) -> None:
    answer = desk.post("/account/tokens/new/", {"name": "bridge", "scopes": ["read"], "days": "30"})
    token = ApiToken.objects.get()
    assert token.prefix in answer.content.decode()
    assert 'id="token-text">crdmo_' in answer.content.decode()
    assert "token-text" not in desk.get("/account/security/").content.decode()


def test_a_token_is_revoked_by_its_owner_only(desk: Client, ann: Person) -> None:
    desk.post("/account/tokens/new/", {"name": "bridge", "scopes": ["read"], "days": "30"})
    prefix = ApiToken.objects.get().prefix
    other = Client()
    other.force_login(factories.person(Role.QA).login, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert other.post(f"/account/tokens/{prefix}/revoke/").status_code == 404
    assert desk.post(f"/account/tokens/{prefix}/revoke/").status_code == 302
    assert ApiToken.objects.get().revoked is not None
