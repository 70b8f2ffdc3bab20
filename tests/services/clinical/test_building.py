"""A trial is built piece by piece and amended; its checks are tried before they are saved; data stay with their own form."""

from __future__ import annotations

from typing import Any

import pytest

from crdmo.common.studies.models import Study
from crdmo.common.studies.queries import changes_of, design_of, protocol_in_force
from crdmo.foundation.refusals import Invalid, NotPermitted, Refused
from crdmo.services.clinical import demo, queries
from crdmo.services.clinical.expressions import read_example, read_expression, tried
from crdmo.services.clinical.models import CrfPage, DataQuery, EditCheck
from crdmo.services.clinical.sdtm.writing import package
from crdmo.services.clinical.workflow import building, design, forms
from tests.services.clinical.trial import GOOD, Trial

PULSE = {"code": "PULSE", "name": "Pulse", "kind": "decimal", "unit": "/min", "min": "40", "max": "130"}


def planned(trial: Trial, code: str = "VT-301") -> Study:
    return design.plan_trial(
        trial.crew.manager, trial.program, code=code, title="A trial", phase="III", indication="Type 2 diabetes",
        criteria=demo.CRITERIA, strata=["all"], target=10, endpoints=demo.ENDPOINTS,
    )  # fmt: skip


def built(trial: Trial, study: Study) -> None:
    """Put every piece in but the marks at week 12."""
    who = trial.crew.manager
    building.draft_protocol(who, study, text="Purpose: to compare.")
    building.add_arm(who, study, {"code": "A", "name": "Velatide", "ratio": 2})
    building.add_arm(who, study, {"code": "P", "name": "Placebo", "is_control": True})
    for code in ("SCR", "TRT"):
        building.add_epoch(who, study, {"code": code, "name": code.title()})
    for visit in demo.VISITS:
        building.put_visit(who, study, visit)
    for form in demo.FORMS:
        building.put_form(who, study, **form)  # type: ignore[arg-type]
    building.schedule_forms(who, study, {one["code"]: ["VS", "LB"] for one in demo.VISITS if one["code"] != "W12"})  # type: ignore[misc]


def test_a_trial_is_built_piece_by_piece_and_offered_only_when_it_is_whole(trial: Trial) -> None:
    who, study = trial.crew.manager, planned(trial)
    with pytest.raises(Refused, match="no protocol of VT-301 is being drafted"):
        building.add_arm(who, study, {"code": "A", "name": "Velatide"})
    built(trial, study)
    with pytest.raises(Invalid) as refused:
        building.offer_protocol(who, study)
    assert refused.value.errors == {"endpoint": "form LB is not due at W12, where the endpoint is read"}
    building.schedule_forms(who, study, {one["code"]: ["VS", "LB"] for one in demo.VISITS})  # type: ignore[misc]
    version = building.offer_protocol(who, study)
    with pytest.raises(Refused, match="being drafted"):
        building.put_form(who, study, code="EG", name="ECG", items=[PULSE])
    design.approve_protocol(trial.crew.physician, version, credentials=trial.sign(trial.crew.physician))
    assert trial.again(study).state == "active"
    plan = design_of(study)
    assert [one["ratio"] for one in plan["arms"]] == [2, 1] and len(plan["schedule"]) == 10


def test_pieces_that_cannot_be_are_refused_whole(trial: Trial) -> None:
    who, study = trial.crew.manager, planned(trial)
    with pytest.raises(Invalid, match="has a text"):
        building.draft_protocol(who, study, text=" ")
    built(trial, study)
    before = design_of(study, building.draft_of(study))
    wrong: list[tuple[Any, str]] = [
        (lambda: building.add_arm(who, study, {"code": "A", "name": "Twice"}), "code"),
        (lambda: building.put_visit(who, study, {"code": "W0", "name": "Zero", "day": 0, "epoch": "TRT"}), "day"),
        (lambda: building.put_visit(who, study, {"code": "W0", "name": "X", "day": 5, "epoch": "XX"}), "epoch"),
        (lambda: building.put_form(who, study, code="EG", name="ECG", items=[]), "items"),
        (lambda: building.put_form(who, study, code="EG", name="ECG", items=[PULSE, PULSE]), "2/code"),
        (lambda: building.put_form(who, study, code="EG", name="ECG", items=[{**PULSE, "max": "30"}]), "1/max"),
        (lambda: building.put_form(who, study, code="EG", name="ECG", domain="AE", items=[PULSE]), "domain"),
        (lambda: building.schedule_forms(who, study, {"W99": ["VS"]}), "due"),
        (lambda: building.take_out(who, study, kind="epoch", code="TRT", reason="x"), "code"),
        (lambda: building.take_out(who, study, kind="form", code="EG", reason="x"), "code"),
    ]
    for do, place in wrong:
        with pytest.raises(Invalid) as refused:
            do()
        assert place in refused.value.errors, refused.value.errors
    assert design_of(study, building.draft_of(study)) == before
    for stranger in (trial.coordinator, trial.crew.monitor, trial.sponsor):
        with pytest.raises(NotPermitted):
            building.put_form(stranger, study, code="EG", name="ECG", items=[PULSE])


def test_an_amendment_changes_forms_and_visits_and_leaves_data_with_their_form(trial: Trial) -> None:
    who, study = trial.crew.manager, trial.study
    subject = trial.screened()
    old = trial.save(subject)
    with pytest.raises(Invalid, match="reason"):
        building.draft_protocol(who, study, text=demo.TEXT)
    draft = building.draft_protocol(who, study, text=demo.TEXT, reason="Pulse is needed for safety")
    building.put_form(who, study, code="VS", name="Vital signs", domain="VS", items=[*demo.ITEMS_VS, PULSE])
    building.put_visit(who, study, {**demo.VISITS[2], "after": 7}, reason=building.WORKED_ON)
    building.take_out(who, study, kind="visit", code="W8", reason="Not needed")
    with pytest.raises(Refused, match="arms of a trial stand"):
        building.take_out(who, study, kind="arm", code="A", reason="x")
    told = {(one["what"], one["kind"], one.get("code", "")) for one in changes_of(draft) if one["kind"] != "schedule"}
    assert told == {
        ("added", "activities", "VS"), ("retired", "activities", "VS"), ("added", "visits", "W4"),
        ("retired", "visits", "W4"), ("retired", "visits", "W8"),
    }  # fmt: skip
    assert len(design_of(study)["visits"]) == 5, "until it is approved the version in force holds"
    version = building.offer_protocol(who, study)
    design.approve_protocol(trial.crew.physician, version, credentials=trial.sign(trial.crew.physician))
    stands = protocol_in_force(study)
    assert stands is not None and stands.number == 2 and len(design_of(study)["visits"]) == 4
    # The page of before stays one page, with its own items and its own checks.
    changed = trial.save(subject, values={"SYSBP": "70"}, reason="Misread")
    assert changed.pk == old.pk and changed.form_id == old.form_id
    with pytest.raises(Invalid):
        trial.save(subject, values={"PULSE": "70"}, reason="Late")
    assert list(DataQuery.objects.values_list("check_code", flat=True)) == ["range/SYSBP", "VS01"]
    new = trial.save(subject, visit="BL", values={"PULSE": "150", "SYSBP": "60"})
    assert set(new.queries.values_list("check_code", flat=True)) == {"range/PULSE", "range/SYSBP", "VS01"}
    stops, lines = queries.casebook(subject)
    assert [one.code for one in stops] == ["SCR", "BL", "W4", "W12"]
    vital = next(cells for form, cells in lines if form.code == "VS")
    assert [cell.state for cell in vital] == ["query", "query", "empty", "empty"]
    vs = next(one.frame for one in package(study) if one.name == "VS")
    assert (vs["VSTESTCD"] == "SYSBP").sum() == 2 and (vs["VSTESTCD"] == "PULSE").sum() == 1


def test_a_discarded_amendment_leaves_what_stood(trial: Trial) -> None:
    who, study = trial.crew.manager, trial.study
    before = design_of(study)
    draft = building.draft_protocol(who, study, text=demo.TEXT, reason="Try")
    building.put_form(who, study, code="VS", name="Vital signs", domain="VS", items=[PULSE])
    building.take_out(who, study, kind="visit", code="W8", reason="Try")
    building.discard_protocol(who, draft, reason="Not wanted")
    assert design_of(study) == before and building.draft_of(study) is None


ITEMS = [
    *demo.ITEMS_VS,
    {"code": "ON", "name": "Day", "kind": "date"},
    {"code": "NOTE", "name": "Note", "kind": "text"},
]


@pytest.mark.parametrize(
    ("text", "values", "said"),
    [
        ("SYSBP > DIABP", "SYSBP=120, DIABP=80", "holds"),
        ("SYSBP>DIABP", "SYSBP=80; DIABP=80", "fires"),
        ("SYSBP > DIABP", "SYSBP=120", "says nothing"),
        ("WEIGHT <= 100.0", "WEIGHT=100", "holds"),
        ("VSPOS == 'SITTING'", "VSPOS=SUPINE", "fires"),
        ("ON >= 2026-01-01", "ON=2025-12-31", "fires"),
        ("NOTE != 'none at all'", "NOTE='none at all'", "fires"),
    ],
)
def test_an_expression_is_read_and_tried(text: str, values: str, said: str) -> None:
    assert tried(ITEMS, read_expression(text, ITEMS), read_example(values, ITEMS)) == said


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "such as SYSBP > DIABP"),
        ("__import__('os')", "such as SYSBP > DIABP"),
        ("SYSBP > DIABP or 1", "such as"),
        ("PULSE > 3", "no item of the form"),
        ("SYSBP > VSPOS", "items of one kind"),
        ("SYSBP > high", "no item of the form and no number"),
        ("VSPOS > 'SITTING'", "= and != only"),
        ("VSPOS = LYING", "no choice"),
        ("ON > 14.3.2026", "no day"),
        ("NOTE = none", "in quotes"),
    ],
)
def test_what_is_no_expression_says_what_would_be(text: str, says: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_expression(text, ITEMS)
    assert says in refused.value.errors["expression"]
    with pytest.raises(Invalid, match="example"):
        read_example("SYSBP", ITEMS)


def test_a_check_is_saved_only_when_it_does_with_its_examples_what_was_said(trial: Trial) -> None:
    row = {"form": "VS", "code": "VS02", "item": "WEIGHT", "operator": ">", "constant": "50", "message": "Is it kg?"}
    fires, holds = {"WEIGHT": {"value": "49"}}, {"WEIGHT": {"value": "51"}}
    with pytest.raises(Invalid) as refused:
        design.add_checks(trial.crew.manager, trial.study, [{**row, "examples": {"holds": fires, "fires": holds}}])
    assert refused.value.errors["1/holds"] == "with these values WEIGHT > 50 fires"
    assert not EditCheck.objects.filter(code="VS02").exists()
    design.add_checks(
        trial.crew.manager, trial.study, [{**row, "is_hard": True, "examples": {"holds": holds, "fires": fires}}]
    )
    subject = trial.screened()
    with pytest.raises(Invalid) as hard:
        trial.save(subject, values={"WEIGHT": "49"})
    assert hard.value.errors == {"WEIGHT": "Is it kg?"} and not CrfPage.objects.exists()
    assert trial.save(subject, values={"WEIGHT": {"not_done": "No scale"}}).version == 1, "unknown is not false"


def test_one_question_goes_to_forty_pages_each_its_own_query_all_or_none(trial: Trial) -> None:
    subjects = [trial.screened() for _ in range(8)]
    rows = [
        {"subject": one, "visit": visit["code"], "form": "VS", "done_on": trial.day(-98), "values": GOOD["VS"]}
        for one in subjects
        for visit in demo.VISITS
    ]  # fmt: skip
    pages = forms.save_pages(trial.coordinator, trial.study, rows)
    who, text = trial.crew.manager, "Was the cuff calibrated?"
    lab = trial.save(subjects[0], form="LB")
    for given, item in (([*pages, lab], "SYSBP"), ([*pages, pages[0]], "SYSBP"), (pages, "NOPE"), ([], "SYSBP")):
        with pytest.raises(Invalid):
            forms.open_queries(who, given, item=item, text=text)
    with pytest.raises(Invalid, match="nothing is asked"):
        forms.open_queries(who, pages, text=" ")
    assert not DataQuery.objects.exists()
    made = forms.open_queries(who, pages, item="SYSBP", text=text)
    assert [one.number for one in made] == list(range(1, 41)) and len({one.entry for one in made}) == 40
    assert {one.page_id for one in made} == {one.pk for one in pages}
    forms.answer_query(trial.coordinator, trial.again(made[7]), answer="Yes.")
    assert DataQuery.objects.filter(state="open").count() == 39
    with pytest.raises(NotPermitted):
        forms.open_queries(trial.coordinator, pages, text=text)


def test_items_are_verified_singly_and_a_correction_takes_it_from_its_item_only(trial: Trial) -> None:
    who = trial.crew.monitor
    page = trial.save(trial.screened())
    for items in ([], ["NOPE"]):
        with pytest.raises(Invalid):
            forms.verify_items(who, page, items)
    page = forms.verify_items(who, page, ["SYSBP", "WEIGHT"])
    with pytest.raises(Refused, match=r"SYSBP of .* is verified as it stands"):
        forms.verify_items(who, page, ["SYSBP", "DIABP"])
    with pytest.raises(NotPermitted):
        forms.verify_items(trial.crew.manager, page, ["DIABP"])
    assert not page.is_verified
    page = forms.verify_items(who, page, ["DIABP", "VSPOS", "done_on"])
    assert page.is_verified
    page = trial.save(page.subject, values={"SYSBP": "131"}, reason="Misread")
    assert page.verified_items == {
        "DIABP": "verified", "SYSBP": "changed", "VSPOS": "verified", "WEIGHT": "verified", "done_on": "verified",
    }  # fmt: skip
    assert not page.is_verified
    assert forms.verify_items(who, page, ["SYSBP"]).is_verified
    # Taken back to what was verified before, it is still to be looked at again.
    page = trial.save(page.subject, values={"SYSBP": "130"}, reason="Not misread")
    assert page.verified_items["SYSBP"] == "changed" and not page.is_verified
    assert forms.verify_pages(who, [page])[0].verified_items["SYSBP"] == "verified"
