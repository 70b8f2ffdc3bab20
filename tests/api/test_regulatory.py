"""Regulatory affairs by program: place documents, validate, read; nothing is signed or published by a token."""

from __future__ import annotations

import io
import zipfile

import pytest

from crdmo.services.regulatory.models import Leaf
from tests.api.asker import Asker
from tests.services.regulatory.conftest import Office, office  # noqa: F401 — a fixture

HOME = "programs/CRD-101/regulatory/"


def test_a_walk_from_a_document_to_a_validated_sequence_and_its_package(office: Office) -> None:  # noqa: F811
    made = office.sequence()
    office.effective("SPEC-1")
    ask = Asker(office.publisher)
    place = f"{HOME}applications/{made.application.code}/0000"
    told = ask.post(f"{place}/leaves", {"section": "3.2.S.4.1", "document": "SPEC-1"})
    assert told.status_code == 200, told.content
    assert told.json()["attributes"] == {"substance": "Velatide", "manufacturer": "Northbridge"}
    assert ask.get(f"{HOME}leaves/{told.json()['id']}/file").content.startswith(b"%PDF-")
    found = ask.post(f"{place}/validate", {}).json()
    assert (found["errors"], found["findings"][0]["criterion"]) == (0, "ECTD-A08")
    read = ask.get(place).json()
    assert read["state"] == "validated" and "4.2.3" in read["missing"]
    assert ask.get(f"{place}/package.zip").status_code == 404
    made.refresh_from_db()
    office.published(made)
    data = Asker(office.sponsor).get(f"{place}/package.zip").content
    assert zipfile.is_zipfile(io.BytesIO(data))
    assert ask.get(f"{HOME}sequences?state=published").json()["items"][0]["digest"].startswith("sha256:")
    assert b"123456" in ask.get(f"{HOME}applications?format=csv").content
    assert ask.get(f"{HOME}questions").json() == {"items": [], "next": None}
    assert ask.get(f"{HOME}clocks").json() == {"items": [], "next": None}


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"section": "9.9", "document": "SPEC-1"}, 422),
        ({"section": "3.2.S.4.1", "document": "NONE-1"}, 404),
        ({"section": "3.2.S.4.1", "document": "SPEC-1", "operation": "replace"}, 422),
        ({"section": "3.2.S.4.1", "document": "SPEC-1", "more": "x"}, 422),
    ],
)
def test_a_body_that_does_not_fit_is_refused(
    office: Office,  # noqa: F811
    given: dict[str, str],
    status: int,
) -> None:
    made = office.sequence()
    office.effective("SPEC-1")
    place = f"{HOME}applications/{made.application.code}/0000/leaves"
    assert Asker(office.publisher).post(place, given).status_code == status
    assert Asker(office.sponsor).post(place, given).status_code in (403, 422)
    assert Leaf.objects.count() == 0
