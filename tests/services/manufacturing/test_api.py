"""A program at the plant: it issues, logs, explains and reads; what is signed stays with people."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.core.cache import cache

from crdmo.foundation.accounts.models import Person
from crdmo.services.manufacturing.models import Batch, BatchException
from crdmo.web import door
from tests.api.asker import Asker
from tests.services.manufacturing.plant import Plant

HOME = "programs/CRD-101/manufacturing/"


@pytest.fixture
def ask(plant: Plant, settings) -> Iterator[Callable[[Person], Asker]]:
    settings.DOOR_STRICT = True
    cache.clear()
    yield Asker
    door.table.cache_clear()


def test_a_batch_is_walked_by_a_program_up_to_where_people_sign(plant: Plant, ask: Callable[[Person], Asker]) -> None:
    supervisor, operator, qa = ask(plant.supervisor), ask(plant.operator), ask(plant.qa)
    made = supervisor.post(HOME + "batches/new", {"master": "MBR-1", "lot": "B-5", "due_on": "2099-01-01"}).json()
    assert (made["code"], made["lot"], made["state"], made["master_version"]) == ("B-5", "B-5", "issued", 1)
    fit = {one["code"]: one["fit"] for one in operator.get(HOME + "equipment").json()["items"]}
    assert fit == {"SC-1": True, "R-1": True}
    failed = operator.post(
        HOME + "equipment/R-1/log", {"kind": "failure", "on": str(plant.today), "note": "Seal"}
    ).json()
    assert (failed["fit"], failed["why"]) == (False, "out of service")
    back = {"kind": "qualification", "on": str(plant.today), "due_on": "2099-01-01"}
    assert operator.post(HOME + "equipment/R-1/log", back).json()["fit"] is True
    batch = Batch.objects.get(code="B-5")
    plant.made(batch, ph="7.9")
    plant.complete(batch)
    (one,) = qa.get(HOME + "exceptions?batch=B-5").json()["items"]
    told = operator.post(HOME + f"exceptions/{one['id']}/explain", {"explanation": "The probe drifted."}).json()
    assert told["state"] == "explained"
    plant.review(batch)
    record = qa.get(HOME + "batches/B-5").json()
    assert record["yield"]["percent"] == "98.5" and record["exceptions"][0]["explanation"] == "The probe drifted."
    assert [line["code"] for line in qa.get(HOME + "batches?state=reviewed").json()["items"]] == ["B-5"]
    assert qa.get(HOME + "masters/MBR-1/1").json()["materials"][0]["quantity"] == "10"
    assert b",B-5,MBR-1,1,kg,98.5,true" in qa.get(HOME + "batches?format=csv").content


def test_what_is_refused_on_pages_is_refused_to_programs(plant: Plant, ask: Callable[[Person], Asker]) -> None:
    supervisor, operator = ask(plant.supervisor), ask(plant.operator)
    assert operator.post(HOME + "batches/new", {"master": "MBR-1"}).status_code == 403
    assert supervisor.post(HOME + "batches/new", {"master": "MBR-9"}).status_code == 404
    assert supervisor.post(HOME + "batches/new", {"master": "MBR-1", "size": "200"}).status_code == 422
    assert supervisor.post(HOME + "batches/new", {"master": "MBR-1", "lot": "B-5"}).status_code == 200
    assert supervisor.post(HOME + "batches/new", {"master": "MBR-1", "lot": "B-5"}).status_code == 422
    assert operator.post(HOME + "equipment/R-1/log", {"kind": "use", "on": str(plant.today)}).status_code == 422
    assert operator.get(HOME + "batches/B-6").status_code == 404
    key = "00000000-0000-7000-8000-000000000000"
    assert operator.post(HOME + f"exceptions/{key}/explain", {"explanation": "x"}).status_code == 404
    assert not BatchException.objects.exists()


def test_the_sponsor_reads_the_batch_and_not_the_plant(plant: Plant, ask: Callable[[Person], Asker]) -> None:
    plant.batch("B-5")
    sponsor = ask(plant.sponsor)
    assert sponsor.get(HOME + "batches/B-5").status_code == 200
    assert sponsor.get(HOME + "equipment").status_code == 403
