"""CAPA: planned with its proof, done by owners, judged by somebody else, closed on effect."""

from __future__ import annotations

import pytest

from crdmo.foundation.refusals import Invalid, NotPermitted, Refused
from crdmo.foundation.signing import signatures_of
from crdmo.services.compliance.models import Capa
from crdmo.services.compliance.workflow import capas, deviations
from tests.drills.test_clock import set_clock
from tests.services.compliance.conftest import System


@pytest.mark.parametrize("field", ["criterion", "data", "problem"])
def test_how_the_effect_will_be_judged_is_decided_at_once(system: System, field: str) -> None:
    with pytest.raises(Invalid, match="not said"):
        system.capa(**{field: ""})
    with pytest.raises(Invalid, match="checked later"):
        system.capa(check_on=system.today)


def test_an_action_lies_between_today_and_the_check(system: System) -> None:
    made = system.capa()
    for days in (-1, 90):
        with pytest.raises(Invalid, match="before its effect is checked"):
            capas.plan_action(
                system.lab.supervisor,
                made,
                kind="corrective",
                text="x",
                owner=system.lab.analyst,
                due_on=system.day(days),
            )
    with pytest.raises(Refused, match="owner's work"):
        capas.plan_action(
            system.lab.analyst, made, kind="corrective", text="x", owner=system.lab.analyst, due_on=system.day(5)
        )


def test_a_plan_without_actions_is_not_approved(system: System) -> None:
    with pytest.raises(Refused, match="has no action"):
        capas.approve_capa(system.lab.qa, system.capa(), credentials=system.lab.sign(system.lab.qa))


def test_who_wrote_a_plan_does_not_approve_it(system: System) -> None:
    own = capas.open_capa(
        system.lab.qa,
        system.lab.program,
        title="x",
        problem="x",
        owner=system.lab.supervisor,
        criterion="x",
        data="x",
        check_on=system.day(90),
    )
    capas.plan_action(
        system.lab.supervisor, own, kind="preventive", text="x", owner=system.lab.analyst, due_on=system.day(5)
    )
    with pytest.raises(NotPermitted, match="cannot sign it as the second person"):
        capas.approve_capa(system.lab.qa, own, credentials=system.lab.sign(system.lab.qa))


def test_no_action_is_done_before_the_plan_is_approved(system: System) -> None:
    action = capas.actions_of(system.planned())[0]
    with pytest.raises(Refused, match="another state"):
        capas.complete_action(system.lab.analyst, action, evidence="Done.")


def test_an_action_is_done_by_its_owner_with_evidence(system: System) -> None:
    action = capas.actions_of(system.running())[0]
    with pytest.raises(Refused, match="completed by its owner"):
        capas.complete_action(system.lab.colleague, action, evidence="Done.")
    with pytest.raises(Invalid, match="not said"):
        capas.complete_action(system.lab.analyst, action, evidence=" ")
    capas.complete_action(system.lab.analyst, action, evidence="Work order 17.")
    assert (action.state, Capa.objects.get().state) == ("done", "pending")


@pytest.mark.clause("21 CFR 820.100(a)(4)")
def test_a_capa_is_not_closed_when_its_actions_are_done(system: System) -> None:
    made = system.implemented()
    with pytest.raises(Refused, match="another state"):
        capas.close_capa(system.lab.qa, made, credentials=system.lab.sign(system.lab.qa))


def test_the_effect_is_checked_on_its_day_by_somebody_else(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    made = system.implemented()
    with pytest.raises(Refused, match="checked later"):
        system.check(made)
    set_clock(monkeypatch, days=91)
    made.refresh_from_db()
    for person in (system.lab.supervisor, system.lab.analyst):
        with pytest.raises(Refused, match="does not judge its effect"):
            capas.check_effectiveness(
                person, made, effective=True, evidence="Looks good.", credentials=system.lab.sign(person)
            )
    made.refresh_from_db()
    system.check(made)
    assert made.state == "effective"
    made.refresh_from_db()
    capas.close_capa(system.lab.qa, made, credentials=system.lab.sign(system.lab.qa))
    assert [m.meaning for m in signatures_of(made)] == ["approved", "verified", "approved"]


def test_what_was_not_effective_is_closed_once_another_follows(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    made = system.implemented()
    with pytest.raises(Refused, match="another state"):
        system.capa(follows=made)
    set_clock(monkeypatch, days=91)
    system.check(made, effective=False)
    made.refresh_from_db()
    with pytest.raises(Refused, match="was not effective"):
        capas.close_capa(system.lab.qa, made, credentials=system.lab.sign(system.lab.qa))
    made.refresh_from_db()
    system.capa(follows=made, check_on=system.day(200))
    assert capas.close_capa(system.lab.qa, made, credentials=system.lab.sign(system.lab.qa)).state == "closed"


def test_a_capa_that_recurred_is_not_effective(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    first = system.classified()
    made = system.implemented(deviation=first)
    with pytest.raises(Refused, match="opened for"):
        deviations.link_recurrence(system.lab.qa, first, capa=made)
    again = system.report()
    deviations.link_recurrence(system.lab.qa, again, capa=made)
    set_clock(monkeypatch, days=91)
    with pytest.raises(Refused, match=f"it recurred. Given: {again.code}"):
        system.check(made)
    made.refresh_from_db()
    system.check(made, effective=False)
    assert made.state == "failed"


def test_a_later_day_is_asked_for_and_given_by_qa(system: System) -> None:
    action = capas.actions_of(system.running())[0]
    with pytest.raises(Invalid, match="not said"):
        capas.ask_extension(system.lab.analyst, action, due_on=system.day(20), why="")
    with pytest.raises(Invalid, match="before the effectiveness check"):
        capas.ask_extension(system.lab.analyst, action, due_on=system.day(95), why="Late part.")
    with pytest.raises(Refused, match="owner's work"):
        capas.ask_extension(system.lab.colleague, action, due_on=system.day(20), why="Late part.")
    asked = capas.ask_extension(system.lab.analyst, action, due_on=system.day(20), why="Late part.")
    action.refresh_from_db()
    assert action.due_on == system.day(10)
    with pytest.raises(Refused, match="asked for already"):
        capas.ask_extension(system.lab.analyst, action, due_on=system.day(30), why="Later part.")
    with pytest.raises(NotPermitted, match="may not decide"):
        capas.decide_extension(system.lab.supervisor, asked, grant=True)
    capas.decide_extension(system.lab.qa, asked, grant=True)
    action.refresh_from_db()
    assert (action.due_on, asked.due_before, asked.state) == (system.day(20), system.day(10), "approved")


def test_nobody_of_qa_moves_the_own_day(system: System) -> None:
    made = system.capa()
    capas.plan_action(
        system.lab.supervisor, made, kind="corrective", text="x", owner=system.lab.qa, due_on=system.day(5)
    )
    asked = capas.ask_extension(system.lab.qa, capas.actions_of(made)[0], due_on=system.day(9), why="Ill.")
    with pytest.raises(Refused, match="own day"):
        capas.decide_extension(system.lab.qa, asked, grant=True)
    assert asked.state == "requested"
