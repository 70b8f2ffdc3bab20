"""Writing: readings all or nothing, corrections of the version that was read, instrument files sealed as they came."""

from __future__ import annotations

import json

import pytest

from crdmo.foundation.datasets import store
from crdmo.foundation.ledger.models import Entry
from crdmo.services.quality import models
from crdmo.services.quality.models import Reading, Result
from crdmo.services.quality.workflow import testing
from tests.services.quality.lab import NAMES, areas

HOME = "programs/CRD-101/"


@pytest.fixture
def water(lab):
    """Return a run for water, and the samples that wait for it."""
    lot = lab.lot()
    return lab.run(lab.water), [lab.tests(lot)[1].sample.code for _ in range(3)]


def entry(sample: str, *values: str) -> dict:
    return {"sample": sample, "test": "Water", "values": list(values)}


def test_a_lot_a_sample_its_tests_a_run_and_its_results_by_program_alone(lab, ask) -> None:
    keeper, analyst = ask(lab.keeper), ask(lab.analyst)
    lot = keeper.post(HOME + "lots/new", {"substance": "VT-20", "amount": "500", "unit": "{tablet}"}).json()
    taken = {"lot": lot["code"], "purpose": "release", "amount": "20", "unit": "{tablet}", "taken_on": str(lab.today)}
    sample = keeper.post(HOME + "samples/new", taken).json()["code"]
    assert (
        keeper.post(HOME + f"samples/{sample}/receive", {"location": "R3", "condition": "intact"}).json()["state"]
        == "received"
    )
    tests = analyst.post(HOME + f"quality/samples/{sample}/tests", {"specification": lab.specification.code}).json()[
        "items"
    ]
    assert [t["test"] for t in tests] == ["Assay", "Water"]
    sheet = analyst.post(
        HOME + "quality/worksheets/new", {"method": "M-ASSAY", "instrument": "HPLC-1", "reagents": ["RS-1"]}
    ).json()
    ready = analyst.post(
        HOME + f"quality/worksheets/{sheet['code']}/controls", {"values": {"Tailing factor": "1.2"}}
    ).json()
    assert ready["state"] == "suitable"
    body = {"entries": [{"sample": sample, "test": "Assay", "values": list(areas("99.6")), "names": list(NAMES)}]}
    made = analyst.post(HOME + f"quality/worksheets/{sheet['code']}/results", body).json()["items"]
    assert [(one["rounded"], one["passes"], one["state"]) for one in made] == [("99.6", True, "entered")]
    assert Reading.objects.filter(source="api").count() == 4


def test_many_readings_are_entered_in_one_act(ask, water) -> None:
    sheet, samples = water
    answer = ask().post(
        HOME + f"quality/worksheets/{sheet.code}/results", {"entries": [entry(s, "2.31", "2.35") for s in samples]}
    )
    assert len(answer.json()["items"]) == 3
    acts = Entry.objects.filter(record_type="quality.reading").values_list("act", flat=True)
    assert len(set(acts)) == 1 and len(acts) == 6


def test_one_reading_that_cannot_be_taken_refuses_all_and_names_its_place(ask, water) -> None:
    sheet, samples = water
    asker, before = ask(), Entry.objects.count()
    body = {"entries": [entry(samples[0], "2.31", "2.35"), entry(samples[1], "2.31", "2,35x")]}
    answer = asker.post(HOME + f"quality/worksheets/{sheet.code}/results", body)
    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/entries/1/values/1"]
    assert Entry.objects.count() == before


@pytest.mark.parametrize(
    ("change", "place"),
    [({"values": "2.3"}, "values"), ({"note": "x"}, "note"), ({"sample": 7}, "sample"), ({"values": None}, "values")],
)
def test_a_body_that_does_not_fit_is_refused_with_its_place(ask, water, change: dict, place: str) -> None:
    sheet, samples = water
    answer = ask().post(
        HOME + f"quality/worksheets/{sheet.code}/results", {"entries": [{**entry(samples[0], "2.3", "2.4"), **change}]}
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].endswith(f"entries/0/{place}")
    assert not Result.objects.exists()


def reading_of(lab, water) -> Reading:
    sheet, samples = water
    test = models.Test.objects.get(sample__code=samples[0], criterion__name="Water")
    testing.enter_results(lab.analyst, sheet, [testing.Entry(test, ("2.31", "2.35"))])
    return Reading.objects.filter(test=test).order_by("replicate")[0]


def test_a_correction_of_the_version_that_was_read_is_taken(lab, ask, water) -> None:
    found = reading_of(lab, water)
    asker = ask()
    tag = asker.get(HOME + f"quality/readings/{found.pk}")["ETag"]
    body = {"value": "2.33", "reason": "Typed from the wrong line"}
    assert asker.post(HOME + f"quality/readings/{found.pk}/correct", body, If_Match=tag).status_code == 200
    found.refresh_from_db()
    assert (found.value, found.version) == ("2.33", 2)
    written = json.loads(bytes(Entry.objects.get(record_id=found.pk, version=2).body))
    assert written["reason"] == "Typed from the wrong line"


@pytest.mark.clause("21 CFR 11.10(e)")
def test_a_correction_of_an_older_version_answers_412_with_the_current_one(lab, ask, water) -> None:
    found = reading_of(lab, water)
    asker, path = ask(), HOME + f"quality/readings/{found.pk}/correct"
    asker.post(path, {"value": "2.33", "reason": "Typed from the wrong line", "version": 1})
    before = Entry.objects.count()
    answer = asker.post(path, {"value": "2.40", "reason": "Again"}, If_Match='"1"')
    assert (answer.status_code, answer.json()["current"]) == (412, 2)
    assert Entry.objects.count() == before
    assert asker.post(path, {"value": "2.40", "reason": "Again", "version": 1}).status_code == 412


def test_a_correction_that_names_no_version_or_two_is_refused(lab, ask, water) -> None:
    found = reading_of(lab, water)
    path, body = HOME + f"quality/readings/{found.pk}/correct", {"value": "2.33", "reason": "Typed from the wrong line"}
    assert ask().post(path, body).status_code == 422
    assert ask().post(path, {**body, "version": 2}, If_Match='"1"').status_code == 422


@pytest.mark.clause("21 CFR 11.10(e)")
def test_a_correction_without_a_reason_is_refused(lab, ask, water) -> None:
    found = reading_of(lab, water)
    answer = ask().post(HOME + f"quality/readings/{found.pk}/correct", {"value": "2.33", "reason": "  ", "version": 1})
    assert answer.status_code == 422 and "reason" in answer.json()["detail"]


@pytest.mark.clause("21 CFR 11.10(h)")
def test_an_instrument_file_is_taken_and_sealed_as_it_came(ask, water) -> None:
    sheet, samples = water
    data = (
        "sample,test,value,unit\n" + "".join(f"{s},Water,{v},%\n" for s in samples for v in ("2.31", "2.35"))
    ).encode()
    answer = ask().upload(HOME + f"quality/worksheets/{sheet.code}/file", ("kf.csv", data))
    assert answer.status_code == 200, answer.content
    assert len(answer.json()["items"]) == 3
    reading = Reading.objects.filter(source="file").select_related("file")[0]
    assert store.get(reading.file.original) == data


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("sample,test,value,unit\n{s},Water,2.31,mg\n{s},Water,2.35,mg\n", "another unit"),
        ("sample,test\n{s},Water\n", "lacks a column"),
        ("sample,test,value,value\n{s},Water,2.31,2.3\n", "heading twice"),
        ("sample,test,value\n{s},Water,2.31\n{s},Wat", "cells under"),
        ("sample,test,value\n{s},Water,=1+1\n{s},Water,2.3\n", "holds a formula"),
        ("sample,test,value\nS-99,Water,2.31\n", ""),
        ("", "empty"),
    ],
)
def test_a_file_that_is_torn_wrong_or_hostile_leaves_nothing(ask, water, text: str, why: str) -> None:
    sheet, samples = water
    asker, before = ask(), Entry.objects.count()
    answer = asker.upload(
        HOME + f"quality/worksheets/{sheet.code}/file", ("kf.csv", text.format(s=samples[0]).encode())
    )
    assert answer.status_code in (404, 422)
    assert why in answer.json()["detail"]
    assert Entry.objects.count() == before and not Reading.objects.exists()


def test_a_program_that_is_no_analyst_enters_nothing(lab, ask, water) -> None:
    sheet, samples = water
    answer = ask(lab.sponsor).post(
        HOME + f"quality/worksheets/{sheet.code}/results", {"entries": [entry(samples[0], "2.3", "2.4")]}
    )
    assert answer.status_code == 403
    assert not Reading.objects.exists()
