"""The description: valid, complete, and also a page that needs nothing from outside."""

from __future__ import annotations

import re

import openapi_spec_validator as validator
import pytest
from django.test import Client
from django.urls import reverse

from crdmo.foundation.accounts.models import Login
from crdmo.web import door


@pytest.fixture
def document(lab, ask) -> dict:
    return ask().get("openapi.json").json()


def operations(document: dict) -> list[tuple[str, str, dict]]:
    return [(path, method, one) for path, methods in document["paths"].items() for method, one in methods.items()]


def test_the_document_is_valid_openapi_3_1(document) -> None:
    validator.validate(document)
    assert document["openapi"].startswith("3.1")


def test_every_address_of_the_api_is_described(document) -> None:
    described = {re.sub(r"{[^}]*}", "{}", path) for path in document["paths"]}
    there = {"/" + re.sub(r"<[^>]*>", "{}", one.route) for one in door.addresses() if one.name.startswith("api:")}
    assert there - described == {"/api/v1/", "/api/v1/openapi.json"}
    assert described <= there


def test_every_operation_describes_its_answer_its_refusals_and_its_token(document) -> None:
    assert document["security"] == [{"bearer": []}]
    for path, method, one in operations(document):
        assert one["responses"]["200"]["content"], path
        assert {"401", "403", "404", "422"} <= set(one["responses"]), path
        assert one["description"], path
        headers = {p["name"] for p in one["parameters"] if p["in"] == "header"}
        assert ("Idempotency-Key" in headers) == (method == "post"), path


def test_no_two_operations_share_a_name(document) -> None:
    names = [one["operationId"] for *_, one in operations(document)]
    assert len(names) == len(set(names))


def test_the_page_lists_every_operation_and_asks_nothing_from_outside(lab, document) -> None:
    client = Client()
    client.force_login(
        Login.objects.get(person=lab.analyst), backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    answer = client.get(reverse("api_operations"))
    text = answer.content.decode()
    assert answer.status_code == 200
    assert [one["operationId"] for *_, one in operations(document) if f'id="{one["operationId"]}"' not in text] == []
    assert not re.search(r'(?:src|href)="(?:https?:)?//', text)
    assert "script-src 'self';" in answer["Content-Security-Policy"]
