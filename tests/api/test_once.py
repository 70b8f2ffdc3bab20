"""A request with an Idempotency-Key acts once, however often it is sent."""

from __future__ import annotations

import random
import threading

import pytest
from django.db import connections

from crdmo.common.materials.models import Lot
from crdmo.foundation.ledger.models import Entry
from crdmo.web.models import GivenAnswer
from tests.api.asker import Asker
from tests.services.quality import lab as laboratory

NEW = "programs/CRD-101/lots/new"


def lot(code: str, amount: str = "10") -> dict[str, str]:
    return {"substance": "VT-20", "code": code, "amount": amount, "unit": "{tablet}"}


def test_the_same_key_and_body_give_the_same_answer_and_one_record(lab, ask) -> None:
    asker = ask(lab.keeper)
    first, second = (asker.post(NEW, lot("L-1"), Idempotency_Key="k-1") for _ in range(2))
    assert first.content == second.content
    assert (first.get("Idempotent-Replay"), second["Idempotent-Replay"]) == (None, "true")
    assert Lot.objects.filter(code="L-1").count() == 1


def test_the_same_key_with_another_body_or_address_is_refused(lab, ask) -> None:
    asker = ask(lab.keeper)
    asker.post(NEW, lot("L-1"), Idempotency_Key="k-1")
    assert asker.post(NEW, lot("L-2"), Idempotency_Key="k-1").status_code == 422
    assert asker.post("programs/CRD-101/samples/new", lot("L-1"), Idempotency_Key="k-1").status_code == 422
    assert list(Lot.objects.values_list("code", flat=True)) == ["L-1"]


def test_a_refused_request_may_be_sent_again_under_its_key(lab, ask) -> None:
    asker = ask(lab.keeper)
    assert asker.post(NEW, lot("L-1", "ten"), Idempotency_Key="k-1").status_code == 422
    assert not GivenAnswer.objects.exists()
    assert asker.post(NEW, lot("L-1"), Idempotency_Key="k-1").status_code == 200


def test_keys_of_two_people_have_nothing_to_do_with_each_other(lab, ask) -> None:
    ask(lab.keeper).post(NEW, lot("L-1"), Idempotency_Key="k-1")
    assert ask(lab.supervisor).post(NEW, lot("L-2"), Idempotency_Key="k-1").json()["code"] == "L-2"


def test_a_key_that_is_too_long_is_refused(lab, ask) -> None:
    assert ask(lab.keeper).post(NEW, lot("L-1"), Idempotency_Key="k" * 129).status_code == 422
    assert not Lot.objects.exists()


def test_an_upload_sent_again_is_known_by_its_parts(lab, ask) -> None:
    table = b"day,run,y\n" + b"".join(
        f"{d},{r},{70 + d + r * 0.1 + i * 0.01}\n".encode() for d in range(1, 6) for r in (1, 2) for i in (1, 2)
    )
    asker, fields = ask(), {"kind": "precision", "title": "Repeatability"}
    answers = [
        asker.upload("programs/CRD-101/quality/analyses/new", ("p.csv", table), fields, Idempotency_Key="u-1")
        for _ in range(2)
    ]
    assert [a.status_code for a in answers] == [200, 200], answers[0].content
    assert answers[0].content == answers[1].content
    other = asker.upload(
        "programs/CRD-101/quality/analyses/new", ("p.csv", table + b"6,1,77\n"), fields, Idempotency_Key="u-1"
    )
    assert other.status_code == 422


def test_a_request_that_breaks_in_between_leaves_neither_record_nor_answer(lab, ask, monkeypatch) -> None:
    """As a cut power line would: the act is done, its answer is not yet kept."""
    asker = ask(lab.keeper)

    def cut(self: GivenAnswer, **more: object) -> None:
        raise ConnectionAbortedError("the line is cut")

    before = Entry.objects.count()
    with monkeypatch.context() as patched:
        patched.setattr(GivenAnswer, "save", cut)
        # `create` saves as well: the claim itself is written by hand.
        patched.setattr(
            GivenAnswer.objects, "create", lambda **given: GivenAnswer.objects.bulk_create([GivenAnswer(**given)])[0]
        )
        with pytest.raises(ConnectionAbortedError, match="cut"):
            asker.post(NEW, lot("L-1"), Idempotency_Key="k-1")
    assert (Lot.objects.count(), Entry.objects.count(), GivenAnswer.objects.count()) == (0, before, 0)
    assert asker.post(NEW, lot("L-1"), Idempotency_Key="k-1").status_code == 200


def test_a_thousand_random_retries_give_each_record_once(lab, ask) -> None:
    asker, chance = ask(lab.keeper), random.Random(20261124)
    sent = [chance.randrange(60) for _ in range(1000)]
    answers = {}
    for number in sent:
        answer = asker.post(NEW, lot(f"L-{number}"), Idempotency_Key=f"k-{number}")
        assert answer.status_code == 200
        assert answers.setdefault(number, answer.content) == answer.content
    assert Lot.objects.count() == len(set(sent))


def test_four_at_the_same_moment_act_once(installation, settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    asker, found = Asker(laboratory.make().keeper), []

    def send() -> None:
        try:
            found.append(asker.post(NEW, lot("L-1"), Idempotency_Key="k-1").content)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(found) == 4 and len(set(found)) == 1
    assert Lot.objects.count() == 1
