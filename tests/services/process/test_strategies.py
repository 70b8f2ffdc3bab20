"""Profile, risk and control strategy: what is refused, and that no path leads around a signature or a proof."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from crdmo.common.controls import queries as controls
from crdmo.foundation.refusals import Conflict, Invalid, NotPermitted, Refused
from crdmo.services.process import imports
from crdmo.services.process.models import Attribute, ControlStrategy, Parameter, RiskAssessment
from crdmo.services.process.workflow import profile, risk, strategies
from tests import factories
from tests.services.process.desk import Desk

PROOFLESS = {"proof": None, "justification": "Prior knowledge of three batches"}


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"criterion": "5.0 – 1.0"}, "criterion"),
        ({"severity": 11}, "severity"),
        ({"unit": "furlong"}, "unit"),
        ({"name": "Hardness"}, "name"),
        ({"justification": ""}, "justification"),
    ],
)
def test_an_attribute_that_is_not_complete_is_refused(desk: Desk, changed: dict[str, Any], place: str) -> None:
    given = {"name": "Water", "unit": "%", "criterion": "≤ 3.0", "severity": 5, "justification": "Stability"}
    with pytest.raises(Invalid) as refused:
        profile.add_attribute(desk.engineer, desk.element, **{**given, **changed})
    assert place in refused.value.errors
    assert Attribute.objects.count() == 2


@pytest.mark.parametrize(
    ("changed", "place"),
    [({"unit": ""}, "unit"), ({"low": "9", "high": "3"}, "low"), ({"low": "NaN"}, "low"), ({"name": "Force"}, "name")],
)
def test_a_parameter_that_is_not_complete_is_refused(desk: Desk, changed: dict[str, str], place: str) -> None:
    given = {"name": "Feed", "unit": "kg/h", "low": "1", "high": "5"}
    with pytest.raises(Invalid) as refused:
        profile.add_parameter(desk.engineer, desk.parameters["Force"].operation, **{**given, **changed})
    assert place in refused.value.errors
    assert Parameter.objects.count() == 3


def test_what_something_stands_on_is_not_withdrawn(desk: Desk) -> None:
    with pytest.raises(Refused, match="stands on"):
        profile.withdraw(desk.engineer, desk.element, reason="Entered twice")
    with pytest.raises(Invalid, match="with a reason"):
        profile.withdraw(desk.engineer, desk.attributes["Hardness"])
    profile.withdraw(desk.engineer, desk.attributes["Hardness"], reason="Entered twice")
    assert Attribute.objects.get(name="Hardness").is_void


def lines(desk: Desk, **changed: Any) -> list[dict[str, Any]]:
    first = {
        "parameter": desk.parameters["Force"], "attribute": desk.attributes["Hardness"], "failure": "Too soft",
        "severity": 8, "occurrence": 5, "detectability": 4, "justification": "Prior knowledge",
    }  # fmt: skip
    return [{**first, **changed}]


@pytest.mark.parametrize(
    ("changed", "place"),
    [({"occurrence": 0}, "occurrence"), ({"severity": True}, "severity"), ({"detectability": "4"}, "detectability"),
     ({"failure": " "}, "failure"), ({"parameter": None}, "parameter")],
)  # fmt: skip
def test_a_score_outside_its_scale_is_refused(desk: Desk, changed: dict[str, Any], place: str) -> None:
    with pytest.raises(Invalid) as refused:
        risk.draft_risk(desk.engineer, desk.program, title="Compression", lines=lines(desk, **changed))
    assert f"line 1, {place}" in refused.value.errors
    assert not RiskAssessment.objects.exists()


@pytest.mark.clause("ICH Q9(R1) risk review")
def test_a_signed_score_stays_and_the_next_version_scores_every_risk_again(desk: Desk) -> None:
    first = risk.draft_risk(desk.engineer, desk.program, title="Before", lines=lines(desk))
    with pytest.raises(Refused, match="on its way"):
        risk.draft_risk(desk.engineer, desk.program, title="Another", lines=lines(desk))
    with pytest.raises(NotPermitted):
        risk.approve_risk(desk.engineer, first, credentials=desk.sign(desk.engineer))
    risk.approve_risk(desk.lead, first, credentials=desk.sign(desk.lead))
    with pytest.raises(Refused, match="has a risk assessment"):
        risk.draft_risk(desk.engineer, desk.program, title="Another", lines=lines(desk))
    other = lines(desk, attribute=desk.attributes["Dissolution"])
    with pytest.raises(Invalid) as refused:
        risk.draft_risk(desk.engineer, desk.program, title="After", lines=other, supersedes=first)
    assert "missing" in refused.value.errors["lines"]
    second = risk.draft_risk(
        desk.engineer, desk.program, title="After", lines=[*lines(desk, occurrence=2), *other], supersedes=first
    )
    risk.approve_risk(desk.lead, second, credentials=desk.sign(desk.lead))
    first.refresh_from_db()
    assert (first.state, second.number) == ("superseded", 2)
    assert [line.priority for line in first.lines.all()] == [160]


@pytest.mark.parametrize(
    ("changed", "place", "said"),
    [
        ({"unit": "MPa"}, "unit", "is set in kN"),
        ({"set_point": ""}, "set_point", "five numbers"),
        ({"set_point": "15"}, "set_point", "≤"),
        ({"proof": None}, "proof", "or a justification"),
        ({"acceptable_high": "40", **PROOFLESS, "control": "magic"}, "control", "allowed"),
        ({"parameter": None}, "parameter", "of this program"),
    ],
)
def test_a_line_of_a_strategy_that_is_not_right_is_refused(
    desk: Desk, changed: dict[str, Any], place: str, said: str
) -> None:
    given = desk.lines(None, **{**PROOFLESS, **changed})
    if changed == {"proof": None}:
        given[0]["justification"] = ""
    with pytest.raises(Invalid) as refused:
        strategies.draft_strategy(desk.engineer, desk.program, title="Compression", lines=given)
    assert said in refused.value.errors[f"line 1, {place}"]
    assert not ControlStrategy.objects.exists()


def test_a_range_beyond_what_is_proven_is_refused(desk: Desk) -> None:
    space = desk.space()
    with pytest.raises(Invalid) as refused:
        strategies.draft_strategy(
            desk.engineer, desk.program, title="Compression", lines=desk.lines(space, acceptable_high="20.0")
        )
    assert "proven" in refused.value.errors["line 1, acceptable_low"]
    lines_ = desk.lines(space, proof=space.map)
    with pytest.raises(Invalid) as refused:
        strategies.draft_strategy(desk.engineer, desk.program, title="Compression", lines=lines_)
    assert "acceptable ranges of a study" in refused.value.errors["line 1, proof"]


def test_a_critical_attribute_without_control_is_named(desk: Desk) -> None:
    with pytest.raises(Invalid) as refused:
        strategies.draft_strategy(desk.engineer, desk.program, title="x", lines=desk.lines(None, **PROOFLESS)[:2])
    assert "Dissolution" in refused.value.errors["attributes"]


def test_no_path_leads_around_the_two_signatures(desk: Desk) -> None:
    made = strategies.draft_strategy(
        desk.engineer, desk.program, title="Compression", lines=desk.lines(None, **PROOFLESS)
    )
    with pytest.raises(Refused, match="does not wait for QA"):
        strategies.release_strategy(desk.qa, made, effective_from=desk.today, credentials=desk.sign(desk.qa))
    with pytest.raises(NotPermitted):
        strategies.approve_strategy(desk.engineer, made, credentials=desk.sign(desk.engineer))
    strategies.approve_strategy(desk.lead, made, credentials=desk.sign(desk.lead))
    with pytest.raises(NotPermitted):
        strategies.release_strategy(desk.lead, made, effective_from=desk.today, credentials=desk.sign(desk.lead))
    with pytest.raises(Invalid, match="in the past"):
        strategies.release_strategy(
            desk.qa, made, effective_from=desk.today - dt.timedelta(days=1), credentials=desk.sign(desk.qa)
        )
    assert not controls.effective(desk.program).exists()
    stale = ControlStrategy.objects.get(pk=made.pk)
    strategies.release_strategy(desk.qa, made, effective_from=desk.today, credentials=desk.sign(desk.qa))
    with pytest.raises(Conflict):
        strategies.release_strategy(desk.qa, stale, effective_from=desk.today, credentials=desk.sign(desk.qa))
    with pytest.raises(Refused, match="is in use"):
        strategies.discard_strategy(desk.qa, made, reason="A better one")


def test_the_next_version_supersedes_the_controls_of_the_one_before(desk: Desk) -> None:
    first = desk.effective(desk.lines(None, **PROOFLESS))
    with pytest.raises(Refused, match="has a control strategy"):
        strategies.draft_strategy(desk.engineer, desk.program, title="x", lines=desk.lines(None, **PROOFLESS))
    old = controls.in_force(desk.program, "Force")
    second = desk.effective(desk.lines(None, **PROOFLESS, normal_high="11.8"), supersedes=first)
    assert old is not None
    old.refresh_from_db()
    new = controls.successor(old)
    assert (old.state, second.number) == ("superseded", 2)
    assert new is not None and new.limit == "10.5 – 11.8"
    with pytest.raises(Refused, match="not in force"):
        strategies.draft_strategy(
            desk.engineer, desk.program, title="x", lines=desk.lines(None, **PROOFLESS), supersedes=first
        )


def test_a_strategy_of_another_sponsor_cannot_be_superseded_here(desk: Desk) -> None:
    first = desk.effective(desk.lines(None, **PROOFLESS))
    other = factories.program("LQ-7", owner=factories.sponsor("OTHER"))
    factories.member(other, "process_engineer", desk.engineer)
    with pytest.raises(Invalid, match="not complete"):
        strategies.draft_strategy(
            desk.engineer, other, title="x", lines=desk.lines(None, **PROOFLESS), supersedes=first
        )
    given: list[dict[str, Any]] = []
    with pytest.raises(Invalid):
        strategies.draft_strategy(desk.engineer, other, title="x", lines=given, supersedes=first)


def test_rows_of_the_grid_name_the_study_that_proves_a_range(desk: Desk) -> None:
    space = desk.space()
    row = dict.fromkeys(imports.STRATEGY_COLUMNS, "")
    found = imports.strategy_lines(
        desk.program, [{**row, "control": "parameter", "name": "Force", "proof": space.study.code}, row]
    )
    assert len(found) == 1 and found[0]["proof"] == space.box
    with pytest.raises(Invalid) as refused:
        imports.strategy_lines(desk.program, [{**row, "control": "parameter", "name": "Force", "proof": "DOE-0"}])
    assert "code of a study" in refused.value.errors["line 1, proof"]
