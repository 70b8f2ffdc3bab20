"""A program that asks the API with a token."""

from __future__ import annotations

import json
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from crdmo.foundation.accounts import tokens
from crdmo.foundation.accounts.models import Person

ROOT = "/api/v1/"


class Asker:
    """One program with one token."""

    def __init__(self, person: Person, scopes: tuple[str, ...] = ("read", "write")) -> None:
        self.client = Client(raise_request_exception=True, enforce_csrf_checks=True)
        self.token, self.text = tokens.issue(person, name="program", scopes=list(scopes), days=1)
        self.headers = {"Authorization": f"Bearer {self.text}"}

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.client.get(ROOT + path, headers={**self.headers, **headers})

    def post(self, path: str, body: Any, **headers: str) -> HttpResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(
            ROOT + path, json.dumps(body), content_type="application/json", headers={**self.headers, **named}
        )

    def upload(
        self, path: str, file: tuple[str, bytes], fields: dict[str, str] | None = None, **headers: str
    ) -> HttpResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        data = {**(fields or {}), "file": SimpleUploadedFile(*file)}
        return self.client.post(ROOT + path, data, headers={**self.headers, **named})
