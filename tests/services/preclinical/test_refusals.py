"""What each verb refuses, and that no path leads around a gate."""

from __future__ import annotations

import datetime as dt

import pytest

from crdmo.common.studies.models import Event, Finding, Intervention, ProtocolVersion, Study, Subject
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.documents.models import DocumentVersion
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.refusals import Invalid, NotPermitted, Refused
from crdmo.services.preclinical.models import Effect, InspectionFinding, Noael, StudyReport
from crdmo.services.preclinical.workflow import (
    analyses,
    animals,
    conclusions,
    inspections,
    protocols,
    records,
    reports,
    studies,
)
from tests import factories


def test_management_opens_a_study_and_names_a_director_who_is_one(facility) -> None:
    with pytest.raises(NotPermitted, match="may not open a study"):
        studies.open_study(
            facility.director, facility.program, code="T", title="T", lead=facility.director, species="RAT"
        )
    with pytest.raises(Invalid, match="has this role"):
        facility.opened(lead=facility.technician)
    with pytest.raises(Invalid, match="test system"):
        facility.opened(species=" ")


@pytest.mark.clause("21 CFR 58.33")
def test_a_former_director_signs_nothing_any_more(facility) -> None:
    version = facility.drafted()
    studies.replace_director(facility.management, version.study, lead=facility.other_director, reason="leave")
    with pytest.raises(NotPermitted, match="another study director"):
        protocols.offer_protocol(facility.director, version)
    protocols.offer_protocol(facility.other_director, version)
    protocols.review_protocol(facility.qa, version, credentials=facility.key(facility.qa))
    with pytest.raises(NotPermitted, match="another study director"):
        protocols.sign_protocol(facility.director, version, credentials=facility.key(facility.director))


@pytest.mark.clause("21 CFR 58.35(a)")
def test_quality_assurance_takes_no_part_in_the_study(facility) -> None:
    with pytest.raises(Refused, match="may not be held by one person"):
        factories.member(facility.program, Role.TECHNICIAN, facility.qa)
    version = facility.drafted()
    protocols.offer_protocol(facility.director, version)
    mover = factories.person(Role.TECHNICIAN, facility.program)
    factories.login(mover)
    study = facility.sign_protocol(facility.drafted("TOX-2")).study
    animals.receive_animals(mover, study, [{"code": "M1", "sex": "M"}])
    # Whoever moves from the bench to quality assurance keeps what was recorded: the rule is asked itself.
    from crdmo.foundation.ledger import acts
    from crdmo.services.preclinical.workflow.desks import independent

    with acts.act(mover, "view") as act, pytest.raises(NotPermitted, match="independent of the study"):
        independent(act, study)


def test_a_protocol_is_signed_in_its_order_and_work_waits_for_all_three(facility) -> None:
    version = facility.drafted()
    study, key = version.study, facility.key
    protocols.offer_protocol(facility.director, version)
    with pytest.raises(Refused, match="lacks a signature"):
        protocols.sign_protocol(facility.director, version, credentials=key(facility.director))
    protocols.review_protocol(facility.qa, version, credentials=key(facility.qa))
    with pytest.raises(Refused, match="lacks a signature"):
        protocols.approve_protocol(facility.management, version, credentials=key(facility.management))
    protocols.sign_protocol(facility.director, version, credentials=key(facility.director))
    with pytest.raises(Refused, match="not in force"):
        animals.receive_animals(facility.technician, study, [{"code": "M1", "sex": "M"}])
    protocols.approve_protocol(facility.management, version, credentials=key(facility.management))
    assert animals.receive_animals(facility.technician, study, [{"code": "M1", "sex": "M"}])


def test_a_draft_names_epochs_and_activities_that_are_there_or_leaves_nothing(facility) -> None:
    study, base = facility.opened(), {"text": "x", "arms": [{"code": "1", "name": "C"}], "epochs": [], "activities": []}
    with pytest.raises(Invalid, match="epoch of the protocol"):
        protocols.draft_protocol(
            facility.director, study, **base, visits=[{"code": "D1", "name": "D1", "day": 1, "epoch": "X"}]
        )
    with pytest.raises(Invalid, match="activity of the protocol"):
        protocols.draft_protocol(
            facility.director, study, **base, visits=[{"code": "D1", "name": "D1", "day": 1, "activities": ["BW"]}]
        )
    assert not ProtocolVersion.objects.exists()


def test_an_amendment_touches_no_day_that_was_done(facility) -> None:
    study = facility.dosed()
    with pytest.raises(Invalid, match="not amended afterwards"):
        protocols.amend_protocol(facility.director, study, retire=["D-1"], reason="not needed")
    with pytest.raises(Invalid, match="does not stand"):
        protocols.amend_protocol(facility.director, study, retire=["D99"], reason="not needed")
    version = protocols.amend_protocol(facility.director, study, retire=["D9"], reason="no necropsy")
    facility.sign_protocol(version)
    assert "D9" not in [one["code"] for one in version.design["visits"]]
    again = protocols.amend_protocol(facility.director, study, text="New text.", reason="words")
    with pytest.raises(Invalid, match="has a reason"):
        protocols.discard_protocol(facility.director, again)
    protocols.discard_protocol(facility.director, again, reason="not needed")
    assert again.is_void
    with pytest.raises(Refused, match="in use"):
        protocols.discard_protocol(facility.director, version, reason="late")


def test_animals_are_assigned_once_by_weight_before_dosing(facility) -> None:
    study = facility.active()
    animals.receive_animals(facility.technician, study, [{"code": "M1", "sex": "M"}, {"code": "F1", "sex": "F"}])
    with pytest.raises(Invalid, match="assigned by its weight"):
        animals.assign_animals(facility.director, study, seed=1)
    with pytest.raises(Refused, match="group before its first dose"):
        animals.start_dosing(facility.technician, study)
    visit = facility.visit(study, "D-1")
    records.record_findings(
        facility.technician, study, [facility.weight(one, "200", visit) for one in facility.people(study)]
    )
    with pytest.raises(Refused, match="cannot be assigned"):
        animals.assign_animals(facility.director, study, seed=1)
    placed = facility.dosed("TOX-2")
    with pytest.raises(Refused, match="have their groups"):
        animals.assign_animals(facility.director, placed, seed=2)


def test_what_is_late_has_a_reason_and_another_dose_as_well(facility) -> None:
    study = facility.dosed()
    one, visit = facility.people(study)[0], facility.visit(study, "D8")
    late = facility.weight(one, "230", visit, facility.on(10))
    with pytest.raises(Invalid, match="early or late has a reason") as refused:
        records.record_findings(facility.technician, study, [late])
    assert "M1" in refused.value.errors["reason"] or "F1" in refused.value.errors["reason"]
    records.record_findings(facility.technician, study, [late], reason="The balance was out of order")
    with pytest.raises(Invalid, match="cannot be recorded"):
        records.record_doses(facility.technician, study, [{"subject": one, "starts": facility.on(2), "dose": "99"}])
    records.record_doses(
        facility.technician, study, [{"subject": one, "starts": facility.on(2), "dose": "99"}], reason="misdosed"
    )
    given = Intervention.objects.get()
    records.correct_dose(facility.technician, given, dose="98", reason="read again")
    assert given.dose == "98"
    spare = animals.receive_animals(facility.technician, study, [{"code": "X1", "sex": "M"}])
    with pytest.raises(Invalid, match="cannot be recorded"):
        records.record_doses(facility.technician, study, [{"subject": spare[0], "starts": facility.on(2)}])


def test_a_grid_takes_numbers_not_done_with_reason_and_below_quantification(facility) -> None:
    study = facility.dosed()
    one, visit = facility.people(study)[0], facility.visit(study, "D8")
    from crdmo.common.studies.models import Activity

    plasma, weigh = Activity.objects.get(code="PC"), Activity.objects.get(code="BW")
    on = dt.date.fromisoformat(facility.on(8))
    with pytest.raises(Invalid, match="cannot be taken"):
        records.rows_of_grid(weigh, visit, {(one, 0): "heavy"}, on)
    with pytest.raises(Invalid, match="cannot be taken"):
        records.rows_of_grid(weigh, visit, {(one, 0): "BLQ"}, on)
    rows = records.rows_of_grid(
        plasma, visit, {(one, 0): "blq", (one, 1): "12.50", (one, 2): "ND clotted", (one, 3): ""}, on
    )
    records.record_findings(facility.technician, study, rows)
    found = list(Finding.objects.filter(domain="PC").order_by("entry"))
    assert [(f.value, f.number, f.lower_limit, f.why_not) for f in found] == [
        ("BLQ", "", "1.00", ""), ("12.50", "12.50", "", ""), ("", "", "", "clotted"),
    ]  # fmt: skip
    with pytest.raises(Invalid, match="cannot be taken"):
        records.record_findings(facility.technician, study, records.rows_of_grid(weigh, visit, {(one, 0): "ND"}, on))


def test_an_animal_of_another_study_or_a_second_value_is_refused(facility) -> None:
    study, other = facility.housed(), facility.housed("TOX-2")
    visit = facility.visit(study, "D-1")
    before = Entry.objects.count()
    with pytest.raises(Invalid, match="cannot be taken"):
        records.record_findings(facility.technician, study, [facility.weight(facility.people(other)[0], "200", visit)])
    with pytest.raises(Invalid, match="cannot be taken"):
        records.record_findings(facility.technician, study, [facility.weight(facility.people(study)[0], "200", visit)])
    assert Entry.objects.count() == before


def test_the_in_life_part_ends_when_each_animal_has_its_end(facility) -> None:
    study = facility.dosed()
    with pytest.raises(Refused, match="still in the study"):
        studies.complete_study(facility.director, study)
    with pytest.raises(Invalid, match="not in the study"):
        animals.end_animals(facility.technician, study, codes=["Z9"], state="dead", ending="FOUND DEAD")
    animals.end_animals(facility.technician, study, codes=["M1"], state="dead", ending="FOUND DEAD")
    assert (Subject.objects.get(code="M1").state, Event.objects.get().term) == ("dead", "FOUND DEAD")
    facility.complete(study)
    study.refresh_from_db()
    assert study.state == "completed"


def test_analyses_need_data_a_control_and_the_director(facility) -> None:
    study = facility.dosed()
    with pytest.raises(Refused, match="no exposure"):
        analyses.compute_toxicokinetics(facility.director, study, facility.visit(study, "D8"))
    with pytest.raises(Invalid, match="no value of this test"):
        analyses.compare_groups(facility.director, study, domain="BW", code="BW", day=8)
    one = facility.people(study)[0]
    records.record_findings(facility.technician, study, [facility.weight(one, "230", facility.visit(study, "D8"))])
    with pytest.raises(Refused, match="cannot be compared"):
        analyses.compare_groups(facility.director, study, domain="BW", code="BW", day=8)
    with pytest.raises(NotPermitted, match="another study director"):
        analyses.compare_groups(facility.other_director, study, domain="BW", code="BW", day=8)


def test_a_sample_without_its_time_has_no_exposure(facility) -> None:
    study = facility.dosed()
    one, visit = facility.people(study)[0], facility.visit(study, "D8")
    row = {
        "subject": one,
        "visit": visit,
        "domain": "PC",
        "code": "DRUG",
        "value": "5",
        "unit": "ng/mL",
        "starts": facility.on(8),
    }
    records.record_findings(facility.technician, study, [row])
    with pytest.raises(Invalid, match="time after the dose"):
        analyses.compute_toxicokinetics(facility.director, study, visit)


def test_a_noael_is_refused_without_evidence_and_over_an_adverse_effect(facility) -> None:
    study = facility.computed()
    with pytest.raises(Invalid, match="shown by findings or results"):
        facility.judge(study, "2", evidence=[])
    other = facility.in_life("TOX-2")
    with pytest.raises(Invalid, match="evidence is of this study"):
        facility.judge(study, "2", evidence=[facility.finding(other)])
    facility.judge(study, "2")
    with pytest.raises(Refused, match="lacks evidence"):
        facility.conclude(study, "2")
    effect = facility.judge(study, "3", is_adverse=True)
    with pytest.raises(Refused, match="adverse effect stands at or below"):
        facility.conclude(study, "3")
    with pytest.raises(Invalid, match="dose of this study"):
        facility.conclude(study, "1")
    with pytest.raises(Invalid, match="not said"):
        facility.conclude(study, "2", rationale=" ")
    assert not Noael.objects.exists()
    made = facility.conclude(study, "3", justified={str(effect.id): "Secondary to lower food intake."})
    assert made.justified == {str(effect.id): "Secondary to lower food intake."} and made.dose == "30"
    assert {line["sex"] for line in made.exposure} == {"F", "M"}
    with pytest.raises(Refused, match="is signed"):
        facility.judge(study, "2")
    with pytest.raises(Refused, match="is signed"):
        conclusions.void_effect(facility.director, effect, reason="wrong")
    with pytest.raises(Invalid, match="reason"):
        conclusions.void_noael(facility.director, made)
    conclusions.void_noael(facility.director, made, reason="food intake was measured")
    conclusions.void_effect(facility.director, effect, reason="judged anew")
    assert Effect.objects.filter(is_void=False).count() == 1


def test_a_noael_does_not_stand_on_data_changed_since(facility) -> None:
    study = facility.computed()
    facility.judge(study, "2")
    facility.judge(study, "3")
    records.correct_finding(facility.technician, facility.finding(study), value="150.0", reason="digits turned")
    with pytest.raises(Refused, match="changed since"):
        facility.conclude(study, "2")
    with pytest.raises(Refused, match="changed since"):
        facility.judge(study, "2")
    analyses.compare_groups(facility.director, study, domain="BW", code="BW", day=8)
    assert facility.judge(study, "2")


def test_findings_of_quality_assurance_are_answered_before_they_are_closed(facility) -> None:
    study = facility.active()
    with pytest.raises(Invalid, match="future"):
        inspections.record_inspection(
            facility.qa, study, phase="in_life", on=facility.today + dt.timedelta(1), scope="x",
            credentials=facility.key(facility.qa),
        )  # fmt: skip
    made = facility.inspect(study, "in_life", "A line is struck out without a reason.", close=False)
    assert (made.reported_to_director, made.reported_to_management) == (facility.today, facility.today)
    with pytest.raises(Refused, match="was reported"):
        inspections.report_inspection(facility.qa, made)
    with pytest.raises(Refused, match="without an answer"):
        inspections.close_inspection(facility.qa, made)
    one = InspectionFinding.objects.get()
    with pytest.raises(NotPermitted, match="another study director"):
        inspections.answer_inspection(facility.other_director, one, answer="Mine.")
    with pytest.raises(Refused, match="not closed"):
        reports.sign_qa_statement(facility.qa, study, credentials=facility.key(facility.qa))
    inspections.answer_inspection(facility.management, one, answer="Trained again.")
    inspections.close_inspection(facility.qa, made)
    one.refresh_from_db()
    with pytest.raises(Refused, match="does not wait for an answer"):
        inspections.answer_inspection(facility.director, one, answer="Late.")
    with pytest.raises(Refused, match="were not inspected"):
        reports.sign_qa_statement(facility.qa, study, credentials=facility.key(facility.qa))
    with pytest.raises(NotPermitted, match="independent of the study"):
        inspections.record_inspection(
            facility.director,
            study,
            phase="report",
            on=facility.today,
            scope="x",
            credentials=facility.key(facility.director),
        )


def test_a_report_waits_for_everything_that_is_open(facility) -> None:
    study = facility.computed()
    given = {"compliance": "Yes.", "credentials": facility.key(facility.director)}
    with pytest.raises(Refused, match="is not ready") as refused:
        reports.finalise_report(facility.director, study, **given)
    for word in ("not completed", "no NOAEL", "statement is not signed"):
        assert word in refused.value.given
    assert not DocumentVersion.objects.exists()


def test_a_report_stands_on_no_data_changed_since(facility) -> None:
    study = facility.ready()
    records.correct_finding(facility.technician, facility.finding(study), value="150.0", reason="digits turned")
    with pytest.raises(Refused, match="on data changed since"):
        reports.finalise_report(
            facility.director, study, compliance="Yes.", credentials=facility.key(facility.director)
        )


def test_a_report_is_returned_and_made_anew_and_amended_when_it_is_final(facility) -> None:
    report = facility.offered()
    study, key = report.study, facility.key
    with pytest.raises(Refused, match="another state"):
        reports.approve_report(facility.management, report, credentials=key(facility.management))
    with pytest.raises(Refused, match="signed by the study director"):
        reports.finalise_report(facility.director, study, compliance="Yes.", credentials=key(facility.director))
    reports.return_report(facility.qa, report, credentials=key(facility.qa), reason="Table 3 lacks its unit")
    again = reports.finalise_report(facility.director, study, compliance="Yes.", credentials=key(facility.director))
    assert (again.number, StudyReport.objects.filter(is_void=False).count()) == (1, 1)
    with pytest.raises(Refused, match="no final report to amend"):
        reports.amend_report(
            facility.director, study, part="3", text="New.", credentials=key(facility.director), reason="unit"
        )
    reports.review_report(facility.qa, again, credentials=key(facility.qa))
    reports.approve_report(facility.management, again, credentials=key(facility.management))
    with pytest.raises(Invalid, match="not said"):
        reports.amend_report(facility.director, study, part="3", text="New.", credentials=key(facility.director))
    study.refresh_from_db()
    amended = reports.amend_report(
        facility.director,
        study,
        part="Section 3",
        text="The unit is g.",
        credentials=key(facility.director),
        reason="A unit was missing",
    )
    reports.review_report(facility.qa, amended, credentials=key(facility.qa))
    reports.approve_report(facility.management, amended, credentials=key(facility.management))
    first, second = (DocumentVersion.objects.get(pk=one.document_id) for one in (again, amended))
    first.refresh_from_db()
    assert (first.state, second.state, amended.number) == ("superseded", "effective", 2)
    assert second.text.startswith(first.text) and "A unit was missing" in second.text
    assert Study.objects.get().state == "locked"


def test_a_sponsor_sees_the_study_and_does_nothing_in_it(facility) -> None:
    study = facility.housed()
    one = facility.finding(study, visit="D-1")
    for step in (
        lambda: records.correct_finding(facility.sponsor, one, value="1", reason="x"),
        lambda: animals.receive_animals(facility.sponsor, study, [{"code": "Z", "sex": "F"}]),
        lambda: records.withdraw_record(facility.sponsor, one, reason="x"),
    ):
        with pytest.raises(NotPermitted, match="may not"):
            step()
    records.withdraw_record(facility.technician, one, reason="another animal was on the balance")
    assert one.is_void
