"""Pages of manufacturing, as each desk walks them, without a browser."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crdmo.common.materials.models import Lot
from crdmo.services.manufacturing.models import Batch, BatchException, Dispensing, MasterRecord, ValueRecord
from tests.services.manufacturing.plant import Plant
from tests.services.quality import browsing
from tests.services.quality.browsing import text


class Desk(browsing.Desk):
    """One person at the pages of a program's manufacture."""

    def __init__(self, person, program: str = "CRD-101") -> None:
        super().__init__(person, program)
        self.root = f"/{program}/manufacturing/"


def test_a_batch_is_walked_from_issue_to_review_on_its_pages(plant: Plant) -> None:
    supervisor, operator, second, qa = (Desk(p) for p in (plant.supervisor, plant.operator, plant.second, plant.qa))
    answer = supervisor.post("batches/issue/", master=str(plant.master.pk), lot="B-7", due_on="2026-12-24")
    assert answer.status_code == 302
    place = "batches/B-7/floor/"
    for name, gross in (("ACT", "10,2"), ("FIL", "90.2")):
        page = text(operator.get(place))
        assert f"Dispense {plant.material(name).substance.name}" in page
        given = {
            "step": "dispense",
            "container": plant.containers[name].code,
            "scale": "SC-1",
            "gross": gross,
            "tare": "0.2",
        }
        given["gross"] = "10,2" if name == "ACT" else "90.2"
        assert operator.post(place, given, sign=True).status_code == 302
    assert "Ask a colleague" in text(operator.get(place))
    for _ in range(2):
        assert second.post(place, _waiting(second, place), sign=True).status_code == 302
    batch = Batch.objects.get(code="B-7")
    values = {f"value_{one.pk}": value for one in batch.master.instructions.get(position=1).values.all()
              for value in [{"Temperature": "26", "Appearance": "clear solution"}[one.name]]}  # fmt: skip
    assert (
        operator.post(place, {"step": "step", "position": "1", "equipment": "R-1", **values}, sign=True).status_code
        == 302
    )
    assert second.post(place, _waiting(second, place), sign=True).status_code == 302
    ph = batch.master.instructions.get(position=2).values.get()
    assert (
        operator.post(place, {"step": "step", "position": "2", f"value_{ph.pk}": "7.1"}, sign=True).status_code == 302
    )
    assert "Complete the batch" in text(operator.get(place))
    assert operator.post(place, {"step": "complete", "output": "98.5"}, sign=True).status_code == 302
    exception = BatchException.objects.get()
    assert qa.post("batches/B-7/?tab=review", {"step": "review", "conclusion": "Fine."}, sign=True).status_code == 409
    assert supervisor.post(
        "batches/B-7/", step="explain", exception=exception.code, text="The jacket ran warm for a minute."
    ).status_code == 302  # fmt: skip
    page = text(qa.get("batches/B-7/", tab="review"))
    assert "26" in page and "The jacket ran warm" in page and "2 of 3" in page
    assert qa.post("batches/B-7/?tab=review", {"step": "review", "conclusion": "Fine."}, sign=True).status_code == 302
    batch.refresh_from_db()
    assert batch.state == "reviewed"
    assert Lot.objects.get(code="B-7").amount == "98.5"
    assert "Whole trail" in text(qa.get("batches/B-7/", tab="trail"))


def _waiting(desk: Desk, place: str) -> dict[str, str]:
    found = re.search(r'name="waiting" value="([^"]+)"', text(desk.get(place)))
    assert found is not None
    return {"step": "check", "waiting": found[1]}


def test_a_refused_weighing_keeps_what_was_typed_and_says_what_is_allowed(plant: Plant) -> None:
    plant.batch("B-7")
    desk, place = Desk(plant.operator), "batches/B-7/floor/"
    given = {"step": "dispense", "container": plant.containers["ACT"].code, "scale": "SC-1"}
    answer = desk.post(place, {**given, "gross": "11.5"}, sign=True)
    assert answer.status_code == 409
    assert 'value="11.5"' in text(answer) and "9.8 to 10.2 kg" in text(answer) and "There is a problem" in text(answer)
    assert desk.post(place, {**given, "gross": "1,500"}, sign=True).status_code == 422
    assert desk.post(place, {**given, "gross": "10", "container": "C-0"}, sign=True).status_code == 404
    assert desk.post(place, {**given, "gross": "10", "scale": "SC-9"}, sign=True).status_code == 404
    other = str(plant.material("FIL").pk)
    assert desk.post(place, {**given, "gross": "10", "material": other}, sign=True).status_code == 422
    assert desk.post(place, step="dance").status_code == 404
    assert Desk(plant.operator).post(place, {**given, "gross": "10", "signing_password": "wrong"}).status_code in (
        403,
        409,
        422,
    )
    assert not Dispensing.objects.exists()


def test_the_floor_is_for_the_floor_and_the_record_for_everybody(plant: Plant) -> None:
    plant.batch("B-7")
    for person in (plant.qa, plant.sponsor, plant.head):
        assert Desk(person).get("batches/B-7/floor/").status_code == 403
    page = text(Desk(plant.sponsor).get("batches/B-7/"))
    assert "Batch B-7" in page and "Go on with it" not in page and "Cancel" not in page
    assert Desk(plant.sponsor).get("equipment/").status_code == 403
    assert Desk(plant.qa).get("batches/B-8/").status_code == 404
    assert Desk(plant.qa).get("masters/MBR-1/9/").status_code == 404


def test_a_master_is_written_in_the_grid_approved_and_changed_on_its_pages(plant: Plant) -> None:
    author, head, qa = Desk(plant.supervisor), Desk(plant.head), Desk(plant.qa)
    page = text(author.get("masters/draft/", after="MBR-1/1"))
    assert 'value="Dissolve"' in page and 'value="20 – 25"' in page and "Next version of MBR-1" in page
    head_ = {"title": "Solution 10 %", "product": str(plant.product.pk), "size": "100", "unit": "kg"}
    rows = [
        ("material", "ACT", "10", "kg", "2", "", "", "", "basis"),
        ("step", "Dissolve", "", "", "", "", "Stir until clear.", "Reactor", "check"),
        ("value", "Temperature", "", "Cel", "", "20 – 24", "", "", ""),
        ("",) * 9,
    ]
    names = ("kind", "name", "quantity", "unit", "tolerance", "limit", "text", "equipment", "flag")
    grid = {f"line_{name}": [row[i] for row in rows] for i, name in enumerate(names)}
    place = "masters/draft/?after=MBR-1/1"
    assert author.post(place, {**head_, **grid, "yield_limit": "plenty"}).status_code == 422
    wrong = {**grid, "line_kind": ["material", "dance", "value", ""]}
    answer = author.post(place, {**head_, **wrong, "yield_limit": "95.0 – 101.0"})
    assert answer.status_code == 422 and "Line 2" in text(answer)
    assert author.post(place, {**head_, **grid, "yield_limit": "95.0 – 101.0"}).status_code == 302
    made = "masters/MBR-1/2/"
    assert author.post(made, step="approve", sign=True).status_code == 403
    page = text(head.get(made))
    assert "20 – 25" in page and "20 – 24" in page and "Material FIL" in page
    assert head.post(made, step="approve", sign=True).status_code == 302
    assert qa.post(made, step="release", sign=True).status_code == 302
    assert [m.state for m in MasterRecord.objects.order_by("number")] == ["superseded", "effective"]
    assert qa.get(made, format="json").json()["steps"][0]["values"] == [
        {"name": "Temperature", "limit": "20 – 24", "unit": "Cel", "control": None}
    ]


def test_a_master_comes_from_a_file_on_the_page_and_is_discarded_with_a_reason(plant: Plant) -> None:
    author = Desk(plant.supervisor)
    head = {"title": "Other", "product": str(plant.product.pk), "size": "100", "unit": "kg", "yield_limit": "90 – 101"}
    names = ("kind", "name", "quantity", "unit", "tolerance", "limit", "text", "equipment", "flag")
    lines = [",".join(names), "material,ACT,10,kg,2,,,,basis", "step,Mix,,,,,Mix it.,,"]
    file = SimpleUploadedFile("m.csv", "\n".join(lines).encode())
    assert author.post("masters/draft/", {**head, "file": file}).status_code == 302
    made = MasterRecord.objects.get(title="Other")
    place = f"masters/{made.code}/1/"
    assert author.post(place, step="discard", reason="").status_code == 422
    assert author.post(place, step="discard", reason="Wrong product").status_code == 302
    made.refresh_from_db()
    assert made.is_void and "Discarded" in text(author.get(place))


def test_equipment_is_registered_logged_and_shown_fit_on_its_pages(plant: Plant) -> None:
    keeper, operator = Desk(plant.supervisor), Desk(plant.operator)
    given = {"code": "R-9", "name": "Reactor 9", "kind": "Reactor", "clean_days": "5"}
    assert keeper.post("equipment/register/", given).status_code == 302
    assert keeper.post("equipment/register/", given).status_code == 422
    assert "Never calibrated" in text(operator.get("equipment/R-9/"))
    day, far = plant.today.isoformat(), "2099-01-01"
    place = "equipment/R-9/"
    assert operator.post(place, kind="qualification", on=day, passed="yes").status_code == 422
    assert operator.post(place, kind="qualification", on=day, passed="yes", due_on=far).status_code == 302
    assert operator.post(place, kind="cleaning", on=day, passed="yes").status_code == 302
    assert "Clean since" in text(operator.get(place))
    fit = {one["code"]: one["fit"] for one in operator.get("equipment/", format="json").json()["items"]}
    assert fit["R-9"] is True


def test_a_value_is_corrected_and_a_weighing_voided_on_their_pages(plant: Plant) -> None:
    batch = plant.batch("B-7")
    plant.dispensed(batch)
    operator, weighed = Desk(plant.operator), batch.dispensings.first()
    place = f"batches/B-7/weighings/{weighed.pk}/void/"
    assert operator.post(place, reason="").status_code == 422
    assert operator.post(place, reason="Spilled").status_code == 302
    assert operator.get(place).status_code == 404
    plant.check(plant.dispense(batch, weighed.material.substance.code, weighed.net))
    plant.step(batch, 1, {"Temperature": "22", "Appearance": "conforms"})
    value = ValueRecord.objects.get(asked__name="Temperature")
    place = f"batches/B-7/values/{value.pk}/correct/"
    given = {"new": "23", "reason_0": "Transcription error", "reason_1": ""}
    assert operator.post(place, {**given, "reason_0": ""}, sign=True).status_code == 422
    assert operator.post(place, given, sign=True).status_code == 302
    value.refresh_from_db()
    assert value.value == "23"
    assert "Corrected" in text(operator.get("batches/B-7/"))


def test_a_late_entry_and_a_cancelled_batch_on_their_pages(plant: Plant) -> None:
    supervisor = Desk(plant.supervisor)
    plant.batch("B-7")
    assert supervisor.post("batches/B-7/cancel/", reason="").status_code == 422
    assert supervisor.post("batches/B-7/cancel/", reason="Plan changed").status_code == 302
    batch = plant.batch("B-8")
    plant.dispensed(batch)
    asked = {one.name: one.pk for one in batch.master.instructions.get(position=1).values.all()}
    given = {"step": "step", "position": "1", "equipment": "R-1", f"value_{asked['Temperature']}": "22"}
    given |= {f"value_{asked['Appearance']}": "conforms", "done_at": "yesterday"}
    answer = Desk(plant.operator).post("batches/B-8/floor/", given, sign=True)
    assert answer.status_code == 422 and "no date and time" in text(answer)


@pytest.mark.parametrize("place", ["", "batches/", "batches/B-1/", "batches/B-1/?tab=review", "equipment/"])
def test_pages_need_no_more_queries_for_more_batches(plant: Plant, place: str) -> None:
    plant.made(plant.batch("B-1"), ph="7.9")
    desk = Desk(plant.qa)
    desk.get(place)
    with CaptureQueriesContext(connection) as few:
        assert desk.get(place).status_code == 200
    for i in range(2, 4):
        plant.log(plant.reactor, "cleaning")
        plant.containers = {"ACT": plant.stock(plant.active, "25"), "FIL": plant.stock(plant.filler, "200")}
        plant.made(plant.batch(f"B-{i}"), ph="7.9")
    with CaptureQueriesContext(connection) as many:
        desk.get(place)
    assert len(many) <= len(few)
    assert len(many) <= 36


def test_each_desk_finds_its_work_and_nobody_elses(plant: Plant) -> None:
    from crdmo.common.work import waiting

    def groups(person) -> list[tuple[str, str]]:
        return [(item.group, item.label) for item in waiting(person, [plant.program], room="manufacturing")]

    batch = plant.batch("B-7")
    weighed = plant.dispense(batch, "ACT", "10")
    assert groups(plant.operator) == [("On the floor", "B-7")]
    assert groups(plant.second) == [("On the floor", "B-7"), ("To check", "B-7")]
    assert groups(plant.qa) == groups(plant.sponsor) == []
    plant.check(weighed)
    plant.check(plant.dispense(batch, "FIL", "90"))
    plant.check(plant.step(batch, 1, {"Temperature": "26", "Appearance": "conforms"}))
    plant.step(batch, 2, {"pH": "7"})
    batch.refresh_from_db()
    plant.complete(batch)
    assert groups(plant.operator) == [("To explain", "B-7")]
    assert groups(plant.qa) == [("Batches to review", "B-7")]
    drafted = plant.draft(code="MBR-2")
    assert groups(plant.head)[-1] == ("To sign", str(drafted))
