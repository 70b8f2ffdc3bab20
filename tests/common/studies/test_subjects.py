"""Subjects are registered whole or not at all; their arm stands apart from them; a blinded study takes no open arm."""

from __future__ import annotations

import datetime as dt

import pytest

from crdmo.common.studies import queries
from crdmo.common.studies import workflow as steps
from crdmo.common.studies.models import Allocation, Arm, Subject
from crdmo.foundation.ledger import state
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.refusals import Invalid, NotFound, Refused


def test_animals_wait_for_the_protocol(bench) -> None:
    study = bench.study()
    with pytest.raises(Refused, match="not in force"):
        bench.do(steps.register_subjects, study, [{"code": "A1", "sex": "F"}])
    imported = bench.study("CJ-1", is_imported=True)
    assert bench.do(steps.register_subjects, imported, [{"code": "A1", "sex": "F"}])


def test_one_wrong_row_refuses_all(bench) -> None:
    study, _ = bench.running(animals=1)
    tomorrow = bench.today + dt.timedelta(1)
    rows = [{"code": "B1", "sex": "F"}, {"code": "A1", "sex": "F"}, {"code": "B1", "sex": "M", "born_on": tomorrow}]
    with pytest.raises(Invalid, match="nothing was saved") as refused:
        bench.do(steps.register_subjects, study, rows)
    assert set(refused.value.errors) == {"2/code", "3/code", "3/born_on"}
    assert Subject.objects.count() == 1


def test_the_arm_of_a_subject_stands_nowhere_in_its_entries(bench) -> None:
    study, subjects = bench.running()
    arm = Arm.objects.get(code="2")
    bench.do(steps.allocate, study, [(one, arm) for one in subjects])
    assert not any("arm" in name for name in state.of(subjects[0]))
    bodies = Entry.objects.filter(record_id=subjects[0].id).values_list("body", flat=True)
    assert not any(str(arm.id).encode() in bytes(body) for body in bodies)
    assert queries.arms_of(subjects) == {one.id: arm for one in subjects}


def test_a_subject_has_one_arm_and_a_blinded_study_none_here(bench) -> None:
    study, subjects = bench.running()
    low = Arm.objects.get(code="2")
    bench.do(steps.allocate, study, [(subjects[0], low)])
    with pytest.raises(Refused, match="has its arm"):
        bench.do(steps.allocate, study, [(subjects[1], low), (subjects[0], low)])
    assert Allocation.objects.count() == 1
    blinded, people = bench.running(code="CT-1", kind="clinical", blinding="double")
    with pytest.raises(Refused, match="is blinded"):
        bench.do(steps.allocate, blinded, [(people[0], low)])
    with pytest.raises(Invalid, match="of this study"):
        bench.do(steps.allocate, study, [(people[0], low)])


def test_a_subject_ends_once_and_it_is_said_how(bench) -> None:
    _, subjects = bench.running()
    with pytest.raises(Invalid, match="how the subject left"):
        bench.do(steps.end_subject, subjects[0], state="dead")
    bench.do(steps.end_subject, subjects[0], state="dead", ending="found dead")
    assert (subjects[0].state, subjects[0].ended_on) == ("dead", bench.today)
    with pytest.raises(Refused, match="no longer in the study"):
        bench.do(steps.end_subject, subjects[0], state="completed")
    with pytest.raises(Invalid, match="one of these states"):
        bench.do(steps.end_subject, subjects[1], state="enrolled")


def test_day_one_is_set_after_enrolment_and_changed_with_a_reason(bench) -> None:
    study, subjects = bench.running()
    with pytest.raises(Invalid, match="has a reason"):
        bench.do(steps.start_exposure, subjects, on=bench.today)
    bench.do(steps.start_exposure, subjects, on=bench.today, reason="dosed a day later")
    (waiting,) = bench.do(steps.register_subjects, study, [{"code": "B1", "sex": "M"}])
    with pytest.raises(Refused, match="not enrolled"):
        bench.do(steps.start_exposure, [waiting])
    with pytest.raises(Invalid, match="future"):
        bench.do(steps.enroll, [waiting], on=bench.today + dt.timedelta(1))


def test_a_subject_of_another_study_is_not_found_here(bench) -> None:
    first, _ = bench.running(animals=1)
    second, _ = bench.running(animals=1, code="TOX-2")
    assert queries.find_subject(first, "A1").study == first
    with pytest.raises(NotFound, match="no such subject"):
        queries.find_subject(second, "B9")


def test_what_is_recorded_of_a_subject_is_corrected_with_a_reason(bench) -> None:
    _, subjects = bench.running()
    with pytest.raises(Invalid, match="has a reason"):
        bench.do(steps.change_subject, subjects[0], sex="M")
    with pytest.raises(Invalid, match="not corrected here"):
        bench.do(steps.change_subject, subjects[0], code="Z9", reason="typing error")
    bench.do(steps.change_subject, subjects[0], sex="M", reason="typing error")
    assert subjects[0].sex == "M"
