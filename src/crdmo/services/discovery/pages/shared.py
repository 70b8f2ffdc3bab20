"""What the pages of discovery share: their addresses, and files given safely."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse

from crdmo.foundation.accounts.models import Program
from crdmo.foundation.ledger.models import Record
from crdmo.web.request import PageRequest


def here(request: PageRequest) -> Program:
    """Return the program of the address."""
    assert request.program is not None
    return request.program


def at(request: PageRequest, name: str, **kwargs: object) -> str:
    """Return an address of the room."""
    return reverse(f"discovery:{name}", kwargs={"program": here(request).code, **kwargs})


def of(record: Record, name: str, code: str) -> str:
    """Return the address of a record's page."""
    assert record.program is not None
    return reverse(f"discovery:{name}", kwargs={"program": record.program.code, "code": code})


def file(data: bytes, name: str, media_type: str) -> HttpResponse:
    """Return bytes as a download."""
    response = HttpResponse(data, content_type=media_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
