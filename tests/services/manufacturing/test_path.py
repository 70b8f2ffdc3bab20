"""A batch from its master to the gate of its lot's release."""

from __future__ import annotations

from crdmo.common.gates import joined
from crdmo.common.materials.models import Lot
from crdmo.common.materials.queries import balance, genealogy, remaining
from crdmo.foundation.ledger.verification import verify
from crdmo.foundation.signing import signatures_of
from crdmo.services.manufacturing.progress import progress
from tests.services.manufacturing.plant import Plant


def test_a_batch_goes_from_its_master_to_the_gate_of_release(plant: Plant) -> None:
    batch = plant.batch()
    assert (batch.lot.status, batch.lot.amount) == ("quarantine", "0")
    assert not joined([batch.lot])[batch.lot_id][0].met
    plant.made(batch)
    assert progress(batch).stage == "complete"
    plant.complete(batch)
    batch.refresh_from_db()
    lot = Lot.objects.get(code="B-1")
    assert (lot.amount, lot.unit, lot.made_on, lot.maker) == ("98.5", "kg", plant.today, plant.program.partner.name)
    assert batch.computed is not None and batch.computed.output["percent"] == "98.5"
    plant.review(batch)
    gate = joined([lot])[lot.id][0]
    assert gate.met and gate.name == "Batch record"
    assert [m.meaning for m in signatures_of(batch.reviews.get()) if m.holds] == ["reviewed"]
    assert str(remaining(plant.containers["ACT"])) == "15.0 kg"
    assert {str(step.thing) for step in genealogy(lot, down=False)} >= {c.code for c in plant.containers.values()}
    assert all(balance(one).holds for one in Lot.objects.all())
    assert verify().holds
