"""Pages of manufacturing, as each desk walks them, without a browser."""

from __future__ import annotations

from crdmo.common.materials.models import Lot
from crdmo.services.manufacturing.models import Batch, BatchException
from tests.services.manufacturing.plant import Plant
from tests.services.quality import browsing
from tests.services.quality.browsing import text

FIELDS = ("signing_user_id", "signing_password")


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
    for name, gross in (("ACT", "10,2"), ("FIL", "90.0")):
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
    import re

    found = re.search(r'name="waiting" value="([^"]+)"', text(desk.get(place)))
    assert found is not None
    return {"step": "check", "waiting": found[1]}
