"""At the bench: who may, with what, and what is entered, verified and corrected."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from crdmo.common import exchange
from crdmo.common.materials import workflow as stock
from crdmo.common.materials.models import Sample
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.computing import stale
from crdmo.foundation.ledger.models import Entry as LedgerEntry
from crdmo.foundation.ledger.thread import stale_causes
from crdmo.foundation.refusals import Conflict, Invalid, NotPermitted, Refused
from crdmo.services.quality import models
from crdmo.services.quality.models import ControlResult, Reading, Result, Worksheet
from crdmo.services.quality.trail import exceptions_of
from crdmo.services.quality.workflow import bench, testing
from crdmo.services.quality.workflow.testing import Entry
from tests import factories
from tests.services.quality.lab import CONTROL, NAMES, Lab, areas


def test_a_result_keeps_what_was_read_calculated_and_rounded(lab: Lab) -> None:
    test, _ = lab.tests(lab.lot())
    (result,) = lab.enter(test, "99.64")
    assert [r.value for r in test.readings.order_by("replicate")] == list(areas("99.64"))
    assert result.calculated.startswith("99.64")
    assert (result.rounded, result.limit, result.passes) == ("99.6", "95.0 – 105.0", True)
    assert result.computed is not None and result.computed.method == "quality.calculated_result"


def test_the_mean_that_the_method_defines_is_one_result(lab: Lab) -> None:
    _, test = lab.tests(lab.lot())
    (result,) = lab.enter(test, ("2.31", "2.36"))
    assert (result.calculated, result.rounded) == ("2.335", "2.3")


def test_an_analyst_without_qualification_opens_no_worksheet(lab: Lab) -> None:
    with pytest.raises(Refused, match="is not qualified for M-WATER"):
        testing.open_worksheet(factories.person(Role.ANALYST), lab.program, method=lab.water)


def test_a_qualification_that_has_lapsed_is_none(lab: Lab) -> None:
    new = factories.person(Role.ANALYST)
    day = lab.today - dt.timedelta(days=1)
    bench.qualify_analyst(lab.supervisor, new, method=lab.water, starts=day, ends=day)
    with pytest.raises(Refused, match=f"qualified until {day}"):
        testing.open_worksheet(new, lab.program, method=lab.water)


def test_a_reviewer_opens_no_worksheet(lab: Lab) -> None:
    bench.qualify_analyst(lab.supervisor, lab.reviewer, method=lab.water, starts=lab.today, ends=lab.today)
    with pytest.raises(NotPermitted, match="may not open a worksheet"):
        testing.open_worksheet(lab.reviewer, lab.program, method=lab.water)


def test_an_instrument_whose_calibration_is_overdue_is_refused(lab: Lab) -> None:
    old = bench.register_instrument(lab.supervisor, lab.qa.organization, code="HPLC-9", name="HPLC 9", kind="HPLC")
    bench.log_instrument(
        lab.supervisor,
        old,
        kind="calibration",
        on=lab.today - dt.timedelta(days=400),
        due_on=lab.today - dt.timedelta(days=1),
    )
    with pytest.raises(Refused, match="the calibration of HPLC-9 is overdue"):
        testing.open_worksheet(lab.analyst, lab.program, method=lab.assay, instrument=old, reagents=[lab.standard])


def test_a_failed_check_takes_the_instrument_out_of_a_run_that_is_open(lab: Lab) -> None:
    test, _ = lab.tests(lab.lot())
    sheet = lab.run()
    bench.log_instrument(lab.supervisor, lab.hplc, kind="check", on=lab.today, passed=False, note="Flow")
    with pytest.raises(Refused, match="HPLC-1 is out of service"):
        testing.enter_results(lab.analyst, sheet, [Entry(test, areas("99.6"), NAMES)])
    assert not test.readings.exists()


def test_a_standard_past_its_date_is_refused(lab: Lab) -> None:
    bench.open_reagent(lab.analyst, lab.standard, on=lab.today - dt.timedelta(days=20))
    old = bench.register_reagent(
        lab.analyst,
        lab.qa.organization,
        name="Old",
        kind="standard",
        lot_number="1",
        potency="99.0",
        expires_on=lab.today - dt.timedelta(days=1),
    )
    with pytest.raises(Refused, match="Old may no longer be used"):
        testing.open_worksheet(lab.analyst, lab.program, method=lab.assay, instrument=lab.hplc, reagents=[old])


def test_a_standard_open_for_too_long_is_refused_also_in_a_run_that_is_open(lab: Lab) -> None:
    short = bench.register_reagent(
        lab.analyst,
        lab.qa.organization,
        name="Short",
        kind="standard",
        lot_number="2",
        potency="99.0",
        expires_on=lab.today + dt.timedelta(days=90),
        open_days=3,
    )
    test, _ = lab.tests(lab.lot())
    sheet = testing.open_worksheet(lab.analyst, lab.program, method=lab.assay, instrument=lab.hplc, reagents=[short])
    testing.record_controls(lab.analyst, sheet, values={CONTROL: "1.1"})
    bench.open_reagent(lab.analyst, short, on=lab.today - dt.timedelta(days=4))
    with pytest.raises(Refused, match="Short may no longer be used"):
        testing.enter_results(lab.analyst, sheet, [Entry(test, areas("99.6"), NAMES)])


def test_a_control_that_fails_blocks_every_result_of_the_run(lab: Lab) -> None:
    test, _ = lab.tests(lab.lot())
    sheet = testing.open_worksheet(
        lab.analyst, lab.program, method=lab.assay, instrument=lab.hplc, reagents=[lab.standard]
    )
    testing.record_controls(lab.analyst, sheet, values={CONTROL: "2.05"})
    assert sheet.state == Worksheet.State.UNSUITABLE
    with pytest.raises(Refused, match="reports no results"):
        testing.enter_results(lab.analyst, sheet, [Entry(test, areas("99.6"), NAMES)])


def test_before_the_controls_no_result_is_entered(lab: Lab) -> None:
    test, _ = lab.tests(lab.lot())
    sheet = testing.open_worksheet(
        lab.analyst, lab.program, method=lab.assay, instrument=lab.hplc, reagents=[lab.standard]
    )
    with pytest.raises(Refused, match="reports no results"):
        testing.enter_results(lab.analyst, sheet, [Entry(test, areas("99.6"), NAMES)])


def test_controls_are_those_of_the_method_and_readable(lab: Lab) -> None:
    sheet = testing.open_worksheet(
        lab.analyst, lab.program, method=lab.assay, instrument=lab.hplc, reagents=[lab.standard]
    )
    with pytest.raises(Invalid, match="exactly these controls"):
        testing.record_controls(lab.analyst, sheet, values={"Plates": "5000"})
    with pytest.raises(Invalid, match="nothing was recorded") as refused:
        testing.record_controls(lab.analyst, sheet, values={CONTROL: "about 1"})
    assert list(refused.value.errors) == [CONTROL]
    assert not ControlResult.objects.exists()


def test_controls_are_recorded_once(lab: Lab) -> None:
    with pytest.raises(Refused, match="are recorded"):
        testing.record_controls(lab.analyst, lab.run(), values={CONTROL: "1.0"})


def test_two_bad_cells_refuse_the_block_and_are_both_named(lab: Lab) -> None:
    tests = [lab.tests(lab.lot(f"L-{i}"))[1] for i in range(3)]
    sheet = lab.run(lab.water)
    block = (("2.3", "2.4"), ("2.3", ""), ("1,500", "2.4"))
    with pytest.raises(Invalid, match="2 of the readings cannot be taken; nothing was entered") as refused:
        testing.enter_results(lab.analyst, sheet, [Entry(t, values) for t, values in zip(tests, block, strict=True)])
    assert set(refused.value.errors) == {"entries/1/values/1", "entries/2/values/0"}
    assert not Reading.objects.exists() and not Result.objects.exists()


def test_a_test_stands_once_in_an_entry(lab: Lab) -> None:
    _, test = lab.tests(lab.lot())
    with pytest.raises(Invalid, match="stands twice"):
        testing.enter_results(lab.analyst, lab.run(lab.water), [Entry(test, ("2.1", "2.2"))] * 2)


def test_the_method_says_how_many_readings_there_are(lab: Lab) -> None:
    _, test = lab.tests(lab.lot())
    with pytest.raises(Invalid, match="takes 2 readings"):
        testing.enter_results(lab.analyst, lab.run(lab.water), [Entry(test, ("2.1", "2.2", "2.0"))])


def test_a_result_is_not_entered_again(lab: Lab) -> None:
    _, test = lab.tests(lab.lot())
    lab.enter(test, ("4.51", "4.52"))
    with pytest.raises(Refused, match="takes no result now"):
        lab.enter(test, ("2.31", "2.35"))


def test_nobody_works_on_the_worksheet_of_another(lab: Lab) -> None:
    _, test = lab.tests(lab.lot())
    sheet = lab.run(lab.water)
    with pytest.raises(Refused, match="is the worksheet of"):
        testing.enter_results(lab.colleague, sheet, [Entry(test, ("2.1", "2.2"))])


def test_a_disposed_sample_is_not_tested(lab: Lab) -> None:
    _, test = lab.tests(lab.lot())
    stock.dispose_sample(lab.keeper, test.sample, reason="Spilt")
    with pytest.raises(Refused, match="is no longer here"):
        lab.enter(models.Test.objects.get(pk=test.pk), ("2.1", "2.2"))


def test_a_sample_that_was_not_received_gets_no_tests(lab: Lab) -> None:
    sample = stock.register_sample(
        lab.keeper, lab.lot(), purpose=Sample.Purpose.RELEASE, amount="5", unit="{tablet}", taken_on=lab.today
    )
    with pytest.raises(Refused, match="has not been received"):
        testing.assign_tests(lab.supervisor, sample, specification=lab.specification)


def test_own_work_is_not_verified(lab: Lab) -> None:
    factories.member(lab.program, Role.REVIEWER, lab.analyst)
    _, test = lab.tests(lab.lot())
    lab.enter(test, ("2.31", "2.35"))
    with pytest.raises(Refused, match="nobody verifies their own work"):
        lab.verify(test, lab.analyst)
    assert Result.objects.get().state == "entered"


def test_who_corrected_a_reading_does_not_verify_it(lab: Lab) -> None:
    _, test = lab.tests(lab.lot())
    lab.enter(test, ("2.31", "2.35"))
    testing.correct_reading(lab.supervisor, test.readings.first(), value="2.30", reason="Transcription error")
    with pytest.raises(NotPermitted, match="cannot sign it as the second person"):
        lab.verify(test, lab.supervisor)


def test_a_result_changed_since_it_was_shown_is_not_verified(lab: Lab) -> None:
    _, test = lab.tests(lab.lot())
    (shown,) = lab.enter(test, ("2.31", "2.35"))
    version = shown.version
    testing.correct_reading(lab.analyst, test.readings.first(), value="2.11", reason="Transcription error")
    now = Result.objects.select_related("test").get()
    with pytest.raises(Conflict, match="was changed since it was shown"):
        testing.verify_results(lab.reviewer, [now], credentials=lab.sign(lab.reviewer), seen={now.id: version})


def test_a_returned_result_is_corrected_with_a_reason_and_verified(lab: Lab) -> None:
    lot = lab.lot()
    _, test = lab.tests(lot)
    (result,) = lab.enter(test, ("2.31", "23.5"))
    testing.return_results(lab.reviewer, [result], reason="Is the second reading right?")
    reading = test.readings.get(replicate=2)
    with pytest.raises(Invalid, match="needs a reason"):
        testing.correct_reading(lab.analyst, reading, value="2.35")
    testing.correct_reading(lab.analyst, reading, value="2.35", reason="Transcription error")
    lab.verify(test)
    test.refresh_from_db()
    assert test.state == models.Test.State.VERIFIED
    kinds = {line["kind"] for line in exceptions_of(lot)}
    assert {"correction", "verdict turned"} <= kinds


def test_a_returned_result_alone_does_not_let_its_test_through(lab: Lab) -> None:
    each = bench.draft_method(
        lab.supervisor,
        lab.qa.organization,
        code="M-EACH",
        title="Each",
        technique="Visual",
        reporting="each",
        replicates=2,
    )
    bench.approve_method(lab.qa, each, credentials=lab.sign(lab.qa))
    bench.qualify_analyst(lab.supervisor, lab.analyst, method=each, starts=lab.today, ends=lab.today)
    from crdmo.services.quality.workflow import specifications

    drafted = specifications.draft_specification(
        lab.supervisor,
        lab.product,
        title="Units",
        stage="in_process",
        criteria=[{"name": "Weight", "method": each, "limit": "≥ 80", "unit": "mg"}],
    )
    approved = specifications.approve_specification(
        lab.qa, drafted, effective_from=lab.today, credentials=lab.sign(lab.qa)
    )
    (test,) = testing.assign_tests(
        lab.supervisor, lab.sample(lab.lot(), Sample.Purpose.IN_PROCESS), specification=approved
    )
    sheet = testing.open_worksheet(lab.analyst, lab.program, method=each)
    good, bad = testing.enter_results(lab.analyst, sheet, [Entry(test, ("85", "79"))])
    with pytest.raises(Refused, match="verified or returned together"):
        testing.verify_results(lab.reviewer, [good], credentials=lab.sign(lab.reviewer))
    with pytest.raises(Refused, match="verified or returned together"):
        testing.return_results(lab.reviewer, [bad], reason="Look again")


def test_a_verified_reading_is_not_corrected_at_the_bench(lab: Lab) -> None:
    test = lab.tested(lab.lot())
    with pytest.raises(Refused, match="is not corrected at the bench"):
        testing.correct_reading(lab.analyst, test.readings.first(), value="1001", reason="Wish")


def test_a_corrected_potency_makes_results_stale_until_they_are_calculated_and_verified_anew(lab: Lab) -> None:
    test = lab.tested(lab.lot())
    (result,) = test.results.all()
    bench.correct_potency(lab.supervisor, lab.standard, potency="98.8", reason="Corrected certificate of the supplier")
    assert stale(result) == [lab.standard]
    (renewed,) = testing.recalculate(lab.supervisor, test, reason="Potency corrected")
    assert (result.rounded, renewed.rounded, renewed.state) == ("99.6", "98.6", "entered")
    assert not stale_causes([result.id])
    test.refresh_from_db()
    assert test.state == models.Test.State.ENTERED
    lab.verify(test)
    test.refresh_from_db()
    assert test.state == models.Test.State.VERIFIED


def test_what_is_current_is_not_calculated_anew(lab: Lab) -> None:
    with pytest.raises(Refused, match="stand on what is recorded now"):
        testing.recalculate(lab.supervisor, lab.tested(lab.lot()), reason="To see")


def test_a_result_that_fails_after_a_new_calculation_opens_an_investigation(lab: Lab) -> None:
    test = lab.tested(lab.lot(), "95.3")
    bench.correct_potency(lab.supervisor, lab.standard, potency="98.8", reason="Corrected certificate")
    testing.recalculate(lab.supervisor, test, reason="Potency corrected")
    lab.verify(test)
    test.refresh_from_db()
    assert test.state == models.Test.State.INVESTIGATION


def test_a_test_without_readings_can_be_cancelled_with_a_reason_and_no_other(lab: Lab) -> None:
    assay, water = lab.tests(lab.lot())
    with pytest.raises(Invalid, match="has a reason"):
        testing.cancel_test(lab.supervisor, assay)
    lab.enter(water, ("4.6", "4.7"))
    water.refresh_from_db()
    with pytest.raises(Refused, match="has begun and is not cancelled"):
        testing.cancel_test(lab.supervisor, water, reason="It fails")
    testing.cancel_test(lab.supervisor, assay, reason="Assigned twice")
    assert assay.state == models.Test.State.CANCELLED


def test_a_worksheet_is_closed_by_its_analysts_signature(lab: Lab) -> None:
    sheet = lab.run(lab.water)
    with pytest.raises(Refused, match="is the worksheet of"):
        testing.close_worksheet(lab.colleague, sheet, credentials=lab.sign(lab.colleague))
    testing.close_worksheet(lab.analyst, sheet, credentials=lab.sign(lab.analyst))
    assert sheet.state == Worksheet.State.CLOSED


def test_people_of_another_program_may_nothing_here(lab: Lab) -> None:
    other = factories.program("CRD-900", owner=factories.sponsor("OTHER"), with_=factories.partner("OTHERLAB"))
    stranger = factories.person(Role.SUPERVISOR, other, organization=other.partner)
    with pytest.raises(NotPermitted, match="may not assign"):
        testing.assign_tests(stranger, lab.sample(lab.lot()), specification=lab.specification)


def test_readings_of_an_instrument_come_in_by_the_table_of_kinds(lab: Lab) -> None:
    lot = lab.lot()
    _, water = lab.tests(lot)
    sheet = lab.run(lab.water)
    head, sample = "sample,test,value,unit\n", water.sample.code

    def bring(text: str, code: str = sheet.code, who: Any = lab.analyst) -> exchange.Taken:
        file = exchange.File("kf.csv", (head + text).encode())
        return exchange.take(who, lab.program, "readings", exchange.Brought(file, options={"worksheet": code}))

    name, unit = water.criterion.name, water.criterion.unit
    good = f"{sample},{name},2.31,{unit}\n{sample},{name},2.36,{unit}\n"
    before = LedgerEntry.objects.count()
    for text, code, why in (
        (f"{sample},{name},2.31,ug\n", sheet.code, "another unit"),
        (f"{sample},{name},=1+1,{unit}\n", sheet.code, "formula"),
        (f"S-99,{name},2.31,{unit}\n", sheet.code, "no such test"),
        (good, "WS-99", "no such worksheet"),
    ):
        with pytest.raises(Invalid) as refused:
            bring(text, code)
        assert why in f"{refused.value.sentence()} {refused.value.errors}"
    assert LedgerEntry.objects.count() == before
    with pytest.raises(NotPermitted):
        bring(good, who=lab.sponsor)
    assert bring(good).detail == {"worksheet": sheet.code, "results": 1}
