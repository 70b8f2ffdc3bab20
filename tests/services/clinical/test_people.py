"""Consent, eligibility, randomisation, treatment and its end: the path that goes well, and every refusal."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from crdmo.common.studies.models import Intervention, Subject
from crdmo.foundation.ledger import acts
from crdmo.foundation.ledger.models import Entry, Sealed
from crdmo.foundation.refusals import Invalid, NotFound, NotPermitted, Refused
from crdmo.science.method import MethodError
from crdmo.services.clinical import demo
from crdmo.services.clinical.models import Kit, Randomisation, RandomisationList, Slot, Unblinding
from crdmo.services.clinical.workflow import blinding, people, safety
from tests.services.clinical.trial import STRATUM, Trial


def test_a_subject_goes_from_consent_to_treatment(trial: Trial) -> None:
    subject = trial.randomised()
    assert (subject.code, subject.state) == ("01-001", "enrolled")
    assert subject.reference_on == trial.day(-98)
    drawn = Randomisation.objects.get(subject=subject)
    given = Intervention.objects.get(subject=subject)
    assert given.treatment == f"Kit {drawn.kit.number}" and trial.again(drawn.kit).state == "dispensed"


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"age": "17"}, "age"),
        ({"age": "fifty"}, "age"),
        ({"form_version": " "}, "form_version"),
        ({"days": 1}, "signed_on"),
    ],
)
def test_a_consent_that_cannot_be_is_refused(trial: Trial, more: dict[str, Any], field: str) -> None:
    days = more.pop("days", -5)
    given = {"form_version": "1.0", "signed_on": trial.day(days), "sex": "F", "age": "50", **more}
    with pytest.raises(Invalid) as refused:
        people.consent_subject(trial.coordinator, trial.places[0], **given)
    assert field in refused.value.errors and not Subject.objects.exists()


def test_a_coordinator_consents_nobody_at_another_site(trial: Trial) -> None:
    given = {"form_version": "1.0", "signed_on": trial.day(-5), "sex": "F", "age": "50"}
    with pytest.raises(NotFound):
        people.consent_subject(trial.coordinator, trial.places[1], **given)
    with pytest.raises(NotPermitted):
        people.consent_subject(trial.crew.monitor, trial.places[0], **given)


def test_consent_to_a_later_version_stands_beside_the_first(trial: Trial) -> None:
    subject = trial.screened()
    people.consent_again(trial.coordinator, subject, form_version="2.0", signed_on=trial.day(-1))
    assert [one.form_version for one in subject.consents.order_by("signed_on")] == ["1.0", "2.0"]
    with pytest.raises(Refused, match=r"version 2\.0"):
        people.consent_again(trial.coordinator, subject, form_version="2.0", signed_on=trial.day(-1))


def test_who_misses_a_criterion_leaves_and_is_not_randomised(trial: Trial) -> None:
    subject = trial.screened()
    answers = {"I1": "yes", "I2": "no", "E1": "yes", "E2": "no"}
    people.assess_eligibility(trial.investigator, subject, answers=answers, decided_on=trial.day(-9))
    subject = trial.again(subject)
    assert (subject.state, subject.ending) == ("failed", "not eligible by E1, I2")
    with pytest.raises(Refused, match="not eligible"):
        blinding.randomise(trial.coordinator, subject, stratum=STRATUM)
    with pytest.raises(Refused, match="decided"):
        people.assess_eligibility(trial.investigator, subject, answers=answers, decided_on=trial.day(-9))


def test_every_criterion_is_answered_by_the_investigator(trial: Trial) -> None:
    subject = trial.screened()
    with pytest.raises(Invalid) as refused:
        people.assess_eligibility(trial.investigator, subject, answers={"I1": "yes", "X": "no"}, decided_on=trial.today)
    assert set(refused.value.errors) == {"I2", "E1", "E2", "X"}
    answers = {"I1": "yes", "I2": "yes", "E1": "no", "E2": "no"}
    with pytest.raises(NotPermitted):
        people.assess_eligibility(trial.coordinator, subject, answers=answers, decided_on=trial.today)


def test_nobody_is_randomised_undecided_twice_or_into_an_unknown_stratum(trial: Trial) -> None:
    with pytest.raises(Refused, match="not eligible"):
        blinding.randomise(trial.coordinator, trial.screened(), stratum=STRATUM)
    subject = trial.eligible()
    with pytest.raises(Invalid, match="stratum"):
        blinding.randomise(trial.coordinator, subject, stratum="other")
    blinding.randomise(trial.coordinator, subject, stratum=STRATUM)
    with pytest.raises(Refused, match="is randomised"):
        blinding.randomise(trial.coordinator, trial.again(subject), stratum=STRATUM)


def test_a_subject_of_another_site_is_as_one_that_does_not_exist(trial: Trial) -> None:
    subject = trial.eligible()
    with pytest.raises(NotFound):
        blinding.randomise(trial.other_coordinator, subject, stratum=STRATUM)
    with pytest.raises(NotFound):
        people.end_subject(trial.other_coordinator, subject, state="completed", on=trial.today)
    with pytest.raises(NotFound):
        blinding.break_blind(
            trial.crew.investigators[1], subject, credentials=trial.sign(trial.crew.investigators[1]), reason="x"
        )


def test_the_kit_is_the_one_that_was_assigned_and_is_given_once(trial: Trial) -> None:
    subject = trial.eligible()
    drawn = blinding.randomise(trial.coordinator, subject, stratum=STRATUM, on=trial.day(-3))
    subject = trial.again(subject)
    with pytest.raises(Invalid, match="not the assigned kit"):
        people.dispense(trial.coordinator, subject, number="12", on=trial.today)
    with pytest.raises(Invalid, match="after randomisation"):
        people.dispense(trial.coordinator, subject, number=drawn.kit.number, on=trial.day(-4))
    people.dispense(trial.coordinator, subject, number=drawn.kit.number, on=trial.today)
    with pytest.raises(Refused, match="dispensed"):
        people.dispense(trial.coordinator, trial.again(subject), number=drawn.kit.number, on=trial.today)


def test_after_the_consent_is_taken_back_nothing_more_is_recorded(trial: Trial) -> None:
    subject = trial.randomised()
    people.end_subject(
        trial.coordinator, subject, state="withdrawn", on=trial.day(-50), ending="Moved away", takes_consent_back=True
    )
    trial.save(subject, visit="BL", done_on=trial.day(-60))
    with pytest.raises(Refused, match="took the consent back"):
        trial.save(subject, visit="W8", done_on=trial.day(-40))


def test_each_kit_given_is_of_the_arm_on_the_list_and_the_list_is_balanced(trial: Trial) -> None:
    for number in range(4):
        trial.randomised(number % 2)
    value = {one.record_id: one.value for one in Sealed.objects.filter(field="arm")}
    rows = list(Randomisation.objects.all())
    assert all(value[one.slot_id] == value[one.kit_id] for one in rows)
    stratum = Counter(value[one.pk] for one in Slot.objects.filter(stratum=STRATUM))
    assert len(set(stratum.values())) == 1


def test_no_arm_seed_or_block_size_stands_in_the_ledger(trial: Trial) -> None:
    subject = trial.randomised()
    blinding.break_blind(trial.investigator, subject, credentials=trial.sign(trial.investigator), reason="Emergency")
    kinds = ["clinical.slot", "clinical.kit", "clinical.randomisationlist", "clinical.randomisation", "clinical.unblinding",
             "ledger.unsealed", "signing.signature"]  # fmt: skip
    bodies = [bytes(one.body) for one in Entry.objects.filter(record_type__in=kinds)]
    assert len(bodies) > 50
    for body in bodies:
        assert str(demo.SEED).encode() not in body and b"block_sizes" not in body
        assert (
            b"Velatide" not in body and b"Placebo" not in body and b'"arm":"A"' not in body and b'"arm":"P"' not in body
        )


def test_kit_numbers_and_their_order_of_entry_follow_no_arm(trial: Trial) -> None:
    kits = list(Kit.objects.filter(place=trial.places[0]).order_by("entry"))
    assert [one.number for one in kits] == sorted(one.number for one in kits)
    blinding.register_kits(trial.crew.unblinded, trial.places[0], contents={demo.ACTIVE: 60, demo.PLACEBO: 60})
    value = {one.record_id: one.value for one in Sealed.objects.filter(field="arm")}
    kits = list(Kit.objects.filter(place=trial.places[0]).order_by("entry"))[len(kits) :]
    # 119 neighbours of shuffled kits differ 60.5 times on average, standard deviation 5.5: six of them either way.
    changes = sum(value[a.pk] != value[b.pk] for a, b in pairwise(kits))
    assert 28 <= changes <= 93


def test_a_site_short_of_one_arm_randomises_nobody_whichever_is_next(trial: Trial) -> None:
    subject = trial.eligible()
    value = {one.record_id: one.value for one in Sealed.objects.filter(field="arm")}
    told = set()
    for arm in (f'"{demo.ACTIVE}"', f'"{demo.PLACEBO}"'):
        keys = [one.pk for one in Kit.objects.filter(place=trial.places[0]) if value[one.pk] == arm]
        other = f'"{demo.PLACEBO}"' if "A" in arm else f'"{demo.ACTIVE}"'
        Sealed.objects.filter(record_id__in=keys).update(value=other)
        with pytest.raises(Refused) as refused:
            blinding.randomise(trial.coordinator, subject, stratum=STRATUM)
        told.add(refused.value.sentence())
        Sealed.objects.filter(record_id__in=keys).update(value=arm)
    assert len(told) == 1 and "short of kits" in told.pop()


def test_a_guessable_seed_a_second_list_and_a_block_that_does_not_fit_are_refused(trial: Trial) -> None:
    given = {"length": 4, "block_sizes": [2]}
    with pytest.raises(Refused, match="has a list"):
        blinding.prepare_list(trial.crew.unblinded, trial.study, **given)
    with acts.act(acts.SYSTEM, "clinical.prepare_list", "Prepared for another trial") as act:
        act.void(RandomisationList.objects.get())
    with pytest.raises(Invalid, match="guesses the seed"):
        blinding.prepare_list(trial.crew.unblinded, trial.study, **given, seed=20261124)
    with pytest.raises(MethodError, match="cannot hold the ratio"):
        blinding.prepare_list(trial.crew.unblinded, trial.study, length=4, block_sizes=[3])
    with pytest.raises(NotPermitted):
        blinding.prepare_list(trial.crew.statistician, trial.study, **given)
    made = blinding.prepare_list(trial.crew.unblinded, trial.study, **given)
    assert made.slots.count() == 8


def test_a_code_is_broken_with_every_component_and_a_reason_and_is_on_record(trial: Trial) -> None:
    subject = trial.randomised()
    who = trial.investigator
    with pytest.raises(Invalid, match="why the code"):
        blinding.break_blind(who, subject, credentials=trial.sign(who))
    password_only = trial.sign(who).__class__(password="four words make sense", session_key="log-in")
    with pytest.raises(Invalid, match="user id and password"):
        blinding.break_blind(who, subject, credentials=password_only, reason="Emergency")
    told = blinding.break_blind(who, subject, credentials=trial.sign(who), reason="Emergency")
    value = Sealed.objects.get(record_id=Randomisation.objects.get(subject=subject).slot_id)
    assert told.arm == {'"A"': "Velatide 20 mg", '"P"': "Placebo"}[value.value]
    assert told.arm not in repr(told)
    one = Unblinding.objects.get()
    assert (one.subject_id, one.by_id, one.reason) == (subject.pk, who.pk, "Emergency")


@pytest.mark.parametrize("role", ["coordinator", "monitor", "manager", "statistician", "sponsor"])
def test_no_other_role_breaks_a_code_or_reads_the_list(trial: Trial, role: str) -> None:
    subject = trial.randomised()
    who = getattr(trial, role, None) or getattr(trial.crew, role)
    with pytest.raises(NotPermitted):
        blinding.break_blind(who, subject, credentials=trial.sign(who), reason="x")
    with pytest.raises(NotPermitted):
        blinding.open_list(who, RandomisationList.objects.get(), credentials=trial.sign(who), reason="x")


def test_what_was_opened_and_by_whom_stands_in_the_ledger(trial: Trial) -> None:
    trial.randomised()
    before = Entry.objects.filter(record_type="ledger.unsealed").count()
    blinding.open_list(
        trial.crew.unblinded,
        RandomisationList.objects.get(),
        credentials=trial.sign(trial.crew.unblinded),
        reason="DSMB",
    )
    rows = Entry.objects.filter(record_type="ledger.unsealed", action="clinical.open_list")
    assert before == 2 and rows.count() == 1 and rows[0].actor == str(trial.crew.unblinded.pk)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"severity": "BAD"}, "severity"),
        ({"serious": "Y"}, "criterion"),
        ({"serious": "N", "criterion": "death"}, "criterion"),
        ({"outcome": "FATAL"}, "serious"),
        ({"relation": ""}, "relation"),
    ],
)
def test_an_event_with_terms_that_do_not_fit_is_refused(trial: Trial, more: dict[str, str], field: str) -> None:
    given = {"term": "Headache", "starts": trial.day(-3).isoformat(), "severity": "MILD", "relation": "RELATED",
             "serious": "N", **more}  # fmt: skip
    with pytest.raises(Invalid) as refused:
        safety.report_event(trial.coordinator, trial.screened(), **given)
    assert field in refused.value.errors


def test_an_event_is_reported_after_consent_and_corrected_with_a_reason(trial: Trial) -> None:
    subject = trial.screened(days=-10)
    given = {"term": "Headache", "severity": "MILD", "relation": "RELATED", "serious": "N"}
    with pytest.raises(Refused, match="before consent"):
        safety.report_event(trial.coordinator, subject, starts=trial.day(-11).isoformat(), **given)
    with pytest.raises(Invalid, match="cannot be taken"):
        safety.report_event(trial.coordinator, subject, starts=trial.day(2).isoformat(), **given)
    event = safety.report_event(trial.coordinator, subject, starts=f"{trial.today:%Y}", **given)
    with pytest.raises(Invalid, match="reason"):
        safety.correct_event(trial.coordinator, event, severity="SEVERE")
    safety.correct_event(
        trial.coordinator, trial.again(event), serious="Y", criterion="hospitalisation", reason="Report"
    )
    event = trial.again(event)
    assert (event.serious, event.details) == ("Y", {"criterion": "hospitalisation"})
    with pytest.raises(NotFound):
        safety.correct_event(trial.other_coordinator, event, severity="SEVERE", reason="x")
