"""The whole path of process development: from the profile to a strategy in force, each number with its source."""

from __future__ import annotations

import datetime as dt

import pytest

from crdmo.common.controls import queries as controls
from crdmo.common.engagements.conditions import CONDITIONS
from crdmo.foundation.computing import is_stale, recompute
from crdmo.foundation.refusals import Invalid, NotPermitted, Refused
from crdmo.services.process import demo, exports, queries
from crdmo.services.process.workflow import analysis, studies
from tests.services.process.desk import Desk


@pytest.mark.clause("ICH Q8(R2) 2.4 design space")
def test_from_design_to_effective_strategy(desk: Desk) -> None:
    space = desk.space()
    assert space.map.output["df"] == 12 - 6 - 2 + 1
    assert [one["name"] for one in space.box.output["ranges"]] == ["Force", "Time"]
    strategy = desk.effective(desk.lines(space))
    assert strategy.state == "effective"
    held = {one.name: one for one in controls.effective(desk.program)}
    assert set(held) == {"Force", "Hardness"}
    assert (held["Force"].limit, held["Force"].unit, held["Force"].set_point) == ("10.5 – 11.5", "kN", "11.0")
    assert held["Force"].proof == space.box and held["Force"].source == f"{strategy.code} version 1"
    found = CONDITIONS["process.control_strategy_effective"].find(desk.program, {"code": strategy.code})
    assert found == strategy
    assert CONDITIONS["process.design_space_found"].find(desk.program, {"study": space.study.code}) == space


def test_every_result_of_a_study_comes_out_again(desk: Desk) -> None:
    space = desk.space()
    results = [space.study.design, space.map, space.box, *(m.computed for m in queries.models_of(space.study))]
    assert [recompute(one).sentence() for one in results if one] == ["identical"] * 5


def test_a_corrected_value_makes_models_and_design_space_stale_and_the_strategy_cannot_be_made(desk: Desk) -> None:
    space = desk.space()
    observation = space.study.runs.get(order=3).observations.first()
    assert observation is not None
    with pytest.raises(Invalid, match="reason"):
        studies.correct_observation(desk.engineer, observation, value="70.1")
    studies.correct_observation(desk.engineer, observation, value="70.1", reason="Transcription error")
    assert is_stale(space.box)
    with pytest.raises(Invalid) as refused:
        desk.effective(desk.lines(space))
    assert "stands on data changed since" in refused.value.errors["line 1, proof"]


def test_a_strategy_whose_proof_went_stale_after_its_draft_is_not_approved(desk: Desk) -> None:
    from crdmo.services.process.workflow import strategies

    space = desk.space()
    made = strategies.draft_strategy(desk.engineer, desk.program, title="Compression", lines=desk.lines(space))
    observation = space.study.runs.get(order=3).observations.first()
    assert observation is not None
    studies.correct_observation(desk.engineer, observation, value="70.1", reason="Transcription error")
    with pytest.raises(Refused, match="data changed since"):
        strategies.approve_strategy(desk.lead, made, credentials=desk.sign(desk.lead))


def test_who_fitted_a_model_does_not_judge_it_and_a_judgement_needs_its_reason(desk: Desk) -> None:
    study = desk.completed()
    first, second = analysis.analyse_study(desk.engineer, study)
    with pytest.raises(NotPermitted, match="fitted"):
        analysis.judge_model(desk.engineer, first, accept=True, reason="Looks good")
    with pytest.raises(Invalid, match="with a reason"):
        analysis.judge_model(desk.colleague, first, accept=True)
    analysis.judge_model(desk.colleague, first, accept=True, reason="No lack of fit")
    analysis.judge_model(desk.lead, second, accept=False, reason="A pattern in the residuals")
    with pytest.raises(Refused, match="is judged"):
        analysis.judge_model(desk.lead, first, accept=False, reason="Second thoughts")
    with pytest.raises(Refused, match="without an accepted model"):
        analysis.find_design_space(desk.engineer, study, x="Force", y="Time")


def test_a_model_fitted_anew_supersedes_what_was_accepted(desk: Desk) -> None:
    study = desk.space().study
    analysis.analyse_study(desk.engineer, study, order="interactions")
    assert sorted(study.models.values_list("state", flat=True)) == ["proposed"] * 2 + ["superseded"] * 2


def test_a_study_without_all_its_runs_has_no_models(desk: Desk) -> None:
    study = desk.draft()
    studies.start_study(desk.engineer, study)
    with pytest.raises(Refused, match="not complete"):
        analysis.analyse_study(desk.engineer, study)


def test_a_map_over_an_unknown_factor_and_a_reliability_that_is_no_share_are_refused(desk: Desk) -> None:
    study = desk.space().study
    with pytest.raises(Invalid, match="cannot be mapped"):
        analysis.find_design_space(desk.engineer, study, x="Force", y="Speed")
    with pytest.raises(Invalid, match="share"):
        analysis.find_design_space(desk.engineer, study, x="Force", y="Time", reliability="90")
    with pytest.raises(Invalid, match="cannot be mapped"):
        analysis.find_design_space(desk.engineer, study, x="Force", y="Time", fixed={"Time": 40.0})


def test_the_export_of_a_study_holds_the_seed_and_both_settings(desk: Desk) -> None:
    told = exports.study(desk.space().study)
    assert told["seed"] == 5 and len(told["runs"]) == 12
    assert told["runs"][0]["planned"] == told["runs"][0]["achieved"]
    assert {m["state"] for m in told["models"]} == {"accepted"} and told["design_space"]["box"]["found"]


def test_the_demo_is_played_by_the_verbs(desk: Desk) -> None:
    """In a program of its own, because the names of the demo's parameters are its own."""
    from tests import factories

    program = factories.program("CRD-102")
    for person in (desk.engineer, desk.lead, desk.qa):
        role = {desk.engineer.id: "process_engineer", desk.lead.id: "process_lead", desk.qa.id: "qa"}[person.id]
        factories.member(program, role, person)
    people = {"engineer": desk.engineer, "lead": desk.lead, "qa": desk.qa}
    staff = demo.Staff(**people, sign=lambda part: desk.sign(people[part]))
    played = demo.play(staff, program, dt.datetime.now(dt.UTC).date())
    held = {one.name: one for one in controls.effective(program)}
    assert set(held) == {"Main compression force", "Lubrication time", "Press speed", "Blend time", "Hardness"}
    thread = queries.thread_of(program)
    assert thread.assessment is not None and thread.assessment.number == 2
    assert any("Dosage form" in gap for gap in thread.gaps)
    assert played.space.box.output["lowest"] >= 0.9
