"""Release: every gate, by whichever door, and what a certificate keeps."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from crdmo.common.materials import workflow as stock
from crdmo.common.materials.models import Lot
from crdmo.foundation.datasets import store
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.refusals import Conflict, Invalid, NotPermitted, Refused
from crdmo.services.quality import certificate_print
from crdmo.services.quality.gates import Gate, gates_for_release, gates_of, last_lot_entry
from crdmo.services.quality.models import Certificate, Disposition
from crdmo.services.quality.workflow import bench, certificates, disposition, specifications, testing
from tests.services.quality.lab import Lab


def gate(lot: Lot, name: str) -> Gate:
    return next(one for one in gates_for_release(Lot.objects.get(pk=lot.pk)) if one.name == name)


def ready(lab: Lab) -> Lot:
    lot = lab.lot()
    lab.tested(lot)
    lab.certificate(lot)
    lab.review(lot)
    return lot


def test_a_lot_is_released_once_every_gate_is_met(lab: Lab) -> None:
    lot = ready(lab)
    lab.release(lot)
    lot.refresh_from_db()
    assert lot.status == Lot.Status.RELEASED
    decision = Disposition.objects.get()
    assert all(line["met"] for line in decision.gates) and decision.certificate is not None


def test_each_open_gate_says_what_is_open_and_who_can_close_it(lab: Lab) -> None:
    with pytest.raises(Refused) as refused:
        lab.release(lab.lot())
    for words in (
        "Tests: Assay: no test assigned",
        "Certificate: no certificate",
        "Audit trail: the audit trail of the lot was not reviewed",
    ):
        assert words in refused.value.given
    assert "QC analyst" in refused.value.next and "QA" in refused.value.next


def test_a_refused_release_leaves_nothing_but_its_refusal(lab: Lab) -> None:
    lot = lab.lot()
    with pytest.raises(Refused, match="cannot be released"):
        lab.release(lot)
    assert not Disposition.objects.exists()
    assert Entry.objects.filter(record_type="ledger.refusal", action="quality.release_lot").count() == 1


def test_only_the_qualified_person_releases(lab: Lab) -> None:
    lot = ready(lab)
    with pytest.raises(NotPermitted, match="may not release a lot"):
        disposition.release_lot(lab.qa, lot, credentials=lab.sign(lab.qa))


def test_without_a_specification_in_force_nothing_is_released(lab: Lab) -> None:
    other = stock.register_substance(lab.keeper, lab.program, code="X", name="Other", kind="drug_product")
    lot = stock.register_lot(
        lab.keeper, other, code="X-1", amount="5", unit="g", expires_on=lab.today + dt.timedelta(days=9)
    )
    assert not gate(lot, "Specification").met


def test_a_lot_without_expiry_or_retest_date_is_not_released(lab: Lab) -> None:
    lot = stock.register_lot(lab.keeper, lab.product, code="N-1", amount="5", unit="{tablet}")
    assert not gate(lot, "Expiry").met


def test_a_result_after_the_review_calls_for_another_review(lab: Lab) -> None:
    lot = ready(lab)
    sample = lab.sample(lot, "in_process")
    testing.assign_tests(lab.supervisor, sample, specification=lab.specification)
    assert "the lot has entries up to" in gate(lot, "Audit trail").text


def test_a_review_of_a_trail_that_grew_meanwhile_is_refused(lab: Lab) -> None:
    lot = lab.lot()
    lab.tested(lot)
    shown = last_lot_entry(lot)
    testing.assign_tests(lab.supervisor, lab.sample(lot, "in_process"), specification=lab.specification)
    with pytest.raises(Conflict, match="has grown since it was shown"):
        disposition.review_trail(lab.qa, lot, conclusion="Clean.", credentials=lab.sign(lab.qa), seen=shown)


def test_who_tested_a_lot_does_not_review_its_trail(lab: Lab) -> None:
    lot = lab.lot()
    lab.tested(lot)
    with pytest.raises(Refused, match="who tested the lot does not review its trail"):
        disposition.review_trail(lab.analyst, lot, conclusion="Clean.", credentials=lab.sign(lab.analyst))


def test_a_review_says_what_it_concludes(lab: Lab) -> None:
    with pytest.raises(Invalid, match="what the review concludes"):
        disposition.review_trail(lab.qa, lab.lot(), conclusion=" ", credentials=lab.sign(lab.qa))


def test_a_corrected_potency_blocks_the_certificate_and_the_release(lab: Lab) -> None:
    lot = ready(lab)
    bench.correct_potency(lab.supervisor, lab.standard, potency="98.8", reason="Corrected certificate of the supplier")
    assert not gate(lot, "Results current").met
    assert "stands on data changed since" in gate(lot, "Certificate").text
    with pytest.raises(Refused, match="cannot be released"):
        lab.release(lot)
    with pytest.raises(Refused, match="Assay stands on data changed since"):
        lab.certificate(lot, "Potency corrected")


def test_a_draft_that_data_overtook_is_not_signed(lab: Lab) -> None:
    lot = lab.lot()
    lab.tested(lot)
    drafted = certificates.draft_certificate(lab.supervisor, lot)
    bench.correct_potency(lab.supervisor, lab.standard, potency="98.8", reason="Corrected certificate of the supplier")
    with pytest.raises(Refused, match="stands on data changed since it was drafted"):
        certificates.sign_certificate(lab.qa, drafted, credentials=lab.sign(lab.qa))


def test_after_a_new_calculation_the_certificate_is_issued_anew_and_the_old_one_stays(lab: Lab) -> None:
    lot = lab.lot()
    test = lab.tested(lot)
    old = lab.certificate(lot)
    kept = store.get(old.copies.get().pdf)
    bench.correct_potency(lab.supervisor, lab.standard, potency="98.8", reason="Corrected certificate of the supplier")
    testing.recalculate(lab.supervisor, test, reason="Potency corrected")
    lab.verify(test)
    new = lab.certificate(lot, "Potency of the standard corrected")
    old.refresh_from_db()
    assert (old.state, new.state, new.code, new.issue, new.replaces_id) == ("replaced", "signed", old.code, 2, old.id)
    assert store.get(old.copies.get().pdf) == kept
    assert [line["result"] for line in old.lines] == ["99.6", "2.3"]
    assert [line["result"] for line in new.lines] == ["98.6", "2.3"]


def test_a_re_issue_says_why(lab: Lab) -> None:
    lot = lab.lot()
    lab.tested(lot)
    lab.certificate(lot)
    with pytest.raises(Invalid, match="a re-issue says why"):
        certificates.draft_certificate(lab.supervisor, lot)


def test_a_certificate_is_not_drafted_while_a_test_is_open(lab: Lab) -> None:
    lot = lab.lot()
    assay, _ = lab.tests(lot)
    lab.enter(assay, "99.6")
    with pytest.raises(Refused, match="Assay is not finished"):
        certificates.draft_certificate(lab.supervisor, lot)


def test_who_drafted_a_certificate_does_not_sign_it(lab: Lab) -> None:
    lot = lab.lot()
    lab.tested(lot)
    drafted = certificates.draft_certificate(lab.qa, lot)
    with pytest.raises(NotPermitted, match="cannot sign it as the second person"):
        certificates.sign_certificate(lab.qa, drafted, credentials=lab.sign(lab.qa))


def test_a_signed_certificate_is_not_voided(lab: Lab) -> None:
    lot = lab.lot()
    lab.tested(lot)
    with pytest.raises(Refused, match="is signed"):
        certificates.void_certificate(lab.supervisor, lab.certificate(lot), reason="Wish")


def test_a_voided_draft_makes_room_for_another(lab: Lab) -> None:
    lot = lab.lot()
    lab.tested(lot)
    certificates.void_certificate(
        lab.supervisor, certificates.draft_certificate(lab.supervisor, lot), reason="Wrong day"
    )
    assert lab.certificate(lot).state == "signed"


def test_a_certificate_printed_again_is_the_same_to_the_byte(lab: Lab) -> None:
    lot = lab.lot()
    lab.tested(lot)
    signed = lab.certificate(lot)
    copy = signed.copies.get()
    again = certificate_print.make(Certificate.objects.get(pk=signed.pk))
    assert (store.get(copy.pdf), store.get(copy.json)) == (again.pdf, again.json)
    told = json.loads(again.json)
    assert [line["result"] for line in told["lines"]] == ["99.6", "2.3"]
    assert told["signatures"][0]["printed_name"] == lab.qa.printed_name


def test_results_on_a_second_sample_after_the_certificate_call_for_another_issue(lab: Lab) -> None:
    lot = lab.lot()
    lab.tested(lot)
    lab.certificate(lot)
    lab.tested(lot, "99.9")
    assert "does not show results as they stand now" in gate(lot, "Certificate").text
    new = lab.certificate(lot, "A second sample was tested")
    assay = new.lines[0]
    assert {one["rounded"] for one in assay["results"]} == {"99.6", "99.9"}


def test_a_confirmed_lot_is_rejected_and_never_released(lab: Lab) -> None:
    lot = lab.lot()
    found = lab.out_of_specification(lot)
    lab.check(found)
    lab.conclude(found, "confirmed")
    certificate = lab.certificate(lot)
    assert certificate.conclusion == f"The lot does not meet {lab.specification}."
    lab.review(lot)
    with pytest.raises(Refused, match="out of specification confirmed"):
        lab.release(lot)
    lot.refresh_from_db()
    disposition.reject_lot(lab.qa, lot, credentials=lab.sign(lab.qa), reason="Out of specification confirmed")
    lot.refresh_from_db()
    assert lot.status == Lot.Status.REJECTED


def test_a_rejected_lot_is_not_released_although_every_gate_is_met(lab: Lab) -> None:
    lot = ready(lab)
    disposition.reject_lot(lab.qa, lot, credentials=lab.sign(lab.qa), reason="Damaged in store")
    with pytest.raises(Refused, match="is rejected"):
        lab.release(lot)


def test_a_rejection_and_a_hold_have_reasons(lab: Lab) -> None:
    lot = lab.lot()
    with pytest.raises(Invalid, match="has a reason"):
        disposition.reject_lot(lab.qa, lot, credentials=lab.sign(lab.qa))
    lot.refresh_from_db()
    with pytest.raises(Invalid, match="has a reason"):
        disposition.hold_lot(lab.qa, lot)
    disposition.hold_lot(lab.qa, lot, reason="Complaint")
    lot.refresh_from_db()
    assert lot.status == Lot.Status.HOLD


def test_a_new_version_of_the_specification_changes_no_old_verdict_and_asks_for_new_tests(lab: Lab) -> None:
    lot = lab.lot()
    test = lab.tested(lot, "95.3")
    lines = [{"name": "Assay", "method": lab.assay, "limit": "98.0 – 102.0", "unit": "%"}]
    drafted = specifications.draft_specification(
        lab.supervisor, lab.product, title="Tighter", stage="release", criteria=lines, supersedes=lab.specification
    )
    specifications.approve_specification(lab.qa, drafted, effective_from=lab.today, credentials=lab.sign(lab.qa))
    result = test.results.get()
    assert (result.limit, result.passes) == ("95.0 – 105.0", True)
    assert "Assay: no test assigned" in gate(lot, "Tests").text


def test_gates_of_many_lots_take_as_many_queries_as_of_one(lab: Lab, django_assert_num_queries) -> None:
    lots = [lab.lot(f"L-{i}") for i in range(4)]
    for lot in lots[:3]:
        lab.tested(lot)
    lab.certificate(lots[0])
    # 15 of quality control, and one of each other room that joins a gate.
    with django_assert_num_queries(17):
        gates_of(Lot.objects.filter(pk=lots[0].pk))
    with django_assert_num_queries(17):
        found = gates_of(Lot.objects.filter(pk__in=[lot.pk for lot in lots]))
    assert [all(g.met for g in found[lot.id] if g.name in ("Tests", "Certificate")) for lot in lots] == [
        True,
        False,
        False,
        False,
    ]
