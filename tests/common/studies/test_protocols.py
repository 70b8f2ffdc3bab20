"""A protocol is drafted with its design, frozen when it is offered, in force by two people, amended with its changes."""

from __future__ import annotations

import datetime as dt

import pytest

from crdmo.common.materials import workflow as stock
from crdmo.common.studies import queries
from crdmo.common.studies import workflow as steps
from crdmo.common.studies.models import Activity, Arm, Epoch, ScheduledActivity, Study, Visit
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.refusals import Invalid, NotFound, NotPermitted, Refused
from crdmo.foundation.signing import Meaning, signatures_of
from tests import factories


def test_a_signed_protocol_holds_its_whole_design_and_starts_the_study(bench) -> None:
    study = bench.study()
    version = bench.sign(bench.draft(study))
    study.refresh_from_db()
    assert (version.state, study.state, version.effective_on) == ("effective", "active", bench.today)
    assert [arm["dose"] for arm in version.design["arms"]] == ["0", "10"]
    assert len(version.design["schedule"]) == 6
    assert all(one.holds for one in signatures_of(version))


def test_a_code_is_taken_once_and_another_program_does_not_find_it(bench) -> None:
    bench.study("TOX-1")
    with pytest.raises(Invalid, match="taken"):
        bench.study("TOX-1")
    other = factories.program("LQ-1", owner=factories.sponsor("OTHER"))
    with pytest.raises(NotFound, match="no such study"):
        queries.find_study(other, "TOX-1")
    assert queries.find_study(bench.program, "TOX-1", "nonclinical").code == "TOX-1"
    with pytest.raises(NotFound, match="no such study"):
        queries.find_study(bench.program, "TOX-1", "clinical")


def test_a_study_tests_a_substance_of_its_program_and_a_lot_of_that_substance(bench) -> None:
    keeper = factories.person(Role.SAMPLE_MANAGER)
    elsewhere = factories.program("LQ-1", owner=factories.sponsor("OTHER"))
    theirs = stock.register_substance(keeper, elsewhere, code="X", name="X", kind="drug_substance")
    with pytest.raises(Invalid, match="substance of its program"):
        bench.study(substance=theirs)
    second = stock.register_substance(keeper, bench.program, code="API-2", name="Y", kind="drug_substance")
    lot = stock.register_lot(keeper, second, amount="1", unit="g")
    with pytest.raises(Invalid, match="lot is one of the substance"):
        bench.study(lot=lot)
    with pytest.raises(Invalid, match="ends after it starts"):
        bench.study(starts_on=bench.today, ends_on=bench.today - dt.timedelta(1))


def test_what_is_offered_for_signature_is_frozen(bench) -> None:
    version = bench.draft(bench.study())
    bench.do(steps.finalise_protocol, version)
    with pytest.raises(Refused, match="frozen"):
        bench.do(steps.add_arms, version, [{"code": "9", "name": "Late"}])
    with pytest.raises(Refused, match="frozen"):
        bench.do(steps.edit_protocol, version, text="other", reason="better")
    visit = Visit.objects.first()
    with pytest.raises(Refused, match="frozen"):
        bench.do(steps.schedule, version, {visit: []})


def test_who_drafted_a_protocol_does_not_approve_it(bench) -> None:
    version = bench.draft(bench.study())
    bench.do(steps.finalise_protocol, version)
    bench.do(steps.sign_protocol, version, Meaning.AUTHORED, bench.key(bench.lead))
    with pytest.raises(NotPermitted, match=r"."):
        bench.do(steps.sign_protocol, version, Meaning.APPROVED, bench.key(bench.lead))
    with pytest.raises(Refused, match="lacks a signature"):
        bench.do(steps.put_in_force, version, [Meaning.AUTHORED, Meaning.APPROVED])


def test_signatures_are_given_in_their_order_and_once(bench) -> None:
    version = bench.draft(bench.study())
    with pytest.raises(Refused, match="not offered"):
        bench.do(steps.sign_protocol, version, Meaning.AUTHORED, bench.key(bench.lead))
    bench.do(steps.finalise_protocol, version)
    with pytest.raises(Refused, match="lacks a signature"):
        bench.do(
            steps.sign_protocol, version, Meaning.APPROVED, bench.key(bench.second), by=bench.second,
            after=[Meaning.AUTHORED],
        )  # fmt: skip
    bench.do(steps.sign_protocol, version, Meaning.AUTHORED, bench.key(bench.lead))
    with pytest.raises(Refused, match="signed as authored already"):
        bench.do(steps.sign_protocol, version, Meaning.AUTHORED, bench.key(bench.lead))


def test_a_design_without_arm_visit_or_text_is_not_offered(bench) -> None:
    version = bench.do(steps.draft_protocol, bench.study(), text=" ")
    with pytest.raises(Invalid, match="not complete") as refused:
        bench.do(steps.finalise_protocol, version)
    assert set(refused.value.errors) == {"arms", "visits", "text"}


def test_elements_that_cannot_be_are_refused_whole(bench) -> None:
    version = bench.do(steps.draft_protocol, bench.study(), text="x")
    with pytest.raises(Invalid, match="nothing was saved") as refused:
        bench.do(
            steps.add_arms, version,
            [{"code": "1", "name": "A"}, {"code": "1", "name": "", "dose": "5", "ratio": 0}],
        )  # fmt: skip
    assert set(refused.value.errors) == {"2/code", "2/name", "2/unit", "2/ratio"}
    with pytest.raises(Invalid, match="nothing was saved") as refused:
        bench.do(steps.add_visits, version, [{"code": "D0", "name": "Day 0", "day": 0}])
    assert "no study day 0" in refused.value.errors["1/day"]
    with pytest.raises(Invalid, match="nothing was saved"):
        bench.do(steps.add_activities, version, [{"code": "BW", "name": "W", "items": [{"code": "A"}, {"code": "A"}]}])
    assert not Arm.objects.exists()


def test_an_amendment_needs_a_reason_and_a_change_and_retires_without_touching_what_was_signed(bench) -> None:
    study = bench.study()
    first = bench.sign(bench.draft(study))
    with pytest.raises(Invalid, match="has a reason"):
        bench.do(steps.amend_protocol, study)
    second = bench.do(steps.amend_protocol, study, reason="Day 8 is too early")
    with pytest.raises(Refused, match="on its way"):
        bench.do(steps.amend_protocol, study, reason="again")
    with pytest.raises(Invalid, match="changes nothing"):
        bench.do(steps.finalise_protocol, second)
    early = Visit.objects.get(code="D8")
    marks = list(ScheduledActivity.objects.filter(visit=early))
    bench.do(steps.retire, second, [early])
    with pytest.raises(Invalid, match="not complete"):
        bench.do(steps.finalise_protocol, second)
    bench.do(steps.retire, second, marks)
    epoch = Epoch.objects.get(code="TRT")
    (later,) = bench.do(steps.add_visits, second, [{"code": "D15", "name": "Day 15", "day": 15, "epoch": epoch}])
    bench.do(steps.schedule, second, {later: [Activity.objects.get(code="BW")]})
    # Until it is signed, work goes on by the version in force.
    assert [one.code for one in queries.in_force(study, Visit)] == ["D-1", "D1", "D8"]
    second = bench.sign(second)
    first.refresh_from_db()
    assert (first.state, second.number) == ("superseded", 2)
    assert [one.code for one in queries.in_force(study, Visit)] == ["D-1", "D1", "D15"]
    assert [one.code for one in queries.in_force(study, Visit, first)] == ["D-1", "D1", "D8"]
    assert {(one["what"], one["kind"]) for one in second.changes} == {
        ("added", "visits"), ("added", "schedule"), ("retired", "visits"), ("retired", "schedule"),
    }  # fmt: skip
    assert all(one.holds for one in signatures_of(first))


def test_an_element_leaves_the_draft_that_brought_it_only_with_a_reason(bench) -> None:
    study = bench.study()
    version = bench.draft(study)
    arm = Arm.objects.get(code="2")
    with pytest.raises(Invalid, match="reason"):
        bench.do(steps.drop, version, arm)
    bench.do(steps.drop, version, arm, reason="one dose is enough")
    assert [one.code for one in queries.in_force(study, Arm, version)] == ["1"]
    bench.sign(version)
    amendment = bench.do(steps.amend_protocol, study, reason="another dose")
    with pytest.raises(Refused, match="not brought by"):
        bench.do(steps.drop, amendment, Arm.objects.get(code="1"), reason="no control")


def test_a_study_is_locked_after_it_is_completed_and_then_takes_nothing(bench) -> None:
    study, subjects = bench.running()
    with pytest.raises(Refused, match="not completed"):
        bench.do(steps.lock_study, study)
    bench.do(steps.complete_study, study)
    bench.do(steps.lock_study, study)
    row = {"subject": subjects[0], "domain": "BW", "code": "BW", "value": "200", "unit": "g"}
    with pytest.raises(Refused, match="takes no more data"):
        bench.do(steps.record_findings, study, [row])
    with pytest.raises(Refused, match="takes no more data"):
        bench.do(steps.amend_protocol, study, reason="late")
    assert Study.objects.get().locked_on == bench.today


def test_the_lead_is_replaced_with_a_reason(bench) -> None:
    study = bench.study()
    with pytest.raises(Invalid, match="has a reason"):
        bench.do(steps.replace_lead, study, bench.second)
    bench.do(steps.replace_lead, study, bench.second, reason="leave of absence")
    assert study.lead == bench.second
