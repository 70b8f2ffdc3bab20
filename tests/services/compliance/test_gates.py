"""An open deviation, CAPA or change holds the lots that it touches; no door leads around."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crdmo.common.materials import workflow as stock
from crdmo.common.materials.models import Lot
from crdmo.foundation.refusals import Refused
from crdmo.services.compliance.gates import gates
from crdmo.services.compliance.workflow import affected, changes
from crdmo.services.quality.gates import gates_for_release
from crdmo.services.quality.models import Disposition, Result
from tests.services.compliance.conftest import System


def ready(system: System) -> Lot:
    """Return a lot that could be released."""
    lot = system.lab.lot()
    system.lab.tested(lot)
    system.lab.certificate(lot)
    system.lab.review(lot)
    return lot


def told(lot: Lot) -> dict[str, bool]:
    return {gate.name: gate.met for gate in gates_for_release(lot) if gate.name in ("Deviations", "CAPA", "Changes")}


@pytest.mark.clause("21 CFR 211.192")
def test_an_open_deviation_holds_the_lot_until_it_is_closed(system: System) -> None:
    lot = ready(system)
    assert told(lot) == {}
    found = system.classified(Result.objects.get(test__criterion__name="Assay"))
    with pytest.raises(Refused, match=rf"Deviations: open: {found.code} \(minor\)"):
        system.lab.release(lot)
    assert not Disposition.objects.exists()
    system.investigate(found)
    system.judge(found)
    assert told(lot) == {"Deviations": False}
    system.approve(found)
    assert told(lot) == {"Deviations": True}
    system.lab.release(lot)
    gate = next(g for g in Disposition.objects.get().gates if g["name"] == "Deviations")
    assert gate["met"] and gate["records"] == [str(found.pk)]


@pytest.mark.clause("21 CFR 211.192")
def test_a_deviation_holds_also_the_lots_made_of_the_lot_that_it_touches(system: System) -> None:
    lot = system.lab.lot()
    part = stock.split_lot(system.lab.keeper, lot, amount="100", unit="{tablet}", code="L-1-A")
    found = system.classified(lot)
    assert told(part) == told(lot) == {"Deviations": False}
    system.investigate(found)
    system.judge(found)
    later = stock.split_lot(system.lab.keeper, part, amount="10", unit="{tablet}", code="L-1-B")
    with pytest.raises(Refused, match="lots were made of what"):
        system.approve(found)
    affected.link_record(system.lab.qa, found, records=[later])
    assert told(later) == {"Deviations": False}
    with pytest.raises(Refused, match="impact was not judged"):
        system.approve(found)
    system.judge(found)
    system.approve(found)
    assert told(later) == told(part) == {"Deviations": True}


def test_a_lot_that_was_judged_not_acceptable_is_never_released(system: System) -> None:
    lot = ready(system)
    system.closed(lot, impact="unacceptable")
    with pytest.raises(Refused, match="judged not acceptable"):
        system.lab.release(lot)


def test_a_capa_holds_the_lot_until_its_actions_are_done(system: System) -> None:
    lot = ready(system)
    system.running(lot)
    with pytest.raises(Refused, match="CAPA: actions not done"):
        system.lab.release(lot)
    system.implemented(lot)
    assert told(lot) == {"CAPA": False}  # the first one still runs


def test_a_done_capa_no_longer_holds_the_lot(system: System) -> None:
    lot = ready(system)
    system.implemented(lot)
    assert told(lot) == {"CAPA": True}
    system.lab.release(lot)


def test_a_change_holds_the_lot_until_it_is_closed(system: System) -> None:
    lot = ready(system)
    made = system.approved(lot)
    changes.complete_task(system.lab.analyst, made.tasks.get(), evidence="Report 12.")
    made.refresh_from_db()
    with pytest.raises(Refused, match="Changes: not closed"):
        system.lab.release(lot)
    changes.close_change(system.lab.qa, made, credentials=system.lab.sign(system.lab.qa))
    system.lab.release(lot)


def test_a_rejected_change_holds_nothing(system: System) -> None:
    lot = ready(system)
    changes.reject_change(
        system.lab.qa, system.change(lot), credentials=system.lab.sign(system.lab.qa), reason="Not needed"
    )
    assert told(lot) == {"Changes": True}


def test_many_lots_cost_no_more_queries_than_one(system: System) -> None:
    lots = [system.lab.lot(f"L-{i}") for i in range(4)]
    system.report(*lots)
    with CaptureQueriesContext(connection) as one:
        gates(lots[:1])
    with CaptureQueriesContext(connection) as many:
        assert len(gates(lots)) == 4
    assert len(many) == len(one)
