"""Personal values: behind a commitment, erasable, and gone when erased, with the proof kept."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from crdmo.foundation.accounts.models import Person
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger import acts
from crdmo.foundation.ledger.acts import SYSTEM, act
from crdmo.foundation.ledger.models import Entry, Personal
from crdmo.foundation.ledger.verification import verify
from crdmo.foundation.refusals import Invalid, Refused
from tests import factories
from tests.foundation.ledger import house

pytestmark = pytest.mark.django_db
EMAIL = "ann.unmistakable@example.org"


@pytest.fixture(autouse=True)
def home(settings: Any, tmp_path: Path) -> None:
    settings.HOME = tmp_path


def ledger_text() -> bytes:
    return b"".join(bytes(body) for body in Entry.objects.values_list("body", flat=True))


def test_a_personal_value_stands_in_no_entry() -> None:
    ann = house.person(email=EMAIL)
    assert acts.personal(ann, "email") == EMAIL
    assert EMAIL.encode() not in ledger_text() and ann.email.encode() in ledger_text()


def test_a_commitment_cannot_be_guessed_from_the_value() -> None:
    one, two = house.person("ann", EMAIL), house.person("ben", EMAIL)
    assert one.email != two.email and one.email != hashlib.sha256(EMAIL.encode()).hexdigest()


def test_no_value_makes_no_commitment() -> None:
    ann = house.person(email="")
    assert ann.email == "" and acts.personal(ann, "email") is None and not Personal.objects.exists()


def test_a_changed_value_leaves_the_earlier_one_until_it_is_erased() -> None:
    ann = house.person(email=EMAIL)
    with act(SYSTEM, "test.change", "moved") as opened:
        opened.change(ann, email="new@example.org")
    assert acts.personal(ann, "email") == "new@example.org" and Personal.objects.count() == 2


@pytest.mark.clause("GDPR Art. 17")
def test_an_erased_value_is_gone_in_all_versions_and_the_proof_holds() -> None:
    ann = house.person(email=EMAIL)
    with act(SYSTEM, "test.change", "moved") as opened:
        opened.change(ann, email="new@example.org")
    acts.erase(SYSTEM, ann, "email", "request of 2026-11-24, Art. 17 GDPR")
    ann = Person.objects.get(pk=ann.pk)
    assert acts.personal(ann, "email") is None and not Personal.objects.exists()
    assert verify().holds


def test_an_erasure_is_on_record_with_its_reason_and_without_the_value() -> None:
    ann = house.person(email=EMAIL)
    acts.erase(SYSTEM, ann, "email", "request of today")
    body = house.bodies()[-1]
    assert (body["type"], body["reason"]) == ("ledger.erasure", "request of today")
    assert body["state"] == {
        "record": str(ann.id),
        "type": "accounts.person",
        "field": "email",
        "commitments": [ann.email],
    }


def test_an_erasure_needs_a_reason() -> None:
    with pytest.raises(Invalid, match="needs a reason"):
        acts.erase(SYSTEM, house.person(), "email", " ")


def test_what_is_not_there_cannot_be_erased() -> None:
    ann = house.person(email="")
    with pytest.raises(Refused, match="holds no email"):
        acts.erase(SYSTEM, ann, "email", "request")
    assert house.bodies()[-1]["type"] == "accounts.person"


def test_who_may_not_erase_erases_nothing() -> None:
    ann = house.person()
    with pytest.raises(Refused, match="may not erase"):
        acts.erase(factories.person(Role.ANALYST), ann, "email", "request")
    assert Personal.objects.count() == 1


@pytest.mark.skipif(house.NOT_SQLITE, reason="the file is the server's on PostgreSQL")
def test_an_erased_value_is_not_left_in_the_file(installation: Any) -> None:
    ann = house.person(email=EMAIL)
    files = [Path(installation.name), Path(installation.name + "-wal")]
    assert any(EMAIL.encode() in file.read_bytes() for file in files)
    acts.erase(SYSTEM, ann, "email", "request")
    connection.close()
    assert not any(EMAIL.encode() in file.read_bytes() for file in files if file.exists())
