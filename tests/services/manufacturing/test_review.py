"""Completion with its yield, exceptions, the review by exception, and the gate of the lot's release."""

from __future__ import annotations

import datetime as dt

import pytest

from crdmo.common.gates import joined
from crdmo.common.materials.models import Lot
from crdmo.foundation.computing import recompute
from crdmo.foundation.refusals import Conflict, Invalid, NotPermitted, Refused
from crdmo.foundation.signing import signatures_of
from crdmo.services.manufacturing import exports, trail
from crdmo.services.manufacturing.models import BatchException, Dispensing, ValueRecord
from crdmo.services.manufacturing.progress import progress
from crdmo.services.manufacturing.workflow import batches, exceptions, floor
from crdmo.services.manufacturing.workflow.batches import months_later
from tests.services.manufacturing.plant import GOOD, Plant


def test_a_batch_is_complete_only_when_everything_is_done_and_checked(plant: Plant) -> None:
    batch = plant.batch()
    with pytest.raises(Refused, match="is not finished"):
        plant.complete(batch)
    plant.dispensed(batch)
    record = plant.step(batch, 1, GOOD)
    with pytest.raises(Refused, match="is not finished"):
        plant.complete(batch)
    plant.check(record)
    plant.step(batch, 2, {"pH": "7.0"})
    batch.refresh_from_db()
    for output in ("", "-1", "many", "NaN"):
        with pytest.raises(Invalid):
            plant.complete(batch, output)
    batch.refresh_from_db()
    plant.complete(batch)
    with pytest.raises(Refused, match="is over"):
        plant.complete(batch)
    lot = Lot.objects.get(code="B-1")
    assert lot.expires_on == months_later(plant.today, 24) and lot.status == "quarantine"


@pytest.mark.clause("21 CFR 211.103")
def test_the_yield_is_counted_from_what_was_charged_and_out_of_range_it_is_an_exception(plant: Plant) -> None:
    """10.2 of 10 kg charged: the theoretical yield is 102 kg, and 96.8 kg are 94.9 %, not 96.8 %."""
    batch = plant.batch()
    plant.dispensed(batch, active="10.2")
    plant.check(plant.step(batch, 1, GOOD))
    plant.step(batch, 2, {"pH": "7.0"})
    batch.refresh_from_db()
    plant.complete(batch, "96.8", samples="0.2", rejects="3")
    batch.refresh_from_db()
    assert batch.computed is not None
    told = batch.computed.output
    assert (told["theoretical"], told["percent"], told["passes"], told["unaccounted"]) == ("102", "94.9", False, "2")
    assert BatchException.objects.get().kind == "yield"
    assert "identical" in recompute(batch.computed).sentence()


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (dt.date(2026, 1, 31), 1, dt.date(2026, 2, 28)),
        (dt.date(2026, 12, 15), 1, dt.date(2027, 1, 15)),
        (dt.date(2024, 2, 29), 12, dt.date(2025, 2, 28)),
        (dt.date(2026, 11, 24), 30, dt.date(2029, 5, 24)),
    ],
)
def test_months_later_is_the_same_day_or_the_last_of_the_month(day: dt.date, months: int, then: dt.date) -> None:
    assert months_later(day, months) == then


def test_a_batch_is_cancelled_with_a_reason_while_nothing_is_in_it(plant: Plant) -> None:
    batch = plant.batch()
    with pytest.raises(Invalid, match="says why"):
        batches.cancel_batch(plant.supervisor, batch)
    begun = plant.batch("B-2")
    plant.dispense(begun, "ACT", "10")
    begun.refresh_from_db()
    with pytest.raises(Refused, match="is begun"):
        batches.cancel_batch(plant.supervisor, begun, reason="Plan changed")
    batches.cancel_batch(plant.supervisor, batch, reason="Plan changed")
    assert Lot.objects.get(code="B-1").status == "rejected"
    with pytest.raises(Refused, match="takes no entry"):
        plant.dispense(batch, "ACT", "10")
    with pytest.raises(Invalid, match="is taken"):
        plant.batch("B-1")


@pytest.mark.clause("21 CFR 211.192")
def test_no_review_while_an_exception_is_open_or_a_check_is_missing(plant: Plant) -> None:
    batch = plant.batch()
    with pytest.raises(Refused, match="does not wait for a review"):
        plant.review(batch)
    plant.made(batch, ph="7.9")
    plant.complete(batch)
    batch.refresh_from_db()
    with pytest.raises(Refused, match="not ready for review"):
        plant.review(batch)
    one = BatchException.objects.get()
    with pytest.raises(Invalid, match="explained in words"):
        exceptions.explain_exception(plant.operator, one, explanation=" ")
    exceptions.explain_exception(plant.operator, one, explanation="The probe drifted.")
    with pytest.raises(Refused, match="is explained"):
        exceptions.explain_exception(plant.operator, one, explanation="Again.")
    exceptions.ask_back(plant.qa, one, question="By how much?")
    with pytest.raises(Refused, match="not explained yet"):
        exceptions.ask_back(plant.qa, one, question="And why?")
    with pytest.raises(Refused, match="not ready for review"):
        plant.review(batch)
    exceptions.explain_exception(plant.operator, one, explanation="By 0.4, shown by buffer 7.00.")
    value = ValueRecord.objects.get(asked__name="Temperature")
    floor.correct_value(
        plant.operator, value, new="23", credentials=plant.sign(plant.operator), reason="Transcription error"
    )
    with pytest.raises(Refused, match="not ready for review") as told:
        plant.review(batch)
    assert "second person" in told.value.given
    plant.check(value.record)
    plant.review(batch)
    with pytest.raises(Refused, match="is closed"):
        exceptions.ask_back(plant.qa, one, question="One more?")
    value.refresh_from_db()
    value.record.batch.refresh_from_db()
    with pytest.raises(Refused, match="takes no correction"):
        floor.correct_value(plant.operator, value, new="24", credentials=plant.sign(plant.operator), reason="Too late")


def test_the_review_lists_exactly_what_was_unusual_and_counts_the_rest(plant: Plant) -> None:
    batch = plant.batch()
    wrong = plant.dispense(batch, "ACT", "9.9")
    floor.void_dispensing(plant.operator, Dispensing.objects.get(pk=wrong.pk), reason="Spilled")
    with pytest.raises(Refused, match="tolerance"):
        plant.dispense(batch, "ACT", "11")
    other = plant.batch("B-11")
    with pytest.raises(Refused, match="batch B-11"):
        plant.step(other, 1, GOOD)
    plant.made(batch, ph="7.9")
    value = ValueRecord.objects.get(asked__name="pH")
    floor.correct_value(
        plant.operator, value, new="7.4", credentials=plant.sign(plant.operator), reason="Probe misread"
    )
    found = trail.exceptions_of(batch)
    assert sorted(one["kind"] for one in found) == ["Correction", "Out of limit", "Refused step", "Weighing voided"]
    correction = next(one for one in found if one["kind"] == "Correction")
    assert "7.9 corrected to 7.4" in correction["text"] and "turned the verdict" in correction["text"]
    counted = trail.in_range(progress(batch))
    assert (counted["values"], counted["values_within"], counted["weighings"], counted["materials_within"]) == (
        3,
        3,
        2,
        2,
    )


def test_a_clean_batch_has_nothing_to_look_at(plant: Plant) -> None:
    batch = plant.batch()
    plant.made(batch)
    plant.complete(batch)
    assert trail.exceptions_of(batch) == []
    assert plant.review(batch).in_range["values_within"] == 3


def test_a_record_that_grew_since_it_was_shown_is_not_signed(plant: Plant) -> None:
    batch = plant.batch()
    plant.made(batch, ph="7.9")
    plant.complete(batch)
    batch.refresh_from_db()
    seen = trail.last_entry(batch)
    plant.explain_all(batch)
    with pytest.raises(Conflict, match="has grown"):
        plant.review(batch, seen=seen)
    with pytest.raises(NotPermitted, match="may not review"):
        plant.review(batch, plant.supervisor)
    plant.review(batch, seen=trail.last_entry(batch))


def test_the_gate_says_what_is_open_until_the_review_holds_and_knows_no_lot_from_outside(plant: Plant) -> None:
    batch = plant.batch()

    def gate():
        (found,) = joined([batch.lot])[batch.lot_id]
        return found.met, found.text

    assert gate() == (False, "the record of B-1 is issued")
    plant.made(batch, ph="7.9")
    plant.complete(batch)
    batch.refresh_from_db()
    assert gate() == (False, f"not explained: {BatchException.objects.get().code}")
    plant.explain_all(batch)
    assert gate() == (False, "the record of B-1 is completed, to review")
    plant.review(batch)
    met, text = gate()
    assert met and text.startswith(f"reviewed by {plant.qa}")
    outside = plant.containers["ACT"].lot
    assert joined([outside]) == {outside.id: []}


def test_the_record_is_exported_whole(plant: Plant) -> None:
    batch = plant.batch()
    plant.made(batch)
    plant.complete(batch)
    plant.review(batch)
    batch.refresh_from_db()
    told = exports.batch_record(batch)
    assert told["format"] == "crdmo.batch-record/1" and told["yield"]["percent"] == "98.5"
    assert [w["net"] for m in told["materials"] for w in m["weighings"]] == ["10.0", "90.0"]
    assert [v["value"] for s in told["steps"] for v in s["values"]] == ["22", "clear solution", "7.0"]
    assert [s["meaning"] for s in told["signatures"]] == ["performed", "reviewed"]
    assert [m.meaning for m in signatures_of(batch) if m.holds] == ["performed"]
