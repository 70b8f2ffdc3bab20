"""Preclinical studies by program: read, bring a table, correct with the version that was read, packages in and out."""

from __future__ import annotations

import io
import zipfile

import pytest

from crdmo.common.studies.models import Finding
from crdmo.foundation.ledger.models import Entry
from crdmo.standards.cdisc import zipped
from tests.services.preclinical.conftest import facility
from tests.services.preclinical.facility import Facility
from tests.services.preclinical.test_send import small

__all__ = ["facility"]
HOME = "programs/CRD-101/preclinical/"


@pytest.fixture
def ask(facility: Facility):
    from tests.api.asker import Asker

    return Asker


def test_a_study_its_animals_findings_and_exposure_are_read(facility: Facility, ask) -> None:
    study = facility.computed()
    asker = ask(facility.sponsor)
    assert asker.get(HOME + "studies").json()["items"][0]["director"] == facility.director.printed_name
    read = asker.get(HOME + "studies/TOX-1")
    assert [one["dose"] for one in read.json()["groups"]] == ["0", "10", "30"] and read["ETag"] == f'"{study.version}"'
    animals = asker.get(HOME + "studies/TOX-1/animals?limit=20").json()["items"]
    assert len(animals) == 12 and {one["group"] for one in animals} == {"1", "2", "3"}
    assert b"200.5" in asker.get(HOME + "studies/TOX-1/findings?domain=BW&format=csv").content
    exposure = asker.get(HOME + "studies/TOX-1/exposure").json()["items"]
    assert len(exposure) == 8 and exposure[0]["cmax"] == 900.0
    assert asker.get(HOME + "inspections").json() == {"items": [], "next": None}
    package = zipfile.ZipFile(io.BytesIO(asker.get(HOME + "studies/TOX-1/send").content))
    assert "pp.xpt" in package.namelist()
    assert asker.get(HOME + "studies/NONE").status_code == 404


def test_a_table_comes_in_and_a_value_is_corrected_with_the_version_that_was_read(facility: Facility, ask) -> None:
    facility.dosed()
    asker, on = ask(facility.technician), facility.on(8)
    table = f"animal,day,test,value,unit,date\nM1,D8,BW,231.5,g,{on}\n".encode()
    place = HOME + "studies/TOX-1/findings/table"
    before = Entry.objects.count()
    assert asker.upload(place, ("t.csv", table.replace(b"M1", b"Z1"))).status_code == 422
    assert Entry.objects.count() == before
    assert asker.upload(place, ("t.csv", table)).json() == {"recorded": 1}
    one = Finding.objects.get(visit__code="D8")
    correct = HOME + f"studies/TOX-1/findings/{one.pk}/correct"
    body = {"value": "213.5", "reason": "digits turned"}
    assert asker.post(correct, body).status_code == 422
    assert asker.post(correct, body, If_Match='"9"').status_code == 412
    assert asker.post(correct, {**body, "reason": ""}, If_Match='"1"').status_code == 422
    assert asker.post(correct, body, If_Match='"1"').json()["value"] == "213.5"
    assert asker.post(HOME + "studies/TOX-1/findings/none/correct", body, If_Match='"1"').status_code == 404
    assert ask(facility.qa).post(correct, body, If_Match='"2"').status_code == 403


def test_a_package_comes_in_by_program(facility: Facility, ask) -> None:
    asker = ask(facility.director)
    made = asker.upload(HOME + "packages", ("p.zip", zipped(small())))
    assert (made.status_code, made.json()["code"], made.json()["imported"]) == (200, "S", True)
    assert asker.upload(HOME + "packages", ("p.zip", b"PK\x03\x04")).status_code == 422
