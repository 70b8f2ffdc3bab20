"""Master batch records: checked whole, two signatures, versions; a file as its source."""

from __future__ import annotations

import datetime as dt

import pytest

from crdmo.foundation.refusals import Invalid, NotPermitted, Refused
from crdmo.services.manufacturing import exports, imports
from crdmo.services.manufacturing.models import MasterRecord
from crdmo.services.manufacturing.workflow import batches, masters
from tests.services.manufacturing.plant import STEPS, Plant


def refused_places(plant: Plant, **changed) -> set[str]:
    count = MasterRecord.objects.count()
    with pytest.raises(Invalid, match="cannot be run; nothing was saved") as told:
        plant.draft(**changed)
    assert MasterRecord.objects.count() == count
    return set(told.value.errors)


def test_a_master_that_cannot_be_run_is_refused_whole_and_every_defect_is_named(plant: Plant) -> None:
    def material(**changed):
        return {"substance": plant.active, "quantity": "10", "unit": "kg", "tolerance": "2", **changed}

    def step(**changed):
        return {**STEPS[1], **changed}

    assert refused_places(plant, size="0") == {"size"}
    assert refused_places(plant, unit="stone") == {"size"}
    assert refused_places(plant, yield_limit="plenty") == {"yield_limit"}
    assert refused_places(plant, yield_limit="") == {"yield_limit"}
    assert refused_places(plant, materials=[], steps=[]) == {"materials", "steps"}
    assert refused_places(plant, materials=[material(quantity="-1")]) == {"materials/1/quantity"}
    assert refused_places(plant, materials=[material(tolerance="NaN")]) == {"materials/1/tolerance"}
    assert refused_places(plant, materials=[material(tolerance="100")]) == {"materials/1/tolerance"}
    assert refused_places(plant, materials=[material(substance=plant.product)]) == {"materials/1/substance"}
    assert refused_places(plant, materials=[material(), material()]) == {"materials"}
    two = [material(is_basis=True), material(substance=plant.filler, is_basis=True)]
    assert refused_places(plant, materials=two) == {"materials"}
    assert refused_places(plant, steps=[step(instruction=" ")]) == {"steps/1/instruction"}
    assert refused_places(plant, steps=[step(values=[{"name": "pH", "limit": ""}])]) == {"steps/1/values/pH"}
    assert refused_places(plant, steps=[step(values=[{"name": "pH", "limit": "≥ banana"}])]) == {"steps/1/values/pH"}
    twice = [{"name": "pH", "limit": "≤ 7"}, {"name": "pH", "limit": "≥ 6"}]
    assert refused_places(plant, steps=[step(values=twice)]) == {"steps/1/values"}


@pytest.mark.clause("21 CFR 211.186(a)")
def test_a_master_takes_the_signatures_of_production_and_of_qa_in_this_order(plant: Plant) -> None:
    drafted = plant.draft(code="MBR-2")
    signed = plant.sign(plant.qa)
    with pytest.raises(Refused, match="does not wait for QA"):
        masters.release_master(plant.qa, drafted, effective_from=plant.today, credentials=signed)
    with pytest.raises(NotPermitted, match="may not approve"):
        masters.approve_master(plant.supervisor, drafted, credentials=plant.sign(plant.supervisor))
    masters.approve_master(plant.head, drafted, credentials=plant.sign(plant.head))
    with pytest.raises(Invalid, match="not made effective in the past"):
        masters.release_master(plant.qa, drafted, effective_from=plant.today - dt.timedelta(days=1), credentials=signed)
    masters.release_master(plant.qa, drafted, effective_from=plant.today, credentials=signed)
    drafted.refresh_from_db()
    assert drafted.state == "effective"
    with pytest.raises(Refused, match="is in use"):
        masters.discard_master(plant.supervisor, drafted, reason="no longer wanted")


def test_nobody_approves_the_master_that_they_wrote(plant: Plant) -> None:
    drafted = masters.draft_master(plant.head, plant.product, **plant.lines(code="MBR-2"))
    with pytest.raises(NotPermitted, match="cannot sign it as the second person"):
        masters.approve_master(plant.head, drafted, credentials=plant.sign(plant.head))
    drafted.refresh_from_db()
    assert drafted.state == "draft"


def test_a_batch_stays_on_the_version_that_it_was_issued_from(plant: Plant) -> None:
    batch = plant.batch()
    after = plant.draft(supersedes=plant.master, yield_limit="97.0 – 101.0")
    assert (after.code, after.number) == ("MBR-1", 2)
    with pytest.raises(Refused, match="is on its way"):
        plant.draft(supersedes=plant.master)
    plant.effective(after)
    plant.master.refresh_from_db()
    batch.refresh_from_db()
    assert plant.master.state == "superseded" and batch.master.yield_limit == "95.0 – 101.0"
    with pytest.raises(Refused, match="is not effective"):
        batches.issue_batch(plant.supervisor, plant.master)
    with pytest.raises(Refused, match="is not the version in force"):
        plant.draft(supersedes=plant.master)
    plant.made(batch)


def test_a_batch_is_issued_from_an_effective_master_for_a_number_that_is_free(plant: Plant) -> None:
    with pytest.raises(Refused, match="is not effective"):
        batches.issue_batch(plant.supervisor, plant.draft(code="MBR-2"))
    future = plant.draft(code="MBR-3")
    masters.approve_master(plant.head, future, credentials=plant.sign(plant.head))
    masters.release_master(
        plant.qa, future, effective_from=plant.today + dt.timedelta(days=9), credentials=plant.sign(plant.qa)
    )
    with pytest.raises(Refused, match="is not effective yet"):
        batches.issue_batch(plant.supervisor, future)
    plant.batch("B-1")
    with pytest.raises(Invalid, match="lot number is taken"):
        plant.batch("B-1")
    with pytest.raises(NotPermitted, match="may not issue"):
        batches.issue_batch(plant.operator, plant.master)


FILE = """kind,name,quantity,unit,tolerance,limit,text,equipment,flag
material,ACT,10,kg,2,,,,basis
material,FIL,90,kg,1,,,,
step,Dissolve,,,,,"Charge the solvent, stir until clear.",Reactor,check
value,Temperature,,Cel,,20 – 25,,,
value,Appearance,,,,Clear solution,,,
step,Fill,,,,,Fill into drums.,,
value,pH,,[pH],,6.5 – 7.5,,,
"""


def test_a_master_comes_out_of_a_file_as_out_of_the_grid(plant: Plant) -> None:
    lines = imports.read_lines(plant.program, "master.csv", FILE.encode())
    made = plant.draft(code="MBR-2", materials=lines.materials, steps=lines.steps)
    told, typed = exports.master_record(made), exports.master_record(plant.master)
    assert (told["materials"], told["steps"]) == (typed["materials"], typed["steps"])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("material,FIL", "material,GONE", "no material"),
        ("value,pH", "reading,pH", "allowed: material, step, value"),
        (",check", ",twice", "flag"),
        ("equipment,flag", "equipment", "lacks a column|could not|cells"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_and_its_line_named(plant: Plant, old: str, new: str, said: str) -> None:
    with pytest.raises(Invalid) as told:
        imports.read_lines(plant.program, "master.csv", FILE.replace(old, new).encode())
    import re

    assert re.search(said, f"{told.value.what} {told.value.errors}")


def test_a_formula_and_a_torn_file_are_refused(plant: Plant) -> None:
    with pytest.raises(Invalid, match="holds a formula"):
        imports.read_lines(plant.program, "master.csv", FILE.replace("Fill into drums.", "=1+1").encode())
    with pytest.raises(Invalid):
        imports.read_lines(plant.program, "master.xlsx", b"PK\x03\x04 torn")
    headless = FILE.replace("step,Dissolve", "value,Dissolve")
    with pytest.raises(Invalid, match="cannot be taken") as told:
        imports.read_lines(plant.program, "master.csv", headless.encode())
    assert "a value stands below its step" in str(told.value.errors)
