"""How the API says no: problem+json for everything, the same words as pages, and nothing written."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from crdmo.foundation.accounts import authority, tokens
from crdmo.foundation.accounts.models import ApiToken, Login
from crdmo.foundation.ledger.models import Entry
from crdmo.web import door
from tests import factories
from tests.api.asker import ROOT

NEW = "programs/CRD-101/lots/new"
LOT = {"substance": "VT-20", "amount": "10", "unit": "{tablet}"}


def problem(answer, status: int) -> dict:
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    found = answer.json()
    assert found["status"] == status
    assert {"type", "title", "detail"} <= set(found)
    return found


def test_nobody_is_told_to_bring_a_token(lab) -> None:
    answer = Client().get(ROOT + "me")
    problem(answer, 401)
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("header", ["Bearer crdmo_wrong", "Basic Zm9vOmJhcg==", "Bearer"])
def test_what_is_no_token_opens_nothing(lab, header: str) -> None:
    problem(Client().get(ROOT + "me", headers={"Authorization": header}), 403)


@pytest.mark.clause("21 CFR 11.300(c)")
def test_a_token_that_has_ended_or_was_revoked_opens_nothing(lab, ask) -> None:
    ended, revoked = ask(), ask()
    ApiToken.objects.filter(pk=ended.token.pk).update(expires=dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1))
    tokens.revoke(lab.analyst, revoked.token)
    problem(ended.get("me"), 403)
    problem(revoked.get("me"), 403)


def test_a_token_that_only_reads_writes_nothing(lab, ask) -> None:
    asker = ask(lab.keeper, "read")
    before = Entry.objects.count()
    found = problem(asker.post(NEW, LOT), 403)
    assert (found["given"], found["allowed"]) == ("read", "write")
    assert Entry.objects.count() == before


@pytest.mark.clause("21 CFR 11.10(d)")
def test_a_cookie_writes_nothing_without_a_token(lab) -> None:
    client = Client()
    client.force_login(
        Login.objects.get(person=lab.keeper), backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    problem(client.post(ROOT + NEW, LOT, content_type="application/json"), 401)


@pytest.mark.clause("21 CFR 11.200(a)")
def test_no_route_needs_a_signature_so_that_a_token_never_signs() -> None:
    verbs = {verb for name, page in door.table().items() if page.api for verb in page.verbs}
    assert verbs and not [verb for verb in verbs if authority.TABLE[verb].signs]


@pytest.mark.parametrize(
    "path",
    ["nothing", "records/not-a-uuid", "programs/CRD-101/nothing", "programs/CRD-101/lots/NONE", "programs/NONE/lots"],
)
def test_what_is_not_there_is_a_problem_in_json_for_whatever_a_program_accepts(lab, ask, path: str) -> None:
    asker = ask()
    for accepts in ("application/json", "*/*", "text/html"):
        assert problem(asker.get(path, Accept=accepts), 404)["type"].endswith("#not-found")


@pytest.mark.parametrize(
    ("method", "path"),
    [("put", "me"), ("delete", NEW), ("get", NEW), ("patch", "programs"), ("options", "me"), ("trace", "me")],
)
def test_a_method_that_an_address_does_not_take_is_named_with_those_it_takes(lab, ask, method: str, path: str) -> None:
    asker = ask(lab.keeper)
    answer = asker.client.generic(method.upper(), ROOT + path, headers=asker.headers)
    problem(answer, 405)
    assert answer["Allow"] == ("POST" if path == NEW else "GET")


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff\xfe", b"null", b'{"substance": NaN}'])
def test_a_body_that_cannot_be_read_is_refused(lab, ask, body: bytes) -> None:
    asker = ask(lab.keeper)
    answer = asker.client.post(ROOT + NEW, body, content_type="application/json", headers=asker.headers)
    assert answer.status_code in (400, 422)
    problem(answer, answer.status_code)


def test_a_form_that_is_torn_is_refused(lab, ask) -> None:
    asker = ask()
    answer = asker.client.generic(
        "POST",
        ROOT + "programs/CRD-101/quality/analyses/new",
        b"--x\r\n",
        headers=asker.headers,
        content_type="multipart/form-data; boundary=y",
    )
    assert answer.status_code in (400, 422)
    problem(answer, answer.status_code)


def test_a_rule_of_the_workflow_answers_409_and_is_noted(lab, ask) -> None:
    sample = lab.sample(lab.lot())
    asker = ask(lab.keeper)
    before = Entry.objects.count()
    found = problem(
        asker.post(f"programs/CRD-101/samples/{sample.code}/receive", {"location": "R3", "condition": "intact"}), 409
    )
    assert "was received before" in found["what"]
    assert [e.record_type for e in Entry.objects.order_by("seq")[before:]] == ["ledger.refusal"]


def test_a_refusal_under_a_key_stays_noted(lab, ask) -> None:
    """The transaction that keeps the answer must not undo the note."""
    sample = lab.sample(lab.lot())
    asker = ask(lab.keeper)
    path = f"programs/CRD-101/samples/{sample.code}/receive"
    problem(asker.post(path, {"location": "R3", "condition": "intact"}, Idempotency_Key="k"), 409)
    assert Entry.objects.filter(record_type="ledger.refusal").count() == 1


def test_an_amount_that_cannot_be_names_its_place(lab, ask) -> None:
    found = problem(ask(lab.keeper).post(NEW, {**LOT, "amount": "ten"}), 422)
    assert found["errors"] == [{"pointer": "/amount", "detail": "not a number"}]


def test_a_foreign_program_cannot_be_written_to_and_answers_as_none(lab, ask) -> None:
    factories.program("OTHER-1", owner=factories.sponsor("OTHER"), with_=factories.partner("OTHERLAB"))
    asker = ask(lab.keeper)
    before = Entry.objects.count()
    there, nowhere = (asker.post(f"programs/{code}/lots/new", LOT) for code in ("OTHER-1", "NONE-1"))
    assert problem(there, 404) == problem(nowhere, 404)
    assert Entry.objects.count() == before
