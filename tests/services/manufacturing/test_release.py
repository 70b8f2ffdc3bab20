"""The batch record among the gates of quality's release: no path leads around it."""

from __future__ import annotations

import pytest

from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.refusals import Refused
from crdmo.services.quality.gates import gates_for_release, gates_of
from crdmo.services.quality.models import Disposition
from crdmo.services.quality.workflow import disposition
from tests.services.manufacturing.plant import Plant
from tests.services.quality.lab import Lab
from tests.services.quality.lab import make as make_lab


@pytest.fixture
def lab(plant: Plant) -> Lab:
    """Return a laboratory in the same program, whose product is another one."""
    return make_lab()


def test_a_tested_lot_is_not_released_before_its_batch_record_is_reviewed(lab: Lab, plant: Plant) -> None:
    """The lot is tested, its certificate signed, its trail reviewed; only the batch record is open."""
    lot = lab.lot()
    batch = plant.batch()
    plant.made(batch, ph="7.9")
    plant.complete(batch)
    lab.tested(lot)
    lab.certificate(lot)
    lab.review(lot)
    assert all(gate.met for gate in gates_for_release(lot)), "a lot from outside has no gate of manufacture"
    named = {gate.name: gate for gate in gates_for_release(batch.lot)}
    assert not named["Batch record"].met and "not explained" in named["Batch record"].text
    qp = lab.qp
    with pytest.raises(Refused, match="cannot be released") as told:
        disposition.release_lot(qp, batch.lot, credentials=lab.sign(qp))
    assert "Batch record: not explained" in told.value.given and "production" in told.value.next
    assert not Disposition.objects.exists()
    plant.explain_all(batch)
    plant.review(batch)
    assert {g.name: g.met for g in gates_for_release(batch.lot)}["Batch record"]
    rows = gates_of([lot, batch.lot])
    assert ["Batch record" in {g.name for g in rows[one.id]} for one in (lot, batch.lot)] == [False, True]


def test_who_makes_a_batch_holds_no_role_that_decides_over_it(plant: Plant) -> None:
    from crdmo.foundation.accounts import workflow
    from crdmo.foundation.ledger.acts import SYSTEM

    for role in (Role.QA, Role.QUALIFIED_PERSON):
        for person in (plant.operator, plant.supervisor, plant.head):
            with pytest.raises(Refused, match="may not be held by one person"):
                workflow.grant_role(SYSTEM, person, role=role)
