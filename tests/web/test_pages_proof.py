"""The proof room: a bundle is made as a job, is whole, and goes to nobody but the person who asked for it."""

from __future__ import annotations

import io
import zipfile

import pytest

from crdmo.foundation.computing import Job
from tests import databases, factories
from tests.services.quality import lab as laboratory
from tests.web.house import Browser

PROOF = "/CRD-101/proof/"


@pytest.fixture
def lab(installation: databases.Installation, settings) -> laboratory.Lab:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return laboratory.make()


def work(installation: databases.Installation) -> None:
    """Let the worker do all that waits, as the process beside the server does."""
    process = installation.start("crdmo.foundation.computing.worker", "--batch")
    assert process.wait(timeout=120) == 0


@pytest.mark.drill
@pytest.mark.clause("21 CFR 11.10(b)")
def test_a_bundle_is_asked_for_made_and_fetched_by_its_owner_only(lab, installation) -> None:
    sponsor = Browser(lab.sponsor)
    asked = sponsor.post(PROOF, {"receiver": factories.sponsor().code})
    assert asked.status_code == 302, asked.content[:500]
    job = Job.objects.get()
    assert sponsor.get(f"/jobs/{job.pk}/").json()["state"] == "queued"
    work(installation)
    state = sponsor.get(f"/jobs/{job.pk}/").json()
    assert state["state"] == "done", state
    job.refresh_from_db()
    answer = sponsor.get(job.url)
    assert answer.status_code == 200
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        assert "verify.py" in archive.namelist() and archive.testzip() is None
    assert Browser(lab.qa).get(job.url).status_code == 404
    assert Browser(lab.qa).get(f"/jobs/{job.pk}/").status_code == 404


def test_a_sponsor_sends_no_bundle_to_another(lab) -> None:
    other = factories.sponsor("OTHER")
    answer = Browser(lab.sponsor).post(PROOF, {"receiver": other.code})
    assert answer.status_code == 403
    assert not Job.objects.exists()


def test_an_analyst_makes_no_bundle(lab) -> None:
    assert Browser(lab.analyst).post(PROOF, {"receiver": factories.sponsor().code}).status_code == 403
    assert not Job.objects.exists()


def test_the_room_shows_the_key_and_the_checkpoint(lab) -> None:
    from crdmo.foundation.ledger import checkpoints, keys

    made = checkpoints.sign()
    text = Browser(lab.sponsor).text(PROOF)
    assert keys.signer().verifier.text() in text
    assert str(made.size) in text
